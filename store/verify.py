"""Re-hash everything that the store identifies by content, and name the rows that are wrong. It
repairs nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

from .codec import unpack_outlinks, unpack_text
from .database import Connection
from .errors import DamagedPageError, UrlError
from .page import content_digest
from .urls import url_hash

BATCH = 200


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that is not what its digest says.

    `version_id` is None where the page's own row is wrong; `found` is a digest, or why none could
    be computed.
    """

    url: str
    version_id: int | None
    expected: str
    found: str

    def __str__(self) -> str:
        """One sentence that names the row and the repair."""
        row = "page row" if self.version_id is None else f"version {self.version_id}"
        return (
            f"{row} of {self.url} should have {self.expected} and has {self.found}; "
            "crawl or import that page again"
        )


Progress = Callable[[int, int], None]

_VERSIONS = """
SELECT version.id, page.url, version.digest, version.title, version.body, version.outlinks
FROM page_version AS version JOIN page ON page.id = version.page_id
WHERE page.collection_id = %s AND version.id > %s
ORDER BY version.id LIMIT %s
"""
_PAGES = """
SELECT page.id, page.url, page.url_hash, current.id, page.current_version
FROM page LEFT JOIN page_version AS current ON current.page_id = page.id AND current.seq_to IS NULL
WHERE page.collection_id = %s AND page.id > %s
ORDER BY page.id LIMIT %s
"""
_TOTAL = """
SELECT (SELECT count(*) FROM page WHERE collection_id = %(collection)s)
     + (SELECT count(*) FROM page_version JOIN page ON page.id = page_id
        WHERE collection_id = %(collection)s)
"""


def find_faults(
    connection: Connection, collection: int, progress: Progress | None = None
) -> list[Fault]:
    """Return every page and version whose bytes are not what they should be, in order of id.

    `progress` is called with (rows checked, rows in all).
    """
    row = connection.execute(_TOTAL, {"collection": collection}).fetchone()
    total = row[0] if row else 0
    faults: list[Fault] = []
    done = last = 0
    while rows := connection.execute(_PAGES, (collection, last, BATCH)).fetchall():
        for _, url, key, current, named in rows:
            faults += _page_faults(url, key, current, named)
        last = rows[-1][0]
        done += len(rows)
        if progress:
            progress(done, total)
    last = 0
    while rows := connection.execute(_VERSIONS, (collection, last, BATCH)).fetchall():
        for version_id, url, digest, title, body, outlinks in rows:
            fault = version_fault(url, version_id, digest, title, body, outlinks)
            if fault is not None:
                faults.append(fault)
        last = rows[-1][0]
        done += len(rows)
        if progress:
            progress(done, total)
    return faults


def version_fault(
    url: str, version_id: int, digest: bytes, title: str, body: bytes, outlinks: bytes
) -> Fault | None:
    """Return what is wrong with the stored bytes of a version, if anything is."""
    expected = "sha256:" + bytes(digest).hex()
    try:
        found = content_digest(title, unpack_text(body))
        unpack_outlinks(outlinks)
    except DamagedPageError as damage:
        found = f"bytes that cannot be read ({damage.__cause__})"
    return None if found == expected else Fault(url, version_id, expected, found)


def page_fault(url: str, key: bytes) -> Fault | None:
    """Return what is wrong with a page's URL or its hash, if anything is."""
    try:
        computed = "b2:" + url_hash(url).hex()
    except UrlError:
        computed = "a URL that is none"
    expected = "b2:" + key.hex()
    return None if computed == expected else Fault(url, None, expected, computed)


def _page_faults(url: str, key: bytes, current: int | None, named: int | None) -> list[Fault]:
    fault = page_fault(url, key)
    faults = [] if fault is None else [fault]
    if current != named:
        faults.append(Fault(url, None, f"current version {current}", f"current version {named}"))
    return faults
