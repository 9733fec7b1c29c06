"""Replay on the snapshot that a run saw, while the corpus goes on: what is kept for it, what is
collected, and that a replay which has lost its snapshot says so.
"""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.home import Home
from appliance.retention import referred_indexes
from appliance.trace import read_run
from indexer.frozen import FrozenIndex, frozen_root
from indexer.frozen.write import folder_name
from store.codec import Packer
from store.page import PageVersion
from store.pages import PageStore

from .conftest import WHEN, Corpus, Done, stored

DANUBE = "https://almanac.example/danube"
SEARCH = (
    'I look.</think>\n<tool_call>\n{"name": "search", "arguments": {"query": ["Danube length"]}}\n'
    "</tool_call>"
)
MISS = (
    'x</think>\n<tool_call>\n{"name": "visit", "arguments": {"url": '
    '["https://almanac.example/danube-delta"], "goal": "delta"}}\n</tool_call>'
)
VISIT = (
    'x</think>\n<tool_call>\n{"name": "visit", "arguments": {"url": '
    f'["{DANUBE}"], "goal": "How long is the Danube?"}}}}\n</tool_call>'
)
ANSWER = "x</think>\n<answer>2,850 km</answer>"

Command = Callable[..., Done]


@pytest.fixture
def run(corpus: Corpus, command: Command, scripted: Callable[..., object]) -> str:
    """A run with a search, a miss and a visit, on the corpus as it is first."""
    scripted(SEARCH, MISS, VISIT, ANSWER)
    assert command("ask", "How long is the Danube?").code == 0
    return read_run(corpus.runs, "last").id


def crawl_again(corpus: Corpus, text: str) -> None:
    """Store another version of the page that the run read, and the page that it missed."""
    page = stored(DANUBE)
    corpus.pages.add(
        [
            replace(
                page, text=page.text.replace("2,850", text), fetched_at=WHEN.replace(year=2027)
            ),
            PageVersion(f"{DANUBE}-delta", "Danube Delta", f"# Delta\n\nIt is wet. {text}", WHEN),
        ]
    )


def folder_of(corpus: Corpus, run: str) -> Path:
    """The frozen index that a run saw."""
    index = read_run(corpus.runs, run).manifest["index"]
    return corpus.root / "frozen" / folder_name(index["digest"])  # type: ignore[index]


def test_a_run_replays_on_its_snapshot_after_the_corpus_went_on(
    corpus: Corpus, command: Command, process: Command, run: str
) -> None:
    seen = folder_of(corpus, run)
    for text in ("2,851", "2,852", "2,853"):
        crawl_again(corpus, text)
        assert command("index").code == 0
    assert FrozenIndex.open(frozen_root(corpus.root)).folder != seen
    assert len([p for p in (corpus.root / "frozen").iterdir() if p.name != "current"]) == 3
    done = process("replay", run, "--pinned", environment=corpus.environment, seed=3)
    assert (done.code, done.out) == (0, f"run {run}: all 3 tool calls identical\n"), done.err
    now = command("replay", run)
    assert now.code == 3
    assert f"call 1 of run {run}, search(" in now.err
    assert "Delta" in now.err
    then, latest = stored(DANUBE), corpus.pages.resolve(DANUBE)
    assert latest is not None
    assert (
        f"  page {DANUBE}: then {then.digest[:19]}… captured 2026-01-02; now "
        f"{latest.digest[:19]}… captured 2027-01-02\n"
    ) in now.err


def test_a_page_that_came_since_is_said_to_have_been_missing(
    corpus: Corpus, command: Command, scripted: Callable[..., object]
) -> None:
    scripted(MISS, ANSWER)
    assert command("ask", "q").code == 0
    corpus.pages.add([PageVersion(f"{DANUBE}-delta", "Danube Delta", "# Delta\n\nWet.", WHEN)])
    assert command("replay", "last", "--pinned").code == 0
    now = command("replay", "last")
    assert now.code == 3
    assert f"page {DANUBE}-delta: then not in the corpus; now sha256:" in now.err


def test_an_alias_that_came_since_is_not_followed(
    corpus: Corpus, command: Command, scripted: Callable[..., object]
) -> None:
    scripted(MISS, ANSWER)
    assert command("ask", "q").code == 0
    corpus.pages.add_alias(f"{DANUBE}-delta", DANUBE)
    assert command("replay", "last").code == 3
    assert command("replay", "last", "--pinned").code == 0


def test_the_nearest_pages_of_a_miss_are_those_of_then(
    corpus: Corpus, command: Command, scripted: Callable[..., object]
) -> None:
    scripted(MISS, ANSWER)
    assert command("ask", "q").code == 0
    corpus.pages.add(
        [
            PageVersion("https://almanac.example/danube-deltas", "Danube Deltas", "# D\n\nx", WHEN),
            replace(stored(DANUBE), title="Another title altogether"),
        ]
    )
    assert command("replay", "last").code == 3
    assert command("replay", "last", "--pinned").code == 0


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("version", "because a page version that the index lists was deleted from the store"),
        ("passage", "gives another result"),
        ("index", "is no longer in this home, so that only the present corpus is left"),
        ("file", "the index that run .* saw is damaged"),
    ],
)
def test_what_was_retained_and_is_deleted_makes_a_pinned_replay_fail(
    corpus: Corpus, command: Command, run: str, damage: str, said: str
) -> None:
    crawl_again(corpus, "2,851")
    assert command("index").code == 0
    folder = folder_of(corpus, run)
    version = corpus.pages.by_digest(DANUBE, stored(DANUBE).digest)
    assert version is not None
    if damage == "version":
        with corpus.database.raw() as connection:
            connection.execute("DELETE FROM page_version WHERE id = %s", (version.version_id,))
    elif damage == "passage":
        text = version.text.replace("It is 2,850 km long and flows into the Black Sea.", "")
        with corpus.database.raw() as connection:
            connection.execute(
                "UPDATE page_version SET body = %s WHERE id = %s",
                (Packer().text(text), version.version_id),
            )
    elif damage == "index":
        folder.rename(folder.with_name("elsewhere"))
    else:
        path = folder / "passage_id.npy"
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
    done = command("replay", run, "--pinned")
    assert done.code in (1, 3)
    assert re.search(said, done.err), done.err


