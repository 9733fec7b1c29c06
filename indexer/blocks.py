"""Markdown as blocks with exact character spans: headings, paragraphs, lists, tables, code fences.

Pure and line-based: it reads only as much Markdown as splitting and quoting need and knows
nothing about passages, encoders or goals. Every non-blank line of a text lies in one block.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

HEADING = "heading"
PARAGRAPH = "paragraph"
LIST = "list"
TABLE = "table"
CODE = "code"

_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?[ \t]*#*[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ITEM = re.compile(r"[ \t]*(?:[-*+•]|\d{1,4}[.)])[ \t]+")
_DELIMITER = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"[*_`]{1,3}")


class Block(NamedTuple):
    """One block: `text[start:end]` is its lines without the last newline; level is a heading's."""

    kind: str
    start: int
    end: int
    level: int = 0
    heading: str = ""


def lines(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each line of `text[start:end]`, newline excluded."""
    stop = len(text) if end is None else end
    while start < stop:
        newline = text.find("\n", start, stop)
        line_end = stop if newline < 0 else newline
        yield start, line_end
        start = line_end + 1


def plain(markdown: str) -> str:
    """Return the words of one line of Markdown: links by their text, emphasis marks dropped."""
    return " ".join(_MARKS.sub("", _LINK.sub(r"\1", markdown)).split())


def is_delimiter(line: str) -> bool:
    """Tell whether a line is the `|---|---|` under a table's header."""
    return "-" in line and _DELIMITER.match(line) is not None


def _kind(line: str) -> str:
    first = line.lstrip()[:1]
    if first == "|":
        return TABLE
    # A look at one letter saves the patterns for the lines that can match them.
    begins = first in "-*+•" or first.isdigit()
    return LIST if begins and _ITEM.match(line) else PARAGRAPH


def blocks(text: str) -> list[Block]:
    """Return the blocks of `text` in order; an unclosed fence runs to the end."""
    found: list[Block] = []
    kind, start, end, fence = "", 0, 0, ""

    def close() -> None:
        nonlocal kind
        if kind:
            found.append(Block(kind, start, end))
        kind = ""

    for line_start, line_end in lines(text):
        line = text[line_start:line_end]
        if fence:
            end = line_end
            mark = _FENCE.match(line)
            if mark and mark[1].startswith(fence) and not line[mark.end() :].strip():
                fence = ""
                close()
            continue
        if not line.strip():
            close()
            continue
        if ("```" in line or "~~~" in line) and (mark := _FENCE.match(line)):
            close()
            kind, start, end, fence = CODE, line_start, line_end, mark[1]
            continue
        if "#" in line[:4] and (mark := _HEADING.match(line)):
            close()
            level, words = len(mark[1]), plain(mark[2] or "")
            found.append(Block(HEADING, line_start, line_end, level, words))
            continue
        this = _kind(line)
        if this == PARAGRAPH and kind == LIST and line[0] in " \t":
            this = LIST  # the second line of an item
        if this != kind:
            close()
            kind, start = this, line_start
        end = line_end
    close()
    return found
