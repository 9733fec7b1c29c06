"""The dense arm: exact products, clusters in whole numbers, lists that lose next to nothing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indexer.encoders.base import QueryVectors, Vectors
from indexer.errors import EncoderError, IndexDamaged
from indexer.frozen import FrozenIndex, FrozenPage, FrozenPassage, publish, write
from indexer.frozen import dense as dense_module
from indexer.frozen.calibrate import Trial, exact_best, held_out
from indexer.frozen.clusters import LENGTH, assign, centres_of, how_many, points, quantise, spaced
from indexer.frozen.dense import DenseArm
from indexer.frozen.lists import _rotated

from .conftest import HEADER

SIZE, COUNT = 48, 1200


def clustered(count: int = COUNT, size: int = SIZE, seed: int = 0) -> Any:
    """Unit vectors around thirty centres."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((30, size))
    rows = centres[rng.integers(0, 30, count)] + 0.7 * rng.standard_normal((count, size))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def frozen(root: Path, rows: Any) -> FrozenIndex:
    """Three passages a page."""
    pages = [
        FrozenPage(f"https://a.test/{i:05}", "", f"s{i % 2}.test", "", i)
        for i in range(-(-len(rows) // 3))
    ]
    passages = [FrozenPassage(i, i // 3, i, i + 1) for i in range(len(rows))]
    batches = [
        [Vectors(row, {1: 1.0}) for row in rows[at : at + 100]] for at in range(0, len(rows), 100)
    ]
    publish(root, write(root, HEADER, pages, passages, batches, rows.shape[1], 2.0))
    return FrozenIndex.open(root)


@pytest.fixture
def lists_from(monkeypatch: pytest.MonkeyPatch) -> int:
    """Make lists for a few hundred passages already."""
    monkeypatch.setattr(dense_module, "LISTS_FROM", 300)
    return 300


def test_points_multiply_exactly_in_any_order() -> None:
    rows = points(quantise(clustered(300, 1024)))
    whole = rows.astype(np.int64)
    assert (rows == whole).all()
    products = rows @ rows.T
    assert (products.astype(np.int64) == whole @ whole.T).all()
    order = np.random.default_rng(1).permutation(1024)
    assert (
        np.ascontiguousarray(rows[:, order]) @ np.ascontiguousarray(rows[:, order]).T == products
    ).all()
    assert np.abs(whole).dot(np.abs(whole).T).max() < 2**24, "and so does every partial sum"
    # The guard's twin: longer vectors are not safe.
    longer = np.rint(rows * 3.7)
    assert (longer @ longer.T != longer.astype(np.int64) @ longer.astype(np.int64).T).any()


def test_clusters_are_those_of_plain_integers() -> None:
    matrix = quantise(clustered())
    centres = centres_of(matrix, 16)
    assert (centres == np.rint(centres)).all()
    assert np.linalg.norm(centres, axis=1) == pytest.approx(LENGTH, rel=0.01)
    plain = points(matrix).astype(np.int64) @ centres.astype(np.int64).T
    assert assign(matrix, centres).tolist() == plain.argmax(axis=1).tolist()
    assert (centres_of(matrix, 16) == centres).all()
    assert [how_many(n) for n in (5_000, 100_000, 100_001, 1_000_000)] == [32, 128, 1024, 2048]
    assert spaced(10, 4).tolist() == [0, 2, 5, 7]
    assert spaced(3, 40).tolist() == [0, 1, 2]


def test_a_rotation_keeps_products() -> None:
    for size in (1, 2, 40, 64, 1024):
        rows = points(quantise(clustered(20, size)))
        turned = _rotated(rows).astype(np.int64)
        width = turned.shape[1]
        assert (
            turned @ turned.T == width * (rows.astype(np.int64) @ rows.astype(np.int64).T)
        ).all()


def test_the_exact_best_come_first_rows_first() -> None:
    matrix = quantise(np.concatenate([clustered(60), clustered(60)]))
    queries = held_out(matrix)
    for query, best in zip(queries, exact_best(matrix, queries), strict=True):
        scores = matrix.astype(np.int64) @ query.astype(np.int64)
        wanted = np.lexsort((np.arange(len(scores)), -scores))[:10]
        assert sorted(best.tolist()) == sorted(wanted.tolist())


def test_calibration_takes_more_where_estimates_lose_more() -> None:
    matrix = quantise(clustered())
    centres = centres_of(matrix, 16)
    nearest = assign(matrix, centres)
    trial = Trial(matrix, centres, nearest)

    def search(query: Any, probes: int, fetch: int) -> Any:
        return np.arange(len(matrix)), matrix.astype(np.int64) @ query.astype(np.int64)

    good = trial.calibrate(search)
    assert (good.probes, good.fetch, good.found, good.enough) == (16, 400, good.wanted, True)
    nothing = np.zeros(0, np.int64), np.zeros(0)
    bad = trial.calibrate(lambda query, probes, fetch: nothing)
    assert (bad.fetch, bad.found, bad.enough) == (1600, 0, False)


def test_as_many_are_looked_at_as_are_near() -> None:
    matrix = quantise(clustered(6000))
    centres = centres_of(matrix, 16)
    trial = Trial(matrix, centres, assign(matrix, centres))

    def found(near: float) -> int:
        def search(query: Any, probes: int, fetch: int) -> Any:
            products = matrix.astype(np.int64) @ query.astype(np.int64)
            rows = np.argsort(-products, kind="stable")[:fetch]
            far = np.where(np.arange(len(rows)) < near, 1.0, 0.1)
            return rows, far * products[rows[0]]

        return trial.calibrate(search).wide

    assert [found(near) for near in (10, 700, 1500, 6000)] == [400, 800, 1600, 6400]


def test_fewer_lists_than_all_where_there_are_many_passages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from indexer.frozen import calibrate as module

    monkeypatch.setattr(module, "FEW_LISTS", 100)
    matrix = quantise(clustered())
    centres = centres_of(matrix, 64)
    nearest = assign(matrix, centres)
    asked: list[int] = []

    def search(query: Any, probes: int, fetch: int) -> Any:
        asked.append(probes)
        near = np.argsort(-(centres @ points(query)), kind="stable")[:probes]
        rows = np.flatnonzero(np.isin(nearest, near))
        return rows, matrix[rows].astype(np.int64) @ query.astype(np.int64)

    found = Trial(matrix, centres, nearest).calibrate(search)
    assert set(asked) == {found.probes}
    assert 1 < found.probes < 64
    assert found.found >= 0.99 * found.wanted


def test_lists_name_the_exact_best(tmp_path: Path, lists_from: int) -> None:
    rows = clustered()
    index = frozen(tmp_path, rows)
    facts = index.manifest.values["lists"]
    assert facts["lists"] == facts["probes"] == how_many(COUNT)
    assert facts["found"] >= 0.995 * facts["wanted"]
    named = 0
    for query in clustered(30, seed=4):
        scores = index.dense_scores(query)
        best = np.maximum.reduceat(scores, index.column("page_first")[:-1])
        wanted = np.lexsort((np.arange(len(best)), -best))[:10]
        named += len(set(wanted.tolist()) & set(index.best_pages(QueryVectors(query, ()), 10)))
    assert named >= 0.99 * 300


def test_filters_reach_what_lists_would_miss(tmp_path: Path, lists_from: int) -> None:
    index = frozen(tmp_path, clustered())
    query = clustered(1, seed=9)[0]
    narrow = np.zeros(index.pages, dtype=bool)
    narrow[[3, 77, 200]] = True
    wide = np.arange(index.pages) % 2 == 1
    for allowed in (narrow, wide):
        scores = index.dense_scores(query)
        best = np.where(allowed, np.maximum.reduceat(scores, index.column("page_first")[:-1]), 0)
        wanted = [int(p) for p in np.argsort(-best, kind="stable")[:10] if best[p] > 0]
        found = index.best_pages(QueryVectors(query, ()), 10, allowed)
        assert set(wanted) <= set(found)
        assert allowed[found].all()


def test_the_same_vectors_give_the_same_lists(tmp_path: Path, lists_from: int) -> None:
    one = frozen(tmp_path / "one", clustered())
    two = frozen(tmp_path / "two", clustered())
    assert one.digest == two.digest
    assert {p.name for p in one.folder.iterdir()} >= {"dense.faiss", "centres.npy", "dense.npy"}
    assert one.verify() == []


def test_damaged_lists_are_named(tmp_path: Path, lists_from: int) -> None:
    index = frozen(tmp_path, clustered())
    path = index.folder / "dense.faiss"
    data = path.read_bytes()
    path.write_bytes(b"xxxx" + data[4:])
    (fault,) = index.verify()
    assert "dense.faiss" in fault
    with pytest.raises(IndexDamaged, match="run appliance index"):
        index.best_pages(QueryVectors(clustered(1)[0], ()), 10)


def test_an_open_index_outlives_its_lists(tmp_path: Path, lists_from: int) -> None:
    index = frozen(tmp_path, clustered())
    query = QueryVectors(clustered(1, seed=9)[0], ())
    before = FrozenIndex.open(tmp_path).best_pages(query, 5)
    for seed in (1, 2):
        frozen(tmp_path, clustered(seed=seed))
    assert not index.folder.exists()
    assert index.best_pages(query, 5) == before


def test_a_vector_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="longer than 1"):
        frozen(tmp_path, clustered(10) * 1.2)


def test_the_compiled_products_are_the_same(kernels: Any) -> None:
    matrix = quantise(clustered(200, 1024))
    owner = np.arange(200, dtype=np.int32)
    first = np.arange(201, dtype=np.int32)
    fast = DenseArm(matrix, owner, first, lambda: kernels)
    plain = DenseArm(matrix, owner, first, lambda: None)
    rows = np.arange(0, 200, 3)
    for query in quantise(clustered(5, 1024, seed=2)):
        assert fast.scores(query).tolist() == plain.scores(query).tolist()
        assert fast.at(query, rows).tolist() == plain.at(query, rows).tolist()
    # A query beyond length 1 would not fit 32 bits and goes the other way.
    long = np.full(1024, 32767, dtype=np.int16)
    assert fast.scores(long).tolist() == (matrix.astype(np.int64) @ long.astype(np.int64)).tolist()
