"""What a purge takes of the store beside pages, and what it leaves to other collections."""

from datetime import UTC, datetime

import pytest

from store.crawls import Crawls
from store.database import Database
from store.frontier import Frontier
from store.page import PageVersion
from store.pages import PageStore
from store.purge import delete_pages, find_doomed

URL = "https://example.org/a"


def queue(database: Database, collection: str) -> Frontier:
    """A crawl into `collection` with the address of the page waiting."""
    crawl = Crawls(database).begin(collection, {"options": {"collection": collection}})
    frontier = Frontier(database, crawl.id)
    frontier.add([(URL, 0, 0, None)])
    return frontier


@pytest.mark.parametrize("target", [URL, "example.org", "one"])
def test_the_queues_of_other_collections_keep_the_address(database: Database, target: str) -> None:
    when = datetime(2026, 3, 1, tzinfo=UTC)
    for collection in ("one", "two"):
        PageStore(database, collection).add([PageVersion(URL, "A", "The text.", when)])
    purged, kept = queue(database, "one"), queue(database, "two")
    doomed = find_doomed(database, "one", target)
    assert doomed is not None
    assert delete_pages(database, doomed)["queued"] == 1
    assert purged.counts()["waiting"] == 0
    assert kept.counts()["waiting"] == 1
    assert PageStore(database, "two").resolve(URL) is not None
