"""Removing pages for good: every version, passage, alias, gap and queued address of them, in one
transaction. It knows nothing of indexes and runs, and asks nobody.

Unlike a page that is gone from its site, a purged one leaves no version behind: earlier states of
the store are then without it too, and the digests of named snapshots are made anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .claims import judge
from .commits import next_seq
from .database import Connection, Database
from .errors import UrlError
from .snapshots import describe_at
from .urls import aliases, host, url_hash
from .writing import lock_writers

URL, SITE, COLLECTION = "url", "site", "collection"

_COLLECTION = "SELECT id FROM collection WHERE name = %s"
_BY_URL = """
WITH RECURSIVE reached (hash, steps) AS (
    SELECT hash, 0 FROM unnest(%(hashes)s::bytea[]) AS asked (hash)
    UNION
    SELECT alias.target_hash, reached.steps + 1 FROM reached
    JOIN alias ON alias.collection_id = %(collection)s AND alias.url_hash = reached.hash
     AND alias.seq_to IS NULL
    WHERE reached.steps < 5
)
SELECT DISTINCT page.id, page.url, page.url_hash FROM reached
JOIN page ON page.collection_id = %(collection)s AND page.url_hash = reached.hash
ORDER BY page.id
"""
_BY_SITE = """
SELECT id, url, url_hash FROM page
WHERE collection_id = %(collection)s
  AND (host = %(site)s
       OR %(wide)s AND right(host, length(%(site)s) + 1) = '.' || %(site)s)
