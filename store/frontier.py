"""The frontier of a crawl: the addresses that it has still to fetch, in the database, so that a
kill loses none and several processes can share them. It knows nothing about fetching.

An address is waiting, leased, done (it gave a page), passed (read, but no page of its own: a
sitemap, a redirect) or refused. A lease belongs to a crawling process (`store.crawlers`) and lasts
as long as that process lives; then the address waits again. Addresses are given out by host, so
that a process that may not ask one host now still gets those of others.
"""

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .database import Connection, Database
from .errors import UrlError
from .hosts import (
    Manners,
    close_hosts,
    count_pages,
    free_hosts,
    hold_hosts,
    open_hosts,
    rooms,
)
from .page import clean
from .urls import canonical, host, url_hash

log = logging.getLogger(__name__)

WAITING = "waiting"
LEASED = "leased"
DONE = "done"
PASSED = "passed"
REFUSED = "refused"
STATES = (WAITING, LEASED, DONE, PASSED, REFUSED)
BATCH = 1000
_LOCK_ADD = 0x41504C46

Seed = tuple[str, int, int, str | None]

_ADD = """
INSERT INTO frontier (crawl_id, url, url_hash, depth, priority, referrer, state, host)
SELECT %(crawl)s, url, url_hash, depth, priority, referrer, 'waiting', host
FROM unnest(%(urls)s::text[], %(hashes)s::bytea[], %(depths)s::int[], %(priorities)s::int[],
            %(referrers)s::text[], %(hosts)s::text[])
     WITH ORDINALITY AS new (url, url_hash, depth, priority, referrer, host, place)
ORDER BY place
ON CONFLICT ON CONSTRAINT frontier_url DO NOTHING
RETURNING host
"""
_LEASE = """
WITH chosen AS (
    SELECT found.id
    FROM unnest(%(hosts)s::text[], %(rooms)s::bigint[]) AS asked (host, room)
    CROSS JOIN LATERAL (
        SELECT id, priority FROM frontier
        WHERE crawl_id = %(crawl)s AND frontier.host = asked.host AND state = 'waiting'
        ORDER BY priority DESC, id LIMIT asked.room
        FOR UPDATE SKIP LOCKED
    ) AS found
    ORDER BY found.priority DESC, found.id LIMIT %(most)s
)
UPDATE frontier SET state = 'leased', holder = %(me)s, attempts = attempts + 1
FROM chosen WHERE frontier.id = chosen.id
RETURNING frontier.id, url, depth, priority, referrer, attempts, host
"""
_TAKEN = """
SELECT (SELECT coalesce(sum(pages), 0) FROM crawl_host WHERE crawl_id = %(crawl)s)
     + (SELECT count(*) FROM frontier WHERE crawl_id = %(crawl)s AND state = 'leased')
"""
_CLAIM = """
INSERT INTO frontier
    (crawl_id, url, url_hash, depth, priority, referrer, state, host, holder, attempts)
VALUES (%(crawl)s, %(url)s, %(hash)s, %(depth)s, %(priority)s, %(referrer)s, 'leased', %(host)s,
        %(me)s, 1)
ON CONFLICT ON CONSTRAINT frontier_url DO NOTHING RETURNING id
"""
_SETTLE = """
UPDATE frontier SET state = ended.state, reason = ended.reason, holder = NULL
FROM unnest(%(ids)s::bigint[], %(states)s::text[], %(reasons)s::text[])
     AS ended (id, state, reason)
WHERE frontier.id = ended.id AND crawl_id = %(crawl)s AND frontier.state = 'leased'
  AND holder IS NOT DISTINCT FROM %(me)s
RETURNING host, frontier.state
"""
_RELEASE = """
UPDATE frontier SET state = 'waiting', holder = NULL
WHERE crawl_id = %(crawl)s AND state = 'leased' AND holder IS NOT DISTINCT FROM %(me)s
  AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s))
RETURNING host
"""
_REST = """
SELECT (SELECT count(*) FROM frontier WHERE crawl_id = %(crawl)s AND state = 'leased'),
       (SELECT coalesce(sum(pages), 0) FROM crawl_host WHERE crawl_id = %(crawl)s),
       EXISTS (
           SELECT FROM crawl_host AS known
           WHERE known.crawl_id = %(crawl)s AND known.open
             AND (%(per_host)s::bigint IS NULL OR known.pages < %(per_host)s)
             AND EXISTS (SELECT FROM frontier
                         WHERE frontier.crawl_id = %(crawl)s AND frontier.host = known.host
                           AND state = 'waiting'))
"""
# What gave a page the last time is asked again, linked or not, so that a vanished page is noticed;
# and so is every address of a stored page, whatever came of it then: a redirect led to it, or its
# server failed for a day.
_INHERIT = """
INSERT INTO frontier (crawl_id, url, url_hash, depth, priority, referrer, state, host)
SELECT %(crawl)s, url, url_hash, depth, priority, referrer, 'waiting', host FROM frontier
WHERE crawl_id = %(earlier)s
  AND (state = 'done' OR (state = 'refused' AND reason = 'gone') OR EXISTS (
      SELECT FROM page JOIN collection ON collection.id = page.collection_id
      WHERE collection.name = %(collection)s AND page.url_hash = frontier.url_hash
        AND page.current_version IS NOT NULL))
ORDER BY state <> 'done', id
ON CONFLICT ON CONSTRAINT frontier_url DO NOTHING
"""
_INHERIT_HOSTS = """
INSERT INTO crawl_host (crawl_id, host)
SELECT DISTINCT %(crawl)s::bigint, host FROM frontier WHERE crawl_id = %(crawl)s
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A leased address: `attempts` counts this lease too, `referrer` is a page that links to it.

    `pause` is what its host wants in seconds, where the process took that host with this lease.
    """

    id: int
    url: str
    depth: int
    priority: int
    referrer: str | None
    attempts: int
    host: str = ""
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class Rest:
    """What a crawl has left: leases of all processes, pages so far, and whether any waiting
    address lies on a host that may still give pages.
    """

    leased: int
    pages: int
    reachable: bool


