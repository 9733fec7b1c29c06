"""Passages: which stretches of which versions are indexed, how they were cut, and which encoder has
seen them. It knows neither how to cut nor how to encode, and keeps no vectors.

One row serves one encoder at a time: `encoder` is the digest of the one that has encoded it, or
None. Ids come from the caller and must be functions of collection, address and content, so that a
rebuild gives the same and no two pages share one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .database import Connection, Database


@dataclass(frozen=True, slots=True)
class PassageRow:
    """A stretch `[start, end)` of the text of version `version_id`, in str characters.

    `ordinal` counts from 0 within the version, `headings` is the path of headings above it,
    `chunker` the digest of what cut it, `encoder` of what encoded it. `id` has at most 63 bits.
    """

    id: int
    version_id: int
    ordinal: int
    start: int
    end: int
    headings: tuple[str, ...]
    chunker: str
    encoder: str | None = None


_COLUMNS = 'id, version_id, ordinal, start, "end", headings, chunker, encoder'
_TYPES = ["int8", "int8", "int4", "int4", "int4", "text[]", "text"]
_INCOMING = """
CREATE TEMPORARY TABLE incoming_passage (
    id bigint, version_id bigint, ordinal integer, start integer, "end" integer,
    headings text[], chunker text
) ON COMMIT DROP
"""
# The same passage of content that has come back belongs to the newer version; what encoded it
# stays true, for the text is the same. A row that another page holds was named before ids knew
# the collection: its holder is split again under names of its own.
_INSERT = """
INSERT INTO passage (id, version_id, ordinal, start, "end", headings, chunker)
SELECT id, version_id, ordinal, start, "end", headings, chunker FROM incoming_passage ORDER BY id
ON CONFLICT (id) DO UPDATE SET
    version_id = excluded.version_id, ordinal = excluded.ordinal, headings = excluded.headings
    WHERE passage.version_id < excluded.version_id OR NOT EXISTS (
        SELECT FROM page_version AS holder JOIN page_version AS comer USING (page_id)
        WHERE holder.id = passage.version_id AND comer.id = excluded.version_id)
"""
_PENDING = f"""
SELECT {_COLUMNS} FROM passage
WHERE id > %s AND encoder IS DISTINCT FROM %s AND EXISTS (
    SELECT FROM page_version WHERE page_version.id = version_id AND seq_to IS NULL)
ORDER BY id LIMIT %s
"""
_STALE = """
SELECT passage.id FROM passage JOIN page_version AS version ON version.id = passage.version_id
WHERE version.seq_to IS NOT NULL OR passage.chunker IS DISTINCT FROM coalesce(%s, passage.chunker)
ORDER BY passage.id LIMIT %s
"""
# The condition on the collection of `version`, for a name or for NULL, which means all of them.
_INSIDE = """
(%(collection)s::text IS NULL OR EXISTS (
    SELECT FROM page JOIN collection ON collection.id = page.collection_id
    WHERE page.id = version.page_id AND collection.name = %(collection)s))
"""
_UNSPLIT = f"""
SELECT version.id FROM page_version AS version
WHERE version.seq_to IS NULL AND version.id > %(after)s AND NOT EXISTS (
    SELECT FROM passage WHERE passage.version_id = version.id AND passage.chunker = %(chunker)s)
