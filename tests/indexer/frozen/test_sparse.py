"""The sparse arm: the best pages are those of the sums of all passages, ties in order of page."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indexer.frozen import FrozenIndex
from indexer.frozen.segment import COLUMNS
from indexer.frozen.sparse import BLOCK, SparseArm, Word

from .conftest import freeze, piece, questions


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> FrozenIndex:
    root = tmp_path_factory.mktemp("sparse")
    return freeze(root, [piece(n, dense=False) for n in range(300)], dense=False)


def wanted(index: FrozenIndex, words: list[Word], most: int, allowed: Any) -> list[tuple[int, int]]:
    """The plain way: score all, best passage of each page, sort."""
    scores = index.base.sparse.scores(words)
    best: dict[int, int] = {}
    for passage, page in enumerate(index.column("passage_page").tolist()):
        best[page] = max(best.get(page, 0), int(scores[passage]))
    rows = [(s, p) for p, s in best.items() if s > 0 and (allowed is None or allowed[p])]
    return sorted(rows, key=lambda pair: (-pair[0], pair[1]))[:most]


def arm(index: FrozenIndex, kernels: Any) -> SparseArm:
    """The arm of an open index, with compiled loops or without."""
    old = index.base.sparse
    made = object.__new__(SparseArm)
    made.__dict__.update(old.__dict__)
    made._kernels = lambda: kernels
    return made


def check(index: FrozenIndex, one: SparseArm) -> None:
    rng = np.random.default_rng(1)
    masks = [None, rng.random(index.pages) < 0.3, np.zeros(index.pages, dtype=bool)]
    for number, query in enumerate(questions(60, dense=False)):
        words = index.words(query.terms)
        allowed = masks[number % len(masks)]
        for most in (1, 7, 100, 1000):
            scores, pages = one.top(words, most, allowed)
            assert list(zip(scores.tolist(), pages.tolist(), strict=True)) == wanted(
                index, words, most, allowed
            )
        rows = np.flatnonzero(rng.random(index.passages) < 0.2)
        assert one.at(words, rows).tolist() == one.scores(words)[rows].tolist()


def test_numpy_finds_the_best_pages(index: FrozenIndex) -> None:
    check(index, arm(index, None))


def test_the_compiled_loops_find_the_same(index: FrozenIndex, kernels: Any) -> None:
    check(index, arm(index, kernels))


def test_the_compiled_loops_work_across_many_windows(tmp_path: Path, kernels: Any) -> None:
    """Rows far apart: as many pages as three windows have passages, two words in few of them."""
    owner = np.arange(30_000, dtype=np.int32)
    rows = np.sort(np.random.default_rng(3).choice(30_000, 4_000, replace=False)).astype(np.int32)
    impacts = np.random.default_rng(4).integers(1, 50, 4_000).astype(np.uint16)
    cut = 3_900  # the second word is rare
    order = [*rows[:cut].tolist()], [*sorted(rows[::40].tolist())]
    posting = np.array([*order[0], *order[1]], dtype=np.int32)
    impact = np.resize(impacts, len(posting)).astype(np.uint16)
    starts = np.arange(0, len(posting), BLOCK)
    columns = {
        "terms": np.array([5, 9], dtype=np.uint32),
        "term_first": np.array([0, cut, len(posting)], dtype=np.int64),
        "term_impact": np.array([impact[:cut].max(), impact[cut:].max()], dtype=np.uint16),
        "posting_passage": posting,
        "posting_impact": impact,
        "posting_block": np.maximum.reduceat(impact, starts),
    }
    first = np.arange(30_001, dtype=np.int32)
    fast = SparseArm(columns, owner, first, lambda: kernels)
    plain = SparseArm(columns, owner, first, lambda: None)
    for factors in ((1, 1), (1, 40), (40, 1)):
        words = [Word((5,), factors[0]), Word((9,), factors[1])]
        for most in (1, 10, 100):
            for one, other in zip(
                fast.top(words, most, None), plain.top(words, most, None), strict=True
            ):
                assert one.tolist() == other.tolist()


def test_passages_that_hold_all_words(index: FrozenIndex) -> None:
    for query in questions(30, dense=False):
        sets = [set(index.passages_with(term).tolist()) for term in query.terms]
        rows = sorted(set.intersection(*sets))
        assert index.passages_with_all(query.terms).tolist() == rows
    assert index.passages_with_all([]).tolist() == []


def test_the_columns_say_what_bounds_them(index: FrozenIndex) -> None:
    folder = index.base.folder
    first = np.load(folder / "term_first.npy")
    impacts = np.load(folder / "posting_impact.npy")
    highest = np.load(folder / "term_impact.npy")
    for number in range(len(highest)):
        assert impacts[first[number] : first[number + 1]].max() == highest[number]
    blocks = np.load(folder / "posting_block.npy")
    assert len(blocks) == -(-len(impacts) // BLOCK)
    assert all(impacts[n * BLOCK : (n + 1) * BLOCK].max() == b for n, b in enumerate(blocks))
    assert set(COLUMNS) <= {p.stem for p in folder.iterdir()}
