"""Fusion of two arms on an index made by hand: exact scores, both methods, preferences."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from indexer.encoders.base import QueryVectors, Term, Vectors
from indexer.frozen import FrozenIndex, FrozenPage, FrozenPassage, publish, write
from indexer.query import Query, parse
from indexer.ranking import Fusion, Ranked, rank
from store.page import PageVersion

from .conftest import WHEN

PLAIN = Fusion(second=0.0, title=0.0, named=0.0, phrase=0.0)
TEXTS = ["red sails", "blue sails in the sunset", "green hills", "grey stones"]
SPARSE = [{3: 1.0}, {3: 0.5, 4: 0.5}, {4: 0.25}, {5: 1.0}]
AXES = [(0.0, 1.0), (0.6, 0.8), (1.0, 0.0), (-1.0, 0.0)]


@pytest.fixture
def index(tmp_path: Path) -> FrozenIndex:
    header = {
        "encoder": {"name": "t", "digest": "b2:0"},
        "chunker": "b2:1",
        "uses_rarity": False,
    }
    pages = [FrozenPage(f"https://a.test/{i}", f"Page {i}", "a.test", "", i) for i in range(4)]
    passages = [FrozenPassage(i, i, 0, 9) for i in range(4)]
    batch = [
        Vectors(np.array(axis, dtype=np.float32), sparse)
        for axis, sparse in zip(AXES, SPARSE, strict=True)
    ]
    publish(tmp_path, write(tmp_path, header, pages, passages, [batch], 2, 2.0))
    return FrozenIndex.open(tmp_path)


def text(version_id: int) -> PageVersion:
    return PageVersion(f"https://a.test/{version_id}", "Page", TEXTS[version_id], WHEN)


def ranked(index: FrozenIndex, fusion: Fusion, query: Query | None = None) -> list[Ranked]:
    vectors = QueryVectors(np.array([1.0, 0.0], dtype=np.float32), (Term((3,), 1.0),))
    return rank(index, vectors, query or parse("sails"), None, [], text, fusion, 10)


def numbers(results: list[Ranked]) -> list[tuple[int, float]]:
    return [(r.page.row, round(r.score, 3)) for r in results]


def test_weighted_fusion_adds_shares_of_each_arm_s_best(index: FrozenIndex) -> None:
    assert numbers(ranked(index, PLAIN)) == [(2, 0.6), (1, 0.56), (0, 0.4)]
    assert numbers(ranked(index, replace(PLAIN, dense=0.0, sparse=1.0))) == [(0, 1.0), (1, 0.5)]


def test_reciprocal_ranks(index: FrozenIndex) -> None:
    results = ranked(index, replace(PLAIN, method="rrf", dense=0.5, sparse=0.5))
    second = 61 / 62
    assert numbers(results) == [(1, round(second, 3)), (0, 0.5), (2, 0.5)]


def test_a_quoted_phrase_lifts_its_page_and_drops_no_other(index: FrozenIndex) -> None:
    results = ranked(index, replace(PLAIN, phrase=1.0), parse('"blue sails"'))
    assert results[0].page.row == 1
    assert len(results) == 3
    assert ranked(index, PLAIN, parse('"blue sails"'))[0].page.row == 2


def test_a_page_that_the_query_names_is_lifted(index: FrozenIndex) -> None:
    assert ranked(index, replace(PLAIN, named=2.0), parse("sails on page 0"))[0].page.row == 0


def test_only_allowed_pages_are_ranked(index: FrozenIndex) -> None:
    vectors = QueryVectors(None, (Term((3,), 1.0),))
    allowed = np.array([False, True, True, True])
    results = rank(index, vectors, parse("sails"), allowed, [], text, PLAIN, 10)
    assert [r.page.row for r in results] == [1]
