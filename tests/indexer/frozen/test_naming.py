"""Both arms name pages together that neither names by itself; reading ahead changes nothing."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indexer.encoders.base import QueryVectors, Term, Vectors
from indexer.frozen import FrozenIndex, FrozenPage, FrozenPassage, publish, write
from indexer.frozen import dense as dense_module
from indexer.frozen.ahead import Ahead, soon

from .conftest import HEADER

COUNT, SIZE, MOST = 1500, 64, 5


def frozen(root: Path) -> FrozenIndex:
    """Pages of one passage: 400 near one another, of which the last few have half the words."""
    rng = np.random.default_rng(5)
    centre = np.where(np.arange(COUNT)[:, None] < 400, rng.standard_normal(SIZE), 0.0)
    rows = 3 * centre + rng.standard_normal((COUNT, SIZE))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    impacts = [0.5 if 380 <= i < 383 else 1.0 if i >= 1480 else 0.01 for i in range(COUNT)]
    batch = [Vectors(row, {7: impact}) for row, impact in zip(rows, impacts, strict=True)]
    pages = [FrozenPage(f"https://a.test/{i:05}", "", "a.test", "", i) for i in range(COUNT)]
    passages = [FrozenPassage(i, i, 0, 1) for i in range(COUNT)]
    publish(root, write(root, HEADER, pages, passages, [batch], SIZE, 2.0))
    return FrozenIndex.open(root)


@pytest.mark.parametrize("lists_from", [300, 10_000])
def test_a_page_in_the_middle_of_both_lists_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lists_from: int
) -> None:
    monkeypatch.setattr(dense_module, "LISTS_FROM", lists_from)
    index = frozen(tmp_path)
    matrix: Any = np.load(index.folder / "dense.npy")
    query = matrix[:400].astype(np.float64).sum(axis=0)
    vectors = QueryVectors((query / np.linalg.norm(query)).astype(np.float32), (Term((7,), 1.0),))
    assert {380, 381, 382} <= set(index.best_pages(vectors, MOST))
    # The twin: by the dense arm alone they are nothing special, nor by the sparse one.
    alone = index.best_pages(vectors, MOST, weights=(1.0, 0.0))
    assert not {380, 381, 382} & set(alone)


def test_parts_are_asked_for_once_and_read_the_same(tmp_path: Path) -> None:
    array = np.arange(50_000, dtype="<i4").reshape(-1, 10)
    path = tmp_path / "rows.npy"
    np.save(path, array)
    asked: list[tuple[int, int]] = []
    ahead = Ahead(path, array)
    ahead._ask = lambda low, high: asked.append((low, high))  # type: ignore[method-assign]
    ahead.scattered(np.array([3, 4, 5, 90, 4000]))
    ahead.scattered(np.array([4, 5, 6]))
    ahead.between(7, 70)
    ahead.between(7, 70)
    assert asked == [(3, 6), (90, 91), (4000, 4001), (6, 7), (7, 70)]
    Ahead(path, array).scattered(np.array([1, 4999]))
    assert ahead._start == path.stat().st_size - array.nbytes
    mapped = np.load(path, mmap_mode="r")
    soon(mapped.ctypes.data, mapped.nbytes)
    assert (mapped == array).all()
    soon(0, 0)
    assert os.stat(path).st_size == ahead._start + array.nbytes
