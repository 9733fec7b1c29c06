"""Crawls: one row each with its settings and state, so that a later process can go on with it. It
knows nothing about the addresses that a crawl still has to fetch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from .database import Database
from .errors import CrawlError

RUNNING = "running"
STOPPED = "stopped"
FINISHED = "finished"
STATES = frozenset({RUNNING, STOPPED, FINISHED})
_COLUMNS = "id, name, settings, state, started_at, ended_at"


@dataclass(frozen=True, slots=True)
class Crawl:
    """A crawl: `state` is running, stopped (by its user or a limit) or finished (nothing left).

    A crawl that was killed still says "running".
    """

    id: int
    name: str
    settings: dict[str, Any]
    state: str
    started_at: datetime
    ended_at: datetime | None


class Crawls:
    """The crawls of `database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, name: str, settings: Mapping[str, Any]) -> Crawl:
        """Make a running crawl; `settings` must have a JSON form."""
        return self._rows(
            f"INSERT INTO crawl (name, settings, state) VALUES (%s, %s, %s) RETURNING {_COLUMNS}",
            (name, Jsonb(dict(settings)), RUNNING),
        )[0]

    def get(self, crawl_id: int) -> Crawl:
        """Return one crawl; raises CrawlError."""
        found = self._rows(f"SELECT {_COLUMNS} FROM crawl WHERE id = %s", (crawl_id,))
        if not found:
            raise _unknown(crawl_id)
        return found[0]

    def latest(
        self, name: str | None = None, unfinished: bool = False, before: int | None = None
    ) -> Crawl | None:
        """Return the crawl begun last, of those called `name`, not finished, or begun before the
        crawl with that number, where asked.
        """
        found = self._rows(
            f"SELECT {_COLUMNS} FROM crawl WHERE (%(name)s::text IS NULL OR name = %(name)s) "
            "AND (NOT %(unfinished)s OR state <> 'finished') "
            "AND (%(before)s::bigint IS NULL OR id < %(before)s) ORDER BY id DESC LIMIT 1",
            {"name": name, "unfinished": unfinished, "before": before},
        )
        return found[0] if found else None

    def set_state(self, crawl_id: int, state: str) -> None:
        """Set the state; any but "running" also sets the time of the end. Raises CrawlError."""
        if state not in STATES:
            raise ValueError(f"a crawl is never {state!r}, only one of {sorted(STATES)}")
        with self._database.raw() as connection:
            changed = connection.execute(
                "UPDATE crawl SET state = %(state)s, "
                "ended_at = CASE WHEN %(state)s = 'running' THEN NULL ELSE now() END "
                "WHERE id = %(id)s",
                {"state": state, "id": crawl_id},
            )
            if changed.rowcount == 0:
                raise _unknown(crawl_id)

    def _rows(self, query: str, values: "Sequence[Any] | Mapping[str, Any]") -> "list[Crawl]":
        with self._database.raw() as connection:
            with connection.cursor(row_factory=class_row(Crawl)) as cursor:
                return cursor.execute(query.encode(), values).fetchall()

    def list(self) -> "list[Crawl]":
        """Return all crawls, oldest first."""
        return self._rows(f"SELECT {_COLUMNS} FROM crawl ORDER BY id", ())


def _unknown(crawl_id: int) -> CrawlError:
    return CrawlError(f"There is no crawl number {crawl_id}; start one with: appliance crawl URL.")
