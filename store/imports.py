"""The journal of imports: how far each file or folder is in the store, and what came of it.

A batch of pages and its line here are one transaction, so that a kill loses nothing and does
nothing twice. It knows nothing about formats or extraction.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from .database import Connection, Database
from .errors import BusyError
from .gaps import put_failures
from .urls import url_hash
from .writing import AddReport, Also, lock_writers, put_aliases

RUNNING, STOPPED, FINISHED, DAMAGED = "running", "stopped", "finished", "damaged"

_COLUMNS = "id, path, print, format, state, items, new, changed, unchanged, rejects, pass"
_FIND = f"""
SELECT {_COLUMNS} FROM import_job
WHERE collection_id = (SELECT collection.id FROM collection WHERE name = %s) AND path = %s
"""
_BEGIN = f"""
INSERT INTO import_job (collection_id, path, print, format, state)
SELECT id, %(path)s, %(print)s, %(format)s, 'running' FROM collection WHERE name = %(name)s
ON CONFLICT (collection_id, path) DO UPDATE SET
    print = excluded.print, format = excluded.format, state = 'running', items = 0, new = 0,
    changed = 0, unchanged = 0, rejects = '{{}}', pass = import_job.pass + 1,
    started_at = now(), ended_at = NULL
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
_CAPTURES = """
SELECT import_page.url_hash, import_page.captures
FROM import_page JOIN import_job ON import_job.id = job_id
JOIN page ON page.collection_id = import_job.collection_id AND page.url_hash = import_page.url_hash
WHERE job_id = %s AND page.gone_at IS NULL AND import_page.captures <> ''
"""
_VANISHED = """
DELETE FROM import_page USING import_job
WHERE job_id = import_job.id AND job_id = %s AND import_page.pass < %s
RETURNING import_page.url_hash, import_job.collection_id
"""
# A page of the web that was seen there since is there, whoever lost a copy of it.
_MARK_GONE = """
UPDATE page SET gone_at = coalesce(gone_at, now())
FROM page_version AS version
WHERE version.id = page.current_version AND page.collection_id = %(collection)s
    AND page.url_hash = ANY(%(keys)s) AND version.source = %(source)s
    AND (page.url LIKE 'doc:%%' OR page.fetched_at <= version.fetched_at)
    AND NOT EXISTS (
        SELECT FROM import_page JOIN import_job ON import_job.id = import_page.job_id
        WHERE import_job.collection_id = page.collection_id
            AND import_page.url_hash = page.url_hash
    )
"""
_SEEN = """
INSERT INTO import_page (job_id, url_hash, url, pass, captures) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (job_id, url_hash) DO UPDATE SET pass = excluded.pass,
    captures = CASE WHEN import_page.pass = excluded.pass THEN import_page.captures ELSE '' END
        || excluded.captures
"""


@dataclass(frozen=True, slots=True)
class Refused:
    """One thing of an archive that became no page; `url` is "" where it has none."""

    place: str
    reason: str
    detail: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class More:
    """What of a batch are no pages: what was refused, (address, target) of redirects, and (address,
    since when) of those of its pages that were gone from their servers where they come from. `seen`
    are the addresses that stand in a folder, which is kept in step, each with the digest of the
    file if it is stored, else ""; `same` of them are pages that were not even read again.
    """

    refused: tuple[Refused, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()
    gone: tuple[tuple[str, datetime], ...] = ()
    seen: tuple[tuple[str, str], ...] = ()
    same: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """The import of one `path`: `items` of it are in the store.

    `print` tells its content from another one's (size and time); `rejects` are their numbers by
    reason. `state` is running, stopped, finished or damaged; one that was killed says running.
    `number` counts how often the path was begun anew.
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
    number: int = 1

    @property
    def pages(self) -> int:
        """How many of the items are pages of the store."""
        return self.new + self.changed + self.unchanged


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

    def captures(self, job: Job) -> dict[bytes, frozenset[str]]:
        """Return the digests of the files that a folder's pages were stored from, by URL hash.

        They say nothing about what is stored there now: a newer text may have come from elsewhere.
        """
        with self._database.read() as connection:
            rows = connection.execute(_CAPTURES, (job.id,)).fetchall()
        return {bytes(key): frozenset(_digests(bytes(captures))) for key, captures in rows}

    def mark_gone(self, job: Job, source: str) -> int:
        """Mark the pages as gone that a folder gave once and no longer has; return how many.

        Only those whose text is the folder's own (`source`), and which no other folder has.
        """
        with self._database.raw() as connection:
            rows = connection.execute(_VANISHED, (job.id, job.number)).fetchall()
            if not rows:
                return 0
            lock_writers(connection)
            keys = sorted(bytes(key) for key, _ in rows)
            values = {"collection": rows[0][1], "keys": keys, "source": source}
            return connection.execute(_MARK_GONE, values).rowcount

    def set_state(self, job_id: int, state: str) -> None:
        """Set the state; any but "running" also sets the time of the end."""
        with self._database.raw() as connection:
            connection.execute(_STATE, {"state": state, "id": job_id})


def advance(
    job: Job,
    items: int,
    more: More,
    rejects: Mapping[str, int],
    source: str,
) -> Also:
    """Return what `PageStore.add` is to write with the batch that follows on `job.items`.

    `items` is how many things of the archive the batch comes from, `more` what of it are no pages;
    `rejects` are the numbers of all so far.
    """

    def write(connection: Connection, collection: int, added: AddReport) -> None:
        refused = ((*_named(one), source) for one in more.refused if one.url)
        put_failures(connection, collection, refused)
        if more.aliases:
            lock_writers(connection)
            put_aliases(connection, collection, more.aliases, added.seq or 0)
        if more.gone:
            with connection.cursor() as cursor:
                rows = [(since, collection, url_hash(url)) for url, since in more.gone]
                cursor.executemany(_GONE, rows)
        if more.seen:
            _remember(connection, job, more.seen)
        unchanged = added.unchanged + more.same
        values: tuple[Any, ...] = (items, added.new, added.changed, unchanged)
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


def _digests(captures: bytes) -> Iterable[str]:
    return (f"sha256:{captures[at : at + 32].hex()}" for at in range(0, len(captures), 32))


def _remember(connection: Connection, job: Job, seen: Iterable[tuple[str, str]]) -> None:
    """Note that these addresses stand in the folder of a job, and what their files are.

    Several files may have one address.
    """
    rows = [
        (job.id, url_hash(url), url, job.number, bytes.fromhex(capture.removeprefix("sha256:")))
        for url, capture in seen
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_SEEN, rows)
