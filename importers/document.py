"""One document: a PDF, an Office file, a book, a saved page, a Markdown or text file.

What is in it is for `extraction` to read; here it only is told that something reads it.
"""

from collections.abc import Iterator
from pathlib import Path

from extraction.kinds import ENDINGS, OLE, kind_of_zip

from .base import Item
from .files import address, content_type, document
from .names import shown

NAME = "document"

ZIPPED = frozenset(
    ENDINGS[one]
    for one in (".docx", ".docm", ".dotx", ".pptx", ".pptm", ".ppsx", ".xlsx", ".xlsm", ".epub")
)
"""The content types of documents that are ZIP archives inside."""

_PAGE = (b"<!doctype html", b"<html", b"<!-- saved from")
_MESSAGE = (b"mime-version:", b"from: ", b"content-type: multipart/related")


def claims(path: Path, head: bytes) -> bool:
    """Say whether a file begins as a document does, or is called like one."""
    if path.is_dir() or not head:
        return False
    begin = head[:1024].lstrip().lower()
    if begin.startswith((b"%pdf-", *_PAGE)) or head.startswith(OLE):
        return True
    if head.startswith(b"PK\x03\x04"):
        return bool(kind_of_zip(path)) or content_type(path.name) in ZIPPED
    if begin.startswith(_MESSAGE) and b"multipart/related" in head.lower():
        return True
    return bool(content_type(path.name))


def items(path: Path) -> Iterator[Item]:
    """Yield the one document that a file is."""
    yield document(
        path.resolve(), address(path.resolve().name), shown(path.name), f"file:{shown(path.name)}"
    )
