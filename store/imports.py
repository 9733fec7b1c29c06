"""The journal of imports: how far each file or folder is in the store, and what came of it.

A batch of pages and its line here are one transaction, so that a kill loses nothing and does
nothing twice. It knows nothing about formats or extraction.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from .database import Connection, Database
from .errors import BusyError, UrlError
from .gaps import put_failures
from .urls import url_hash
from .writing import AddReport, Also

RUNNING, STOPPED, FINISHED, DAMAGED = "running", "stopped", "finished", "damaged"

_COLUMNS = "id, path, print, format, state, items, new, changed, unchanged, rejects"
_FIND = f"""
SELECT {_COLUMNS} FROM import_job
WHERE collection_id = (SELECT collection.id FROM collection WHERE name = %s) AND path = %s
"""
_BEGIN = f"""
INSERT INTO import_job (collection_id, path, print, format, state)
SELECT id, %(path)s, %(print)s, %(format)s, 'running' FROM collection WHERE name = %(name)s
ON CONFLICT (collection_id, path) DO UPDATE SET
    print = excluded.print, format = excluded.format, state = 'running', items = 0, new = 0,
    changed = 0, unchanged = 0, rejects = '{{}}', started_at = now(), ended_at = NULL
RETURNING {_COLUMNS}
"""
_STATE = """
UPDATE import_job SET state = %(state)s,
    ended_at = CASE WHEN %(state)s = 'running' THEN NULL ELSE now() END
WHERE id = %(id)s
"""
_ADVANCE = """
UPDATE import_job SET items = items + %s, new = new + %s, changed = changed + %s,
    unchanged = unchanged + %s, rejects = %s
WHERE id = %s AND items = %s
"""
_GONE = "UPDATE page SET gone_at = %s WHERE collection_id = %s AND url_hash = %s"
_SEEN = """
INSERT INTO import_page (job_id, url_hash, url, pass) VALUES (%s, %s, %s, %s)
ON CONFLICT (job_id, url_hash) DO UPDATE SET pass = excluded.pass
"""


@dataclass(frozen=True, slots=True)
class Refused:
    """One thing of an archive that became no page; `url` is "" where it has none."""

    place: str
    reason: str
    detail: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """The import of one `path`: `items` of it are in the store.

    `print` tells its content from another one's (size and time); `rejects` are their numbers by
    reason. `state` is running, stopped, finished or damaged; one that was killed says running.
    """

    id: int
    path: str
    print: str
    format: str
    state: str
    items: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    rejects: Mapping[str, int] = field(default_factory=dict)


class Imports:
    """The journal of one collection of `database`."""

    def __init__(self, database: Database, collection: str) -> None:
        self._database = database
        self._collection = collection

    def find(self, path: str) -> Job | None:
        """Return the job of a path, None where it was never imported."""
        with self._database.read() as connection:
            row = connection.execute(_FIND, (self._collection, path)).fetchone()
        return None if row is None else Job(*row)

    def begin(self, path: str, print: str, format: str) -> Job:
        """Make a job that has done nothing; an earlier one of the path is forgotten."""
        values = {"path": path, "print": print, "format": format, "name": self._collection}
        with self._database.raw() as connection:
            connection.execute(
                "INSERT INTO collection (name) VALUES (%s) ON CONFLICT DO NOTHING",
                (self._collection,),
            )
            row = connection.execute(_BEGIN, values).fetchone()
        assert row is not None
        return Job(*row)

    def set_state(self, job_id: int, state: str) -> None:
        """Set the state; any but "running" also sets the time of the end."""
        with self._database.raw() as connection:
            connection.execute(_STATE, {"state": state, "id": job_id})


def advance(
    job: Job,
    items: int,
    refused: Iterable[Refused],
    rejects: Mapping[str, int],
    source: str,
    gone: Sequence[tuple[str, datetime]] = (),
) -> Also:
    """Return what `PageStore.add` is to write with the batch that follows on `job.items`.

    `items` is how many things of the archive the batch comes from, `refused` those that became
    no page; `rejects` are the numbers of all so far. `gone` are (address, time) of pages that were
    gone from their servers where they come from.
    """

    def write(connection: Connection, collection: int, added: AddReport) -> None:
        put_failures(connection, collection, ((*_named(one), source) for one in refused if one.url))
        if gone:
            with connection.cursor() as cursor:
                rows = [(since, collection, url_hash(url)) for url, since in gone]
                cursor.executemany(_GONE, rows)
        values: tuple[Any, ...] = (items, added.new, added.changed, added.unchanged)
        done = connection.execute(_ADVANCE, (*values, Jsonb(dict(rejects)), job.id, job.items))
        if done.rowcount != 1:
            # The transaction ends with this, so that no other process's batch is doubled.
            raise BusyError(
                f"Another process is importing {job.path} too; wait until it has ended, and run "
                "the same command again."
            )

    return write


def _named(one: Refused) -> tuple[str, str, str]:
    return one.url, one.reason, one.detail


def remember_pages(connection: Connection, job_id: int, urls: Iterable[str], number: int) -> None:
    """Note that these addresses stood in the folder of a job in its pass `number`."""
    rows = []
    for url in urls:
        try:
            rows.append((job_id, url_hash(url), url, number))
        except UrlError:
            continue
    with connection.cursor() as cursor:
        cursor.executemany(_SEEN, rows)
