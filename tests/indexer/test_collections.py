"""Each collection has a frozen index of its own; vectors and passages are shared by all."""

from datetime import UTC, datetime
from pathlib import Path

from indexer.build import build
from indexer.encoders.lexical import LexicalEncoder
from indexer.passages import DEFAULT_CHUNKER
from indexer.search import Searcher
from store.database import Database
from store.page import PageVersion
from store.pages import PageStore
from store.passages import PassageStore

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def page(url: str, text: str) -> PageVersion:
    return PageVersion(url=url, title="A page", text=text, fetched_at=NOW)


def test_a_search_sees_its_own_collection_only(database: Database, tmp_path: Path) -> None:
    web = page("http://a.test/1", "The heron nests in the reeds by the river.")
    notes = page("http://b.test/1", "Notes about the heron that nests in the harbour.")
    PageStore(database).add([web])
    PageStore(database, "notes").add([notes])
    build(database, tmp_path, LexicalEncoder())
    build(database, tmp_path, LexicalEncoder(), collection="notes")
    for collection, url in (("web", web.url), ("notes", notes.url)):
        searcher = Searcher.open(database, tmp_path, collection=collection)
        assert [hit.url for hit in searcher.search("heron nests")] == [url]
    # Freezing one collection takes nothing away from the other, in the files or in Milvus.
    report = build(database, tmp_path, LexicalEncoder(), rebuild=True)
    assert (report.pages, report.encoded) == (1, 2)
    again = build(database, tmp_path, LexicalEncoder(), collection="notes")
    assert (again.unchanged, again.encoded) == (True, 0)


def found(database: Database, home: Path, collection: str) -> list[str]:
    searcher = Searcher.open(database, home, collection=collection)
    return [hit.url for hit in searcher.search("heron nests")]


def test_a_page_in_two_collections_is_found_in_both(database: Database, tmp_path: Path) -> None:
    both = page("http://a.test/1", "The heron nests in the reeds by the river.")
    for collection in ("web", "notes"):
        PageStore(database, collection).add([both])
        build(database, tmp_path, LexicalEncoder(), collection=collection)
    # A second round finds nothing to cut again, and takes the page away from neither.
    for collection in ("web", "notes"):
        again = build(database, tmp_path, LexicalEncoder(), collection=collection)
        assert (again.unchanged, again.split, again.encoded, again.pages) == (True, 0, 0, 1)
        assert found(database, tmp_path, collection) == [both.url]
    assert PassageStore(database).unsplit(DEFAULT_CHUNKER.digest) == []


def test_a_passage_named_before_ids_knew_the_collection_goes_back_to_its_page(
    database: Database, tmp_path: Path
) -> None:
    both = page("http://a.test/1", "The heron nests in the reeds by the river.")
    PageStore(database).add([both])
    build(database, tmp_path, LexicalEncoder())
    PageStore(database, "notes").add([both])
    # The row of the default collection in the hands of the other's version, as it once was.
    (taker,) = PageStore(database, "notes").current_ids()
    with database.raw() as connection:
        connection.execute("UPDATE passage SET version_id = %s", (taker,))
    for collection in ("web", "notes"):
        assert build(database, tmp_path, LexicalEncoder(), collection=collection).pages == 1
        assert found(database, tmp_path, collection) == [both.url]
    assert build(database, tmp_path, LexicalEncoder()).unchanged
