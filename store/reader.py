"""Finding stored pages: now, or as they were at a commit, by any spelling of their URLs. It writes
nothing.
"""

import contextlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from .codec import unpack_outlinks
from .database import Connection, Database
from .errors import UnknownVersionError, UrlError
from .freshness import conditions, gone_since
from .gaps import Failure, Miss, has_host, list_failures, list_misses
from .history import HeldVersion, list_versions
from .names import LONGEST_CHAIN, names
from .nearest import nearest_pages
from .page import Outlink, PageVersion
from .urls import aliases, url_hash
from .verify import Fault, Progress, find_faults
from .versionrows import COLUMNS, version_of

BATCH = 200

_AT = """
JOIN page_version AS version ON version.page_id = page.id
 AND CASE WHEN %(at)s::bigint IS NULL THEN version.seq_to IS NULL
          ELSE version.seq_from <= %(at)s AND (version.seq_to IS NULL OR version.seq_to > %(at)s)
     END
"""
_ALIAS_AT = """
JOIN alias ON alias.collection_id = %(collection)s AND alias.url_hash = reached.hash
 AND CASE WHEN %(at)s::bigint IS NULL THEN alias.seq_to IS NULL
          ELSE alias.seq_from <= %(at)s AND (alias.seq_to IS NULL OR alias.seq_to > %(at)s)
     END
"""
_EXACT = f"""
SELECT {COLUMNS} FROM page
JOIN page_version AS version ON version.page_id = page.id AND version.seq_to IS NULL
WHERE page.collection_id = %(collection)s AND page.url_hash = %(hash)s
"""
_EXACT_AT = f"""
SELECT {COLUMNS} FROM page {_AT}
WHERE page.collection_id = %(collection)s AND page.url_hash = %(hash)s
"""
# Spellings in the order given; for each the page itself before where an alias leads.
_REACHED = f"""
WITH RECURSIVE reached (hash, rank, steps) AS (
    SELECT hash, rank, 0 FROM unnest(%(hashes)s::bytea[]) WITH ORDINALITY AS asked (hash, rank)
    UNION
    SELECT alias.target_hash, reached.rank, reached.steps + 1
    FROM reached
    {_ALIAS_AT}
    WHERE reached.steps < %(longest)s
)
"""
_LEADS = f"{_REACHED} SELECT EXISTS (SELECT FROM reached WHERE hash = %(goal)s AND steps > 0)"
_FIRST = f"""
{_REACHED}
SELECT {{columns}} FROM reached
JOIN page ON page.collection_id = %(collection)s AND page.url_hash = reached.hash
{_AT}
ORDER BY reached.rank, reached.steps LIMIT 1
"""
_ANY = _FIRST.format(columns=COLUMNS)
_WHICH = _FIRST.format(columns="page.url, page.id")
_BY_ID = f"""
SELECT {COLUMNS} FROM page_version AS version JOIN page ON page.id = version.page_id
WHERE version.id = %s
"""
_BY_DIGEST = f"""
SELECT {COLUMNS} FROM page_version AS version JOIN page ON page.id = version.page_id
WHERE page.collection_id = %s AND page.url_hash = %s AND version.digest = %s
ORDER BY version.id LIMIT 1
"""
# Which of some addresses lead to a page; an alias may lead to another, and so on.
_HELD = f"""
WITH RECURSIVE reached (asked, hash, steps) AS (
    SELECT hash, hash, 0 FROM unnest(%(hashes)s::bytea[]) AS asked (hash)
    UNION
    SELECT reached.asked, alias.target_hash, reached.steps + 1
    FROM reached
    {_ALIAS_AT}
    WHERE reached.steps < %(longest)s
)
SELECT DISTINCT reached.asked FROM reached
JOIN page ON page.collection_id = %(collection)s AND page.url_hash = reached.hash
{_AT}
"""
_CURRENT = f"""
SELECT {COLUMNS} FROM page_version AS version JOIN page ON page.id = version.page_id
WHERE version.seq_to IS NULL AND page.collection_id = %s AND version.id > %s
ORDER BY version.id LIMIT %s
"""


