"""What the corpus lacks: pages that could not be fetched or read, by name and reason, and URLs that
runs asked for in vain. It knows nothing about the pages that are there.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from .database import Connection
from .errors import UrlError
from .page import clean
from .urls import LONGEST, canonical, url_hash


@dataclass(frozen=True, slots=True)
class Failure:
    """A page that was fetched or imported in vain, with the last reason."""

    url: str
    reason: str
    detail: str
    source: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Miss:
    """A URL that `runs` runs asked for and the corpus lacks; `last_at` is the last time."""

    url: str
    runs: int
    last_at: datetime


_FAIL = """
INSERT INTO failure (collection_id, url, url_hash, reason, detail, source)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (collection_id, url_hash) DO UPDATE SET
    reason = excluded.reason, detail = excluded.detail, source = excluded.source, at = now()
"""
_FAIL_WITHOUT_PAGE = """
INSERT INTO failure (collection_id, url, url_hash, reason, detail, source)
SELECT incoming.* FROM (VALUES (%s::smallint, %s, %s::bytea, %s, %s, %s)) AS incoming (
    collection_id, url, url_hash, reason, detail, source)
WHERE NOT EXISTS (
    SELECT FROM page WHERE page.collection_id = incoming.collection_id
     AND page.url_hash = incoming.url_hash AND page.current_version IS NOT NULL)
ON CONFLICT (collection_id, url_hash) DO UPDATE SET
    reason = excluded.reason, detail = excluded.detail, source = excluded.source, at = now()
"""
_FAILURES = """
SELECT url, reason, detail, source, at FROM failure
WHERE collection_id = %s ORDER BY url COLLATE "C"
"""
_MISS = """
INSERT INTO miss (collection_id, url_hash, url, run_id) VALUES (%s, %s, %s, %s)
ON CONFLICT (collection_id, url_hash, run_id) DO NOTHING
"""
# A page that has come since is no gap any more.
_MISSES = """
SELECT min(miss.url COLLATE "C"), count(*), max(miss.at) FROM miss
WHERE miss.collection_id = %s AND NOT EXISTS (
    SELECT FROM page
    WHERE page.collection_id = miss.collection_id AND page.url_hash = miss.url_hash
      AND page.current_version IS NOT NULL)
GROUP BY miss.url_hash ORDER BY 2 DESC, 1
"""
_HOST = "SELECT 1 FROM page WHERE collection_id = %s AND host = %s LIMIT 1"


def put_failure(
    connection: Connection, collection: int, url: str, reason: str, detail: str, source: str
) -> None:
    """Record why `url` has no page; raises UrlError."""
    row = (collection, canonical(url), url_hash(url), clean(reason), clean(detail), clean(source))
    connection.execute(_FAIL, row)


def put_failures(
    connection: Connection, collection: int, rows: Iterable[tuple[str, str, str, str]]
) -> None:
    """Record (url, reason, detail, source) of many; what is no URL, or has a page, is left out."""
    values = []
    for url, *said in rows:
        try:
            values.append((collection, canonical(url), url_hash(url), *map(clean, said)))
        except UrlError:
            continue
    if values:
        with connection.cursor() as cursor:
            cursor.executemany(_FAIL_WITHOUT_PAGE, values)


def list_failures(connection: Connection, collection: int) -> list[Failure]:
    """Return the failures, by URL."""
    return [Failure(*row) for row in connection.execute(_FAILURES, (collection,))]


def put_miss(connection: Connection, collection: int, url: str, run_id: str) -> None:
    """Record that the run `run_id` asked for `url`, which may be no URL at all."""
    try:
        key, text = url_hash(url), canonical(url)
    except UrlError:
        # What a model made up is a gap worth listing as it stands.
        text = clean(url)[:LONGEST]
        key = hashlib.blake2b(text.encode("utf-8"), digest_size=16).digest()
    connection.execute(_MISS, (collection, key, text, clean(run_id)))


def list_misses(connection: Connection, collection: int) -> list[Miss]:
    """Return the URLs still missing, the most wanted first."""
    return [Miss(*row) for row in connection.execute(_MISSES, (collection,))]


def has_host(connection: Connection, collection: int, name: str) -> bool:
    """True when a page of the host `name` is stored."""
    return connection.execute(_HOST, (collection, name)).fetchone() is not None
