"""Which pages of a batch are older than what is stored of them from elsewhere.

It knows nothing about archives, and writes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from .database import Database
from .page import PageVersion
from .urls import url_hash

_STORED = """
SELECT page.url_hash, greatest(page.fetched_at, version.fetched_at), version.source, version.digest
FROM page JOIN collection ON collection.id = page.collection_id
JOIN page_version AS version ON version.id = page.current_version
WHERE collection.name = %s AND page.url_hash = ANY(%s)
"""
_CRAWL = "crawl"


@dataclass(frozen=True, slots=True)
class Stored:
    """When a stored page was last seen to be as it is, and where its text is from."""

    fetched_at: datetime
    source: str


def newer(database: Database, collection: str, pages: Sequence[PageVersion]) -> dict[int, Stored]:
    """Return, by place in `pages`, what is stored of those that are older than that.

    Only other texts from other sources count: what a source had before it may have again, and the
    web (`crawl`) is no one source. What is being stored meanwhile is not seen.
    """
    if not pages:
        return {}
    keys = [url_hash(page.url) for page in pages]
    with database.read() as connection:
        rows = connection.execute(_STORED, (collection, sorted(set(keys)))).fetchall()
    stored = {
        bytes(key): (Stored(when, source), bytes(digest)) for key, when, source, digest in rows
    }
    found = {}
    for at, (key, page) in enumerate(zip(keys, pages, strict=True)):
        if key not in stored:
            continue
        other, digest = stored[key]
        same = other.source == page.source and other.source != _CRAWL
        if (
            not same
            and other.fetched_at > page.fetched_at
            and page.digest != f"sha256:{digest.hex()}"
        ):
            found[at] = other
    return found
