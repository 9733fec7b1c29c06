"""Snapshots: one number and one digest for a whole state."""

from datetime import UTC, datetime

import pytest

from store.database import Database
from store.errors import SnapshotError
from store.page import PageVersion
from store.pages import PageStore
from store.snapshots import Snapshots

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def page(name: str, text: str) -> PageVersion:
    return PageVersion(f"https://example.org/{name}", name, text, NOW)


def test_a_snapshot_keeps_its_state(database: Database) -> None:
    pages, snapshots = PageStore(database), Snapshots(database)
    empty = snapshots.create("empty")
    pages.add([page("a", "1"), page("b", "2")])
    one = snapshots.create("one")
    pages.add([page("a", "changed"), page("c", "3")])
    two = snapshots.create("two")
    assert [(shot.seq, shot.pages) for shot in (empty, one, two)] == [(0, 0), (1, 2), (2, 3)]
    assert len({empty.digest, one.digest, two.digest}) == 3
    assert snapshots.list() == [empty, one, two]
    assert snapshots.get("one") == one
    assert snapshots.verify("one")
    found = pages.resolve("https://example.org/a", at=one.seq)
    assert found is not None
    assert found.text == "1"


def test_the_digest_is_of_the_content_and_not_of_its_history(database: Database) -> None:
    pages, snapshots = PageStore(database), Snapshots(database)
    pages.add([page("a", "1"), page("b", "2")])
    before = snapshots.create("before")
    pages.add([page("b", "x")])
    pages.add([page("b", "2")])
    after = snapshots.create("after")
    assert after.digest == before.digest
    assert after.seq == 3


def test_verify_notices_a_lost_version(database: Database) -> None:
    pages, snapshots = PageStore(database), Snapshots(database)
    pages.add([page("a", "1")])
    snapshots.create("one")
    with database.raw() as connection:
        connection.execute("UPDATE page_version SET digest = set_byte(digest, 0, 0)")
        connection.execute("UPDATE page_version SET digest = set_byte(digest, 1, 1)")
    assert not snapshots.verify("one")


def test_names_are_checked(database: Database) -> None:
    snapshots = Snapshots(database)
    snapshots.create("one")
    with pytest.raises(SnapshotError, match="called “one” already; choose another name"):
        snapshots.create(" one ")
    with pytest.raises(SnapshotError, match="There is no snapshot called “two”"):
        snapshots.get("two")
    for name in ("", "x" * 201):
        with pytest.raises(SnapshotError, match="needs a name"):
            snapshots.create(name)
