"""How a batch of page versions enters the database: copied to a temporary table, then merged under
one lock, all or nothing. It knows nothing about reading.

The lock orders writers, so that the number a commit gets is also the order in which readers see
commits: whoever sees number n sees everything up to n. Compression and transport happen before
it is taken.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from .codec import Packer
from .database import LOCK_WRITE, Connection, Database
from .errors import UrlError
from .nearest import page_words
from .page import PageVersion
from .urls import canonical, host, url_hash


@dataclass(frozen=True, slots=True)
class AddReport:
    """How many pages of a batch were new, changed, or unchanged; `seq` numbers the commit.

    `seq` is None where nothing changed.
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    seq: int | None = None

    def __add__(self, other: "AddReport") -> "AddReport":
        """The report of both batches; `seq` is the later one."""
        seqs = [seq for seq in (self.seq, other.seq) if seq is not None]
        return AddReport(
            self.new + other.new,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            max(seqs, default=None),
        )


_INCOMING = """
CREATE TEMPORARY TABLE incoming (
    wave integer, url text, url_hash bytea, host text, etag text, last_modified text,
    fetched_at timestamptz, digest bytea, title text, site text, lang text, published date,
    author text, status smallint, source text, extractor text, body bytea, outlinks bytea,
    capture bytea, words text[]
) ON COMMIT DROP
"""
_TYPES = ["int4", "text", "bytea", "text", "text", "text", "timestamptz", "bytea", "text"]
_TYPES += ["text", "text", "date", "text", "int2", "text", "text", "bytea", "bytea", "bytea"]
_TYPES += ["text[]"]

# Rows are taken in the order of their hash everywhere, so that no two statements can deadlock.
_PAGES = """
INSERT INTO page (collection_id, url, url_hash, host, etag, last_modified, fetched_at, words)
SELECT %(collection)s, url, url_hash, host, etag, last_modified, fetched_at, words
FROM incoming WHERE wave = %(wave)s ORDER BY url_hash
ON CONFLICT (collection_id, url_hash) DO UPDATE SET
    etag = excluded.etag, last_modified = excluded.last_modified,
    fetched_at = greatest(page.fetched_at, excluded.fetched_at), gone_at = NULL
"""
_FRESH = """
CREATE TEMPORARY TABLE fresh ON COMMIT DROP AS
SELECT page.id AS page_id, incoming.url_hash, version.id AS old
FROM incoming
JOIN page ON page.collection_id = %(collection)s AND page.url_hash = incoming.url_hash
LEFT JOIN page_version AS version ON version.id = page.current_version
WHERE incoming.wave = %(wave)s AND version.digest IS DISTINCT FROM incoming.digest
"""
_CLOSE = """
UPDATE page_version SET seq_to = %(seq)s FROM fresh WHERE page_version.id = fresh.old
"""
_VERSIONS = """
WITH made AS (
    INSERT INTO page_version (page_id, digest, title, site, lang, published, author, fetched_at,
                              status, source, extractor, body, outlinks, capture, seq_from)
    SELECT fresh.page_id, digest, title, site, lang, published, author, fetched_at,
           status, source, extractor, body, outlinks, capture, %(seq)s
    FROM incoming JOIN fresh USING (url_hash)
    WHERE wave = %(wave)s ORDER BY url_hash
    RETURNING id, page_id
)
UPDATE page SET current_version = made.id, words = incoming.words
FROM made
JOIN fresh ON fresh.page_id = made.page_id
JOIN incoming ON incoming.url_hash = fresh.url_hash AND incoming.wave = %(wave)s
WHERE page.id = made.page_id
"""
_HEALED = """
DELETE FROM failure USING incoming
WHERE failure.collection_id = %(collection)s AND failure.url_hash = incoming.url_hash
"""
_ALIASES = """
SELECT url_hash, target_hash FROM alias
WHERE collection_id = %s AND url_hash = ANY(%s) AND seq_to IS NULL
"""
_ALIAS_ENDS = """
UPDATE alias SET seq_to = %s WHERE collection_id = %s AND url_hash = ANY(%s) AND seq_to IS NULL
"""
_ALIAS = """
INSERT INTO alias (collection_id, url_hash, url, target, target_hash, seq_from)
VALUES (%s, %s, %s, %s, %s, %s)
"""
_NEXT = "UPDATE clock SET seq = seq + 1 RETURNING seq"


