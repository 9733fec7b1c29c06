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


@pytest.mark.parametrize("wrong", ["dresdan", "tresden", "dressden", "drsden", "dredsen"])
def test_a_misspelled_word_that_no_page_has_is_found(
    store: PageStore, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setattr(nearest, "NEIGHBOURS", 3)
    names = [f"{start}{end}" for start in ("ber", "dr", "to", "wa") for end in ("len", "ma", "sau")]
    store.add([page(f"p{number}/{name}") for number, name in enumerate([*names, "dresden"])])
    assert store.nearest(f"https://elsewhere.net/{wrong}")[0][0].endswith("/dresden")


def test_of_a_common_word_so_many_pages_are_read_and_no_more(
    store: PageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearest, "SHARERS", 5)
    store.add([page(f"history-{number}") for number in range(300)])
    asked = ["history", "299"]
    with store._database.read() as connection:
        found = nearest._sharing(connection, 1, asked)
        assert len(found) == 5 + 1  # five of the common word, the one of the rare word
        assert found == nearest._sharing(connection, 1, asked)
        monkeypatch.setattr(nearest, "SHARERS", 1000)
        assert len(nearest._sharing(connection, 1, asked)) == 300


def test_neither_the_plan_nor_the_order_on_the_disk_decides(
    store: PageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearest, "NEIGHBOURS", 2)
    monkeypatch.setattr(nearest, "SHARERS", 2)
    kinds = ("iron", "stone", "long")
    store.add([page(f"{kind}-bridge-{number}") for kind in kinds for number in range(80)])
    asked = [f"https://example.org/{name}" for name in ("iron-bridge", "bridge-ston", "a/lung-b")]
    before = [store.nearest(url) for url in asked]
    with store._database.read() as connection:
        # The rows of the later half of the addresses move to the end, those of the others stay.
        connection.execute("UPDATE page SET etag = 'x' WHERE url < 'https://example.org/long-b'")
        connection.execute("VACUUM ANALYZE page")
    assert [store.nearest(url) for url in asked] == before
    for off in ("enable_bitmapscan", "enable_indexscan", "enable_seqscan", "enable_sort"):
        with store._database.read() as connection:
            connection.execute(f"SET {off} = off".encode())
        assert [store.nearest(url) for url in asked] == before


def test_another_collection_lends_no_pages(store: PageStore) -> None:
    store.add([page("wiki/dresden")])
    other = PageStore(store._database, "other")
    other.add([page("wiki/tokyo")])
    assert [url[-5:] for url, _ in other.nearest("https://example.org/dresden")] == ["tokyo"]


def test_overlong_words_hosts_and_misses_are_no_error(store: PageStore) -> None:
    long = "x" * 8000
    store.add(
        [PageVersion(f"https://example.org/{long}", f"{long} {'many words ' * 3000}", "", NOW)]
    )
    assert store.nearest(f"https://example.org/{long}x") != []
    store.record_miss(f"https://example.org/{long}?miss", "r1")
    store.record_miss("garbage " * 5000, "r1")
    assert len(store.misses()) == 2


@pytest.mark.parametrize("most", [2, 12])
def test_the_nearest_pages_of_then_are_found_as_those_of_now(
    store: PageStore, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(nearest, "NEIGHBOURS", most)
    monkeypatch.setattr(nearest, "SHARERS", most)
    names = [f"{first}-{second}" for first in ("iron", "stone", "long") for second in "abcdefgh"]
    store.add([page(name) for name in names])
    asked = [
        f"https://example.org/{name}"
        for name in ("irom-x", "stone", "bridge-a", "none/x", "long-iron-stone-a-b")
    ]
    before = [store.nearest(url) for url in asked]
    then = PageStore(store._database, store.collection, at=1)
    assert [then.nearest(url) for url in asked] == before
    later = [PageVersion(f"https://example.org/{name}", "Bridge", "x", NOW) for name in names[::3]]
    store.add([page("irom-y"), page("irom-w"), page("stone-a", text="# Other\n\nx"), *later[1:]])
    assert [then.nearest(url) for url in asked] == before
    assert [store.nearest(url) for url in asked] != before
