"""Two writers that interleave: whoever sees a number has seen every number before it, so that a
snapshot, once named, never gains a page. A twin without the locks shows the page it would gain.
"""

import threading
from datetime import UTC, datetime

import pytest

from store import snapshots, writing
from store.database import Connection, Database
from store.page import PageVersion
from store.pages import PageStore
from store.snapshots import Snapshots

WHEN = datetime(2026, 1, 1, tzinfo=UTC)
PATIENCE = 60.0
"""Seconds after which a test is broken; nothing is measured."""


def page(name: str) -> PageVersion:
    return PageVersion(f"https://example.org/{name}", name, f"the text of {name}", WHEN)


class Interleaved:
    """A first writer that has its number and has not committed, and a second one beside it."""

    def __init__(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self.database = database
        self.numbered, self.go_on = threading.Event(), threading.Event()
        self.first = threading.Thread(target=self._write, args=("first",))
        self.second = threading.Thread(target=self._write, args=("second",))
        self.seqs: dict[str, int | None] = {}
        put = writing.put_aliases

        def paused(connection: Connection, *arguments: object) -> None:
            put(connection, *arguments)  # type: ignore[arg-type]
            if threading.current_thread() is self.first:
                self.numbered.set()
                assert self.go_on.wait(PATIENCE)

        # The last thing that a writer does before it commits.
        monkeypatch.setattr(writing, "put_aliases", paused)

    def _write(self, name: str) -> None:
        # Connections of their own, as two processes have.
        with Database(self.database.url) as own:
            self.seqs[name] = PageStore(own).add([page(name)]).seq

    def begin(self) -> None:
        """Return when the second writer has ended, or waits for the first one."""
        self.first.start()
        assert self.numbered.wait(PATIENCE)
        self.second.start()
        while self.second.is_alive() and not self._waits():
            self.second.join(0.01)

    def _waits(self) -> bool:
        with self.database.read() as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND wait_event_type = 'Lock'"
            ).fetchone()
        return row is not None and row[0] > 0

    def end(self) -> None:
        self.go_on.set()
        for writer in (self.first, self.second):
            writer.join(PATIENCE)
            assert not writer.is_alive()


def keeps_what_was_named(database: Database, both: Interleaved) -> bool:
    """True if a snapshot that is named while both write is the same when both have written."""
    PageStore(database).add([page("before")])
    both.begin()
    try:
        Snapshots(database).create("between")
    finally:
        both.end()
    assert both.seqs["first"] is not None
    assert both.seqs["second"] is not None
    assert {one.title for one in PageStore(database).current()} == {"before", "first", "second"}
    return Snapshots(database).verify("between")


def test_no_earlier_number_appears_later(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = Interleaved(database, monkeypatch)
    assert keeps_what_was_named(database, both)
    assert both.seqs == {"first": 2, "second": 3}
    between = Snapshots(database).get("between")
    assert (between.seq, between.pages) == (1, 1)
    store = PageStore(database, at=2)
    assert store.held(["https://example.org/first", "https://example.org/second"]) == {
        "https://example.org/first"
    }


def test_the_row_of_the_clock_alone_orders_them_too(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "lock_writers", lambda connection: None)
    assert keeps_what_was_named(database, Interleaved(database, monkeypatch))


def test_without_any_lock_a_snapshot_gains_a_page_after_it_was_named(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The numbers of a sequence are given in an order, and seen in another."""
    with database.raw() as connection:
        connection.execute("CREATE SEQUENCE number")

    def number(connection: Connection) -> int:
        row = connection.execute(
            "INSERT INTO commit (seq, at) SELECT nextval('number'), now() RETURNING seq"
        ).fetchone()
        return int(row[0]) if row else 0

    def newest(connection: Connection) -> int:
        row = connection.execute("SELECT max(seq) FROM commit").fetchone()
        return int(row[0] or 0) if row else 0

    monkeypatch.setattr(writing, "lock_writers", lambda connection: None)
    monkeypatch.setattr(writing, "next_seq", number)
    monkeypatch.setattr(snapshots, "last_seq", newest)
    both = Interleaved(database, monkeypatch)
    assert not keeps_what_was_named(database, both)
    assert both.seqs == {"first": 2, "second": 3}
    assert Snapshots(database).get("between").seq == 3
