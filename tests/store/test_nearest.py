"""The nearest pages to an address that is not stored, now and at a commit."""

from datetime import UTC, datetime

import pytest

from store import nearest
from store.database import Database
from store.page import PageVersion
from store.pages import PageStore

NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)


def page(name: str = "a", text: str = "Text", **more: object) -> PageVersion:
    return PageVersion(f"https://example.org/{name}", name.title(), text, NOW, **more)  # type: ignore[arg-type]


@pytest.fixture
def store(database: Database) -> PageStore:
    return PageStore(database)


def test_nearest_names_the_page_that_was_meant(store: PageStore) -> None:
    names = ["wiki/Danube", "wiki/Dresden", "wiki/List_of_bridges", "wiki/Charles_Bridge"]
    store.add([page(name) for name in names])
    store.add([PageVersion("https://other.net/p?id=4", "The Charles Bridge of Prague", "x", NOW)])
    near = store.nearest("https://example.org/wiki/Charles_bridge_(Prague)", limit=2)
    assert near == [
        ("https://other.net/p?id=4", "The Charles Bridge of Prague"),
        ("https://example.org/wiki/Charles_Bridge", "Wiki/Charles_Bridge"),
    ]
    assert store.nearest("https://example.org/wiki/Danub")[0][0].endswith("/Danube")
    assert len(store.nearest("https://example.org/zzz")) == 4
    assert store.nearest("https://unknown.net/zzz") == []
    assert store.nearest("dresden city")[0][0].endswith("/Dresden")
    assert store.nearest("https://example.org/zzz") == store.nearest("https://example.org/zzz")


def test_nearest_is_found_on_a_site_of_more_pages_than_are_compared(
    store: PageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearest, "NEIGHBOURS", 3)
    monkeypatch.setattr(nearest, "SHARERS", 3)
    store.add([page(f"history/town-{number}") for number in range(9)])
    store.add([page("history/salt-of-dresden"), page("lives/cristofori")])
    found = store.nearest("https://example.org/history/the-salt-of-dresden")
    assert found[0][0].endswith("/salt-of-dresden")
    assert store.nearest("https://example.org/cristoforo")[0][0].endswith("/cristofori")


def test_overlong_words_hosts_and_misses_are_no_error(store: PageStore) -> None:
    long = "x" * 8000
    store.add(
        [PageVersion(f"https://example.org/{long}", f"{long} {'many words ' * 3000}", "", NOW)]
    )
    assert store.nearest(f"https://example.org/{long}x") != []
    store.record_miss(f"https://example.org/{long}?miss", "r1")
    store.record_miss("garbage " * 5000, "r1")
    assert len(store.misses()) == 2


def test_the_nearest_pages_of_then_are_found_as_those_of_now(store: PageStore) -> None:
    names = [f"{first}-{second}" for first in ("iron", "stone", "long") for second in "abcdefgh"]
    store.add([page(name) for name in names])
    asked = [f"https://example.org/{name}" for name in ("irom-x", "stone", "bridge-a", "none/x")]
    before = [store.nearest(url) for url in asked]
    then = PageStore(store._database, store.collection, at=1)
    assert [then.nearest(url) for url in asked] == before
    store.add([page("irom-y"), page("stone-a", text="# Other\n\nx")])
    assert [then.nearest(url) for url in asked] == before
    assert [store.nearest(url) for url in asked] != before
