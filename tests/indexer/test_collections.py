"""Each collection has a frozen index of its own; vectors and passages are shared by all."""

from datetime import UTC, datetime
from pathlib import Path

from indexer.build import build
from indexer.encoders.lexical import LexicalEncoder
from indexer.search import Searcher
from store.database import Database
from store.page import PageVersion
from store.pages import PageStore

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