AND {_INSIDE}
ORDER BY version.id LIMIT %(limit)s
"""
_COUNT = f"""
SELECT count(*) FROM passage JOIN page_version AS version ON version.id = version_id
WHERE version.seq_to IS NULL AND (%(encoder)s::text IS NULL OR encoder = %(encoder)s)
AND {_INSIDE}
"""
_COLLECTIONS = """
SELECT version.id, collection.name FROM page_version AS version
JOIN page ON page.id = version.page_id JOIN collection ON collection.id = page.collection_id
WHERE version.id = ANY(%s)
"""
_VERSIONS = """
SELECT id FROM page_version WHERE seq_to IS NULL AND id > %s ORDER BY id LIMIT %s
"""
# An id is 63 bits of a digest, so every passage has a place between these two.
FIRST = -1
MANY = 1 << 62


class PassageStore:
    """The passages of all pages in `database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, rows: Iterable[PassageRow]) -> int:
        """Add passages as not yet encoded, in one transaction; return how many are new or moved.

        A passage that is there is left as it is, unless the row names a newer version.
        """
        ready = sorted({row.id: row for row in rows}.items())
        if not ready:
            return 0
        with self._database.raw() as connection:
            connection.execute(_INCOMING)
            with (
                connection.cursor() as cursor,
                cursor.copy("COPY incoming_passage FROM STDIN (FORMAT BINARY)") as copy,
            ):
                copy.set_types(_TYPES)
                for _, row in ready:
                    copy.write_row(
                        (
                            row.id,
                            row.version_id,
                            row.ordinal,
                            row.start,
                            row.end,
                            list(row.headings),
                            row.chunker,
                        )
                    )
            return connection.execute(_INSERT).rowcount

    def pending(self, encoder_digest: str, limit: int, after: int = FIRST) -> list[PassageRow]:
        """Return passages of current versions that this encoder has not encoded, by id.

        `after` is the last id of the batch before: without it, each call reads past all that is
        encoded already.
        """
        with self._database.read() as connection:
            return _rows(connection, _PENDING, (after, encoder_digest, limit))

    def mark(self, ids: Sequence[int], encoder_digest: str | None) -> None:
        """Note that this encoder has encoded the passages; None makes them pending again."""
        with self._database.raw() as connection:
            connection.execute(
                "UPDATE passage SET encoder = %s WHERE id = ANY(%s)", (encoder_digest, list(ids))
            )

    def fetch(self, ids: Sequence[int]) -> dict[int, PassageRow]:
        """Return the passages among `ids` that exist, by id."""
        with self._database.read() as connection:
            query = f"SELECT {_COLUMNS} FROM passage WHERE id = ANY(%s)"
            return {row.id: row for row in _rows(connection, query, (list(ids),))}

    def of_version(self, version_id: int, chunker: str) -> list[PassageRow]:
        """Return the passages of one version in their order."""
        with self._database.read() as connection:
            query = (
                f"SELECT {_COLUMNS} FROM passage WHERE version_id = %s AND chunker = %s "
                "ORDER BY ordinal"
            )
            return _rows(connection, query, (version_id, chunker))

    def of_versions(self, version_ids: Sequence[int]) -> dict[int, list[PassageRow]]:
        """Return the passages of several versions by version, whoever has cut them, in order."""
        found: dict[int, list[PassageRow]] = {key: [] for key in version_ids}
        with self._database.read() as connection:
            query = (
                f"SELECT {_COLUMNS} FROM passage WHERE version_id = ANY(%s) "
                "ORDER BY version_id, ordinal, id"
            )
            for row in _rows(connection, query, (list(version_ids),)):
                found[row.version_id].append(row)
        return found

    def versions(self, after: int = 0, limit: int = 200) -> list[int]:
        """Return ids of the current versions of all collections, from after `after`."""
        with self._database.read() as connection:
            return [row[0] for row in connection.execute(_VERSIONS.encode(), (after, limit))]

    def each(self, encoder_digest: str, after: int = FIRST, limit: int = 1000) -> list[PassageRow]:
        """Return passages of current versions that this encoder has encoded, by id, from after
        the id `after`: what an index should hold.
        """
        query = _PENDING.replace("IS DISTINCT FROM", "=")
        with self._database.read() as connection:
            return _rows(connection, query, (after, encoder_digest, limit))

    def stale(self, chunker: str | None = None, limit: int = MANY) -> list[int]:
        """Return ids of passages whose version is no longer current, or that another chunker than
        `chunker` has cut: what an index must delete.
        """
        with self._database.read() as connection:
            return [row[0] for row in connection.execute(_STALE, (chunker, limit))]

    def remove(self, ids: Sequence[int]) -> int:
        """Delete passages, once no index holds them; return how many there were."""
        with self._database.raw() as connection:
            return connection.execute(
                "DELETE FROM passage WHERE id = ANY(%s)", (list(ids),)
            ).rowcount

    def unsplit(
        self,
        chunker: str,
        after_version_id: int = 0,
        limit: int = 200,
        collection: str | None = None,
    ) -> list[int]:
        """Return ids of current versions, from after `after_version_id`, that have no passage of
        this chunker; of one collection, or of all. A version that holds no passage is returned
        each time.
        """
        values = {
            "chunker": chunker,
            "after": after_version_id,
            "limit": limit,
            "collection": collection,
        }
        with self._database.read() as connection:
            return [row[0] for row in connection.execute(_UNSPLIT.encode(), values)]

    def collections(self, version_ids: Sequence[int]) -> dict[int, str]:
        """Return the name of the collection that each of these versions belongs to."""
        with self._database.read() as connection:
            rows = connection.execute(_COLLECTIONS, (list(version_ids),)).fetchall()
        return {row[0]: row[1] for row in rows}

    def count(self, encoder_digest: str | None = None, collection: str | None = None) -> int:
        """Return how many passages of current versions there are; with a digest, how many of them
        that encoder has encoded; with a collection, how many of them are its own.
        """
        values = {"encoder": encoder_digest, "collection": collection}
        with self._database.read() as connection:
            row = connection.execute(_COUNT.encode(), values).fetchone()
        return int(row[0]) if row else 0


def _rows(connection: Connection, query: str, values: tuple[Any, ...]) -> list[PassageRow]:
    found = connection.execute(query.encode(), values)
    return [
        PassageRow(key, version, ordinal, start, end, tuple(headings), chunker, encoder)
        for key, version, ordinal, start, end, headings, chunker, encoder in found
    ]
