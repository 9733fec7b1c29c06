"""The frontier of a crawl: the addresses that it has still to fetch, in the database, so that a
kill loses none. It knows nothing about fetching.

An address is waiting, leased, done or refused. A lease that nobody ends within its time (by the
database's clock) is free again, so the work of a killed process is taken up by the next one.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert

from .database import Database
from .errors import UrlError
from .page import clean
from .schema import frontier
from .urls import canonical, url_hash

log = logging.getLogger(__name__)

WAITING = "waiting"
LEASED = "leased"
DONE = "done"
REFUSED = "refused"
BATCH = 1000
_LOCK_ADD = 0x41504C46
# Written out and not bound, so that a prepared statement still finds the partial indexes.
_IS_WAITING = frontier.c.state == literal_column(f"'{WAITING}'")
_IS_LEASED = frontier.c.state == literal_column(f"'{LEASED}'")

Seed = tuple[str, int, int, str | None]


@dataclass(frozen=True, slots=True)
class Entry:
    """A leased address: `attempts` counts this lease too, `referrer` is a page that links to it."""

    id: int
    url: str
    depth: int
    priority: int
    referrer: str | None
    attempts: int


class Frontier:
    """The frontier of the crawl `crawl_id` in `database`."""

    def __init__(self, database: Database, crawl_id: int) -> None:
        self._database = database
        self.crawl_id = crawl_id

    def add(self, seeds: Iterable[Seed]) -> int:
        """Add (url, depth, priority, referrer) and return how many were new.

        An address that this crawl has met in any spelling is left as it is. What is no address of
        a page is left out. The higher the priority, the sooner.
        """
        rows: dict[bytes, dict[str, object]] = {}
        for url, depth, priority, referrer in seeds:
            try:
                key, form = url_hash(url), canonical(url)
            except UrlError as error:
                log.debug("not added to the frontier: %s", error)
                continue
            rows.setdefault(
                key,
                {
                    "crawl_id": self.crawl_id,
                    "url": form,
                    "url_hash": key,
                    "depth": depth,
                    "priority": priority,
                    "referrer": None if referrer is None else clean(referrer),
                    "state": WAITING,
                },
            )
        if not rows:
            return 0
        arrival = list(rows.values())
        statement = insert(frontier).on_conflict_do_nothing(constraint="frontier_url")
        new = 0
        with self._database.begin() as connection:
            # One adder at a time for a crawl: two that add the same links in different order would
            # deadlock, and sorting them would lose the order of arrival, which breaks ties.
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK_ADD, self.crawl_id)))
            for start in range(0, len(arrival), BATCH):
                part = arrival[start : start + BATCH]
                made = connection.execute(statement.returning(frontier.c.id), part)
                new += len(made.all())
        return new

    def lease(self, n: int, seconds: float) -> list[Entry]:
        """Take up to `n` addresses for `seconds`, of highest priority and then oldest first.

        No two callers get the same one; an empty list says that none is free now.
        """
        here = frontier.c.crawl_id == self.crawl_id
        late = (
            select(frontier.c.id)
            .where(here, _IS_LEASED, frontier.c.leased_until < func.clock_timestamp())
            .with_for_update(skip_locked=True)
        )
        expired = (
            update(frontier).where(frontier.c.id.in_(late)).values(state=WAITING, leased_until=None)
        )
        chosen = (
            select(frontier.c.id)
            .where(here, _IS_WAITING)
            .order_by(frontier.c.priority.desc(), frontier.c.id)
            .limit(n)
            .with_for_update(skip_locked=True)
            .cte("chosen")
        )
        until = func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        change = (
            update(frontier)
            .where(frontier.c.id == chosen.c.id)
            .values(state=LEASED, leased_until=until, attempts=frontier.c.attempts + 1)
            .returning(
                frontier.c.id,
                frontier.c.url,
                frontier.c.depth,
                frontier.c.priority,
                frontier.c.referrer,
                frontier.c.attempts,
            )
        )
        with self._database.begin() as connection:
            connection.execute(expired)
            entries = [Entry(*row) for row in connection.execute(change)]
        return sorted(entries, key=lambda entry: (-entry.priority, entry.id))

    def done(self, ids: Sequence[int]) -> None:
        """Mark addresses as fetched."""
        self._set(ids, DONE)

    def refuse(self, entry_id: int, reason: str) -> None:
        """Mark an address as refused, for a `reason` that the summary counts."""
        self._set([entry_id], REFUSED, clean(reason))

    def release(self, ids: Sequence[int]) -> None:
        """Give leased addresses back unfetched; those done or refused meanwhile stay so."""
        self._set(ids, WAITING, only=LEASED)

    def release_all(self) -> int:
        """Give back every lease of this crawl and return how many; only for a sole process."""
        change = (
            update(frontier)
            .where(frontier.c.crawl_id == self.crawl_id, frontier.c.state == LEASED)
            .values(state=WAITING, leased_until=None)
        )
        with self._database.begin() as connection:
            return connection.execute(change).rowcount

    def counts(self) -> dict[str, int]:
        """Return how many addresses are waiting, leased, done and refused."""
        query = (
            select(frontier.c.state, func.count())
            .where(frontier.c.crawl_id == self.crawl_id)
            .group_by(frontier.c.state)
        )
        with self._database.connect() as connection:
            found = {str(row[0]): int(row[1]) for row in connection.execute(query)}
        return {state: found.get(state, 0) for state in (WAITING, LEASED, DONE, REFUSED)}

    def refusals(self) -> dict[str, int]:
        """Return how many addresses were refused for each reason, the commonest first."""
        query = (
            select(frontier.c.reason, func.count())
            .where(frontier.c.crawl_id == self.crawl_id, frontier.c.state == REFUSED)
            .group_by(frontier.c.reason)
            .order_by(func.count().desc(), frontier.c.reason)
        )
        with self._database.connect() as connection:
            return {reason or "": number for reason, number in connection.execute(query)}

    def _set(
        self, ids: Sequence[int], state: str, reason: str | None = None, only: str | None = None
    ) -> None:
        if not ids:
            return
        change = update(frontier).where(
            frontier.c.crawl_id == self.crawl_id,
            frontier.c.id == func.any(bindparam("ids", list(ids))),
        )
        if only is not None:
            change = change.where(frontier.c.state == only)
        with self._database.begin() as connection:
            connection.execute(change.values(state=state, reason=reason, leased_until=None))
