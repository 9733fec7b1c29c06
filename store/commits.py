"""The numbers of commits, and the states of the store that people name: a snapshot, a number, a
time. It knows nothing of what pages say.

A number is taken while writers are held off, so numbers become visible in their order, and the
time of a commit is never earlier than that of the one before.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from .database import Connection, Database
from .errors import SnapshotError

_NEXT = """
WITH next AS (UPDATE clock SET seq = seq + 1 RETURNING seq)
INSERT INTO commit (seq, at)
SELECT seq, greatest(clock_timestamp(), (SELECT at FROM commit ORDER BY seq DESC LIMIT 1))
FROM next RETURNING seq
"""
_NAMED = "SELECT seq, created_at FROM snapshot WHERE name = %s"
_NUMBERED = """
SELECT at, coalesce(whole, false) OR %(seq)s = (SELECT seq FROM clock)
    OR EXISTS (SELECT FROM snapshot WHERE snapshot.seq = %(seq)s)
FROM (SELECT) AS one LEFT JOIN commit ON commit.seq = %(seq)s
"""
_PRESENT = "SELECT seq, clock_timestamp() FROM clock"
_NOT_LATER = "SELECT max(seq) FROM commit WHERE at <= %s"
_FIRST_KNOWN = "SELECT seq, at FROM commit ORDER BY seq LIMIT 1"
NOW = "now"
_NUMBER = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Moment:
    """The state of the store after commit `seq`.

    `name` is how it was asked for. `at` is when it was the present state, by the clock of the
    database: of a day or a time that moment itself, of a number when it began, None where nobody
    knows;
    `whole` is false where `snapshot gc` has, or may have, removed a version that it had.
    """

    name: str
    seq: int
    at: datetime | None
    whole: bool = True

    def __str__(self) -> str:
        """The name, the number and the time: `monday (commit 3, 2026-03-01 10:00 UTC)`."""
        facts = [f"commit {self.seq}"] if self.name != f"commit {self.seq}" else []
        if self.at is not None:
            facts.append(f"{self.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
        return f"{self.name} ({', '.join(facts)})" if facts else self.name

    def to_json(self) -> dict[str, object]:
        """The moment as JSON values."""
        at = None if self.at is None else self.at.astimezone(UTC).isoformat()
        return {"name": self.name, "seq": self.seq, "at": at, "whole": self.whole}


def next_seq(connection: Connection) -> int:
    """Take the number of this transaction's commit; the caller holds off writers."""
    row = connection.execute(_NEXT).fetchone()
    if row is None:
        raise RuntimeError("the clock table has lost its row")
    return int(row[0])


def last_seq(connection: Connection) -> int:
    """Return the number of the last commit that changed a page; 0 before the first."""
    row = connection.execute("SELECT seq FROM clock").fetchone()
    return int(row[0]) if row else 0


def present(database: Database) -> Moment:
    """Return the present state."""
    with database.read() as connection:
        return _present(connection)


def find_moment(database: Database, text: str) -> Moment:
    """Return the state that `text` names: a snapshot, else the number of a commit, else a time, or
    `now`.

    A day (`2026-03-01`) means its last moment in UTC, a time without a zone is UTC, and the state
    is that of the newest commit not later. Raises SnapshotError for what names none.
    """
    with database.read() as connection:
        row = connection.execute(_NAMED, (text,)).fetchone()
        if row is not None:
            return Moment(text, int(row[0]), row[1])
        if text == NOW:
            return _present(connection)
        if _NUMBER.fullmatch(text):
            return _numbered(connection, int(text), f"commit {int(text)}")
        return _dated(connection, text)


def _present(connection: Connection) -> Moment:
    row = connection.execute(_PRESENT).fetchone()
    if row is None:
        raise RuntimeError("the clock table has lost its row")
    return Moment(NOW, int(row[0]), row[1])


def _numbered(connection: Connection, seq: int, name: str) -> Moment:
    last = last_seq(connection)
    if seq > last:
        raise SnapshotError(
            f"There is no commit {seq} yet; give a number from 0 to {last}, or a snapshot's name."
        )
    row = connection.execute(_NUMBERED, {"seq": seq}).fetchone()
    at, whole = row if row else (None, False)
    return Moment(name, seq, at, whole or seq == 0)


def _dated(connection: Connection, text: str) -> Moment:
    asked, end = _time(text)
    now = _present(connection).at or end
    if asked > now:
        raise SnapshotError(f"{text} has not come yet; give a day or a time of the past.")
    row = connection.execute(_NOT_LATER, (end,)).fetchone()
    if row is None or row[0] is None:
        first = connection.execute(_FIRST_KNOWN).fetchone()
        if first is not None and first[0] == 1:
            raise SnapshotError(
                f"Nothing was stored on {text} yet; the first commit is of "
                f"{first[1].astimezone(UTC):%Y-%m-%d %H:%M} UTC, give a later time."
            )
        known = f"before {first[0]}" if first is not None else "so far"
        raise SnapshotError(
            f"The store did not write down the times of its commits {known}; give a snapshot's "
            f"name or a commit's number instead of {text}."
        )
    # What its commit left stayed so until then, and pages can be gone since.
    return replace(_numbered(connection, int(row[0]), text), at=min(end, now))


def _time(text: str) -> tuple[datetime, datetime]:
    """The first and the last moment that a day or a time means."""
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            day = date.fromisoformat(text)
            start = datetime(day.year, day.month, day.day, tzinfo=UTC)
            return start, start + timedelta(days=1, microseconds=-1)
        if re.match(r"\d{4}-\d{2}-\d{2}[T ]", text):
            time = datetime.fromisoformat(text)
            time = (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
            return time, time
    except (ValueError, OverflowError):
        pass
    raise SnapshotError(
        f"There is no snapshot called “{text}”, and it is no commit's number and no time either "
        "(2026-03-01, or 2026-03-01T12:30); see: appliance snapshot list"
    )
