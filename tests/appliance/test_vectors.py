"""Query vectors in runs: recorded, used again where another processor rounds otherwise, and checked."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from appliance.ask import Inquiry, manifest
from appliance.config import Config
from appliance.errors import ReplayDiffers, RunError
from appliance.quotes import quotes
from appliance.readers import Readers
from appliance.replay import replay, replay_quotes
from appliance.trace import Run, RunWriter, read_run
from appliance.vectors import check_vectors, recorded_vectors
from bench.repeat.hashed import HashedEncoder
from indexer.build import build
from indexer.encoders.base import QueryVectors, Term
from indexer.memory import QueryMemory
from indexer.search import Searcher
from models.profiles import profile
from models.registry import ModelCard
from models.scripted import ScriptedEngine

from .conftest import Corpus, Done

CARD = ModelCard("scripted", "none", "sha256:0", 0, "none", "tests", "demo")
QUERIES = ["river Vienna", "capital of Austria"]
WOBBLE = 0.004
"""So much more than a processor's rounding that scores differ in every list."""


def turns() -> list[str]:
    call = {"name": "search", "arguments": {"query": QUERIES}}
    said = f"So.</think>\n<tool_call>\n{json.dumps(call)}\n</tool_call>"
    return [said, said, "It is so.</think>\n<answer>Austria</answer>"]


@pytest.fixture
def opened(corpus: Corpus) -> Callable[[float], Readers]:
    """The corpus indexed with dense vectors, opened as a processor that rounds so much otherwise."""
    build(corpus.database, corpus.root, HashedEncoder())

    def readers(wobble: float) -> Readers:
        searcher = Searcher.open(corpus.database, corpus.root, HashedEncoder(wobble))
        return Readers(corpus.database, corpus.pages, searcher)

    return readers


@pytest.fixture
def asked(corpus: Corpus, opened: Callable[[float], Readers]) -> Run:
    """A run of two equal calls with two queries each."""
    readers, engine = opened(0.0), ScriptedEngine(turns())
    entry = manifest("Which?", readers, "2026-01-01", 0, engine, CARD, profile("demo"))
    with RunWriter(corpus.runs, entry) as writer:
        inquiry = Inquiry("Which?", readers, writer)
        list(inquiry.steps(engine, profile("demo"), "2026-01-01", 0, None))
    return read_run(corpus.runs, writer.id)


def replayed(run: Run, readers: Readers, vectors: dict[str, QueryVectors]) -> int:
    toolbox = readers.remembering(QueryMemory(vectors)).toolbox(profile("demo"))
    return len(list(replay(run, toolbox)))


def test_a_run_records_each_query_vector_once_before_the_call(asked: Run) -> None:
    kinds = [event["type"] for event in asked.events]
    assert kinds[:5] == ["turn", "vectors", "call", "turn", "call"]
    vectors = recorded_vectors(asked)
    assert list(vectors) == QUERIES
    for query, then in vectors.items():
        now = HashedEncoder().encode_query(query)
        assert then.terms == now.terms
        np.testing.assert_array_equal(then.dense, now.dense)


def test_a_replay_on_another_processor_uses_the_recorded_vectors(
    asked: Run, opened: Callable[[float], Readers]
) -> None:
    readers = opened(WOBBLE)
    vectors = recorded_vectors(asked)
    assert replayed(asked, readers, vectors) == 2
    assert readers.searcher.encoder.encoded == 0  # type: ignore[attr-defined]
    (note,) = check_vectors(asked, vectors, readers.searcher)
    assert note.startswith(
        "2 of 2 query vectors are rounded otherwise on this machine (cosine 0.99"
    )
    assert check_vectors(asked, vectors, opened(0.0).searcher) == []


def test_without_them_the_same_processor_would_differ(
    asked: Run, opened: Callable[[float], Readers]
) -> None:
    """The twin, and what a run is that was written before vectors were recorded."""
    older = replace(asked, events=tuple(e for e in asked.events if e["type"] != "vectors"))
    assert recorded_vectors(older) == {}
    assert replayed(older, opened(0.0), {}) == 2
    with pytest.raises(ReplayDiffers, match="call 1"):
        replayed(older, opened(WOBBLE), {})


