"""Two writers that interleave: whoever sees a number has seen every number before it, so that a
snapshot, once named, never gains a page. A twin without the locks shows the page it would gain.

And a snapshot that is named beside a purge or a `snapshot gc`: neither takes from it what it has.
"""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from store import snapshots, writing
from store.database import Connection, Database
from store.page import PageVersion
from store.pages import PageStore
from store.purge import delete_pages, find_doomed
from store.snapshots import Snapshots
from store.unseen import unseen
from store.writing import AddReport

WHEN = datetime(2026, 1, 1, tzinfo=UTC)
PATIENCE = 60.0
"""Seconds after which a test is broken; nothing is measured."""
PROPER = "https://example.org/proper"


def page(name: str, declared: str = "") -> PageVersion:
    url = f"https://example.org/{name}"
    return PageVersion(url, name, f"the text of {name}", WHEN, declared=declared)


def without_a_lock(connection: Connection) -> None:
    """What the twins have instead of `lock_writers`."""


class Beside:
    """Acts in threads of their own, each with its own connections, as processes have them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.paused, self.go_on = threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, act: Callable[[Database], object]) -> None:
        """Return when the act has ended, has paused, or waits for another one."""

        def run() -> None:
            with Database(self.database.url) as own:
                act(own)

        thread = threading.Thread(target=run)
        self._threads.append(thread)
        waiting = self._waiting()
        thread.start()
        first = len(self._threads) == 1
        while thread.is_alive() and self._waiting() == waiting:
            if first and self.paused.is_set():
                break
            thread.join(0.01)

    def pause(self) -> None:
        """In the first thread: wait for `end`."""
        if threading.current_thread() is self._threads[0]:
            self.paused.set()
            assert self.go_on.wait(PATIENCE)

    def end(self) -> None:
        self.go_on.set()
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()

    def _waiting(self) -> int:
        with self.database.read() as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND wait_event_type = 'Lock'"
            ).fetchone()
        return row[0] if row else 0


class Interleaved(Beside):
    """A first writer that has done all but commit, and a second one beside it."""

    def __init__(self, database: Database, *first: PageVersion) -> None:
        super().__init__(database)
        self.seqs: dict[str, int | None] = {}
        self._first = first or (page("first"),)

    def _write(self, name: str, *versions: PageVersion) -> Callable[[Database], None]:
        # `also` is the last thing that a writer does before it commits.
        def also(connection: Connection, collection: int, report: AddReport) -> None:
            self.pause()

        def act(own: Database) -> None:
            self.seqs[name] = PageStore(own).add(versions, also).seq

        return act

    def begin(self) -> None:
        """Return when the second writer has ended, or waits for the first one."""
        self.start(self._write("first", *self._first))
        self.start(self._write("second", page("second")))


def keeps_what_was_named(database: Database, both: Interleaved) -> bool:
    """True if a snapshot that is named while both write is the same when both have written."""
    PageStore(database).add([page("before")])
    both.begin()
    try:
        both.start(lambda own: Snapshots(own).create("between"))
    finally:
        both.end()
    return Snapshots(database).verify("between")


def titles(database: Database) -> set[str]:
    return {one.title for one in PageStore(database).current()}


def test_no_earlier_number_appears_later(database: Database) -> None:
    both = Interleaved(database)
    assert keeps_what_was_named(database, both)
    assert both.seqs == {"first": 2, "second": 3}
    assert titles(database) == {"before", "first", "second"}
    between = Snapshots(database).get("between")
    assert (between.seq, between.pages) == (3, 3), "it waited for both"
    store = PageStore(database, at=2)
    assert store.held(["https://example.org/first", "https://example.org/second"]) == {
        "https://example.org/first"
    }


def test_the_row_of_the_clock_alone_orders_them_too(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (writing, snapshots):
        monkeypatch.setattr(module, "lock_writers", without_a_lock)
    both = Interleaved(database)
    assert keeps_what_was_named(database, both)
    assert both.seqs == {"first": 2, "second": 3}
    between = Snapshots(database).get("between")
    assert (between.seq, between.pages) == (1, 1)


def _numbers_of_a_sequence(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the locks away, and give numbers in an order in which they are not seen."""
    from store import claims

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

    for module in (writing, snapshots):
        monkeypatch.setattr(module, "lock_writers", without_a_lock)
    for module in (writing, claims):
        monkeypatch.setattr(module, "next_seq", number)
    monkeypatch.setattr(snapshots, "last_seq", newest)


def test_without_any_lock_a_snapshot_gains_a_page_after_it_was_named(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The numbers of a sequence are given in an order, and seen in another."""
    _numbers_of_a_sequence(database, monkeypatch)
    both = Interleaved(database)
    assert not keeps_what_was_named(database, both)
    assert both.seqs == {"first": 2, "second": 3}
    assert Snapshots(database).get("between").seq == 3


@pytest.mark.parametrize("locked", [True, False])
def test_a_commit_of_nothing_but_a_claim_is_ordered_as_well(
    database: Database, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    """What is written takes no number then, and what is claimed takes one after it."""
    if not locked:
        _numbers_of_a_sequence(database, monkeypatch)
    both = Interleaved(database, page("before", PROPER))
    PageStore(database).add([page("before")])
    both.begin()
    with database.read() as connection:
        seen = snapshots.last_seq(connection)
    store = PageStore(database)
    found = store.resolve(PROPER, at=seen)
    both.end()
    assert both.seqs == {"first": None, "second": 3}
    assert seen == (1 if locked else 3)
    assert found is None
    assert (store.resolve(PROPER, at=seen) is None) is locked, "a state gains an alias"
    assert store.resolve(PROPER, at=2) is not None


def _named_beside(
    database: Database, monkeypatch: pytest.MonkeyPatch, act: Callable[[Database], object]
) -> bool:
    """True if a snapshot is what it was named as, though `act` began before it was kept."""
    beside = Beside(database)
    describe = snapshots.describe_at

    def paused(connection: Connection, seq: int) -> tuple[int, str]:
        found = describe(connection, seq)
        beside.pause()
        return found

    monkeypatch.setattr(snapshots, "describe_at", paused)
    beside.start(lambda own: Snapshots(own).create("named"))
    beside.start(act)
    beside.end()
    return Snapshots(database).verify("named")


def _purge(own: Database) -> None:
    doomed = find_doomed(own, "web", "https://example.org/a")
    assert doomed is not None
    delete_pages(own, doomed)


def _replace_and_collect(own: Database) -> None:
    """As `snapshot gc` does that has listed the snapshots a moment ago."""
    again = PageVersion("https://example.org/a", "a", "another text", WHEN)
    PageStore(own).add([again])
    unseen(own, [], delete=True)


@pytest.mark.parametrize("act", [_purge, _replace_and_collect])
@pytest.mark.parametrize("locked", [True, False])
def test_what_is_named_beside_a_purge_or_a_collection_is_whole(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[[Database], object],
    locked: bool,
) -> None:
    PageStore(database).add([page("a"), page("b")])
    if not locked:
        monkeypatch.setattr(snapshots, "lock_writers", without_a_lock)
    assert _named_beside(database, monkeypatch, act) is locked
