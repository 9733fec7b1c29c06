"""Searches repeat: a hundred queries here, a thousand in `make accept`; and a difference is seen."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bench.accept import repeats
from bench.accept.check import CheckFailed
from bench.accept.stage import Stage
from bench.repeat.corpus import almanac
from bench.repeat.hashed import HashedEncoder
from bench.repeat.processes import Printed, RepeatError, differences, unreduced
from bench.repeat.processors import LEAST, lesser
from bench.repeat.proof import BM25, DENSE, Proof, prepared
from bench.repeat.queries import LONGEST, ODD, queries, questions
from bench.scratch import scratch
from indexer.query import parse

COUNT = 100


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A stage whose corpus is every second page of the demo's."""
    with scratch() as root:
        made = Stage(root, queries=COUNT)
        proof = prepared(root / "repeat", COUNT, every=2, ways=(BM25, DENSE))
        made.once("repeat", lambda: proof)
        yield made


def test_fresh_processes_and_a_rebuilt_index_find_the_same(stage: Stage) -> None:
    figure = repeats.same_search(stage)
    assert figure.startswith("100 queries, BM25 and both arms: 3 fresh processes and a rebuilt")
    dense = repeats.usual(stage, DENSE)[0]
    assert dense.header["lists"]
    assert dense.header["loops"]
    assert len(dense.lines) == COUNT
    assert dense.hits > 3 * COUNT


@pytest.mark.machine
def test_a_lesser_processor_builds_and_finds_the_same(stage: Stage) -> None:
    if not lesser():
        pytest.skip("the switches of instruction sets are those of x86-64")
    proof = repeats.proof(stage)
    usual = repeats.usual(stage, DENSE)[0]
    least = proof.once(DENSE, LEAST, lesser()[LEAST], build=True)
    assert differences(usual, least) == []
    # The twin: it is another processor that the libraries saw.
    assert set(unreduced(usual, least)) <= {"logarithm"}
    assert unreduced(usual, usual) != []


def test_altered_bits_are_noticed(stage: Stage) -> None:
    assert "queries differ in altered, the first is number" in repeats.twin(stage)


def test_an_index_that_is_not_altered_breaks_the_twin(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = repeats.usual(stage, BM25)[0]
    monkeypatch.setattr(Proof, "altered", lambda self, way: usual)
    with pytest.raises(CheckFailed, match="gave the same bytes"):
        repeats.twin(stage)


def test_what_differs_is_said() -> None:
    header = {"index": "b2:0"}
    one = Printed("usual", header, ('["river", 1.25]', '["lake", 0.5]'))
    assert differences(one, one) == []
    other = replace(one, name="other", lines=('["river", 1.25]', '["lake", 0.500001]'))
    (said,) = differences(one, other)
    assert said.startswith("1 of 2 queries differ in other, the first is number 2: “")
    assert differences(one, replace(other, lines=one.lines[:1], header={"index": "b2:1"})) == [
        "other has another index than usual",
        "other has 1 answers, usual 2",
    ]


def test_a_process_that_fails_is_no_result(stage: Stage) -> None:
    with pytest.raises(RepeatError, match="arms"):
        repeats.proof(stage).once("arms", "nothing", build=False)


def test_the_queries_are_of_every_kind_and_always_the_same() -> None:
    pages = list(almanac())
    asked = queries(pages, 1000)
    assert asked == queries(pages[::-1], 1000)
    assert len(set(asked)) == 1000
    assert {*questions(), *ODD} <= {*asked}
    assert max(map(len, asked)) > LONGEST // 2
    assert any(parse(query).ignored for query in asked)
    for few in (asked, queries(pages, COUNT)):
        read = [parse(query) for query in few]
        for kind in ("phrases", "sites", "excluded", "in_title"):
            assert any(getattr(one, kind) for one in read), kind
        assert any(one.before for one in read)
        assert any("\u4e00" <= letter <= "\u9fff" for query in few for letter in query)


def test_a_wobbling_encoder_is_another_processor_s() -> None:
    still, wobbling = HashedEncoder(), HashedEncoder(wobble=0.01)
    assert still.digest == wobbling.digest
    one, other = (e.encode_query("the river Danube") for e in (still, wobbling))
    assert one.terms == other.terms
    assert one.dense is not None
    assert other.dense is not None
    assert json.dumps(one.dense.tolist()) != json.dumps(other.dense.tolist())
    assert 0.9 < float(one.dense @ other.dense) < 1.0
