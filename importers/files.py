"""One file as a document: its address, its bytes, when it was last changed; or why it is none.

A file's address is `doc://<name of what was imported>/<its path inside>`, so that it stays the same
wherever the folder lies, and links between files lead from page to page. It knows no formats
(`extraction.kinds` does) and how to walk no folder.
"""

import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from extraction.documents.draft import MAX_BYTES
from extraction.kinds import ENDINGS

from .base import Document, Reject

_PLAIN = "/:@,;=+()'!*-._~"
_SAVED_FROM = b"<!-- saved from url=("


def address(root: str, inside: str = "") -> str:
    """Return the address of a file: `doc://notes/2024/a.md`, of a file by itself `doc://a.pdf`."""
    parts = "/".join(part for part in (root, inside) if part)
    return "doc://" + quote(parts.encode("utf-8", "surrogateescape"), safe=_PLAIN)


def content_type(name: str) -> str:
    """Return the content type that a file's name stands for, empty where nothing reads it."""
    return ENDINGS.get(os.path.splitext(name)[1].lower(), "")


def document(path: Path, url: str, place: str, source: str) -> Document | Reject:
    """Return the file at `path` as a document; its date is that of its last change."""
    try:
        # Not through a link that took its place, and never waiting on a pipe.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        return Reject(place, "unreadable", f"it cannot be read ({error.strerror})", url)
    with open(handle, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            return Reject(place, "not-a-file", "it is a device, a pipe or a socket", url)
        if found.st_size > MAX_BYTES:
            what = f"it has {found.st_size:,} bytes, more than {MAX_BYTES:,}"
            return Reject(place, "too-large", what, url)
        try:
            body = file.read(MAX_BYTES + 1)
        except OSError as error:
            return Reject(place, "unreadable", f"it cannot be read ({error.strerror})", url)
    kind = content_type(path.name)
    own = saved_from(body) if kind.startswith(("text/html", "application/xhtml")) else ""
    return Document(
        place=place,
        body=body,
        url=own or url,
        fetched_at=datetime.fromtimestamp(found.st_mtime, UTC),
        source=source,
        headers={"content-type": kind} if kind else {},
        aliases=(url,) if own else (),
    )


def saved_from(body: bytes) -> str:
    """Return the address that a browser wrote into a page it saved, empty where there is none.

    `<!-- saved from url=(0028)https://example.org/a -->`: the number counts the letters after it.
    """
    at = body.find(_SAVED_FROM, 0, 4096)
    if at < 0:
        return ""
    end = body.find(b"-->", at, at + 10_000)
    written = body[at + len(_SAVED_FROM) : end].strip() if end > 0 else b""
    url = written.partition(b")")[2].strip().decode("utf-8", "replace")
    return url if url.startswith(("http://", "https://")) and " " not in url else ""
