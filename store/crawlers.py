"""The crawling processes on a database: who lives, and which of them may ask which host.

A process is alive while it puts off its end again and again, by the database's clock, and while
its session holds a lock, which the server drops when the process dies: so a killed one is noticed
at once, and one whose machine is cut off after `LIFE` seconds. Whoever notices gives its addresses
and hosts back. It knows nothing about fetching.
"""

import contextlib
import os
import select
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from time import monotonic

import psycopg

from .database import Connection, Database
from .errors import LeaseLostError

LIFE = 30.0
"""Seconds for which a process is believed to live without a sign."""
MARGIN = 10
"""The part of it, its last tenth, in which a process no longer trusts its leases."""
_LOCK = 0x41504350
_LOCK_ADD = 0x41504C46

_REGISTER = """
INSERT INTO crawler (crawl_id, machine, pid, until)
VALUES (%s, %s, %s, clock_timestamp() + make_interval(secs => %s)) RETURNING id
"""
_BEAT = """
UPDATE crawler SET until = clock_timestamp() + make_interval(secs => %s)
WHERE id = %s AND until > clock_timestamp()
"""
_PAUSES = """
UPDATE host SET pause = new.pause FROM unnest(%s::text[], %s::float8[]) AS new (name, pause)
WHERE host.name = new.name AND holder = %s AND host.pause <> new.pause
"""
_HOLD = """
UPDATE host SET holder = %(me)s,
                pause = greatest(%(pause)s, CASE WHEN holder = %(me)s THEN pause ELSE 0 END)
WHERE name = %(name)s
  AND (holder = %(me)s OR (holder IS NULL AND free_at <= clock_timestamp()))
"""
# No request before the pause is over, whoever asks next.
_LET_GO = """
UPDATE host SET holder = NULL, free_at = clock_timestamp() + make_interval(secs => pause)
WHERE holder = %(who)s AND (%(names)s::text[] IS NULL OR name = ANY(%(names)s))
"""
_FREED = """
UPDATE frontier SET state = 'waiting', holder = NULL
WHERE crawl_id = %s AND state = 'leased' AND holder = %s RETURNING host
"""
_OPEN = "UPDATE crawl_host SET open = true WHERE crawl_id = %s AND host = ANY(%s) AND NOT open"


class Presence:
    """A living process of the crawl `crawl_id`; made by `present`."""

    def __init__(self, database: Database, session: Connection, crawl_id: int, life: float) -> None:
        self._database = database
        self._session = session
        self._guard = threading.Lock()
        self._life = life
        self.crawl_id = crawl_id
        asked = monotonic()
        values = (crawl_id, socket.gethostname(), os.getpid(), life)
        # Nobody sees the row before the lock is held.
        with session.transaction():
            row = session.execute(_REGISTER, values).fetchone()
            if row is None:
                raise RuntimeError("a crawler was registered without a number")
            self.id = int(row[0])
            session.execute("SELECT pg_advisory_lock(%s, %s)", _key(self.id))
        self.safe_until = asked + life

    def beat(self, pauses: Mapping[str, float] | None = None) -> None:
        """Go on living, and note the pause that each held host wants now.

        Raises LeaseLostError where others have taken over because no sign came for too long.
        """
        asked = monotonic()
        with self._guard, self._database.translated():
            if self._session.execute(_BEAT, (self._life, self.id)).rowcount == 0:
                raise LeaseLostError(
                    f"This crawling process was away for longer than {self._life:.0f} seconds, and "
                    "its addresses were given to others; run the command again to go on."
                )
            if pauses:
                values = (list(pauses), list(pauses.values()), self.id)
                self._session.execute(_PAUSES, values)
        self.safe_until = asked + self._life

    @property
    def is_safe(self) -> bool:
        """True while nobody else can have been given what this process leased and holds.

        Without a question to the server: its session is open, and its last sign is fresh.
        """
        if monotonic() > self.safe_until - self._life / MARGIN:
            return False
        if self._guard.locked():
            return True  # a sign is under way
        try:
            # A session that the server has ended reads as its end.
            return not select.select([self._session.fileno()], [], [], 0)[0]
        except (OSError, ValueError, psycopg.Error):
            return False

    def hold(self, host: str, pause: float = 0.0) -> bool:
        """Take `host` for this process alone; False where another has it or its pause lasts."""
        with self._database.raw() as connection:
            connection.execute(
                "INSERT INTO host (name) VALUES (%s) ON CONFLICT DO NOTHING", (host,)
            )
            values = {"me": self.id, "name": host, "pause": pause}
            return connection.execute(_HOLD, values).rowcount == 1

    def let_go(
        self, hosts: Sequence[str] | None = None, pauses: Mapping[str, float] | None = None
    ) -> None:
        """Let others ask `hosts` (all that it holds without them) once their pause is over; it is
        that of `pauses` where they name it, and not that of the last sign of life.
        """
        with self._database.raw() as connection:
            if pauses:
                values = (list(pauses), list(pauses.values()), self.id)
                connection.execute(_PAUSES, values)
            names = None if hosts is None else list(hosts)
            connection.execute(_LET_GO, {"who": self.id, "names": names})

    def others(self) -> int:
        """Return how many other processes work on this crawl."""
        return living(self._database, self.crawl_id) - 1

    def leave(self) -> None:
        """Give back what is still leased and held."""
        _bury(self._database, self.id, self.crawl_id)


@contextlib.contextmanager
def present(database: Database, crawl_id: int, life: float = LIFE) -> Iterator[Presence]:
    """Be a living process of a crawl while the block runs."""
    with database.session() as session:
        presence = Presence(database, session, crawl_id, life)
        try:
            yield presence
        finally:
            presence.leave()


def living(database: Database, crawl_id: int) -> int:
    """Return how many processes work on a crawl."""
    with database.read() as connection:
        row = connection.execute(
            "SELECT count(*) FROM crawler WHERE crawl_id = %s", (crawl_id,)
        ).fetchone()
    return int(row[0]) if row else 0


def reap(database: Database, but: int = 0) -> int:
    """Give back what dead processes had, of all crawls; return how many were dead.

    `but` is the caller's own number.
    """
    dead = 0
    with database.session() as session:
        rows = session.execute(
            "SELECT id, crawl_id, until < clock_timestamp() FROM crawler WHERE id <> %s", (but,)
        ).fetchall()
        for key, crawl_id, late in rows:
            row = session.execute("SELECT pg_try_advisory_lock(%s, %s)", _key(key)).fetchone()
            free = bool(row and row[0])
            if free or late:
                _bury(database, key, crawl_id)
                dead += 1
            if free:
                session.execute("SELECT pg_advisory_unlock(%s, %s)", _key(key))
    return dead


def _bury(database: Database, key: int, crawl_id: int) -> None:
    with database.raw() as connection:
        connection.execute(
            "SELECT pg_advisory_xact_lock(%s, %s::int)", (_LOCK_ADD, crawl_id % (1 << 31))
        )
        freed = connection.execute(_FREED, (crawl_id, key)).fetchall()
        connection.execute(_OPEN, (crawl_id, sorted({row[0] for row in freed})))
        connection.execute(_LET_GO, {"who": key, "names": None})
        connection.execute("DELETE FROM crawler WHERE id = %s", (key,))


def _key(number: int) -> tuple[int, int]:
    return _LOCK, number % (1 << 31)
