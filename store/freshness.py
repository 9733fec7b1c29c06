"""How fresh pages are: what to ask their servers with, when they were last seen, which are gone.

A page that its server no longer has is marked and kept: it is found and read as before, and says
since when it is gone. It knows nothing about fetching.
"""

from collections.abc import Sequence
from datetime import datetime

from .database import Connection
from .urls import url_hash
from .writing import lock_writers

_CONDITIONS = """
SELECT url_hash, etag, last_modified FROM page
WHERE collection_id = %s AND url_hash = ANY(%s) AND current_version IS NOT NULL
"""
_SEEN = """
UPDATE page SET fetched_at = greatest(fetched_at, now()), gone_at = NULL
WHERE collection_id = %s AND url_hash = ANY(%s)
"""
_VANISHED = """
UPDATE page SET gone_at = coalesce(gone_at, now())
WHERE collection_id = %s AND url_hash = ANY(%s) AND current_version IS NOT NULL
"""
_GONE = """
SELECT url_hash, gone_at FROM page
WHERE collection_id = %s AND url_hash = ANY(%s) AND gone_at IS NOT NULL
"""


def conditions(
    connection: Connection, collection: int, urls: Sequence[str]
) -> dict[str, tuple[str | None, str | None]]:
    """Return (ETag, Last-Modified) of the last fetch of those of `urls` that are stored."""
    rows = connection.execute(_CONDITIONS, (collection, [url_hash(url) for url in urls]))
    known = {bytes(key): (etag, modified) for key, etag, modified in rows}
    return {url: known[key] for url in urls if (key := url_hash(url)) in known}


def mark_seen(connection: Connection, collection: int, urls: Sequence[str]) -> None:
    """Note that the servers of these pages still have them as they are stored."""
    lock_writers(connection)
    connection.execute(_SEEN, (collection, [url_hash(url) for url in urls]))


def mark_gone(connection: Connection, collection: int, urls: Sequence[str]) -> int:
    """Note that the servers of these pages no longer have them; return how many are stored."""
    lock_writers(connection)
    return connection.execute(_VANISHED, (collection, [url_hash(url) for url in urls])).rowcount


def gone_since(connection: Connection, collection: int, urls: Sequence[str]) -> dict[str, datetime]:
    """Return since when those of `urls` that are gone have been so."""
    rows = connection.execute(_GONE, (collection, [url_hash(url) for url in urls]))
    known = {bytes(key): since for key, since in rows}
    return {url: known[key] for url in urls if (key := url_hash(url)) in known}
