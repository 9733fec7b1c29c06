"""The smallest things worth quoting from a page: sentences, list items, table rows, code fences.

Pure: Markdown in, spans out. It does not rank; snippets and the selection of evidence do.
"""

from dataclasses import dataclass

from .blocks import CODE, HEADING, LIST, PARAGRAPH, TABLE, blocks, is_delimiter, lines
from .sentences import sentences


@dataclass(frozen=True, slots=True)
class Piece:
    """One quotable span, with where it stands: block number, headings above it, table header."""

    start: int
    end: int
    kind: str
    block: int
    headings: tuple[str, ...] = ()
    header: tuple[int, int] | None = None


def pieces(text: str) -> list[Piece]:
    """Return the units of `text` in order. Table headers and delimiters are not units."""
    found: list[Piece] = []
    path: list[tuple[int, str]] = []
    for number, block in enumerate(blocks(text)):
        if block.kind == HEADING:
            while path and path[-1][0] >= block.level:
                path.pop()
            path.append((block.level, block.heading))
        headings = tuple(words for _, words in path)
        if block.kind in (HEADING, CODE):
            found.append(Piece(block.start, block.end, block.kind, number, headings))
        elif block.kind == PARAGRAPH:
            for start, end in sentences(text, block.start, block.end):
                found.append(Piece(start, end, PARAGRAPH, number, headings))
        elif block.kind == TABLE:
            found.extend(_rows(text, block.start, block.end, number, headings))
        else:
            found.extend(_items(text, block.start, block.end, number, headings))
    return found


def _rows(text: str, start: int, end: int, number: int, headings: tuple[str, ...]) -> list[Piece]:
    rows = list(lines(text, start, end))
    header = None
    if len(rows) > 1 and is_delimiter(text[rows[1][0] : rows[1][1]]):
        header = rows[0]
        rows = rows[2:] or rows[:1]
    found = [
        Piece(a, b, TABLE, number, headings, header)
        for a, b in rows
        if not is_delimiter(text[a:b]) and text[a:b].strip(" \t|")
    ]
    # A table of empty cells is one piece, so that no text is without any.
    return found or [Piece(start, end, TABLE, number, headings)]


def _items(text: str, start: int, end: int, number: int, headings: tuple[str, ...]) -> list[Piece]:
    """Cut a list into items; an indented line belongs to the item above it."""
    items: list[tuple[int, int]] = []
    for a, b in lines(text, start, end):
        if items and not _opens(text[a:b]):
            items[-1] = (items[-1][0], b)
        else:
            items.append((a, b))
    return [Piece(a, b, LIST, number, headings) for a, b in items]


def _opens(line: str) -> bool:
    stripped = line.lstrip()
    return stripped[:1] in "-*+•" or stripped[:1].isdigit()
