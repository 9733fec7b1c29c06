"""Damage in the store is found and named."""

from datetime import UTC, datetime

import pytest

from store.database import Database
from store.errors import DamagedPageError
from store.page import Outlink, PageVersion
from store.pages import PageStore

NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)


def page(name: str = "a", text: str = "Text", **more: object) -> PageVersion:
    return PageVersion(f"https://example.org/{name}", name.title(), text, NOW, **more)  # type: ignore[arg-type]


@pytest.fixture
def store(database: Database) -> PageStore:
    return PageStore(database)


def test_verify_finds_nothing_in_a_sound_store(store: PageStore) -> None:
    store.add([page(str(number), outlinks=(Outlink("u", "t"),)) for number in range(300)])
    store.add([page("1", "new")])
    seen: list[tuple[int, int]] = []
    assert store.verify(lambda done, total: seen.append((done, total))) == []
    assert seen[-1] == (601, 601)


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("body = set_byte(body, 12, get_byte(body, 12) # 1)", "bytes that cannot be read"),
        ("body = ''::bytea", "bytes that cannot be read"),
        ("outlinks = 'x'::bytea", "bytes that cannot be read"),
        ("title = 'Another'", "sha256:"),
        ("digest = set_byte(digest, 0, get_byte(digest, 0) # 1)", "sha256:"),
    ],
)
def test_verify_names_the_damaged_version(
    store: PageStore, database: Database, damage: str, found: str
) -> None:
    store.add([page("a"), page("b", "B" * 100), page("c")])
    target = store.resolve("https://example.org/b")
    assert target is not None
    with database.raw() as connection:
        connection.execute(
            f"UPDATE page_version SET {damage} WHERE id = %s".encode(), (target.version_id,)
        )
    (fault,) = store.verify()
    assert (fault.url, fault.version_id) == (target.url, target.version_id)
    assert fault.found.startswith(found)
    assert fault.expected != fault.found
    assert f"version {target.version_id} of https://example.org/b should have" in str(fault)


def test_verify_names_a_changed_url_and_a_lost_pointer(
    store: PageStore, database: Database
) -> None:
    store.add([page("a"), page("b"), page("c")])
    with database.raw() as connection:
        connection.execute("UPDATE page SET url = url || 'x' WHERE url LIKE '%/a'")
        connection.execute("UPDATE page SET current_version = 99 WHERE url LIKE '%/b'")
    faults = {fault.url: fault for fault in store.verify()}
    assert set(faults) == {"https://example.org/ax", "https://example.org/b"}
    assert faults["https://example.org/b"].found == "current version 99"
    assert all(fault.version_id is None for fault in faults.values())


def test_a_damaged_page_is_not_read_as_if_sound(store: PageStore, database: Database) -> None:
    store.add([page()])
    with database.raw() as connection:
        connection.execute("UPDATE page_version SET body = set_byte(body, 9, 0)")
    with pytest.raises(DamagedPageError, match=r"of https://example.org/a is damaged .* crawl"):
        store.resolve(page().url)
