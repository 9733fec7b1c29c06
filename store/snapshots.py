"""Snapshots: names for states of the whole store. A snapshot is the number of a commit and a digest
of what every page held then; it copies nothing.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

import psycopg

from .database import Connection, Database
from .errors import SnapshotError
from .page import clean


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of the store after commit `seq`: so many `pages`, and a `digest` of them all.

    The digest is over (collection, URL hash, content digest) of every page, so two stores with the
    same pages have the same one, however they came by them.
    """

    name: str
    seq: int
    created_at: datetime
    pages: int
    digest: str


LONGEST_NAME = 200
_COLUMNS = "name, seq, created_at, pages, digest"
_CONTENT = """
SELECT collection.name, page.url_hash, version.digest
FROM page_version AS version
JOIN page ON page.id = version.page_id
JOIN collection ON collection.id = page.collection_id
WHERE version.seq_from <= %(seq)s AND (version.seq_to IS NULL OR version.seq_to > %(seq)s)
ORDER BY collection.name COLLATE "C", page.url_hash
"""


class Snapshots:
    """The snapshots of `database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str) -> Snapshot:
        """Name the present state; raises SnapshotError where the name is taken or empty."""
        name = clean(name).strip()
        if not name or len(name) > LONGEST_NAME:
            raise SnapshotError(
                f"A snapshot needs a name of 1 to {LONGEST_NAME} letters; give it a date, say."
            )
        with self._database.raw() as connection:
            seq = _seq(connection)
            pages, digest = describe_at(connection, seq)
            try:
                row = connection.execute(
                    "INSERT INTO snapshot (name, seq, pages, digest) VALUES (%s, %s, %s, %s) "
                    f"RETURNING {_COLUMNS}",
                    (name, seq, pages, digest),
                ).fetchone()
            except psycopg.errors.UniqueViolation:
                raise SnapshotError(
                    f"There is a snapshot called “{name}” already; choose another name."
                ) from None
        if row is None:
            raise RuntimeError("PostgreSQL returned no row for the snapshot it has written")
        return Snapshot(*row)

    def seq(self) -> int:
        """Return the number of the last commit that changed a page; 0 before the first."""
        with self._database.read() as connection:
            return _seq(connection)

    def remove(self, name: str) -> None:
        """Forget a name; what it named stays. Raises SnapshotError where there is none."""
        self.get(name)
        with self._database.raw() as connection:
            connection.execute("DELETE FROM snapshot WHERE name = %s", (name,))

    def get(self, name: str) -> Snapshot:
        """Return one snapshot; raises SnapshotError."""
        with self._database.read() as connection:
            row = connection.execute(
                f"SELECT {_COLUMNS} FROM snapshot WHERE name = %s", (name,)
            ).fetchone()
        if row is None:
            raise SnapshotError(
                f"There is no snapshot called “{name}”; list the snapshots to see which there are."
            )
        return Snapshot(*row)

    def list(self) -> "list[Snapshot]":
        """Return all snapshots, oldest first."""
        with self._database.read() as connection:
            query = f'SELECT {_COLUMNS} FROM snapshot ORDER BY seq, name COLLATE "C"'
            return [Snapshot(*row) for row in connection.execute(query)]

    def describe(self, seq: int) -> tuple[int, str]:
        """Return (pages, digest) of the state after commit `seq`; reads every page's row."""
        with self._database.raw() as connection:
            return describe_at(connection, seq)

    def verify(self, name: str) -> bool:
        """Return whether the store still holds what the snapshot had; raises SnapshotError."""
        snapshot = self.get(name)
        return self.describe(snapshot.seq) == (snapshot.pages, snapshot.digest)


def _seq(connection: Connection) -> int:
    row = connection.execute("SELECT seq FROM clock").fetchone()
    return int(row[0]) if row else 0


def describe_at(connection: Connection, seq: int) -> tuple[int, str]:
    """Return (pages, digest) of the state after commit `seq`, on this connection."""
    state, pages = hashlib.blake2b(digest_size=32), 0
    with connection.cursor(name="content") as cursor:
        cursor.itersize = 5000
        cursor.execute(_CONTENT, {"seq": seq})
        for name, key, digest in cursor:
            for part in (name.encode("utf-8"), key, digest):
                state.update(len(part).to_bytes(4, "big") + part)
            pages += 1
    return pages, "b2:" + state.hexdigest()
