"""Snapshots: names for states of the whole store. A snapshot is the number of a commit and a digest
of what every page held then; it copies nothing.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

import psycopg

from .commits import last_seq
from .database import Connection, Database
from .errors import SnapshotError
from .page import clean
from .verify import Fault, Progress, page_fault, version_fault
from .writing import lock_writers


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


@dataclass(frozen=True, slots=True)
class Checked:
    """What the store holds of a snapshot now, and each version of it whose bytes are wrong."""

    snapshot: Snapshot
    pages: int
    digest: str
    faults: tuple[Fault, ...] = ()

    @property
    def same(self) -> bool:
        """True if it is the state that was named, as far as it was read."""
        named = (self.snapshot.pages, self.snapshot.digest)
        return (self.pages, self.digest) == named and not self.faults

    def sentences(self) -> list[str]:
        """One sentence for each thing that is wrong; each names the repair."""
        said = [f"snapshot {self.snapshot.name}: {fault}" for fault in self.faults]
        if (self.pages, self.digest) != (self.snapshot.pages, self.snapshot.digest):
            said.append(
                f"the snapshot {self.snapshot.name} should have {self.snapshot.pages:,} pages and "
                f"{self.snapshot.digest}, and the store holds {self.pages:,} pages and "
                f"{self.digest}; restore a backup"
            )
        return said


LONGEST_NAME = 200
PROGRESS_STEP = 1000
_COLUMNS = "name, seq, created_at, pages, digest"
_CONTENT = """
SELECT collection.name, page.url_hash, version.digest
FROM page_version AS version
JOIN page ON page.id = version.page_id
JOIN collection ON collection.id = page.collection_id
WHERE version.seq_from <= %(seq)s AND (version.seq_to IS NULL OR version.seq_to > %(seq)s)
ORDER BY collection.name COLLATE "C", page.url_hash
"""
# The same rows in the same order, with what their digests are of.
_TEXTS = _CONTENT.replace(
    "version.digest\n",
    "version.digest, page.url, version.id, version.title, version.body, version.outlinks\n",
)


class Snapshots:
    """The snapshots of `database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str) -> Snapshot:
        """Name the present state; raises SnapshotError where the name is taken or empty.

        Writers, purges and `snapshot gc` wait meanwhile: what it describes is what it names.
        """
        name = clean(name).strip()
        if not name or len(name) > LONGEST_NAME:
            raise SnapshotError(
                f"A snapshot needs a name of 1 to {LONGEST_NAME} letters; give it a date, say."
            )
        with self._database.raw() as connection:
            lock_writers(connection)
            seq = last_seq(connection)
            pages, digest = describe_at(connection, seq)
            try:
                # The time of now, not of when it began to wait for the lock.
                row = connection.execute(
                    "INSERT INTO snapshot (name, seq, created_at, pages, digest) "
                    "VALUES (%s, %s, clock_timestamp(), %s, %s) "
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
            return last_seq(connection)

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
        return self.check(name).same

    def check(self, name: str, deep: bool = False, progress: Progress | None = None) -> Checked:
        """Read every page of a snapshot again, and with `deep` hash each of its texts.

        `progress` is called with (pages read, pages in all). Raises SnapshotError.
        """
        snapshot = self.get(name)
        with self._database.raw() as connection:
            state = _State(snapshot.pages, progress)
            faults = _read_texts(connection, snapshot.seq, state) if deep else []
            if not deep:
                _read_rows(connection, snapshot.seq, state)
        return Checked(snapshot, state.pages, state.digest, tuple(faults))


class _State:
    """The pages of a state so far, and the digest of them."""

    def __init__(self, total: int = 0, progress: Progress | None = None) -> None:
        self.pages = 0
        self._hash = hashlib.blake2b(digest_size=32)
        self._total = total
        self._progress = progress

    def add(self, name: str, key: bytes, digest: bytes) -> None:
        for part in (name.encode("utf-8"), key, digest):
            self._hash.update(len(part).to_bytes(4, "big") + part)
        self.pages += 1
        if self._progress and (self.pages % PROGRESS_STEP == 0 or self.pages == self._total):
            self._progress(self.pages, self._total)

    @property
    def digest(self) -> str:
        return "b2:" + self._hash.hexdigest()


def describe_at(connection: Connection, seq: int) -> tuple[int, str]:
    """Return (pages, digest) of the state after commit `seq`, on this connection."""
    state = _State()
    _read_rows(connection, seq, state)
    return state.pages, state.digest


def _read_rows(connection: Connection, seq: int, state: _State) -> None:
    with connection.cursor(name="content") as cursor:
        cursor.itersize = 5000
        for name, key, digest in cursor.execute(_CONTENT, {"seq": seq}):
            state.add(name, key, digest)


def _read_texts(connection: Connection, seq: int, state: _State) -> list[Fault]:
    faults = []
    with connection.cursor(name="texts") as cursor:
        cursor.itersize = 50  # texts may be long
        for row in cursor.execute(_TEXTS.encode(), {"seq": seq}):
            name, key, digest, url, version_id, title, body, outlinks = row
            state.add(name, key, digest)
            for fault in (
                page_fault(url, key),
                version_fault(url, version_id, digest, title, body, outlinks),
            ):
                if fault is not None:
                    faults.append(fault)
    return faults
