"""The frozen index: exact scores with ties in order, equal bytes, whole or not there, verifiable."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indexer.encoders.base import Term, Vectors
from indexer.errors import IndexDamaged, IndexMissing, IndexStale
from indexer.frozen import FrozenIndex, FrozenPage, FrozenPassage, publish, write
from indexer.frozen.files import Manifest, write_manifest

HEADER: dict[str, Any] = {
    "encoder": {"name": "test", "digest": "b2:0"},
    "chunker": "b2:1",
    "uses_rarity": False,
}
PAGES = [FrozenPage(f"https://a.test/{i}", f"Page {i}", "a.test", "en", 10 + i) for i in range(3)]
PASSAGES = [
    FrozenPassage(900, 0, 0, 10),
    FrozenPassage(5, 0, 10, 20),
    FrozenPassage(77, 1, 0, 10),
    FrozenPassage(8, 2, 0, 10),
]
SPARSE = [{3: 1.0, 9: 0.5}, {3: 0.25}, {9: 2.0, 2**31 - 1: 1.0}, {0: 1.0}]


def vectors(dense: bool = False) -> list[list[Vectors]]:
    """One batch; dense vectors are unit vectors along different axes."""
    axes = np.eye(4, 8, dtype=np.float32)
    return [[Vectors(axes[i] if dense else None, s) for i, s in enumerate(SPARSE)]]


def freeze(root: Path, dense: bool = False, header: dict[str, Any] = HEADER) -> Manifest:
    manifest = write(root, header, PAGES, PASSAGES, vectors(dense), 8 if dense else 0, 2.0)
    publish(root, manifest)
    return manifest


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_scores_are_the_exact_sums(tmp_path: Path) -> None:
    freeze(tmp_path)
    index = FrozenIndex.open(tmp_path)
    scores = index.sparse_scores([Term((3,), 1.0), Term((9,), 2.0)]) * index.sparse_unit
    assert scores == pytest.approx([2.0, 0.25, 4.0, 0.0], abs=1e-4)
    best_of = index.sparse_scores([Term((3, 9), 1.0)]) * index.sparse_unit
    assert best_of == pytest.approx([1.0, 0.25, 2.0, 0.0], abs=1e-4)
    assert not index.sparse_scores([Term((12345,), 1.0), Term((0,), 1.0)]).any()
    assert index.page(1).title == "Page 1"
    assert list(index.page_passages(0)) == [0, 1]
    assert index.span(1) == (10, 20)


def test_dense_products_do_not_depend_on_the_order_of_sums(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((300, 64)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    pages = [FrozenPage("https://a.test/", "A", "a.test", "", 1)]
    passages = [FrozenPassage(i, 0, i, i + 1) for i in range(300)]
    batch = [Vectors(row, {1: 1.0}) for row in rows]
    publish(tmp_path, write(tmp_path, HEADER, pages, passages, [batch], 64, 2.0))
    index = FrozenIndex.open(tmp_path)
    scores = index.dense_scores(rows[7])
    stored = np.load(index.folder / "dense.npy").astype(object)  # Python's own integers
    query = np.rint(rows[7].astype(np.float64) * 32767).astype(int)
    exact = [sum(int(a) * int(b) for a, b in zip(row, query, strict=True)) for row in stored]
    assert scores.tolist() == exact
    assert scores * index.dense_unit == pytest.approx(rows @ rows[7], abs=1e-3)


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    one = freeze(tmp_path / "one", dense=True)
    two = freeze(tmp_path / "two", dense=True)
    assert one.digest == two.digest
    folder = one.digest[3:19]
    assert content(tmp_path / "one" / folder) == content(tmp_path / "two" / folder)
    other = freeze(tmp_path / "two", header={**HEADER, "chunker": "b2:2"})
    assert other.digest != one.digest


def test_the_current_and_the_one_before_are_kept(tmp_path: Path) -> None:
    digests = [
        freeze(tmp_path, header={**HEADER, "chunker": f"b2:{i}"}).digest[3:19] for i in range(3)
    ]
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_dir()) == sorted(digests[1:])
    assert FrozenIndex.open(tmp_path).digest[3:19] == digests[2]


def test_an_open_index_outlives_its_folder(tmp_path: Path) -> None:
    freeze(tmp_path)
    index = FrozenIndex.open(tmp_path)
    before = index.sparse_scores([Term((3,), 1.0)]).tolist()
    for i in range(3):
        freeze(tmp_path, header={**HEADER, "chunker": f"b2:x{i}"})
    assert not index.folder.exists()
    assert index.sparse_scores([Term((3,), 1.0)]).tolist() == before
    assert index.page(2).url == "https://a.test/2"


def test_a_writer_that_dies_leaves_what_was_there(tmp_path: Path) -> None:
    first = freeze(tmp_path)
    with pytest.raises(ValueError, match="3 vectors for 4"):
        write(tmp_path, HEADER, PAGES, PASSAGES, [vectors()[0][:3]], 0, 2.0)
    assert FrozenIndex.open(tmp_path).digest == first.digest
    assert len([p for p in tmp_path.iterdir() if p.is_dir()]) == 1


def test_verify_names_the_altered_file_and_only_that(tmp_path: Path) -> None:
    freeze(tmp_path, dense=True)
    index = FrozenIndex.open(tmp_path)
    assert index.verify() == []
    path = index.folder / "posting_impact.npy"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    (fault,) = index.verify()
    assert "posting_impact.npy" in fault
    assert "run appliance index to build it again" in fault


def test_missing_cut_and_foreign_files_are_named_with_the_repair(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing, match="run appliance index"):
        FrozenIndex.open(tmp_path / "frozen")
    manifest = freeze(tmp_path)
    folder = tmp_path / manifest.digest[3:19]
    path = folder / "terms.npy"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(IndexDamaged, match="cut short"):
        FrozenIndex.open(tmp_path)
    path.write_bytes(whole)
    text = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(text.replace('"pages":3', '"pages":4'))
    with pytest.raises(IndexDamaged, match="altered"):
        FrozenIndex.open(tmp_path)
    (folder / "manifest.json").unlink()
    write_manifest(folder, {**manifest.values, "format": 99})
    with pytest.raises(IndexStale, match="format 99"):
        FrozenIndex.open(tmp_path)


def test_an_empty_index_opens(tmp_path: Path) -> None:
    publish(tmp_path, write(tmp_path, HEADER, [], [], [], 0, 2.0))
    index = FrozenIndex.open(tmp_path)
    assert index.passages == 0
    assert index.sparse_scores([Term((3,), 1.0)]).tolist() == []


def test_searching_imports_no_vector_store_and_no_heavy_library(
    fresh: Callable[..., str],
) -> None:
    source = """
import sys
import indexer.search, indexer.select, indexer.frozen
heavy = ["pymilvus", "milvus_lite", "grpc", "faiss", "pandas", "scipy", "numba", "torch", "pyarrow"]
print([name for name in heavy if name in sys.modules], "numpy" in sys.modules)
"""
    assert fresh(source) == "[] False\n"
    assert "pymilvus" in fresh(
        "import sys, pymilvus\nprint([n for n in sys.modules if n == 'pymilvus'])"
    )
