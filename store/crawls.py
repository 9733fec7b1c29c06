"""Crawls: one row each with its settings and state, so that a later process can go on with it. It
knows nothing about the addresses that a crawl still has to fetch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update

from .database import Database
from .errors import CrawlError
from .schema import crawl

RUNNING = "running"
STOPPED = "stopped"
FINISHED = "finished"
STATES = frozenset({RUNNING, STOPPED, FINISHED})


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
        row = insert(crawl).values(name=name, settings=dict(settings), state=RUNNING)
        with self._database.begin() as connection:
            return Crawl(**connection.execute(row.returning(crawl)).one()._asdict())

    def get(self, crawl_id: int) -> Crawl:
        """Return one crawl; raises CrawlError."""
        with self._database.connect() as connection:
            row = connection.execute(select(crawl).where(crawl.c.id == crawl_id)).one_or_none()
        if row is None:
            raise _unknown(crawl_id)
        return Crawl(**row._asdict())

    def latest(
        self, name: str | None = None, unfinished: bool = False, before: int | None = None
    ) -> Crawl | None:
        """Return the crawl begun last, of those called `name`, not finished, or begun before the
        crawl with that number, where asked.
        """
        query = select(crawl).order_by(crawl.c.id.desc()).limit(1)
        if name is not None:
            query = query.where(crawl.c.name == name)
        if before is not None:
            query = query.where(crawl.c.id < before)
        if unfinished:
            query = query.where(crawl.c.state != FINISHED)
        with self._database.connect() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Crawl(**row._asdict())

    def list(self) -> "list[Crawl]":
        """Return all crawls, oldest first."""
        with self._database.connect() as connection:
            rows = connection.execute(select(crawl).order_by(crawl.c.id)).all()
        return [Crawl(**row._asdict()) for row in rows]

    def set_state(self, crawl_id: int, state: str) -> None:
        """Set the state; any but "running" also sets the time of the end. Raises CrawlError."""
        if state not in STATES:
            raise ValueError(f"a crawl is never {state!r}, only one of {sorted(STATES)}")
        ended = None if state == RUNNING else func.now()
        change = update(crawl).where(crawl.c.id == crawl_id).values(state=state, ended_at=ended)
        with self._database.begin() as connection:
            if connection.execute(change).rowcount == 0:
                raise _unknown(crawl_id)


def _unknown(crawl_id: int) -> CrawlError:
    return CrawlError(f"There is no crawl number {crawl_id}; start one with: appliance crawl URL.")