ORDER BY id
"""
_ALL = "SELECT id, url, url_hash FROM page WHERE collection_id = %(collection)s ORDER BY id"
_VERSIONS = """
SELECT id, page_id, digest FROM page_version WHERE page_id = ANY(%s) ORDER BY id
"""
# The addresses that may lead elsewhere when these pages, and the aliases from and to these hashes,
# are gone; and those of them that a page that stays claims.
_CONCERNED = """
SELECT claim.url_hash FROM claim WHERE page_id = ANY(%(ids)s)
UNION SELECT unnest(%(hashes)s::bytea[])
UNION SELECT url_hash FROM alias
WHERE collection_id = %(collection)s AND target_hash = ANY(%(hashes)s)
"""
_CLAIMED = """
SELECT DISTINCT url_hash FROM claim WHERE collection_id = %s AND url_hash = ANY(%s)
"""
# Crawls of several collections may have the same addresses.
_QUEUED = """
DELETE FROM frontier USING crawl
WHERE crawl.id = frontier.crawl_id AND frontier.url_hash = ANY(%s)
  AND coalesce(crawl.settings #>> '{options,collection}', 'web') = %s
"""
_PASSAGES = "SELECT id FROM passage WHERE version_id = ANY(%s) ORDER BY id"


@dataclass(frozen=True, slots=True)
class Doomed:
    """Pages that are to be purged: (URL, URL hash) of each, and (id, page's URL, tagged digest)
    of each of their versions.
    """

    kind: str
    target: str
    collection: str
    pages: tuple[tuple[str, bytes], ...]
    versions: tuple[tuple[int, str, str], ...]
    page_ids: tuple[int, ...]

    @property
    def version_ids(self) -> list[int]:
        """The ids of the versions."""
        return [key for key, _, _ in self.versions]


def find_doomed(
    database: Database, collection: str, target: str, alone: bool = False
) -> Doomed | None:
    """Return the pages that `target` names: an address, else a site (with its subdomains), else a
    collection; None where it names nothing.

    A name without a dot is that of one host, never of all below it. With `alone` no other
    collection is meant.
    """
    with database.read() as connection:
        row = connection.execute(_COLLECTION, (collection,)).fetchone()
        if row is not None:
            for kind, statement, values in _ways(target):
                values["collection"] = row[0]
                found = connection.execute(statement.encode(), values).fetchall()
                if found:
                    return _doomed(connection, kind, target, collection, found)
        if alone and target != collection:
            return None
        row = connection.execute(_COLLECTION, (target,)).fetchone()
        if row is None:
            return None
        found = connection.execute(_ALL.encode(), {"collection": row[0]}).fetchall()
        return _doomed(connection, COLLECTION, target, target, found)


def _ways(target: str) -> list[tuple[str, str, dict[str, Any]]]:
    """The statements that may find what `target` names, the narrowest first."""
    ways: list[tuple[str, str, dict[str, Any]]] = []
    try:
        if "/" in target:
            hashes = [url_hash(target), *(url_hash(other) for other in aliases(target))]
            ways.append((URL, _BY_URL, {"hashes": hashes}))
        else:
            site = site_of(target)
            ways.append((SITE, _BY_SITE, {"site": site, "wide": has_subdomains(site)}))
    except UrlError:
        pass  # then it may name a collection
    return ways


def site_of(target: str) -> str:
    """Return the host that a site's name means, as pages have it."""
    named = host(target if "://" in target else f"http://{target}/")
    return named.removeprefix("www.").removesuffix(".")


def has_subdomains(site: str) -> bool:
    """True for a site; a name without a dot is a top-level domain, with everybody's sites in it."""
    return "." in site


def _doomed(
    connection: Connection, kind: str, target: str, collection: str, pages: Sequence[Any]
) -> Doomed:
    urls = {key: url for key, url, _ in pages}
    versions = connection.execute(_VERSIONS, (list(urls),)).fetchall()
    return Doomed(
        kind,
        target,
        collection,
        tuple((url, bytes(key)) for _, url, key in pages),
        tuple((key, urls[page], "sha256:" + bytes(digest).hex()) for key, page, digest in versions),
        tuple(urls),
    )


def passages_of(database: Database, versions: Sequence[int]) -> list[int]:
    """Return the ids of the passages of these versions."""
    with database.read() as connection:
        return [row[0] for row in connection.execute(_PASSAGES, (list(versions),))]


def delete_pages(database: Database, doomed: Doomed) -> dict[str, int]:
    """Delete everything that the store has of these pages; return how many rows of each table.

    Gaps, queued addresses and what the journal of imports says of them go with them: those of the
    address, of the whole site, or of the collection. A later crawl may fetch the pages again.
    """
    counts: dict[str, int] = {}
    with database.raw() as connection:
        lock_writers(connection)
        row = connection.execute(_COLLECTION, (doomed.collection,)).fetchone()
        if row is None:
            return counts
        of, ids = row[0], list(doomed.page_ids)
        # Pages that a crawl stored a moment ago under the same addresses are purged as well.
        versions = [key for key, _, _ in connection.execute(_VERSIONS, (ids,)).fetchall()]
        hashes = [key for _, key in doomed.pages] + _gaps(connection, of, doomed)
        asked = {"collection": of, "ids": ids, "hashes": hashes}
        concerned = [row[0] for row in connection.execute(_CONCERNED.encode(), asked).fetchall()]
        for table, statement, values in (
            ("passages", "DELETE FROM passage WHERE version_id = ANY(%s)", (versions,)),
            ("versions", "DELETE FROM page_version WHERE id = ANY(%s)", (versions,)),
            (
                "aliases",
                "DELETE FROM alias WHERE collection_id = %s "
                "AND (url_hash = ANY(%s) OR target_hash = ANY(%s))",
                (of, hashes, hashes),
            ),
            (
                "failures",
                "DELETE FROM failure WHERE collection_id = %s AND url_hash = ANY(%s)",
                (of, hashes),
            ),
            (
                "misses",
                "DELETE FROM miss WHERE collection_id = %s AND url_hash = ANY(%s)",
                (of, hashes),
            ),
            (
                "imported",
                "DELETE FROM import_page USING import_job WHERE job_id = import_job.id "
                "AND collection_id = %s AND url_hash = ANY(%s)",
                (of, hashes),
            ),
            # Of a whole collection nothing is imported any more, so that a file may be again.
            (
                "imports",
                "DELETE FROM import_job WHERE collection_id = %s AND %s",
                (of, doomed.kind == COLLECTION),
            ),
            ("queued", _QUEUED, (hashes, doomed.collection)),
            ("pages", "DELETE FROM page WHERE id = ANY(%s)", (ids,)),
        ):
            counts[table] = connection.execute(statement.encode(), values).rowcount
        seq = next_seq(connection)
        claimed = connection.execute(_CLAIMED, (of, concerned)).fetchall()
        judge(connection, of, [row[0] for row in claimed], lambda: seq)
        counts["snapshots"] = _described_again(connection)
    with database.read() as connection:
        # What was deleted stays in the files until its room is given free.
        connection.execute(
            "VACUUM page, page_version, passage, alias, failure, miss, frontier, import_page, "
            "import_job"
        )
    return counts


def _gaps(connection: Connection, collection: int, doomed: Doomed) -> list[bytes]:
    """The hashes of what was asked for or failed in vain on the same site, or in the collection."""
    if doomed.kind == URL:
        return []
    site = site_of(doomed.target) if doomed.kind == SITE else ""
    below = f".{site}" if has_subdomains(site) else ""
    found = []
    for table in ("miss", "failure"):
        rows = connection.execute(
            f"SELECT url, url_hash FROM {table} WHERE collection_id = %s".encode(), (collection,)
        )
        for url, key in rows:
            try:
                on = host(url).removeprefix("www.")
            except UrlError:
                on = ""
            if doomed.kind == COLLECTION or on == site or (below and on.endswith(below)):
                found.append(bytes(key))
    return found


def _described_again(connection: Connection) -> int:
    """Make the digests of the named snapshots anew; return how many had to be."""
    changed = 0
    rows = connection.execute("SELECT name, seq, pages, digest FROM snapshot").fetchall()
    for name, seq, pages, digest in rows:
        now = describe_at(connection, seq)
        if now != (pages, digest):
            connection.execute(
                "UPDATE snapshot SET pages = %s, digest = %s WHERE name = %s", (*now, name)
            )
            changed += 1
    return changed
