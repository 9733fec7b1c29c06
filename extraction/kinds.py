"""Which reader reads some bytes: the one place where that is chosen, by what they begin with.

Magic bytes come first, because servers and file names are often wrong; then the content type. A
page of the web goes to `extract`, every other kind to its reader in `documents`. It knows nothing
about where bytes come from. Like `extract`, `read` is pure, and refuses by name.
"""

import zipfile
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from store.page import PageVersion

from .documents.draft import MAX_BYTES, Unfit, page_of
from .extract import MAX_BYTES as MAX_PAGE
from .extract import Refusal, extract

if TYPE_CHECKING:
    from .documents.draft import Draft

PDF, DOCX, PPTX, XLSX, EPUB = "pdf", "docx", "pptx", "xlsx", "epub"
MHTML, MARKDOWN, TEXT, HTML = "mhtml", "markdown", "text", "html"

_OFFICE = "application/vnd.openxmlformats-officedocument."
TYPES: Mapping[str, str] = {
    "application/pdf": PDF,
    "application/x-pdf": PDF,
    _OFFICE + "wordprocessingml.document": DOCX,
    _OFFICE + "wordprocessingml.template": DOCX,
    "application/vnd.ms-word.document.macroenabled.12": DOCX,
    _OFFICE + "presentationml.presentation": PPTX,
    _OFFICE + "presentationml.slideshow": PPTX,
    "application/vnd.ms-powerpoint.presentation.macroenabled.12": PPTX,
    _OFFICE + "spreadsheetml.sheet": XLSX,
    "application/vnd.ms-excel.sheet.macroenabled.12": XLSX,
    "application/epub+zip": EPUB,
    "multipart/related": MHTML,
    "message/rfc822": MHTML,
    "application/x-mimearchive": MHTML,
    "text/markdown": MARKDOWN,
    "text/x-markdown": MARKDOWN,
    "text/plain": TEXT,
}
"""The kind of document that a content type names."""

ENDINGS: Mapping[str, str] = {
    ".pdf": "application/pdf",
    ".docx": _OFFICE + "wordprocessingml.document",
    ".docm": "application/vnd.ms-word.document.macroenabled.12",
    ".dotx": _OFFICE + "wordprocessingml.template",
    ".pptx": _OFFICE + "presentationml.presentation",
    ".pptm": "application/vnd.ms-powerpoint.presentation.macroenabled.12",
    ".ppsx": _OFFICE + "presentationml.slideshow",
    ".xlsx": _OFFICE + "spreadsheetml.sheet",
    ".xlsm": "application/vnd.ms-excel.sheet.macroenabled.12",
    ".epub": "application/epub+zip",
    ".mhtml": "multipart/related",
    ".mht": "multipart/related",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".mdown": "text/markdown",
    ".mkd": "text/markdown",
    ".txt": "text/plain",
    ".text": "text/plain",
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "application/xhtml+xml",
    ".shtml": "text/html",
}
"""The content type that the ending of a file's name stands for, in lower case."""

PAGE_SECONDS = 30.0
"""For a web page; the slowest honest one seen (2.5 MB of links) took 2.4."""
LONGEST_SECONDS = 600.0

