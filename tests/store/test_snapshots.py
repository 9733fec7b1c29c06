"""Snapshots: one number and one digest for a whole state."""

from datetime import UTC, datetime

import pytest

from store.codec import Packer
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


def test_a_check_counts_pages_and_hashes_texts_when_asked(database: Database) -> None:
    pages, snapshots = PageStore(database), Snapshots(database)
    pages.add([page("a", "1"), page("b", "2")])
    named = snapshots.create("one")
    pages.add([page("a", "3")])
    seen = []
    for deep in (False, True):
        checked = snapshots.check("one", deep, lambda *step: seen.append(step))
        assert (checked.pages, checked.digest) == (named.pages, named.digest)
        assert checked.same
        assert checked.sentences() == []
    assert seen == [(2, 2), (2, 2)]
    # A text that was altered behind its digest is seen only by who hashes it.
    with database.raw() as connection:
        connection.execute(
            "UPDATE page_version SET body = %s WHERE seq_to IS NOT NULL", (Packer().text("0"),)
        )
    assert snapshots.check("one").same
    checked = snapshots.check("one", deep=True)
    assert not checked.same
    (said,) = checked.sentences()
    assert "of https://example.org/a should have sha256:" in said
    assert "crawl or import that page again" in said
    # What is damaged in another state is none of this one's.
    snapshots.create("two")
    assert snapshots.check("two", deep=True).same


def test_a_check_names_a_snapshot_that_lost_a_page(database: Database) -> None:
    pages, snapshots = PageStore(database), Snapshots(database)
    pages.add([page("a", "1"), page("b", "2")])
    snapshots.create("one")
    with database.raw() as connection:
        connection.execute(
            "DELETE FROM page_version USING page WHERE page.id = page_id AND url LIKE '%/b'"
        )
    for deep in (False, True):
        (said,) = snapshots.check("one", deep).sentences()
        assert said.startswith("the snapshot one should have 2 pages and b2:")
        assert "the store holds 1 pages and b2:" in said


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