Also = Callable[[Connection, int, AddReport], None]
"""What else belongs to a batch: called with its connection, the collection's id and its report."""


def add_versions(
    database: Database,
    collection: int,
    versions: Iterable[PageVersion],
    also: Also | None = None,
) -> AddReport:
    """Write `versions` in one transaction; a page that comes twice gets its versions in order.

    `also` writes what belongs to them in the same transaction, after them.
    """
    packer = Packer()
    waves: dict[bytes, int] = {}
    rows: list[tuple[Any, ...]] = []
    aliases: list[tuple[str, str]] = []
    for version in versions:
        key = url_hash(version.url)
        wave = waves[key] = waves.get(key, -1) + 1
        rows.append(
            (
                wave,
                version.url,
                key,
                host(version.url),
                version.etag,
                version.last_modified,
                version.fetched_at,
                bytes.fromhex(version.digest.removeprefix("sha256:")),
                version.title,
                version.site,
                version.lang,
                version.published,
                version.author,
                version.status,
                version.source,
                version.extractor,
                packer.text(version.text),
                packer.outlinks(version.outlinks),
                bytes.fromhex(version.capture.removeprefix("sha256:")),
                page_words(version.url, version.title),
            )
        )
        aliases += [(name, version.url) for name in version.aliases]
    report = AddReport()
    if not rows and also is None:
        return report
    with database.raw() as connection:
        if rows:
            report = _add_rows(connection, collection, rows, waves, aliases)
        if also is not None:
            also(connection, collection, report)
    return report


def _add_rows(
    connection: Connection,
    collection: int,
    rows: list[tuple[Any, ...]],
    waves: dict[bytes, int],
    aliases: list[tuple[str, str]],
) -> AddReport:
    report = AddReport()
    connection.execute(_INCOMING)
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY incoming FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.set_types(_TYPES)
        for row in rows:
            copy.write_row(row)
    lock_writers(connection)
    for wave in range(max(waves.values()) + 1):
        report += _merge(connection, collection, wave)
    connection.execute(_HEALED, {"collection": collection})
    put_aliases(connection, collection, aliases, report.seq or 0)
    return report


def lock_writers(connection: Connection) -> None:
    """Wait until no other transaction changes pages; held until this one ends."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK_WRITE,))


def put_aliases(
    connection: Connection, collection: int, pairs: Iterable[tuple[str, str]], seq: int = 0
) -> None:
    """Record that each first URL leads to the second; one that is no URL, or is its own target,
    is left out: a redirect between two spellings of one page needs no alias.

    What changes does so at the commit `seq`, or at one of its own. The caller holds off writers.
    """
    rows = {}
    for name, target in pairs:
        try:
            key, goal = url_hash(name), url_hash(target)
            if key != goal:
                rows[key] = (collection, key, canonical(name), canonical(target), goal)
        except UrlError:
            continue
    if not rows:
        return
    for key, target in connection.execute(_ALIASES, (collection, sorted(rows))).fetchall():
        if rows[bytes(key)][-1] == bytes(target):
            del rows[bytes(key)]
    if not rows:
        return
    seq = seq or _next_seq(connection)
    connection.execute(_ALIAS_ENDS, (seq, collection, sorted(rows)))
    with connection.cursor() as cursor:
        cursor.executemany(_ALIAS, [(*rows[key], seq) for key in sorted(rows)])


def _next_seq(connection: Connection) -> int:
    row = connection.execute(_NEXT).fetchone()
    if row is None:
        raise RuntimeError("the clock table has lost its row")
    return int(row[0])


def _merge(connection: Connection, collection: int, wave: int) -> AddReport:
    at: dict[str, int] = {"collection": collection, "wave": wave}
    touched = connection.execute(_PAGES, at).rowcount
    connection.execute("DROP TABLE IF EXISTS pg_temp.fresh")
    connection.execute(_FRESH, at)
    row = connection.execute("SELECT count(*), count(old) FROM fresh").fetchone()
    fresh, changed = row if row else (0, 0)
    if not fresh:
        return AddReport(unchanged=touched)
    at["seq"] = _next_seq(connection)
    connection.execute(_CLOSE, at)
    connection.execute(_VERSIONS, at)
    return AddReport(fresh - changed, changed, touched - fresh, at["seq"])
