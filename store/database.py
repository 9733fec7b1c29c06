"""The database that holds the store: connections for readers and writers, and the migration to the
present schema. It knows nothing about pages, and imports SQLAlchemy only for whoever asks for it.

A command that only reads must start fast, and SQLAlchemy costs a quarter of a second: `raw()` and
`read()` give plain psycopg connections; `connect()` and `begin()` give SQLAlchemy Core ones.
"""

import contextlib
import logging
import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import psycopg

from .cluster import Cluster
from .errors import BusyError, DatabaseError, DiskFullError, SchemaError

if TYPE_CHECKING:
    from sqlalchemy import Connection as CoreConnection
    from sqlalchemy import Engine

log = logging.getLogger(__name__)

Connection = psycopg.Connection[tuple[Any, ...]]

# The newest migration. Compared here, so that Alembic is imported only when there is work for it.
HEAD = "0008"
OLDEST_SERVER = 160000
IDLE_KEPT = 4
BUSY_SECONDS = 0.5
# One segment of PostgreSQL's log of changes: with less it cannot go on.
ROOM_NEEDED = 16 << 20
LOCK_MIGRATE = 0x4150504C01
LOCK_WRITE = 0x4150504C02
LOCK_NAMED = 0x4150504C

# A parent's connections in a forked child: collected, they would say goodbye on its sockets.
_inherited: list[Connection] = []