_WEB = ("http://", "https://")
_FILES = "doc:"
_ZIPS = (("word/", DOCX), ("ppt/", PPTX), ("xl/", XLSX))
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""What Office files of before 2007 begin with; no reader is for them, and their users are told."""
_ARCHIVES = (b"\x1f\x8b", b"BZh", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf", b"Rar!", b"ZIM\x04", b"WARC/")


def kind_of(body: bytes, content_type: str) -> str:
    """Return the kind of a document, `html` for a page of the web or what cannot be told."""
    named = TYPES.get(content_type.split(";")[0].strip().lower(), "")
    if body.lstrip()[:5] == b"%PDF-":
        return PDF
    if b"%PDF-" in body[:1024] and named in (PDF, "") and not _looks_like_a_page(body):
        return PDF  # with a line of some program before it
    if body.startswith(b"PK\x03\x04"):
        return kind_of_zip(BytesIO(body)) or named or HTML
    if named in (PDF, DOCX, PPTX, XLSX, EPUB) and _looks_like_a_page(body):
        return HTML  # what a server says it is, and an error page instead
    return named or HTML


def patience(body: bytes) -> float:
    """Return the seconds that reading some bytes may take: a book takes longer than a web page."""
    if body.lstrip()[:5] != b"%PDF-" and not body.startswith(b"PK\x03\x04"):
        return PAGE_SECONDS
    return min(LONGEST_SECONDS, PAGE_SECONDS + len(body) / 20_000)


def read(
    body: bytes,
    headers: Mapping[str, str],
    url: str,
    fetched_at: datetime,
    status: int = 200,
    source: str = "crawl",
    *,
    max_bytes: int = MAX_PAGE,
) -> PageVersion | Refusal:
    """Turn the bytes of a web page or of a document into a page, or say why they are none.

    `headers` has lower-case names; its `content-type` helps to tell the kind. A web page may have
    `max_bytes`, a document `documents.draft.MAX_BYTES` where that is more. The refusals are those
    of `extract`, and `locked`, `damaged`, `bomb` and `old-format` of documents.
    """
    content_type = headers.get("content-type", "")
    if body.startswith(OLE):
        return _old(body)
    kind = kind_of(body, content_type)
    if kind in (TEXT, MARKDOWN) and url.startswith(_WEB):
        # Of a user's own files text is worth having; on the web it is robots.txt, logs and code.
        kind = HTML
    if kind == HTML:
        if content_type and body.startswith(_ARCHIVES):
            return Refusal("binary", "it is an archive; import it by its own path")
        return extract(body, headers, url, fetched_at, status, source, max_bytes=max_bytes)
    most = max(max_bytes, MAX_BYTES)
    if len(body) > most:
        return Refusal("too-large", f"it has {len(body):,} bytes, more than {most:,}")
    if not body.strip():
        return Refusal("empty", "there is nothing in it")
    try:
        if kind == MHTML:
            return _mhtml(body, headers, url, fetched_at, status, source, max_bytes)
        draft = _reader(kind)(body, url, content_type)
        return page_of(draft, url, fetched_at, status, source)
    except Unfit as unfit:
        return Refusal(unfit.reason, unfit.detail)


def _reader(kind: str) -> "Callable[[bytes, str, str], Draft]":
    module: Any = import_module(f"{__package__}.documents.{kind}")
    reader: Callable[[bytes, str, str], Draft] = module.read
    return reader


def kind_of_zip(file: Path | BytesIO) -> str:
    """Return what a ZIP archive holds: the kind of Office file, a book, or neither (`""`)."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return ""
    if "[Content_Types].xml" in names:
        for folder, kind in _ZIPS:
            if any(name.startswith(folder) for name in names):
                return kind
    return EPUB if "META-INF/container.xml" in names else ""


def _old(body: bytes) -> Refusal:
    if "EncryptedPackage".encode("utf-16-le") in body:
        return Refusal("locked", "it wants a password; save a copy of it without one")
    detail = "it is in Office's format of before 2007; save it as DOCX, PPTX, XLSX or PDF"
    return Refusal("old-format", detail)


def _looks_like_a_page(body: bytes) -> bool:
    head = body[:1000].lstrip().lower()
    return head.startswith((b"<!doctype html", b"<html", b"<head", b"<body"))


def _mhtml(
    body: bytes,
    headers: Mapping[str, str],
    url: str,
    fetched_at: datetime,
    status: int,
    source: str,
    max_bytes: int,
) -> PageVersion | Refusal:
    """A web page that a browser saved: the page inside it is read as any other page."""
    from dataclasses import replace

    from .documents.mhtml import main_part

    part = main_part(body, url)
    if not url.startswith(_FILES):
        # A server may send what it likes: neither another site's address nor a day is believed.
        part = replace(part, url=url, saved_at=None)
    page = read(
        part.body,
        {"content-type": part.content_type},
        part.url,
        part.saved_at or fetched_at,
        status,
        source,
        max_bytes=max_bytes,
    )
    if isinstance(page, PageVersion) and part.url != url:
        return replace(page, aliases=tuple(dict.fromkeys((*page.aliases, url))))
    return page
