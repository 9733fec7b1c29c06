"""Parquet: the same rows, read in a process of its own that may die."""

import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import importers.isolated
from importers.base import Ready, Reject
from importers.errors import DamagedError
from importers.formats import detect
from importers.parquet import items


def written(path: Path, rows: list[dict[str, object]]) -> Path:
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=100, write_page_checksum=True)
    return path


def test_rows_in_their_order_with_what_they_say(tmp_path: Path) -> None:
    when = datetime(2025, 1, 2, 3, 4, tzinfo=UTC)
    path = written(
        tmp_path / "rows.bin",
        [
            {"id": str(n), "text": f"The text {n}.", "fetched_at": when, "embedding": [0.1] * 64,
             "metadata": {"title": f"T{n}", "url": f"https://a.test/{n}"}}
            for n in range(450)
        ],
    )  # fmt: skip
    assert detect(path).NAME == "parquet"
    found = list(items(path))
    assert [one.place for one in found[:2]] == ["row 1", "row 2"]
    pages = [one.page for one in found if isinstance(one, Ready)]
    assert [page.title for page in pages] == [f"T{n}" for n in range(450)]
    assert pages[0].fetched_at == when
    assert (pages[0].url, pages[0].source) == ("https://a.test/0", "parquet:rows.bin")


def test_rows_without_text_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet", [{"id": "1", "text": None}, {"id": "2", "text": "x"}])
    first, second = items(path)
    assert isinstance(first, Reject)
    assert (first.reason, first.place) == ("no-text", "row 1")
    assert isinstance(second, Ready)


def test_long_rows_are_weighed_and_not_counted(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"id": str(n), "text": f"{n} " + "word " * 300_000} for n in range(60)
    ]
    path = written(tmp_path / "a.parquet", rows)
    del rows
    tracemalloc.start()
    try:
        assert sum(isinstance(one, Ready) for one in items(path)) == 60
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 45_000_000  # all of them are 90 MB, twice while they come over the pipe


def test_a_row_that_is_too_large_never_leaves_its_process(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.parquet",
        [
            {"id": "1", "text": "x" * 40_000_000},
            {"id": "2", "text": "x" * 6_000_000},
            {"id": "3", "text": "Short."},
        ],
    )
    tracemalloc.start()
    try:
        first, second, third = items(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(first, Reject)
    assert (first.place, first.reason) == ("row 1", "too-large")
    assert "more than 32,000,000" in first.detail
    assert isinstance(second, Reject)
    assert (second.place, second.reason) == ("row 2", "too-large")
    assert isinstance(third, Ready)
    assert peak < 30_000_000


def test_columns_of_something_else_are_named(tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet", [{"price": 1, "city": "Vienna"}])
    with pytest.raises(DamagedError, match="price, city"):
        list(items(path))


def test_a_changed_byte_is_damage(tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet", [{"id": str(n), "text": "word " * n} for n in range(99)])
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 0x40
    path.write_bytes(data)
    with pytest.raises(DamagedError, match="fetch it again"):
        list(items(path))


def test_a_process_that_dies_is_damage(tmp_path: Path) -> None:
    with pytest.raises(DamagedError, match="ended the process"):
        list(importers.isolated.isolated("isolated", "die", tmp_path / "x"))