def bent(run: Run, **changes: Any) -> Run:
    """The run with fields of its first recorded vector changed."""
    events = [dict(event) for event in run.events]
    (event,) = (event for event in events if event["type"] == "vectors")
    first, *rest = event["items"]
    event["items"] = [{**first, **changes}, *rest]
    return replace(run, events=tuple(events))


def test_a_vector_that_is_not_the_encoder_s_is_refused(
    asked: Run, opened: Callable[[float], Readers]
) -> None:
    other = HashedEncoder().encode_query("timber and salt").to_json()
    short = QueryVectors(np.ones(3, np.float32), ()).to_json()
    heavier = [[ids, weight + n] for n, (ids, weight) in enumerate(bent_terms(asked))]
    for changes in (
        {"dense": other["dense"]},
        {"terms": other["terms"]},
        {"terms": []},
        {"terms": heavier},
        {"dense": short["dense"]},
        {"dense": None},
        {"dense": QueryVectors(np.full(256, np.nan, np.float32), ()).to_json()["dense"]},
    ):
        run = bent(asked, **changes)
        with pytest.raises(RunError, match=r"the vector of the query 'river Vienna' in run .* is"):
            check_vectors(run, recorded_vectors(run), opened(0.0).searcher)


def bent_terms(run: Run) -> Any:
    return run.all("vectors")[0]["items"][0]["terms"]  # type: ignore[index]


@pytest.mark.parametrize("changes", [{"dense": "§"}, {"terms": 3}, {"terms": [[1]]}, {"dense": 7}])
def test_vectors_that_cannot_be_read_are_named(asked: Run, changes: Any) -> None:
    with pytest.raises(RunError, match=r"the query vectors of run .* cannot be read"):
        recorded_vectors(bent(asked, **changes))


def test_quotes_are_replayed_with_the_vector_of_the_question(
    corpus: Corpus, opened: Callable[[float], Readers]
) -> None:
    question = "How long is the river Danube?"
    with RunWriter(corpus.runs, {"question": question}) as writer:
        assert Inquiry(question, opened(0.0), writer).quote()
    run = read_run(corpus.runs, writer.id)
    assert [event["type"] for event in run.events] == ["vectors", "quotes", "end"]
    other = opened(WOBBLE)
    searcher = other.remembering(QueryMemory(recorded_vectors(run))).searcher
    assert replay_quotes(run, quotes(question, searcher, corpus.pages)) > 0
    assert other.searcher.encoder.encoded == 0  # type: ignore[attr-defined]


def test_the_verb_says_that_recorded_vectors_are_used(
    asked: Run,
    opened: Callable[[float], Readers],
    command: Callable[..., Done],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @contextmanager
    def elsewhere(config: Config) -> Iterator[Readers]:
        yield opened(WOBBLE)

    monkeypatch.setattr("appliance.proving.open_readers", elsewhere)
    done = command("replay", "last")
    assert done.code == 0, done.err
    assert "2 of 2 query vectors are rounded otherwise on this machine" in done.err
    assert done.out == f"run {asked.id}: all 2 tool calls identical\n"
    assert "vectors" not in command("runs", "show", "last").out


def test_a_run_with_bm25_records_none(corpus: Corpus, command: Callable[..., Done]) -> None:
    assert command("ask", "--model", "none", "How long is the Rhine?").code == 0
    (folder,) = corpus.runs.iterdir()
    assert '"vectors"' not in (folder / "run.jsonl").read_text("utf-8")


def test_vectors_give_the_same_bits_back() -> None:
    vectors = QueryVectors(
        np.array([0.1, -1e-30, 1 / 3], np.float32), (Term((3, 9), 0.1), Term((4,), 2.0))
    )
    again = QueryVectors.from_json(json.loads(json.dumps(vectors.to_json())))
    assert again.terms == vectors.terms
    np.testing.assert_array_equal(again.dense, vectors.dense)
    assert QueryVectors.from_json(QueryVectors(None, ()).to_json()) == QueryVectors(None, ())