class Database:
    """A PostgreSQL database at `url`, safe to use from several threads and after a fork."""

    def __init__(self, url: str, cluster: Cluster | None = None) -> None:
        self.url = url.replace("postgresql+psycopg://", "postgresql://", 1)
        self.cluster = cluster
        self._idle: list[Connection] = []
        self._guard = threading.Lock()
        self._pid = os.getpid()
        self._engine: Engine | None = None

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """Lend a psycopg connection on which each statement stands alone."""
        connection = self._take()
        try:
            with self.translated():
                yield connection
        finally:
            self._give(connection)

    @contextlib.contextmanager
    def raw(self) -> Iterator[Connection]:
        """Lend a psycopg connection inside one transaction: all of the block is kept, or nothing.

        Raises DiskFullError where the server has no room, DatabaseError where it is lost.
        """
        with self.read() as connection, connection.transaction():
            yield connection

    @property
    def engine(self) -> "Engine":
        """The SQLAlchemy engine."""
        with self._guard:
            self._forget_parent()
        if self._engine is None:
            from sqlalchemy import create_engine

            address = self.url.replace("postgresql://", "postgresql+psycopg://", 1)
            self._engine = create_engine(address, pool_pre_ping=True)
        return self._engine

    @contextlib.contextmanager
    def connect(self) -> "Iterator[CoreConnection]":
        """Lend a SQLAlchemy connection; what it writes is kept only after its `commit()`."""
        with self.translated(), self.engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def begin(self) -> "Iterator[CoreConnection]":
        """Lend a SQLAlchemy connection inside one transaction."""
        with self.translated(), self.engine.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def exclusive(self, name: str) -> Iterator[None]:
        """Hold the part `name` ("crawl", "index") of this database alone; it frees itself when
        the process dies. Raises BusyError where another process holds it.
        """
        connection = self._open()
        try:
            # The server needs a moment to notice that the last holder has been killed.
            deadline = time.monotonic() + BUSY_SECONDS
            while not self._ask_lock(connection, "pg_try_advisory_lock", name):
                if time.monotonic() > deadline:
                    raise BusyError(
                        f"Another process is running “{name}” on this home; wait until it has "
                        "ended, or end it."
                    )
                time.sleep(0.02)
            try:
                yield
            finally:
                # A server that is gone has let go already.
                with contextlib.suppress(DatabaseError):
                    self._ask_lock(connection, "pg_advisory_unlock", name)
        finally:
            connection.close()

    @contextlib.contextmanager
    def session(self) -> Iterator[Connection]:
        """Lend a connection of the caller's own, for locks that must end with its process."""
        connection = self._open()
        try:
            with self.translated():
                yield connection
        finally:
            connection.close()

    def migrate(self) -> None:
        """Bring the tables to this program's schema; does nothing where they are already.

        Raises SchemaError where a newer program has made them.
        """
        found = self._revision()
        if found == HEAD:
            return
        from .migrations import KNOWN, upgrade

        if found is not None and found not in KNOWN:
            raise SchemaError(
                f"The database has the schema {found}, which a newer version of the appliance "
                f"made (this one knows {HEAD}); run: pip install --upgrade deep-research-appliance."
            )
        with self.begin() as connection:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK_MIGRATE})")
            upgrade(connection)
        log.info("migrated the database from %s to %s", found, HEAD)

    def identity(self) -> str:
        """Return what tells this database from every other one on any server."""
        with self.read() as connection:
            row = connection.execute(
                "SELECT system_identifier, oid FROM pg_control_system(), pg_database "
                "WHERE datname = current_database()"
            ).fetchone()
        assert row is not None
        return f"{row[0]}/{row[1]}"

    def close(self) -> None:
        """Close the connections; the server goes on."""
        with self._guard:
            self._forget_parent()
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        """Turn what the user can repair into this package's errors; let our own bugs through.

        Lent connections do so by themselves; this is for a session that several threads use.
        """
        try:
            yield
        except Exception as error:
            # SQLAlchemy keeps the driver's error in `orig`.
            cause = getattr(error, "orig", error)
            if not isinstance(cause, psycopg.OperationalError):
                raise
            if isinstance(cause, psycopg.errors.QueryCanceled):
                raise
            # A server that cannot write its log of changes ends, and cannot say why.
            if isinstance(cause, psycopg.errors.DiskFull) or self._disk_full():
                raise DiskFullError(
                    "The disk of the database is full, and nothing of this batch was kept; free "
                    "some space and run the command again."
                ) from error
            said = (str(cause).strip().splitlines() or ["no reason was given"])[-1].strip()
            raise DatabaseError(
                f"The database cannot be reached or was lost ({said}); check database_url, or run "
                "the command again to start the private one."
            ) from error

    def _disk_full(self) -> bool:
        try:
            return (
                self.cluster is not None
                and shutil.disk_usage(self.cluster.folder).free < ROOM_NEEDED
            )
        except OSError:
            return False

    def _revision(self) -> str | None:
        with self.read() as connection:
            if connection.info.server_version < OLDEST_SERVER:
                major = connection.info.server_version // 10000
                raise DatabaseError(
                    f"The server at database_url is PostgreSQL {major}; use version 16 or "
                    "newer, or leave database_url unset."
                )
            if connection.info.parameter_status("server_encoding") != "UTF8":
                raise DatabaseError(
                    "The database at database_url is not in UTF-8; make one with: createdb "
                    "--encoding=UTF8 --template=template0."
                )
            try:
                row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            except psycopg.errors.UndefinedTable:
                return None
            return str(row[0]) if row else None

    def _open(self) -> Connection:
        with self.translated():
            return psycopg.connect(self.url, autocommit=True, connect_timeout=10)

    def _take(self) -> Connection:
        with self._guard:
            self._forget_parent()
            while self._idle:
                connection = self._idle.pop()
                if not connection.closed:
                    return connection
        return self._open()

    def _ask_lock(self, connection: Connection, function: str, name: str) -> bool:
        with self.translated():
            row = connection.execute(
                f"SELECT {function}(%s, hashtext(%s))".encode(), (LOCK_NAMED, name)
            ).fetchone()
        return bool(row and row[0])

    def _forget_parent(self) -> None:
        """In a forked child, let go of the parent's connections without a word on them."""
        if self._pid != os.getpid():
            for connection in self._idle:
                _inherited.append(connection)
            if self._engine is not None:
                self._engine.dispose(close=False)
            self._idle, self._engine, self._pid = [], None, os.getpid()

    def _give(self, connection: Connection) -> None:
        usable = not connection.closed and connection.pgconn.transaction_status == 0
        with self._guard:
            if usable and len(self._idle) < IDLE_KEPT and self._pid == os.getpid():
                self._idle.append(connection)
                return
        connection.close()


def open_database(home: Path, url: str | None = None) -> Database:
    """Open the store of `home`: its private cluster, or the server at `url`; migrate if need be.

    Raises ClusterError, DatabaseError or SchemaError.
    """
    cluster = None
    if url is None:
        cluster = Cluster(home / "postgres")
        url = cluster.start()
    database = Database(url, cluster)
    try:
        database.migrate()
    except BaseException:
        database.close()
        raise
    return database
