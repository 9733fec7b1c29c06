"""Rows of JSON, one a line, plain or compressed. It knows no layouts of rows (`rows` does).

Lines are read in bounded memory, however long one is; what is wrong with one is a refusal with its
line number, and the next line is read.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from store.digest import sha256

from .base import Item, Reject
from .packed import open_packed, peek
from .rows import Origin, read_row

NAME = "jsonl"
LONGEST_LINE = 32_000_000
"""Bytes of a line; a text of five million letters needs less."""
_BOM = b"\xef\xbb\xbf"


def claims(path: Path, head: bytes) -> bool:
    """True if the first line is a JSON object, or the beginning of a long one."""
    begin = peek(path, head).removeprefix(_BOM).lstrip()
    if not begin.startswith(b"{"):
        return False
    line, end, _ = begin.partition(b"\n")
    if end:
        return isinstance(_parsed(line), dict)
    return isinstance(_parsed(line), dict) or line[1:].lstrip().startswith(b'"')


def items(path: Path) -> Iterator[Item]:
    """Yield the page of each line that is not empty, or why it is none."""
    origin = Origin.of(path, NAME)
    with open_packed(path) as file:
        for number, line in _lines(file):
            place = f"line {number:,}"
            if line is None:
                yield Reject(place, "too-long", f"it has more than {LONGEST_LINE:,} bytes")
                continue
            try:
                row = json.loads(line)
            except UnicodeDecodeError as error:
                yield Reject(place, "bad-encoding", f"it is not UTF-8 ({error.reason})")
            except (ValueError, RecursionError) as error:
                yield Reject(place, "bad-json", f"it is not JSON ({_said(error)})")
            else:
                yield read_row(row, place, origin, sha256(line))


def _lines(file: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Number and bytes of each line that is not empty; None for one that is too long."""
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            while line and not line.endswith(b"\n"):
                line = file.readline(LONGEST_LINE)
            yield number, None
            continue
        if number == 1:
            line = line.removeprefix(_BOM)
        if line := line.strip():
            yield number, line


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _said(error: Exception) -> str:
    return "too deep" if isinstance(error, RecursionError) else str(error)[:100]