class Frontier:
    """The frontier of the crawl `crawl_id` in `database`, for the process `holder`."""

    def __init__(self, database: Database, crawl_id: int, holder: int | None = None) -> None:
        self._database = database
        self.crawl_id = crawl_id
        self.holder = holder

    def add(self, seeds: Iterable[Seed]) -> int:
        """Add (url, depth, priority, referrer) and return how many were new.

        An address that this crawl has met in any spelling is left as it is. What is no address of
        a page is left out. The higher the priority, the sooner.
        """
        rows: dict[bytes, tuple[str, bytes, int, int, str | None, str]] = {}
        for url, depth, priority, referrer in seeds:
            try:
                key, form = url_hash(url), canonical(url)
            except UrlError as error:
                log.debug("not added to the frontier: %s", error)
                continue
            origin = None if referrer is None else clean(referrer)
            rows.setdefault(key, (form, key, depth, priority, origin, host(form)))
        if not rows:
            return 0
        arrival = list(rows.values())
        names = ("urls", "hashes", "depths", "priorities", "referrers", "hosts")
        new = 0
        with self._database.raw() as connection:
            # One at a time for a crawl: two that add the same links in different order would
            # deadlock, and sorting them would lose the order of arrival, which breaks ties.
            self._alone(connection)
            opened: set[str] = set()
            for start in range(0, len(arrival), BATCH):
                columns = zip(*arrival[start : start + BATCH], strict=True)
                values = dict(zip(names, map(list, columns), strict=True))
                made = connection.execute(_ADD, values | {"crawl": self.crawl_id}).fetchall()
                new += len(made)
                opened.update(row[0] for row in made)
            open_hosts(connection, self.crawl_id, opened)
        return new

    def lease(
        self, n: int, manners: Manners | None = None, full: Collection[str] = ()
    ) -> list[Entry]:
        """Take up to `n` addresses, of each host those of highest priority and then the oldest.

        No two callers get the same one. None is of a host in `full`. An empty list says that none
        is free now; `rest` says whether to wait.
        """
        manners = manners or Manners()
        values: dict[str, Any] = {
            "crawl": self.crawl_id,
            "me": self.holder,
            "full": list(full),
            "per_host": manners.per_host,
        }
        with self._database.raw() as connection:
            if manners.limited:
                # What others lease at this moment counts too.
                self._alone(connection)
                if manners.max_pages is not None:
                    taken = connection.execute(_TAKEN, values).fetchone()
                    n = min(n, manners.max_pages - int(taken[0] if taken else 0))
            if n <= 0:
                return []
            found = free_hosts(connection, values, manners, n, len(full))
            if not found:
                return []
            room = rooms(connection, self.crawl_id, found, manners, n)
            values |= {"hosts": list(room), "rooms": list(room.values())}
            entries = [
                Entry(*row) for row in connection.execute(_LEASE, values | {"most": n}).fetchall()
            ]
            given = {entry.host for entry in entries}
            if manners.hold and given:
                wanted = hold_hosts(connection, given, self.holder, manners.pause)
                entries = [replace(one, pause=wanted.get(one.host, 0.0)) for one in entries]
        if empty := [name for name in room if name not in given and room[name]]:
            self._close(empty)
        return sorted(entries, key=lambda entry: (-entry.priority, entry.id))

    def claim(self, url: str, entry: Entry) -> int | None:
        """Lease `url`, to which `entry` redirects, unless this crawl has met it; return its id."""
        form = canonical(url)
        values = {
            "crawl": self.crawl_id,
            "me": self.holder,
            "url": form,
            "hash": url_hash(form),
            "depth": entry.depth,
            "priority": entry.priority,
            "referrer": entry.url,
            "host": host(form),
        }
        with self._database.raw() as connection:
            self._alone(connection)
            row = connection.execute(_CLAIM, values).fetchone()
            if row is not None:
                open_hosts(connection, self.crawl_id, {host(form)})
        return None if row is None else int(row[0])

    def settle(
        self,
        done: Sequence[int] = (),
        passed: Sequence[int] = (),
        refused: Iterable[tuple[int, str]] = (),
    ) -> int:
        """End leases of this process: with a page, without one, or refused for a reason.

        A lease that this process has lost meanwhile is left alone. Returns how many were ended.
        """
        ends: list[tuple[int, str, str | None]] = [(key, DONE, None) for key in done]
        ends += [(key, PASSED, None) for key in passed]
        ends += [(key, REFUSED, clean(reason)) for key, reason in refused]
        if not ends:
            return 0
        ids, states, reasons = (list(column) for column in zip(*ends, strict=True))
        values: dict[str, Any] = {"ids": ids, "states": states, "reasons": reasons}
        values |= {"crawl": self.crawl_id, "me": self.holder}
        with self._database.raw() as connection:
            self._alone(connection)
            ended = connection.execute(_SETTLE, values).fetchall()
            pages = Counter(name for name, state in ended if state == DONE)
            count_pages(connection, self.crawl_id, pages)
        return len(ended)

    def release(self, ids: Sequence[int] | None = None) -> int:
        """Give leased addresses back unfetched, all of this process's without `ids`."""
        with self._database.raw() as connection:
            self._alone(connection)
            values = {"crawl": self.crawl_id, "me": self.holder, "ids": ids and list(ids)}
            freed = connection.execute(_RELEASE, values).fetchall()
            open_hosts(connection, self.crawl_id, {row[0] for row in freed})
        return len(freed)

    def inherit(self, earlier: int, collection: str) -> int:
        """Take over the addresses that gave a page to the crawl `earlier`, and those of pages that
        `collection` has; its queue is forgotten with that. Return how many were new.
        """
        with self._database.raw() as connection:
            self._alone(connection)
            values = {"crawl": self.crawl_id, "earlier": earlier, "collection": collection}
            added = connection.execute(_INHERIT, values).rowcount
            connection.execute(_INHERIT_HOSTS, values)
            for table in ("frontier", "crawl_host"):
                connection.execute(
                    f"DELETE FROM {table} WHERE crawl_id = %(earlier)s".encode(), values
                )
        return added

    def rest(self, per_host: int | None = None) -> Rest:
        """Return what is left to wait for or to lease."""
        with self._database.read() as connection:
            values = {"crawl": self.crawl_id, "per_host": per_host}
            row = connection.execute(_REST, values).fetchone()
        return Rest(int(row[0]), int(row[1]), bool(row[2])) if row else Rest(0, 0, False)

    def counts(self) -> dict[str, int]:
        """Return how many addresses are in each state."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT state, count(*) FROM frontier WHERE crawl_id = %s GROUP BY state",
                (self.crawl_id,),
            ).fetchall()
        return dict.fromkeys(STATES, 0) | {state: int(number) for state, number in rows}

    def refusals(self) -> dict[str, int]:
        """Return how many addresses were refused for each reason, the commonest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT reason, count(*) FROM frontier WHERE crawl_id = %s AND state = 'refused' "
                "GROUP BY reason ORDER BY 2 DESC, 1",
                (self.crawl_id,),
            ).fetchall()
        return {reason or "": int(number) for reason, number in rows}

    def _alone(self, connection: Connection) -> None:
        """Wait until no other transaction adds to or ends leases of this crawl."""
        connection.execute(
            "SELECT pg_advisory_xact_lock(%s, %s::int)", (_LOCK_ADD, self.crawl_id % (1 << 31))
        )

    def _close(self, hosts: list[str]) -> None:
        with self._database.raw() as connection:
            # Whoever adds to one of them does it before, and is seen here, or opens it after.
            self._alone(connection)
            close_hosts(connection, self.crawl_id, hosts)