class PageReader:
    """The pages of one collection of `database`, as far as they are only read.

    With `at`, a commit number, pages are found as they were then: what `resolve` and `nearest`
    return does not change while others write.
    """

    def __init__(self, database: Database, collection: str = "web", at: int | None = None) -> None:
        self._database = database
        self.collection = collection
        self.at = at
        self._known_id: int | None = None

    def resolve(self, url: str, at: int | None = None) -> PageVersion | None:
        """Return the page at `url`, now or at the commit number `at`; None where there is none.

        Without `at` it is the store's own, if it has one.

        Tried in turn: the page itself, where its redirects and aliases lead, and other spellings.
        Raises UrlError for text that is no URL and DamagedPageError.
        """
        at = self.at if at is None else at
        others: tuple[str, ...] = ()
        try:
            key = url_hash(url)
        except UrlError:
            # Perhaps an address in brackets or quotation marks, as models write them.
            others = aliases(url)
            if not others:
                raise
            key = url_hash(others[0])
        with self._database.read() as connection:
            collection = self._id(connection)
            if collection is None:
                return None
            values: dict[str, Any] = {"collection": collection, "hash": key, "at": at}
            row = connection.execute(_EXACT if at is None else _EXACT_AT, values).fetchone()
            if row is None:
                values["hashes"] = [key, *(url_hash(other) for other in others or aliases(url))]
                values["longest"] = LONGEST_CHAIN
                row = connection.execute(_ANY, values).fetchone()
        return None if row is None else version_of(row)

    def held(self, urls: Sequence[str], at: int | None = None) -> set[str]:
        """Return those of `urls` that lead to a stored page, now or at the commit number `at`.

        Without `at` it is the store's own, if it has one. By identity, redirects and recorded
        aliases, in one query; other spellings, which `resolve` tries, are not tried. What is no
        URL leads to none.
        """
        at = self.at if at is None else at
        hashes: dict[bytes, list[str]] = {}
        for url in urls:
            with contextlib.suppress(UrlError):
                hashes.setdefault(url_hash(url), []).append(url)
        with self._database.read() as connection:
            collection = self._id(connection)
            if collection is None or not hashes:
                return set()
            rows = connection.execute(
                _HELD,
                {
                    "collection": collection,
                    "hashes": list(hashes),
                    "longest": LONGEST_CHAIN,
                    "at": at,
                },
            ).fetchall()
        return {url for row in rows for url in hashes[bytes(row[0])]}

    def history(self, url: str) -> tuple[str, list[HeldVersion]] | None:
        """Return the URL of the page that `url` leads to, and all its held versions, oldest first;
        None where there is no page. Raises UrlError as `resolve` does.
        """
        try:
            hashes = [url_hash(url), *map(url_hash, aliases(url))]
        except UrlError:
            hashes = [url_hash(other) for other in aliases(url)]
            if not hashes:
                raise
        with self._database.read() as connection:
            values = {
                "collection": self._id(connection),
                "hashes": hashes,
                "longest": LONGEST_CHAIN,
                "at": self.at,
            }
            row = connection.execute(_WHICH, values).fetchone()
            return None if row is None else (row[0], list_versions(connection, row[1]))

    def version(self, version_id: int) -> PageVersion:
        """Return one version by its id; raises UnknownVersionError or DamagedPageError."""
        with self._database.read() as connection:
            row = connection.execute(_BY_ID, (version_id,)).fetchone()
        if row is None:
            raise UnknownVersionError(
                f"No page version has the number {version_id}; run: appliance index, to match the "
                "index to the store."
            )
        return version_of(row)

    def by_digest(self, url: str, digest: str) -> PageVersion | None:
        """Return the version of the page at `url` that was stored under the tagged `digest`.

        None where there is none. The digest is the one recorded when it was stored; whether the
        text still has it is for the caller to compare (`PageVersion.digest` hashes again).
        """
        key = bytes.fromhex(digest.removeprefix("sha256:"))
        with self._database.read() as connection:
            values = (self._id(connection), url_hash(url), key)
            row = connection.execute(_BY_DIGEST, values).fetchone()
        return None if row is None else version_of(row)

    def current(self, after_version_id: int = 0, limit: int | None = None) -> Iterator[PageVersion]:
        """Yield the current version of every page in the order of version ids, from after
        `after_version_id`, at most `limit`. What is written meanwhile may or may not be seen.
        """
        last, left = after_version_id, limit
        while left is None or left > 0:
            batch = BATCH if left is None else min(BATCH, left)
            with self._database.read() as connection:
                collection = self._id(connection)
                if collection is None:
                    return
                rows = connection.execute(_CURRENT, (collection, last, batch)).fetchall()
            if not rows:
                return
            for page in map(version_of, rows):
                last = page.version_id or last
                yield page
            left = None if left is None else left - len(rows)

    def current_ids(self) -> set[int]:
        """Return the ids of the current versions of this collection's pages."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT version.id FROM page_version AS version "
                "JOIN page ON page.id = version.page_id "
                "WHERE version.seq_to IS NULL AND page.collection_id = %s",
                (self._id(connection),),
            ).fetchall()
        return {row[0] for row in rows}

    def outlinks(self, version_ids: Sequence[int]) -> dict[int, tuple[Outlink, ...]]:
        """Return the links of each of these versions, without reading their texts.

        Raises DamagedPageError.
        """
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT id, outlinks FROM page_version WHERE id = ANY(%s)", (list(version_ids),)
            ).fetchall()
        return {key: unpack_outlinks(links) for key, links in rows}

    def alias_targets(self) -> dict[bytes, bytes]:
        """Return where each redirect and alias leads: URL hash by URL hash."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT url_hash, target_hash FROM alias "
                "WHERE collection_id = %s AND seq_to IS NULL",
                (self._id(connection),),
            ).fetchall()
        return {bytes(key): bytes(target) for key, target in rows}

    def names(self) -> Iterator[tuple[int, str, bool]]:
        """Yield (version id, address, whether the page only declares it) for each other name."""
        with self._database.raw() as connection:
            yield from names(connection, self._id(connection))

    def count(self) -> int:
        """Return how many pages there are."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT count(*) FROM page WHERE collection_id = %s AND current_version > 0",
                (self._id(connection),),
            ).fetchone()
        return int(row[0]) if row else 0

    def nearest(self, url: str, limit: int = 5) -> list[tuple[str, str]]:
        """Return (url, title) of the pages whose address or title is most like `url`."""
        with self._database.read() as connection:
            collection = self._id(connection)
            if collection is None:
                return []
            return nearest_pages(connection, collection, url, limit, self.at)

    def leads_to(self, alias_url: str, target_url: str) -> bool:
        """True if the aliases of `alias_url` lead to `target_url`, or to it through others."""
        with self._database.read() as connection:
            values = {
                "collection": self._id(connection),
                "hashes": [url_hash(alias_url)],
                "goal": url_hash(target_url),
                "longest": LONGEST_CHAIN,
                "at": self.at,
            }
            row = connection.execute(_LEADS, values).fetchone()
        return bool(row and row[0])

    def headers(self, url: str) -> tuple[str | None, str | None] | None:
        """Return (ETag, Last-Modified) of the last fetch of the page at `url`, or None."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT etag, last_modified FROM page WHERE collection_id = %s AND url_hash = %s",
                (self._id(connection), url_hash(url)),
            ).fetchone()
        return None if row is None else (row[0], row[1])

    def conditions(self, urls: Sequence[str]) -> dict[str, tuple[str | None, str | None]]:
        """Return `headers` of those of `urls` that are stored, in one query."""
        with self._database.read() as connection:
            collection = self._id(connection)
            return {} if collection is None else conditions(connection, collection, urls)

    def gone(self, urls: Sequence[str]) -> dict[str, datetime]:
        """Return those of `urls` that are gone from their servers, and since when."""
        with self._database.read() as connection:
            collection = self._id(connection)
            return {} if collection is None else gone_since(connection, collection, urls)

    def failures(self) -> list[Failure]:
        """Return the failures that no later page has healed, by URL."""
        with self._database.read() as connection:
            collection = self._id(connection)
            return [] if collection is None else list_failures(connection, collection)

    def misses(self) -> list[Miss]:
        """Return what runs asked for and the corpus still lacks, the most wanted first."""
        with self._database.read() as connection:
            collection = self._id(connection)
            return [] if collection is None else list_misses(connection, collection)

    def knows_host(self, name: str) -> bool:
        """True when the collection has a page of the host `name`."""
        with self._database.read() as connection:
            collection = self._id(connection)
            return collection is not None and has_host(connection, collection, name)

    def verify(self, progress: Progress | None = None) -> list[Fault]:
        """Re-hash every version and every page's URL; return the rows that are wrong."""
        with self._database.read() as connection:
            collection = self._id(connection)
            return [] if collection is None else find_faults(connection, collection, progress)

    def _id(self, connection: Connection) -> int | None:
        if self._known_id is None:
            row = connection.execute(
                "SELECT id FROM collection WHERE name = %s", (self.collection,)
            ).fetchone()
            self._known_id = row[0] if row else None
        return self._known_id
