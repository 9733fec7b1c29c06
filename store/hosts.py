"""The hosts of a crawl, in the database: which have addresses waiting, which process may ask which,
and how many pages each gave. It works inside the frontier's transactions and knows no address.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from .database import Connection

LEAST_EACH = 4
"""Addresses of one host that a process takes at a time, at least."""
PAUSE_KEPT = 600.0
"""Seconds for which the pause that a host wanted of its last holder binds the next one."""

_KNOW_HOSTS = """
INSERT INTO host (name) SELECT name FROM unnest(%s::text[]) AS new (name) ORDER BY name
ON CONFLICT DO NOTHING
"""
_OPEN = """
INSERT INTO crawl_host (crawl_id, host)
SELECT %s, name FROM unnest(%s::text[]) AS new (name) ORDER BY name
ON CONFLICT (crawl_id, host) DO UPDATE SET open = true WHERE NOT crawl_host.open
"""
_CLOSE = """
UPDATE crawl_host SET open = false
WHERE crawl_id = %(crawl)s AND host = ANY(%(hosts)s) AND open AND NOT EXISTS (
    SELECT FROM frontier
    WHERE frontier.crawl_id = %(crawl)s AND frontier.host = crawl_host.host
      AND frontier.state = 'waiting')
"""
# A host that another process holds, or that wants its pause, is left for later.
_HOSTS = """
SELECT known.host, known.pages FROM crawl_host AS known JOIN host ON host.name = known.host
WHERE known.crawl_id = %(crawl)s AND known.open AND known.host <> ALL(%(full)s)
  AND (host.holder = %(me)s OR (host.holder IS NULL AND host.free_at <= clock_timestamp()))
  AND (%(per_host)s::bigint IS NULL OR known.pages < %(per_host)s)
ORDER BY host.holder IS NULL, host.free_at, known.host
LIMIT %(most)s
"""
# Of the hosts, a process holds no more than its share; it lets go of others once it is done there.
_SHARE = """
SELECT ceil(count(*)::float8 / greatest(1, (SELECT count(*) FROM crawler
                                             WHERE crawl_id = %(crawl)s)))::bigint
FROM crawl_host WHERE crawl_id = %(crawl)s AND open
"""
# A server that was slow, or asked for time, is the same for whoever asks next.
_HOLD = """
UPDATE host SET holder = %(me)s, pause = greatest(%(pause)s, CASE
    WHEN holder = %(me)s OR free_at > clock_timestamp() - make_interval(secs => %(kept)s)
    THEN pause ELSE 0 END)
WHERE name = ANY(%(hosts)s) AND (holder IS DISTINCT FROM %(me)s OR pause < %(pause)s)
RETURNING name, pause
"""
_LEASED_HERE = """
SELECT host, count(*) FROM frontier
WHERE crawl_id = %s AND state = 'leased' AND host = ANY(%s) GROUP BY host
"""
_PAGES = """
UPDATE crawl_host SET pages = crawl_host.pages + new.pages
FROM unnest(%s::text[], %s::bigint[]) AS new (host, pages)
WHERE crawl_id = %s AND crawl_host.host = new.host
"""


@dataclass(frozen=True, slots=True)
class Manners:
    """How addresses are given out.

    `hold`: a host is asked by one process at a time, and not before its pause of `pause` seconds
    is over. `each`: at most so many addresses of one host in a call. `max_pages` and `per_host`
    bound the pages of the whole crawl and of each host, over all processes.
    """

    hold: bool = False
    pause: float = 0.0
    each: int | None = None
    max_pages: int | None = None
    per_host: int | None = None

    @property
    def limited(self) -> bool:
        """True if pages are counted."""
        return self.max_pages is not None or self.per_host is not None


def open_hosts(connection: Connection, crawl: int, hosts: Collection[str]) -> None:
    """Say that addresses of these hosts wait; the caller is alone with the crawl."""
    if hosts:
        connection.execute(_KNOW_HOSTS, (list(hosts),))
        connection.execute(_OPEN, (crawl, list(hosts)))


def close_hosts(connection: Connection, crawl: int, hosts: Collection[str]) -> None:
    """Say that no address of these hosts waits, where that is so; the caller is alone."""
    connection.execute(_CLOSE, {"crawl": crawl, "hosts": list(hosts)})


def free_hosts(
    connection: Connection, values: dict[str, Any], manners: Manners, most: int, full: int
) -> list[tuple[str, int]]:
    """Return at most `most` hosts that this process may ask now, with their pages so far.

    `values` names the crawl, the process, the hosts that it asks enough of (`full` of them) and
    the bound of pages. Hosts with pauses are locked until the transaction ends.
    """
    lock = ""
    if manners.hold:
        lock = " FOR UPDATE OF host SKIP LOCKED"
        share = connection.execute(_SHARE, values).fetchone()
        most = min(most, max(0, int(share[0] if share else 0) - full))
    found = connection.execute((_HOSTS + lock).encode(), values | {"most": most}).fetchall()
    return [(str(name), int(pages)) for name, pages in found]


def rooms(
    connection: Connection, crawl: int, found: list[tuple[str, int]], manners: Manners, n: int
) -> dict[str, int]:
    """Return how many of `n` addresses each of these hosts may give."""
    each = manners.each or max(LEAST_EACH, -(-n // len(found)))
    room = {name: each for name, _ in found}
    if manners.per_host is not None:
        leased = connection.execute(_LEASED_HERE, (crawl, list(room))).fetchall()
        here = {str(name): int(number) for name, number in leased}
        for name, pages in found:
            room[name] = max(0, min(each, manners.per_host - pages - here.get(name, 0)))
    return room


def hold_hosts(
    connection: Connection, hosts: Collection[str], holder: int | None, pause: float
) -> dict[str, float]:
    """Let one process have these hosts, each with a pause of so many seconds at least; return the
    pauses of those that it had not: longer ones where the holder before had been made to wait.
    """
    values = {"hosts": list(hosts), "me": holder, "pause": pause, "kept": PAUSE_KEPT}
    rows = connection.execute(_HOLD, values).fetchall()
    return {str(name): float(wanted) for name, wanted in rows}


def count_pages(connection: Connection, crawl: int, pages: Counter[str]) -> None:
    """Add the pages that these hosts gave to what they gave before."""
    if pages:
        names, numbers = zip(*pages.items(), strict=True)
        connection.execute(_PAGES, (list(names), list(numbers), crawl))
