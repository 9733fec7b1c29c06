"""Passage rows: what is to be cut, encoded and deleted."""

from datetime import UTC, datetime

import pytest

from store.database import Database
from store.page import PageVersion
from store.pages import PageStore
from store.passages import PassageRow, PassageStore

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CUT, OTHER_CUT = "b2:cut", "b2:other"
BM25, BGE = "b2:bm25", "b2:bge"


@pytest.fixture
def pages(database: Database) -> PageStore:
    return PageStore(database)


@pytest.fixture
def passages(database: Database) -> PassageStore:
    return PassageStore(database)


def put(pages: PageStore, name: str, text: str) -> int:
    url = f"https://example.org/{name}"
    pages.add([PageVersion(url, name, text, NOW)])
    version = pages.resolve(url)
    assert version is not None
    assert version.version_id is not None
    return version.version_id


def row(key: int, version: int, ordinal: int = 0, chunker: str = CUT) -> PassageRow:
    return PassageRow(key, version, ordinal, ordinal * 10, ordinal * 10 + 12, ("A", "é"), chunker)


def test_rows_come_back_with_63_bit_ids(pages: PageStore, passages: PassageStore) -> None:
    version = put(pages, "a", "text")
    rows = [row((1 << 63) - 1, version), row(0, version, 1)]
    assert passages.insert(rows) == 2
    assert passages.insert(rows) == 0
    assert passages.fetch([0, (1 << 63) - 1, 5]) == {kept.id: kept for kept in rows}
    assert passages.of_version(version, CUT) == rows
    assert passages.of_version(version, OTHER_CUT) == []
    assert passages.insert([]) == 0


def test_from_unsplit_to_encoded(pages: PageStore, passages: PassageStore) -> None:
    versions = [put(pages, name, name) for name in "abc"]
    assert passages.unsplit(CUT) == versions
    assert passages.unsplit(CUT, versions[0], 1) == versions[1:2]
    passages.insert(row(10 * version, version) for version in versions)
    assert passages.unsplit(CUT) == []
    assert passages.unsplit(OTHER_CUT) == versions
    ids = [10 * version for version in versions]
    assert [one.id for one in passages.pending(BM25, 2)] == ids[:2]
    assert [one.id for one in passages.pending(BM25, 9, after=ids[0])] == ids[1:]
    passages.mark(ids[:2], BM25)
    assert [one.id for one in passages.pending(BM25, 9)] == ids[2:]
    assert [one.id for one in passages.each(BM25)] == ids[:2]
    assert [one.id for one in passages.pending(BGE, 9)] == ids
    assert (passages.count(), passages.count(BM25), passages.count(BGE)) == (3, 2, 0)
    passages.mark(ids, None)
    assert passages.count(BM25) == 0


def test_counts_can_be_of_one_collection(
    database: Database, pages: PageStore, passages: PassageStore
) -> None:
    web, other = put(pages, "a", "one"), put(PageStore(database, "notes"), "a", "one")
    assert passages.collections([web, other]) == {web: "web", other: "notes"}
    assert passages.unsplit(CUT) == [web, other]
    assert passages.unsplit(CUT, collection="notes") == [other]
    passages.insert([row(1, web), row(2, other), row(3, other, 1)])
    passages.mark([2], BM25)
    assert [passages.count(collection=name) for name in (None, "web", "notes", "none")] == [
        3,
        1,
        2,
        0,
    ]
    assert (passages.count(BM25, "notes"), passages.count(BM25, "web")) == (1, 0)


def test_a_changed_page_makes_its_passages_stale(pages: PageStore, passages: PassageStore) -> None:
    old, kept = put(pages, "a", "one"), put(pages, "b", "two")
    passages.insert([row(1, old), row(2, kept)])
    assert passages.stale(CUT) == []
    new = put(pages, "a", "changed")
    assert passages.stale() == passages.stale(CUT) == [1]
    assert passages.unsplit(CUT) == [new]
    assert [one.id for one in passages.pending(BM25, 9)] == [2]
    assert passages.stale(OTHER_CUT) == [1, 2]
    assert passages.stale(OTHER_CUT, limit=1) == [1]
    assert passages.remove([1]) == 1
    assert passages.stale(CUT) == []


def test_content_that_comes_back_takes_its_passages_along(
    pages: PageStore, passages: PassageStore
) -> None:
    first = put(pages, "a", "one")
    passages.insert([row(1, first)])
    passages.mark([1], BM25)
    put(pages, "a", "two")
    again = put(pages, "a", "one")
    assert passages.stale(CUT) == [1]
    assert passages.insert([row(1, again)]) == 1
    assert passages.stale(CUT) == []
    assert passages.fetch([1])[1].version_id == again
    assert passages.count(BM25) == 1, "the same text needs no second encoding"
    assert passages.insert([row(1, first)]) == 0, "an older version takes nothing back"