def test_a_run_of_format_1_cannot_be_pinned(corpus: Corpus, command: Command) -> None:
    fixture = Path(__file__).parent / "fixtures" / "run-format-1.jsonl"
    (corpus.runs / "20260102-030405-0006ab").mkdir(parents=True)
    shutil.copy(fixture, corpus.runs / "20260102-030405-0006ab" / "run.jsonl")
    done = command("replay", "2026", "--pinned")
    assert done.code == 1
    assert "was written before runs said which snapshot they saw; replay it without" in done.err


def test_collecting_garbage_keeps_what_a_run_or_a_name_refers_to(
    corpus: Corpus, command: Command, run: str
) -> None:
    assert command("snapshot", "create", "first/../one").code == 0
    kept = folder_of(corpus, run)
    for text in ("2,851", "2,852", "2,853"):
        crawl_again(corpus, text)
        assert command("index").code == 0
    dry = command("snapshot", "gc", "--dry-run", "--json").json
    done = command("snapshot", "gc", "--json").json
    assert dry == done
    # The index before the current one, and of two pages the two versions in between.
    assert (len(done["indexes"]), done["versions"]) == (1, 4)
    assert command("replay", run, "--pinned").code == 0
    assert kept.is_dir()
    assert command("snapshot", "gc", "--json").json["indexes"] == []

    assert command("runs", "rm", run).code == 0
    assert command("snapshot", "gc", "--json").json["indexes"] == []
    assert referred_indexes(Home(corpus.root))
    assert [s["name"] for s in command("snapshot", "list", "--json").json] == ["first/../one"]
    assert command("snapshot", "rm", "first/../one").code == 0
    done = command("snapshot", "gc", "--json").json
    assert (done["indexes"], done["versions"]) == ([kept.name], 1)
    assert not kept.exists()
    assert command("search", "Danube").code == 0
    assert command("verify").code == 0


def test_garbage_is_not_collected_past_a_run_that_cannot_be_read(
    corpus: Corpus, command: Command, run: str
) -> None:
    (corpus.runs / run / "run.jsonl").write_bytes(b"{oops\n")
    done = command("snapshot", "gc")
    assert done.code == 1
    assert f"the run {run} cannot be read, so that nobody knows what it refers to" in done.err


def test_all_runs_at_once_and_whose_answer_would_change(
    corpus: Corpus, command: Command, scripted: Callable[..., object], run: str
) -> None:
    scripted("x</think>\n<answer>not found</answer>")
    assert command("ask", "What is it?").code == 0
    quiet = read_run(corpus.runs, "last").id
    verdicts = command("replay", "--all", "--json")
    assert verdicts.code == 0
    assert verdicts.json["counts"] == {"same": 2}

    page = stored(DANUBE)
    corpus.pages.add([replace(page, text=page.text + "\n\nA line more.")])
    found = {item["run"]: item for item in command("replay", "--all", "--json").json["runs"]}
    assert (found[run]["verdict"], found[run]["call"]) == ("stands", 3)
    assert "but the model reads the same words in every call" in found[run]["why"]
    assert found[quiet]["verdict"] == "same"

    corpus.pages.add([replace(page, text=page.text.replace("second-longest", "longest"))])
    done = command("replay", "--all", "--json")
    assert done.code == 0
    found = {item["run"]: item for item in done.json["runs"]}
    assert found[run]["verdict"] == "stands"
    assert "every quote that carries the answer still stands" in found[run]["why"]

    corpus.pages.add([replace(page, text=page.text.replace("2,850", "2,851"))])
    done = command("replay", "--all")
    assert done.code == 3
    assert f"changes   {run}" in done.out
    assert "the page no longer says “" in done.out
    assert command("replay", "--all", "--pinned").code == 0
    (corpus.runs / quiet / "run.jsonl").write_bytes(b"{oops\n")
    done = command("replay", "--all", "--pinned", "--json")
    assert (done.code, done.json["counts"]) == (1, {"same": 1, "unproved": 1})


def test_which_run_and_how_is_said_clearly(corpus: Corpus, command: Command) -> None:
    assert "give a RUN" in command("replay").err
    assert "give a RUN" in command("replay", "last", "--all").err
    assert "--with names the model" in command("replay", "last", "--with", "demo").err
    assert "ask one RUN with --model" in command("replay", "--all", "--model").err


def test_pages_are_seen_as_they_were(corpus: Corpus) -> None:
    seen = PageStore(corpus.database, at=1)
    crawl_again(corpus, "2,851")
    then, now = seen.resolve(DANUBE), corpus.pages.resolve(DANUBE)
    assert then is not None
    assert now is not None
    assert ("2,850" in then.text, "2,851" in now.text) == (True, True)
    assert seen.resolve(f"{DANUBE}-delta") is None
