"""What became of the redirects of a crawl, once what they lead to is known."""

import threading
from datetime import UTC, datetime

import pytest

from store import redirects
from store.crawls import Crawls
from store.database import Database
from store.frontier import Frontier
from store.page import PageVersion
from store.pages import PageStore
from store.redirects import look_back
from store.writing import lock_writers

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SITE = "https://example.org/"


@pytest.fixture
def store(database: Database) -> PageStore:
    return PageStore(database)


def crawled(
    database: Database, store: PageStore, *, done=(), refused=(), moved=(), left=()
) -> Frontier:
    """A crawl that is over: pages, refused addresses with reasons, redirects with targets."""
    frontier = Frontier(database, Crawls(database).begin("web", {}).id)
    names = [*done, *(name for name, _ in refused), *(name for name, _ in moved), *left]
    frontier.add([(SITE + name, 0, 0, None) for name in names])
    ids = {entry.url.removeprefix(SITE): entry.id for entry in frontier.lease(99)}
    store.add([PageVersion(SITE + name, name, f"The page {name}", NOW) for name in done])
    for name, target in moved:
        store.add_alias(SITE + name, SITE + target)
    for name, reason in refused:
        store.fail(SITE + name, reason, "as it is", "crawl")
    frontier.settle(
        [ids[name] for name in done],
        [ids[name] for name, _ in moved],
        [(ids[name], reason) for name, reason in refused],
    )
    frontier.release()
    return frontier


def failed(store: PageStore) -> dict[str, tuple[str, str]]:
    return {one.url.removeprefix(SITE): (one.reason, one.detail) for one in store.failures()}


def test_a_redirect_to_what_gave_no_page_is_a_failure_as_well(database, store):
    frontier = crawled(
        database,
        store,
        done=["page"],
        refused=[("error", "http-500")],
        moved=[("a", "error"), ("b", "a"), ("good", "page")],
    )
    # Without looking back nobody would know.
    assert set(failed(store)) == {"error"}
    lost = look_back(database, frontier.crawl_id, store)
    assert [(one.url.removeprefix(SITE), one.reason) for one in lost] == [
        ("a", "http-500"),
        ("b", "http-500"),
    ]
    assert failed(store)["a"] == ("http-500", f"it redirects to {SITE}error, which gave no page")
    assert failed(store)["b"] == ("http-500", f"it redirects to {SITE}a, which gave no page")
    assert set(failed(store)) == {"error", "a", "b"}
    assert frontier.refusals() == {"http-500": 3}
    assert frontier.counts()["passed"] == 1
    assert look_back(database, frontier.crawl_id, store) == []


def test_a_circle_of_redirects_ends(database, store):
    frontier = crawled(database, store, moved=[("a", "b"), ("b", "a")])
    assert look_back(database, frontier.crawl_id, store) == []


def test_a_redirect_to_a_page_that_is_stored_is_none(database, store):
    crawled(database, store, done=["page"])
    again = crawled(database, store, refused=[("page", "timeout")], moved=[("a", "page")])
    assert look_back(database, again.crawl_id, store) == []
    assert set(failed(store)) == {"page"}
    assert store.resolve(SITE + "a") is not None


def test_an_address_that_failed_and_leads_to_a_page_now_is_healed(database, store):
    crawled(database, store, refused=[("a", "http-404"), ("b", "http-404")])
    again = crawled(database, store, done=["page"], moved=[("a", "page")])
    assert set(failed(store)) == {"a", "b"}
    assert look_back(database, again.crawl_id, store) == []
    assert set(failed(store)) == {"b"}


def test_another_crawl_and_another_collection_are_left_alone(database, store):
    one = crawled(database, store, refused=[("error", "http-500")])
    two = crawled(database, store, moved=[("a", "error")])
    other = PageStore(database, "other")
    other.fail(SITE + "a", "robots", "forbidden", "crawl")
    for frontier in (one, two):
        assert look_back(database, frontier.crawl_id, store) == []
    assert set(failed(other)) == {"a"}


@pytest.mark.parametrize("locked", [True, False])
def test_looking_back_waits_for_who_changes_aliases(database, store, monkeypatch, locked):
    """Else a redirect that ends in that moment would take its new failure with it."""
    if not locked:
        monkeypatch.setattr(redirects, "lock_writers", lambda connection: None)
    crawled(database, store, refused=[("a", "http-404")])
    again = crawled(database, store, done=["page"], moved=[("a", "page")])
    thread = threading.Thread(target=look_back, args=(database, again.crawl_id, store))
    with database.raw() as connection:
        lock_writers(connection)
        thread.start()
        while thread.is_alive() and not waits(database):
            thread.join(0.01)
        healed = set(failed(store)) == set()
    thread.join(60)
    assert not thread.is_alive()
    assert healed is not locked
    assert failed(store) == {}


def waits(database: Database) -> bool:
    """True if a connection waits for the lock of another."""
    with database.read() as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND wait_event_type = 'Lock'"
        ).fetchone()
    return row is not None and row[0] > 0
