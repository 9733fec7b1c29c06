"""Past states at the command line: what differs, whether it is whole, and pages as they were."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from store.codec import Packer
from store.page import PageVersion

from .conftest import WHEN, Corpus, Done, stored

DANUBE = "https://almanac.example/danube"
DELTA = "https://almanac.example/danube-delta"
OTHER = "https://other.example/a"

Command = Callable[..., Done]


@pytest.fixture
def history(corpus: Corpus, command: Command) -> None:
    """Commit 1 is the small corpus, named; 2 changes a page; 3 adds two, and one is gone."""
    assert command("snapshot", "create", "first").code == 0
    page = stored(DANUBE)
    text = page.text.replace("2,850", "2,851").replace("almanac.example/vienna", "other.example/a")
    corpus.pages.add([replace(page, text=text, fetched_at=WHEN.replace(month=3))])
    corpus.pages.add(
        [
            PageVersion(DELTA, "Danube \x1b[2JDelta", "# Delta\n\nIt is wet.", WHEN),
            PageVersion(OTHER, "Other", "# Other\n\nSomething else.", WHEN),
        ]
    )
    corpus.pages.mark_gone(["https://almanac.example/rhine"])


@pytest.mark.usefixtures("history")
def test_diff_names_what_differs(command: Command) -> None:
    done = command("snapshot", "diff", "first")
    assert done.code == 3, done.err
    assert done.out.splitlines()[:-1] == [
        f"~ {DANUBE}  Danube  (2026-01-02 to 2026-03-02)",
        f"+ {DELTA}  Danube [2JDelta  (2026-01-02)",
        done.out.splitlines()[2],
        f"+ {OTHER}  Other  (2026-01-02)",
    ]
    assert done.out.splitlines()[2].startswith("! https://almanac.example/rhine  Rhine  (2026-01-0")
    assert ", gone from the web since 20" in done.out.splitlines()[2]
    assert done.out.splitlines()[-1] == "2 added, 1 changed, 0 removed, 1 gone from the web"
    assert "from first (commit 1, 20" in done.err
    assert "to now (commit 3, 20" in done.err


@pytest.mark.usefixtures("history")
def test_diff_is_bounded_and_its_counts_are_not(command: Command) -> None:
    done = command("snapshot", "diff", "first", "--limit", "1")
    assert len(done.out.splitlines()) == 2
    assert done.out.endswith("2 added, 1 changed, 0 removed, 1 gone from the web\n")
    assert "… and 3 more pages; --limit 0 lists all" in done.err
    assert len(command("snapshot", "diff", "first", "--limit", "0").out.splitlines()) == 5
    stat = command("snapshot", "diff", "1", "3", "--stat")
    assert [line.split() for line in stat.out.splitlines()][:3] == [
        ["collection", "site", "added", "changed", "removed", "gone"],
        ["web", "almanac.example", "1", "1", "0", "0"],
        ["web", "other.example", "1", "0", "0", "0"],
    ]
    one = command("snapshot", "diff", "1", "3", "--stat", "--limit", "1")
    assert "… and 1 more site; --limit 0 lists all" in one.err


@pytest.mark.usefixtures("history")
def test_diff_as_json(command: Command) -> None:
    done = command("snapshot", "diff", "first", "3", "--json", "--limit", "2")
    assert done.code == 3
    assert "\x1b" not in done.out
    found = done.json
    assert found["counts"] == {"added": 2, "changed": 1, "removed": 0, "gone": 0}
    assert (found["from"]["seq"], found["to"]["seq"]) == (1, 3)
    assert [page["kind"] for page in found["pages"]] == ["changed", "added"]
    assert found["pages"][0]["before"]["version"] == stored(DANUBE).digest
    assert found["pages"][1]["before"] is None
    stat = command("snapshot", "diff", "first", "3", "--json", "--stat").json
    assert [site["site"] for site in stat["sites"]] == ["almanac.example", "other.example"]


@pytest.mark.usefixtures("history")
def test_equal_states_end_with_0(command: Command) -> None:
    done = command("snapshot", "diff", "first", "1")
    assert (done.code, done.out) == (0, "0 added, 0 changed, 0 removed\n")
    back = command("snapshot", "diff", "3", "first")
    assert (back.code, back.out.splitlines()[-1]) == (3, "0 added, 1 changed, 2 removed")
    missing = command("snapshot", "diff", "nothing")
    assert missing.code == 1
    assert "There is no snapshot called “nothing”" in missing.err
    typo = command("snapshot", "diff", "1", "3", "--collection", "wbe")
    assert (typo.code, typo.out) == (1, "")
    assert "There is no collection called “wbe”; give one of these: web." in typo.err


@pytest.mark.usefixtures("history")
def test_verify_names_what_was_altered(corpus: Corpus, command: Command) -> None:
    command("snapshot", "create", "second")
    done = command("snapshot", "verify", "--deep")
    assert (done.code, done.out) == (0, ""), done.err
    assert "first: 6 pages, 0 faults" in done.err
    assert "second: 8 pages, 0 faults" in done.err
    with corpus.database.raw() as connection:
        connection.execute(
            "UPDATE page_version SET body = %s WHERE seq_to IS NOT NULL", (Packer().text("0"),)
        )
    assert command("snapshot", "verify", "first", "second").code == 0, "no text is read"
    done = command("snapshot", "verify", "first", "second", "--deep")
    assert done.code == 1
    assert done.out.count("\n") == 1
    assert done.out.startswith("snapshot first: version ")
    assert DANUBE in done.out
    found = command("snapshot", "verify", "--deep", "--json").json
    assert not found["ok"]
    assert [len(one["faults"]) for one in found["snapshots"]] == [1, 0]
    with corpus.database.raw() as connection:
        connection.execute("UPDATE page_version SET seq_to = 1 WHERE seq_to IS NOT NULL")
    done = command("snapshot", "verify", "first")
    assert done.code == 1
    assert done.out.startswith("the snapshot first should have 6 pages and b2:")


def test_verify_names_an_index_that_is_lost(corpus: Corpus, command: Command) -> None:
    command("snapshot", "create", "first")
    assert command("snapshot", "verify").code == 0
    for path in (corpus.root / "frozen").glob("*/manifest.json"):
        path.rename(path.with_name("lost"))
    done = command("snapshot", "verify")
    assert done.code == 1, done.err
    assert done.out.startswith("snapshot first: ")


@pytest.mark.usefixtures("history")
def test_a_page_is_read_as_it_was(command: Command) -> None:
    for at in ("first", "1"):
        done = command("visit", DANUBE, "--goal", "how long", "--at", at)
        assert done.code == 0, done.err
        assert "2,850 km" in done.out
        assert "as at " in done.err
    assert "2,851 km" in command("visit", DANUBE, "--goal", "how long").out
    then = command("visit", DANUBE, "--goal", "course", "--at", "1", "--json").json
    assert then["at"]["seq"] == 1
    assert then["pages"][0]["version"] == stored(DANUBE).digest
    # Which links lead to a page is told as it was then, too.
    assert then["pages"][0]["links"] == ["https://almanac.example/vienna"]
    now = command("visit", DANUBE, "--goal", "course", "--json").json
    assert now["pages"][0]["links"] == [OTHER]
    assert (
        command("visit", DANUBE, "--goal", "course", "--at", "2", "--json").json["pages"][0][
            "links"
        ]
        == []
    ), "the page that it names was not there yet"


@pytest.mark.usefixtures("history")
def test_a_page_that_was_not_there_yet_is_told_in_one_sentence(command: Command) -> None:
    done = command("visit", DELTA, "--at", "first")
    assert done.code == 1
    (said,) = [line for line in done.err.splitlines() if "is not held as at" in line]
    assert said.startswith(f"{DELTA} is not held as at first (commit 1, ")
    assert said.endswith("it is held from commit 3 on, captured 2026-01-02")
    opened = command("open", DELTA, "--at", "first")
    assert opened.code == 1
    assert "it is held from commit 3 on" in opened.err
    never = command("visit", "https://almanac.example/never", "--at", "2")
    assert "is not in the corpus, neither now nor at commit 2" in never.err
    garbage = command("visit", "no such thing", "--at", "2")
    assert garbage.code == 1


@pytest.mark.usefixtures("history")
def test_an_old_version_is_opened(command: Command) -> None:
    then = Path(command("open", DANUBE, "--at", "first").out.strip())
    now = Path(command("open", DANUBE).out.strip())
    assert "2,850 km" in then.read_text("utf-8")
    assert "2,851 km" in now.read_text("utf-8")
    assert then != now


@pytest.mark.usefixtures("corpus")
def test_a_run_is_opened_with_its_own_versions(command: Command) -> None:
    command("ask", "How long is the Danube?", "--model", "none")
    done = command("open", "last", "--at", "1")
    assert done.code == 2
    assert "leave --at away" in done.err


@pytest.mark.usefixtures("history")
def test_the_versions_of_a_page_are_listed(command: Command) -> None:
    done = command("visit", f"{DANUBE}/", "--versions")
    lines = [line.split() for line in done.out.splitlines()]
    assert lines[0] == [DANUBE]
    assert [line[:2] for line in lines[2:]] == [["1", "1"], ["2", "now"]]
    assert [line[2] for line in lines[2:]] == ["2026-01-02", "2026-03-02"]
    found = command("visit", DANUBE, "https://almanac.example/x", "--versions", "--json")
    assert found.code == 1
    first, second = found.json["pages"]
    assert [(one["from"], one["to"]) for one in first["versions"]] == [(1, 2), (2, None)]
    assert first["versions"][0]["version"] == stored(DANUBE).digest
    assert second["missing"]
    assert command("visit", DANUBE, "--versions", "--at", "1").code == 2


@pytest.mark.usefixtures("history")
def test_a_state_that_gc_thinned_out_is_not_taken_for_whole(
    corpus: Corpus, command: Command
) -> None:
    page = stored(DANUBE)
    for text in ("2,852", "2,853"):
        corpus.pages.add([replace(page, text=page.text.replace("2,850", text))])
    assert command("index").code == 0
    assert "not surely whole" not in command("snapshot", "diff", "2", "3").err
    removed = command("snapshot", "gc", "--json").json["versions"]
    assert removed == 2, "those of commits 2 to 3 and of 4"
    for arguments in (("snapshot", "diff", "3"), ("visit", DANUBE, "--at", "3")):
        assert "commit 3" in command(*arguments).err
        assert "is not surely whole" in command(*arguments).err
    gap = command("visit", DANUBE, "--at", "3")
    assert "it is held up to commit 1, and is held from commit 5 on" in gap.err
    whole = command("snapshot", "diff", "first", "--json")
    assert "not surely whole" not in whole.err
    assert json.loads(whole.out)["from"]["whole"]
