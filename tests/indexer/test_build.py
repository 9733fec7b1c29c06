"""Building: incremental, readable all the while, the same bytes after a rebuild."""

import shutil
from pathlib import Path

import pytest

from indexer.build import IndexReport, build
from indexer.encoders.lexical import LexicalEncoder
from indexer.errors import IndexBusy
from indexer.frozen import FrozenIndex
from indexer.milvus import VectorStore
from indexer.search import Searcher
from store.database import Database
from store.pages import PageStore

from .conftest import version

ENCODER = LexicalEncoder()


def index(database: Database, home: Path, **options: bool) -> IndexReport:
    return build(database, home, ENCODER, **options)


def frozen(home: Path) -> dict[str, bytes]:
    folder = FrozenIndex.open(home / "frozen").folder
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def found(database: Database, home: Path, query: str) -> list[str]:
    return [hit.url for hit in Searcher.open(database, home).search(query)]


def milvus_keys(home: Path) -> list[int]:
    with VectorStore(home / "milvus") as store:
        (collection,) = store.collections()
        store.prepare(collection, 0)
        return store.keys(collection)


def frozen_ids(home: Path) -> list[int]:
    ids = FrozenIndex.open(home / "frozen").column("passage_id").tolist()
    return sorted(ids)


def test_only_what_is_new_is_encoded(database: Database, corpus: PageStore, home: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    first = build(database, home, ENCODER, lambda *step: seen.append(step))
    assert (first.pages, first.unchanged) == (6, False)
    assert first.split == first.encoded == first.passages
    assert {stage for stage, _, _ in seen} == {"split", "encode", "freeze"}
    again = index(database, home)
    assert (again.encoded, again.split, again.unchanged) == (0, 0, True)
    assert again.digest == first.digest
    corpus.add([version("https://new.test/", "Zambezi", "The Zambezi flows to Mozambique.")])
    third = index(database, home)
    assert (third.encoded, third.pages, third.unchanged) == (1, 7, False)
    assert found(database, home, "zambezi") == ["https://new.test/"]


def test_a_changed_page_is_replaced(database: Database, corpus: PageStore, home: Path) -> None:
    url = "https://almanac.test/vienna"
    original = corpus.resolve(url)
    assert original is not None
    index(database, home)
    corpus.add([version(url, "Vienna", "Vienna has a giant ferris wheel.")])
    report = index(database, home)
    assert report.deleted >= 1
    assert found(database, home, "ferris wheel") == [url]
    assert url not in found(database, home, "opera house")
    assert milvus_keys(home) == frozen_ids(home)
    # What comes back after a change is a new version with the same passages.
    corpus.add([version(url, original.title, original.text)])
    index(database, home)
    assert url in found(database, home, "opera house")
    assert found(database, home, "ferris wheel") == []
    assert milvus_keys(home) == frozen_ids(home)


def test_a_rebuild_gives_the_same_bytes(database: Database, corpus: PageStore, home: Path) -> None:
    index(database, home)
    before = frozen(home)
    report = index(database, home, rebuild=True)
    assert report.encoded == report.passages
    assert frozen(home) == before
    shutil.rmtree(home)
    assert not index(database, home).unchanged
    assert frozen(home) == before
    corpus.add([version("https://new.test/", "Zambezi", "The Zambezi flows to Mozambique.")])
    index(database, home)
    assert frozen(home) != before


def test_a_small_change_to_a_large_index_becomes_a_delta(
    database: Database, corpus: PageStore, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from indexer.frozen import delta

    monkeypatch.setattr(delta, "BASE_FROM", 1)
    monkeypatch.setattr(delta, "SHARE", 1)
    first = index(database, home)
    corpus.add([version("https://new.test/", "Zambezi", "The Zambezi flows to Mozambique.")])
    corpus.add([version("https://almanac.test/vienna", "Vienna", "A giant ferris wheel.")])
    second = index(database, home)
    parts = FrozenIndex.open(home / "frozen")
    assert parts.base.folder == first.folder
    assert (parts.live_pages, second.pages, second.digest) == (7, 7, parts.digest)
    queries = ("zambezi", "ferris wheel", "opera house", "Danube", "capital", "cuerdas")
    hits = [Searcher.open(database, home).search(query) for query in queries]
    assert hits[0][0].url == "https://new.test/"
    assert index(database, home).unchanged
    folded = index(database, home, rebuild=True)
    assert len(FrozenIndex.open(home / "frozen").segments) == 1
    assert folded.digest != second.digest
    assert [Searcher.open(database, home).search(query) for query in queries] == hits
    # What the base already was is the base again.
    again = index(database, home)
    assert again.unchanged
    corpus.add([version("https://new.test/", "Zambezi", "Other words.")])
    assert index(database, home).folder != folded.folder
    corpus.add([version("https://new.test/", "Zambezi", "The Zambezi flows to Mozambique.")])
    assert found(database, home, "zambezi") == ["https://new.test/"]


def test_vectors_that_milvus_lost_are_encoded_again(
    database: Database, corpus: PageStore, home: Path
) -> None:
    index(database, home)
    before = frozen(home)
    ids = frozen_ids(home)
    with VectorStore(home / "milvus") as store:
        (collection,) = store.collections()
        store.prepare(collection, 0)
        store.delete(collection, ids[:2])
        store.flush(collection)
    shutil.rmtree(home / "frozen")
    assert index(database, home).encoded == 2
    assert frozen(home) == before
    assert milvus_keys(home) == ids


def test_another_encoder_gets_a_collection_of_its_own(
    database: Database, corpus: PageStore, home: Path
) -> None:
    class Other(LexicalEncoder):
        digest = "b2:other"  # type: ignore[assignment]

    index(database, home)
    report = build(database, home, Other())
    assert report.encoded == report.passages
    with VectorStore(home / "milvus") as store:
        assert len(store.collections()) == 1
    assert index(database, home).encoded == report.passages


def test_an_empty_store_and_an_empty_page(database: Database, home: Path) -> None:
    assert index(database, home).pages == 0
    assert found(database, home, "anything") == []
    PageStore(database).add([version("https://empty.test/", "Empty", "\n")])
    assert index(database, home).pages == 0


def test_a_second_writer_is_refused(database: Database, corpus: PageStore, home: Path) -> None:
    with VectorStore(home / "milvus"), pytest.raises(IndexBusy, match="Another index run"):
        index(database, home)
    assert index(database, home).pages == 6


def test_readers_never_see_a_half_index(database: Database, corpus: PageStore, home: Path) -> None:
    index(database, home)
    searcher = Searcher.open(database, home)
    before = searcher.search("Danube")
    corpus.add([version("https://almanac.test/danube", "Danube", "Other words altogether.")])
    index(database, home)
    assert searcher.search("Danube") == before, "an open reader keeps its snapshot"
    assert Searcher.open(database, home).search("Danube") != before
