"""Which formats there are, and which one a path is of. It reads the beginning of a file, no more.

What is in a file decides before what it is called: the importers are asked in a fixed order, each
is shown the first bytes, and the first that claims them reads the file. A new format is a module
of this package (`importers.base.Importer` says what is in it) and a row here.
"""

import os
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import cast

from .base import Importer
from .errors import UnknownFormatError
from .names import shown

HEAD = 4096

FORMATS = {
    "warc": "web archives (.warc, .arc, each also .gz or .zst)",
    "wacz": "packed web archives (.wacz)",
    "zim": "ZIM files (.zim)",
    "parquet": "Parquet files of rows",
    "mediawiki": "MediaWiki XML dumps (.xml, .xml.bz2, .xml.gz, .xml.zst)",
    "jsonl": "rows of JSON (.jsonl, .jsonl.gz, .jsonl.zst)",
    "folder": "folders of documents",
    "document": "documents (PDF, DOCX, PPTX, XLSX, EPUB, HTML, MHTML, Markdown, text)",
}
"""Module and what it reads, in the order in which they are asked: certain signs first, and what
could be nearly anything (plain text) last.
"""

_MAGIC = (
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "gzip data"),
    (b"\x28\xb5\x2f\xfd", "zstd data"),
    (b"BZh", "bzip2 data"),
    (b"\xfd7zXZ", "xz data"),
    (b"\x7fELF", "a program"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"SQLite format 3", "an SQLite database"),
)


@cache
def importer(name: str) -> Importer:
    """Return the importer called `name`; raises UnknownFormatError."""
    if name not in FORMATS:
        raise UnknownFormatError(f"There is no format {name!r}; give one of: {', '.join(FORMATS)}.")
    return cast("Importer", import_module(f".{name}", __package__))


def detect(path: Path) -> Importer:
    """Return the importer for `path`; raises UnknownFormatError that says what was found there."""
    head = head_of(path)
    for name in FORMATS:
        found = importer(name)
        if found.claims(path, head):
            return found
    raise UnknownFormatError(
        f"{shown(path)} is {_described(path, head)}, which no importer reads; there are "
        f"importers for {'; '.join(FORMATS.values())} (name one with --format)."
    )


def head_of(path: Path) -> bytes:
    """Return the first bytes of a file, none of a folder; raises UnknownFormatError."""
    if path.is_dir():
        return b""
    if not path.exists():
        raise UnknownFormatError(f"There is no file or folder {shown(path)}; check the path.")
    if not path.is_file():
        raise UnknownFormatError(
            f"{shown(path)} is neither a file nor a folder; give one of those."
        )
    try:
        with path.open("rb") as file:
            return file.read(HEAD)
    except OSError as error:
        raise UnknownFormatError(
            f"{shown(path)} cannot be read ({os.strerror(error.errno or 0)}); mend its rights."
        ) from error


def _described(path: Path, head: bytes) -> str:
    if path.is_dir():
        return "a folder of files"
    if not head:
        return "an empty file"
    for magic, what in _MAGIC:
        if head.startswith(magic):
            return what
    if b"\0" in head[:1024]:
        return f"binary data that begins with {head[:4].hex(' ')}"
    first = head.splitlines()[0][:40].decode("utf-8", "replace") if head.splitlines() else ""
    return f"text that begins with “{first}”"
