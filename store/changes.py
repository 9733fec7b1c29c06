"""What differs between two states of the store: pages added, changed and removed, and pages that
their servers took away meanwhile. It reads no texts, and streams: a million changes need no memory.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from .commits import Moment
from .database import Connection, Database
from .errors import CollectionError

ADDED, CHANGED, REMOVED, GONE = "added", "changed", "removed", "gone"
KINDS = (ADDED, CHANGED, REMOVED, GONE)


@dataclass(frozen=True, slots=True)
class Seen:
    """A page as one of the two states has it; `digest` is tagged."""

    title: str
    fetched_at: datetime
    digest: str

    def to_json(self) -> dict[str, object]:
        """The version as JSON values."""
        return {
            "title": self.title,
            "captured": self.fetched_at.isoformat(),
            "version": self.digest,
        }


@dataclass(frozen=True, slots=True)
class Change:
    """One page that differs; `before` or `after` is None where that state does not have it.

    `gone_at` says since when the page's server no longer has it, as far as is known now. A page
    whose `kind` is "gone" is the same in both states, and was taken away between them.
    """

    kind: str
    collection: str
    url: str
    before: Seen | None
    after: Seen | None
    gone_at: datetime | None

    @property
    def title(self) -> str:
        """The later title."""
        seen = self.after or self.before
        return seen.title if seen is not None else ""

    def to_json(self) -> dict[str, object]:
        """The change as JSON values."""
        return {
            "kind": self.kind,
            "collection": self.collection,
            "url": self.url,
            "before": None if self.before is None else self.before.to_json(),
            "after": None if self.after is None else self.after.to_json(),
            "gone": None if self.gone_at is None else self.gone_at.isoformat(),
        }


_HELD = "seq_from <= %({0})s AND (seq_to IS NULL OR seq_to > %({0})s)"
_FACTS = "page_id, digest, title, fetched_at"
# Content that came back in between is no change, though it is another version.
_CHANGES = f"""
WITH old AS (
    SELECT {_FACTS} FROM page_version
    WHERE {_HELD.format("a")} AND NOT ({_HELD.format("b")})
), new AS (
    SELECT {_FACTS} FROM page_version
    WHERE {_HELD.format("b")} AND NOT ({_HELD.format("a")})
), change AS (
    SELECT CASE WHEN old.digest IS NULL THEN '{ADDED}' WHEN new.digest IS NULL THEN '{REMOVED}'
                ELSE '{CHANGED}' END AS kind,
           page_id, old.title AS old_title, old.fetched_at AS old_time, old.digest AS old_digest,
           new.title AS new_title, new.fetched_at AS new_time, new.digest AS new_digest
    FROM old FULL JOIN new USING (page_id)
    WHERE old.digest IS DISTINCT FROM new.digest
    UNION ALL
    SELECT '{GONE}', page.id, old.title, old.fetched_at, old.digest,
           new.title, new.fetched_at, new.digest
    FROM page
    JOIN page_version AS old ON old.page_id = page.id
     AND old.seq_from <= %(a)s AND (old.seq_to IS NULL OR old.seq_to > %(a)s)
    JOIN page_version AS new ON new.page_id = page.id AND new.digest = old.digest
     AND new.seq_from <= %(b)s AND (new.seq_to IS NULL OR new.seq_to > %(b)s)
    WHERE page.gone_at > %(since)s AND page.gone_at <= %(until)s
)
"""
_OF = """
FROM change JOIN page ON page.id = page_id JOIN collection ON collection.id = page.collection_id
WHERE %(collection)s::text IS NULL OR collection.name = %(collection)s
"""
_COUNTS = f"{_CHANGES} SELECT kind, count(*) {_OF} GROUP BY kind"
_SITES = f"""
{_CHANGES}
SELECT collection.name, page.host, kind, count(*) {_OF}
GROUP BY collection.name, page.host, kind
ORDER BY collection.name COLLATE "C", page.host COLLATE "C", kind
"""
_LIST = f"""
{_CHANGES}
SELECT kind, collection.name, page.url, old_title, old_time, old_digest,
       new_title, new_time, new_digest, page.gone_at {_OF}
ORDER BY collection.name COLLATE "C", page.url COLLATE "C" LIMIT %(limit)s
"""
_COLLECTIONS = 'SELECT name FROM collection ORDER BY name COLLATE "C"'
READ_AT_ONCE = 1000


class Changes:
    """The changes from one state to another, in one collection or in all; made by `between`."""

    def __init__(
        self, connection: Connection, before: Moment, after: Moment, collection: str | None
    ) -> None:
        self._connection = connection
        self._values = {
            "a": before.seq,
            "b": after.seq,
            "since": before.at,
            "until": after.at,
            "collection": collection,
        }

    def counts(self) -> dict[str, int]:
        """Return how many changes there are of each of `KINDS`."""
        found: dict[str, int] = dict(
            self._connection.execute(_COUNTS.encode(), self._values).fetchall()
        )
        return {kind: int(found.get(kind, 0)) for kind in KINDS}

    def sites(self) -> Iterator[tuple[str, str, dict[str, int]]]:
        """Yield (collection, host, counts) of each site that has a change, in that order."""
        here: tuple[str, str] | None = None
        counts: dict[str, int] = {}
        with self._connection.cursor(name="sites") as cursor:
            cursor.itersize = READ_AT_ONCE
            for collection, host, kind, count in cursor.execute(_SITES.encode(), self._values):
                if here is not None and here != (collection, host):
                    yield *here, counts
                if here != (collection, host):
                    here, counts = (collection, host), dict.fromkeys(KINDS, 0)
                counts[kind] = int(count)
        if here is not None:
            yield *here, counts

    def pages(self, limit: int | None = None) -> Iterator[Change]:
        """Yield the changes by collection and URL, at most `limit`."""
        with self._connection.cursor(name="changes") as cursor:
            cursor.itersize = READ_AT_ONCE
            for row in cursor.execute(_LIST.encode(), {**self._values, "limit": limit}):
                kind, collection, url, *seen, gone_at = row
                yield Change(kind, collection, url, _seen(*seen[:3]), _seen(*seen[3:]), gone_at)


@contextmanager
def between(
    database: Database, before: Moment, after: Moment, collection: str | None = None
) -> Iterator[Changes]:
    """Open the changes from the state `before` to the state `after`.

    What is read of them is of one instant: a purge meanwhile changes neither counts nor pages.
    Raises CollectionError for a collection that there is not.
    """
    with database.raw() as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        if collection is not None:
            _check_collection(connection, collection)
        yield Changes(connection, before, after, collection)


def _check_collection(connection: Connection, collection: str) -> None:
    names = [name for (name,) in connection.execute(_COLLECTIONS)]
    if collection not in names:
        raise CollectionError(
            f"There is no collection called “{collection}”; "
            + (
                f"give one of these: {', '.join(names)}."
                if names
                else "crawl or import pages first."
            )
        )


def _seen(title: str | None, fetched_at: datetime, digest: bytes) -> Seen | None:
    if title is None:
        return None
    return Seen(title, fetched_at, "sha256:" + bytes(digest).hex())
