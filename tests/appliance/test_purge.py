"""Purging: the page is nowhere any more, the runs say so and stay readable, and a kill is finished."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from appliance import purge as purging
from appliance.copies import PURGED
from appliance.trace import RunWriter, read_run
from indexer.frozen import FrozenIndex, frozen_root
from indexer.milvus import VectorStore
from store.page import PageVersion
from store.pages import PageStore
from store.passages import PassageStore
from store.snapshots import Snapshots

from .conftest import WHEN, Corpus, stored
from .scripts import Command, calling

DANUBE, RHINE = "https://almanac.example/danube", "https://almanac.example/rhine"
SECRET = "The Danube is the second-longest river in Europe"


TURNS = (
    calling("search", query=["long rivers of Europe", "Rhine"]),
    calling("visit", url=[DANUBE, RHINE], goal="How long is the Danube?"),
    calling("visit", url=[f"{DANUBE}s"], goal="x"),
    f"The page says: {SECRET}. It is 2,850 km long and flows into the Black Sea, I read."
    "</think>\n<answer>2,850 km</answer>",
)


@pytest.fixture
def run(corpus: Corpus, command: Command, scripted: Callable[..., object]) -> str:
    """A run that has read two pages, with all indexes built in its home, and an opened page."""
    corpus.pages.add([replace(stored(DANUBE), text=stored(DANUBE).text + "\n\nA newer line.")])
    assert command("index").code == 0
    scripted(*TURNS)
    assert command("ask", "How long is the Danube?").code == 0
    assert command("open", "last").code == 0
    return read_run(corpus.runs, "last").id


def words_anywhere(root: Path, words: str) -> list[str]:
    """The files below `root` that hold some words, database files left out."""
    return [
        str(path.relative_to(root))
        for path in sorted(root.rglob("*"))
        if path.is_file() and words.encode() in path.read_bytes()
    ]


def test_a_page_is_nowhere_any_more(corpus: Corpus, command: Command, run: str) -> None:
    assert words_anywhere(corpus.root, SECRET)
    before = FrozenIndex.open(frozen_root(corpus.root)).folder
    corpus.pages.record_miss(DANUBE, "r")
    passages = PassageStore(corpus.database).count()
    done = command("purge", "almanac.example/danube", "--yes", "--json")
    assert done.code == 0, done.err
    assert words_anywhere(corpus.root, SECRET) == []
    assert words_anywhere(corpus.root, "flows into the Black Sea") == []
    assert corpus.pages.resolve(DANUBE) is None
    assert corpus.pages.resolve(DANUBE, at=1) is None
    assert corpus.pages.misses() == [m for m in corpus.pages.misses() if "danubes" in m.url]
    with corpus.database.read() as connection:
        row = connection.execute("SELECT count(*) FROM page_version").fetchone()
    assert row == (5,)
    left = PassageStore(corpus.database).count()
    assert left < passages
    with VectorStore(corpus.root / "milvus") as vectors:
        (name,) = vectors.collections("passages")
        vectors.load(name)
        assert vectors.count(name) == left
    after = FrozenIndex.open(frozen_root(corpus.root))
    assert after.folder != before
    assert not before.exists()
    assert "danube" not in str(command("search", "--json", "Danube").json["hits"])
    assert command("verify").code == 0
    assert command("index", "verify").code == 0
    assert command("index").err.count("was up to date") == 1

    receipt = done.json
    assert receipt["what"] == {
        "kind": "url",
        "target": "almanac.example/danube",
        "collection": "web",
    }
    assert (receipt["counts"]["pages"], receipt["counts"]["versions"]) == (1, 2)
    assert receipt["runs"] == [run]
    (path,) = (corpus.root / "receipts").iterdir()
    assert json.loads(path.read_text()) == receipt
    assert "river" not in path.read_text()


def test_the_run_stays_readable_and_says_so(corpus: Corpus, command: Command, run: str) -> None:
    rhine = read_run(corpus.runs, run).all("call")[1]
    assert command("purge", DANUBE, "--yes").code == 0
    redacted = read_run(corpus.runs, run)
    text = (corpus.runs / run / "run.jsonl").read_text("utf-8")
    assert "second-longest river" not in text
    assert redacted.question == "How long is the Danube?"
    search, visit, miss = redacted.all("call")
    assert f"[(purged)]({DANUBE})\n{PURGED}" in str(search["text"])
    assert "](https://almanac.example/rhine)" in str(search["text"])
    assert f"The useful information in {DANUBE}: {PURGED}" in str(visit["text"])
    kept = str(rhine["text"])
    assert kept[kept.index(f"The useful information in {RHINE}") :] in str(visit["text"])
    assert f"[(purged)]({DANUBE})" in str(miss["text"])
    assert f"The page says: {PURGED}" in str(redacted.all("turn")[3]["completion"])
    (event,) = redacted.purged
    assert (event["pages"], bool(event["receipt"])) == (1, True)
    shown = command("runs", "show", run)
    assert shown.code == 0
    assert f"texts of 1 page were purged on {str(event['at'])[:10]}" in shown.out
    for arguments in (("replay", run), ("replay", run, "--pinned")):
        done = command(*arguments)
        assert done.code == 1
    assert f"call 1 of run {run} showed a page that was purged" in command("replay", run).err
    assert "is no longer in this home" in command("replay", run, "--pinned").err
    page = corpus.root / "run.html"
    assert command("runs", "show", run, "--html", str(page)).code == 0
    assert "Texts of 1 page were purged from this run" in page.read_text("utf-8")
    assert command("replay", "--all", "--json").json["counts"] == {"unproved": 1}


def test_runs_that_never_saw_the_page_are_left_alone(
    corpus: Corpus, command: Command, run: str
) -> None:
    before = (corpus.runs / run / "run.jsonl").read_bytes()
    assert command("purge", "https://hostile.example/pestilent", "--yes").code == 0
    assert (corpus.runs / run / "run.jsonl").read_bytes() == before


def test_a_site_and_a_collection(corpus: Corpus, command: Command, run: str) -> None:
    PageStore(corpus.database, "other").add([stored(RHINE)])
    assert command("index", "--collection", "other").code == 0
    corpus.pages.record_miss("https://www.almanac.example/nothing", run)
    corpus.pages.record_miss("https://elsewhere.example/nothing", run)
    snapshot = Snapshots(corpus.database).create("before")
    done = command("purge", "almanac.example", "--yes", "--json").json
    assert (done["what"]["kind"], done["counts"]["pages"]) == ("site", 5)
    assert [miss.url for miss in corpus.pages.misses()] == ["https://elsewhere.example/nothing"]
    assert corpus.pages.count() == 1
    assert Snapshots(corpus.database).verify("before")
    assert Snapshots(corpus.database).get("before").pages == 2
    assert snapshot.pages == 7
    assert PageStore(corpus.database, "other").resolve(RHINE) is not None

    done = command("purge", "other", "--yes", "--json").json
    assert (done["what"]["kind"], done["counts"]["pages"]) == ("collection", 1)
    assert not (corpus.root / "frozen-other").exists()
    done = command("purge", "hostile.example", "--yes")
    assert done.code == 0, done.err
    assert command("search", "herb").code == 1


def test_a_target_is_no_wider_than_it_says(corpus: Corpus, command: Command) -> None:
    page = stored(RHINE)
    corpus.pages.add([replace(page, url="http://example/intranet")])
    PageStore(corpus.database, "other").add([page])
    assert command("index").code == 0
    # All pages are below these, and nobody means them.
    for target in ("example.", "com", "www.com"):
        done = command("purge", target, "--yes", "--collection", "other")
        assert (done.code, done.out) == (1, ""), target
        assert "(a site has a dot, as example.org)" in done.err
    # Another collection is not offered in the place of the one that was named.
    for target, collection in (("web", "other"), ("other", "web"), ("web", "nowhere")):
        assert command("purge", target, "--yes", "--collection", collection).code == 1
    corpus.pages.record_miss("https://some.example/nothing", "r")
    done = command("purge", "example", "--yes", "--json").json
    assert (done["what"]["kind"], done["counts"]["pages"]) == ("site", 1)
    assert [miss.url for miss in corpus.pages.misses()] == ["https://some.example/nothing"]
    assert corpus.pages.count() == 6
    assert command("purge", "other", "--yes", "--collection", "other").code == 0
    assert PageStore(corpus.database, "other").count() == 0


def test_nothing_is_removed_without_a_yes(
    corpus: Corpus, command: Command, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("click.confirm", lambda *said, **how: False)
    done = command("purge", DANUBE)
    assert done.code == 1
    assert "nothing was removed; confirm it, or give --yes" in done.err
    assert "1 page, 2 versions, 1 run that quotes or shows it\n" in done.err
    assert corpus.pages.resolve(DANUBE) is not None
    assert not (corpus.root / "receipts").exists()


def test_what_is_not_there_cannot_be_purged(corpus: Corpus, command: Command) -> None:
    for target in ("https://almanac.example/nothing", "nothing.example", "nothing", "  "):
        done = command("purge", target, "--yes")
        assert (done.code, done.out) == (1, "")
        assert "the corpus holds no page, site or collection" in done.err


def test_a_run_that_is_being_written_stops_it_before_anything_is_removed(
    corpus: Corpus, command: Command, run: str
) -> None:
    with RunWriter(corpus.runs, {"question": "q"}):
        done = command("purge", DANUBE, "--yes")
    assert done.code == 1
    assert "is being written by another process; wait until it has ended" in done.err
    assert corpus.pages.resolve(DANUBE) is not None
    assert SECRET in (corpus.runs / run / "run.jsonl").read_text("utf-8")


@pytest.mark.parametrize("busy", [False, True])
def test_a_run_that_began_meanwhile_is_redacted_as_well(
    corpus: Corpus, command: Command, run: str, monkeypatch: pytest.MonkeyPatch, busy: bool
) -> None:
    whole = purging._refreeze
    first = read_run(corpus.runs, run)
    writers = []

    def meanwhile(*given: object, **named: object) -> object:
        writer = RunWriter(corpus.runs, first.manifest, "later")
        writer.add(first.all("call")[1])
        writers.append(writer)
        if not busy:
            writer.__exit__(None, None, None)
        return whole(*given, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(purging, "_refreeze", meanwhile)
        done = command("purge", DANUBE, "--yes", "--json")
    if busy:
        assert done.code == 1
        assert "the run later is being written by another process" in done.err
        writers[0].__exit__(None, None, None)
        assert words_anywhere(corpus.root, SECRET) == ["runs/later/run.jsonl"]
        done = command("purge", DANUBE, "--yes", "--json")
    assert done.code == 0, done.err
    assert done.json["runs"] == [run, "later"]
    assert words_anywhere(corpus.root, SECRET) == []


@pytest.mark.parametrize(
    "step", ["_redact", "_remove_opened", "forget_vectors", "delete_pages", "_refreeze", "build"]
)
@pytest.mark.parametrize("after", [False, True])
def test_a_purge_that_was_killed_is_finished_by_the_next(
    corpus: Corpus,
    command: Command,
    run: str,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    after: bool,
) -> None:
    whole = getattr(purging, step)

    def killed(*given: object, **named: object) -> object:
        if after:
            whole(*given, **named)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(purging, step, killed)
        assert command("purge", DANUBE, "--yes").code == 130
    done = command("purge", DANUBE, "--yes", "--json")
    assert done.code == 0, done.err
    assert words_anywhere(corpus.root, SECRET) == []
    assert done.json["counts"]["pages"] == 1
    assert done.json["runs"] == [run]
    assert len(list((corpus.root / "receipts").iterdir())) == 1
    assert command("index", "verify").code == 0
    assert "danube" not in str(command("search", "--json", "Danube").json["hits"])
    again = command("purge", DANUBE, "--yes")
    assert "the corpus holds no page" in again.err


def test_an_index_of_another_encoder_is_removed(
    corpus: Corpus, command: Command, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Other:
        digest = "b2:other"

    monkeypatch.setattr(
        "appliance.cli.verbs.purge.chosen_encoder",
        lambda config: type("C", (), {"encoder": Other()}),
    )
    done = command("purge", DANUBE, "--yes")
    assert done.code == 0, done.err
    assert "the index is removed, for its encoder is not here" in done.err
    assert words_anywhere(corpus.root, SECRET) == []
    assert "Nothing is indexed yet" in command("search", "x").err


def test_the_same_text_at_another_address_is_another_page(corpus: Corpus, command: Command) -> None:
    twin = replace(stored(RHINE), url="https://mirror.example/rhine")
    corpus.pages.add([twin])
    assert command("purge", RHINE, "--yes").code == 0
    assert corpus.pages.resolve(twin.url) is not None
    assert corpus.pages.resolve(RHINE) is None


def test_a_page_found_through_a_redirect(corpus: Corpus, command: Command) -> None:
    page = PageVersion(
        "https://moved.example/new", "New", "# New\n\nHere.", WHEN,
        aliases=("https://moved.example/old",),
    )  # fmt: skip
    corpus.pages.add([page])
    assert command("purge", "https://moved.example/old", "--yes").code == 0
    assert corpus.pages.resolve("https://moved.example/new") is None
    assert corpus.pages.alias_targets() == {}
