"""Replay against cassettes: a checked-in run, and the same run bent in one place each."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.differences import fields_of_difference
from appliance.errors import ReplayDiffers, RunError
from appliance.replay import check_index, replay, replay_quotes, words_of_difference
from appliance.tools import Toolbox, ToolResult
from appliance.tools.visit import VisitTool
from appliance.trace import Run
from indexer.frozen.files import FORMAT
from models.errors import EngineError
from models.profiles import profile
from store.database import Database
from store.pages import PageStore

from .conftest import PAGES, WHEN, Corpus, Done, stored

RHINE = "https://almanac.example/rhine"
FIXTURE = Path(__file__).parent / "fixtures" / "run-format-1.jsonl"


@pytest.fixture
def run() -> Run:
    """The checked-in run of format 1."""
    manifest, *events = (json.loads(line) for line in FIXTURE.read_text("utf-8").splitlines())
    return Run(manifest["run"], manifest, tuple(events))


@pytest.fixture
def toolbox(database: Database) -> Toolbox:
    """The tools over a store that holds the page of the checked-in run; nothing is searched."""
    pages = PageStore(database)
    pages.add([stored(RHINE)])

    class Search:
        name = "search"

        def run(self, arguments: object, question: str) -> ToolResult:
            raise AssertionError("the checked-in run does not search")

    return Toolbox(Search(), VisitTool(pages, profile("demo").evidence_words, "", False))


def bent(run: Run, kind: str, number: int, **changes: object) -> Run:
    """The run with fields of its `number`-th event of a kind changed."""
    place = [at for at, event in enumerate(run.events) if event["type"] == kind][number]
    events = list(run.events)
    events[place] = {**events[place], **changes}
    return replace(run, events=tuple(events))


def test_the_checked_in_run_replays(run: Run, toolbox: Toolbox) -> None:
    done = list(replay(run, toolbox))
    assert [(item.number, item.call.name) for item in done] == [
        (1, ""),
        (2, "browse"),
        (3, "visit"),
    ]
    assert [item.result.digest for item in done] == [call["digest"] for call in run.all("call")]


def test_a_page_that_says_again_what_it_said_is_the_same_page(
    run: Run, toolbox: Toolbox, database: Database
) -> None:
    later, again = (replace(stored(RHINE), fetched_at=WHEN.replace(year=y)) for y in (2027, 2028))
    PageStore(database).add([replace(later, text="# Rhine\n\nClosed for repairs.")])
    with pytest.raises(ReplayDiffers, match="call 3"):
        list(replay(run, toolbox))
    PageStore(database).add([again])
    page = PageStore(database).resolve(RHINE)
    assert page is not None
    assert page.fetched_at.year == 2028
    assert len(list(replay(run, toolbox))) == 3


@pytest.mark.parametrize("letter", range(0, 73, 6))
def test_any_byte_of_the_page_stops_it_at_the_third_call(
    run: Run, toolbox: Toolbox, database: Database, alter: Callable[..., None], letter: int
) -> None:
    text = PAGES[RHINE][1]
    alter(database, RHINE, text, text[:letter] + "¤" + text[letter + 1 :])
    steps = replay(run, toolbox)
    assert [next(steps).number, next(steps).number] == [1, 2]
    with pytest.raises(ReplayDiffers, match=r"^call 3 of run 20260102-030405-0006ab, visit\("):
        next(steps)


def test_a_page_that_is_gone(run: Run, database: Database) -> None:
    toolbox = Toolbox(VisitTool(PageStore(database), 90, "", False))
    with pytest.raises(ReplayDiffers, match="call 2 of run"):
        list(replay(run, toolbox))  # the names of the tools are part of an observation


@pytest.mark.parametrize("field", ["text", "data", "digest"])
def test_a_changed_record_is_no_proof(run: Run, toolbox: Toolbox, field: str) -> None:
    changed = {"text": "x", "data": {"error": "x"}, "digest": "b2:00"}[field]
    with pytest.raises(RunError, match=r"call 2 of run .* was changed after it was written"):
        list(replay(bent(run, "call", 1, **{field: changed}), toolbox))


def test_a_changed_completion_is_another_way(run: Run, toolbox: Toolbox) -> None:
    early = bent(run, "turn", 1, completion="x</think><answer>1,230 km</answer>")
    with pytest.raises(ReplayDiffers, match=r"the replay made 1 calls, but the run .* 3"):
        list(replay(early, toolbox))
    other = bent(run, "turn", 3, completion="x</think><answer>9 km</answer>")
    with pytest.raises(ReplayDiffers, match="the answer is '9 km', but the run says '1,230 km'"):
        list(replay(other, toolbox))
    never = bent(run, "turn", 3, completion="x")
    with pytest.raises(EngineError, match="the script of 4 completions has ended"):
        list(replay(never, toolbox))
    fewer = replace(run, events=tuple(e for e in run.events if e["type"] != "call"))
    with pytest.raises(ReplayDiffers, match="the replay calls a tool once more than the run"):
        list(replay(fewer, toolbox))


def test_another_encoder_is_refused_and_another_corpus_reported(run: Run) -> None:
    present = dict(run.manifest["index"])  # type: ignore[call-overload]
    assert check_index(run, present) == []
    assert check_index(run, {**present, "digest": "b2:00"}) == [
        "the index has changed since the run; differences may come from new pages"
    ]
    for name in ("encoder", "backend"):
        with pytest.raises(RunError, match=f"was made with the {name} .*; build the index with"):
            check_index(run, {**present, name: "other"})


def test_a_run_with_nothing_in_it(run: Run) -> None:
    with pytest.raises(RunError, match="has neither turns nor quotes; there is nothing to replay"):
        replay_quotes(replace(run, events=()), [])


def test_differences_are_words() -> None:
    assert words_of_difference("a b c", "a b c") == []
    assert words_of_difference("the river is 2,850 km long", "the river is 2,851 km long") == [
        "  after “… the river is”: then “2,850”, now “2,851”"
    ]
    assert words_of_difference("one two", "one") == ["  after “… one”: then “two”, now “”"]
    assert words_of_difference("one two", "six two", ("A", "B")) == [
        "  at the beginning: A “one”, B “six”"
    ]
    many = words_of_difference(
        " ".join("a b" for _ in range(20)), " ".join("a c" for _ in range(20))
    )
    assert len(many) == 13
    assert many[-1] == "  … and 8 more places"


def test_what_differs_behind_equal_words_is_named() -> None:
    hit = {"url": "u", "score": 1.0, "spans": [[1, 2]], "captured": "2026", "version": "sha256:1"}
    then = {"queries": [{"query": "q", "hits": [hit]}]}
    assert fields_of_difference(then, then) == []
    for changes, names in (
        ({"score": 2.0}, ["score"]),
        ({"spans": [[1, 3]], "captured": "2027"}, ["spans"]),
        ({"version": "sha256:2", "score": 2.0}, ["score", "version"]),
        ({"lang": "en"}, ["lang"]),
    ):
        now = {"queries": [{"query": "q", "hits": [{**hit, **changes}]}]}
        assert fields_of_difference(then, now) == names
    assert fields_of_difference(then, {"queries": [{"query": "q", "hits": []}]}) == ["hits"]


def test_the_index_of_a_run_without_a_model_is_checked_as_well(
    corpus: Corpus, command: Callable[..., Done]
) -> None:
    command("ask", "--model", "none", "How long is the Rhine?")
    (folder,) = corpus.runs.iterdir()
    path = folder / "run.jsonl"
    text = path.read_text("utf-8")
    assert f'"backend":"frozen-{FORMAT}"' in text
    path.write_text(text.replace(f'"backend":"frozen-{FORMAT}"', '"backend":"frozen-9"'))
    done = command("replay", "last")
    assert done.code == 1
    said = f"was made with the backend 'frozen-9' and the present index has 'frozen-{FORMAT}'"
    assert said in done.err
