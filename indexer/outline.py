"""The outline of a page: its blocks, each with the headings above it and, in a PDF, its page.

Pure: Markdown in, spans out. It does not rank. A PDF's text carries a mark line for each of its
pages (`store.pagemarks`); what follows a mark is on that page.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from store.pagemarks import page_of_mark

from .blocks import CODE, HEADING, LIST, PARAGRAPH, TABLE, Block, blocks, is_delimiter, lines
from .sentences import sentences

LONGEST = 1000
"""Letters of the longest sentence; longer ones are lists or tables that lost their marks."""


class Part(NamedTuple):
    """A block that says something: `text[start:end]`, and where it stands.

    `above` are the headings over it, outermost first, as numbers into `Outline.headings`; `mark` is
    the number of the page mark before it, None in a text without.
    """

    kind: str
    start: int
    end: int
    above: tuple[int, ...]
    mark: int | None


@dataclass(frozen=True, slots=True)
class Mark:
    """A page mark: `text[start:end]` is its line, `page` the number of the page that begins."""

    start: int
    end: int
    page: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: the headings above it, outermost first, and a PDF's page number."""

    section: tuple[str, ...]
    page: int | None


@dataclass(frozen=True, slots=True)
class Outline:
    """The parts of a page in order, and its headings and page marks."""

    parts: tuple[Part, ...]
    headings: tuple[Block, ...]
    marks: tuple[Mark, ...]

    def place(self, start: int, end: int) -> Place:
        """Return where the first part inside `start:end` stands, or what is before it."""
        found = None
        for part in self.parts:
            if part.start >= end and found is not None:
                break
            found = part
            if part.end > start:
                break
        if found is None:
            return Place((), None)
        heads = tuple(self.headings[at].heading for at in found.above)
        return Place(heads, None if found.mark is None else self.marks[found.mark].page)


class Bit(NamedTuple):
    """A sentence, list item, table row or code fence; a row has its table's header."""

    start: int
    end: int
    kind: str
    header: tuple[int, int] | None = None


def outline(text: str) -> Outline:
    """Return the outline of `text`."""
    parts: list[Part] = []
    headings: list[Block] = []
    marks: list[Mark] = []
    path: list[int] = []
    for block in blocks(text):
        if block.kind == HEADING:
            while path and headings[path[-1]].level >= block.level:
                path.pop()
            path.append(len(headings))
            headings.append(block)
            continue
        if block.kind == PARAGRAPH and text.startswith("<!--", block.start):
            page = page_of_mark(text[block.start : block.end])
            if page is not None:
                marks.append(Mark(block.start, block.end, page))
                continue
        mark = len(marks) - 1 if marks else None
        parts.append(Part(block.kind, block.start, block.end, tuple(path), mark))
    return Outline(tuple(parts), tuple(headings), tuple(marks))


def bits(text: str, part: Part) -> list[Bit]:
    """Cut a part into the smallest things worth quoting."""
    if part.kind == CODE:
        return [Bit(part.start, part.end, CODE)]
    if part.kind == TABLE:
        return _rows(text, part)
    if part.kind == LIST:
        return _items(text, part)
    found: list[Bit] = []
    for a, b in sentences(text, part.start, part.end):
        found += [Bit(x, y, PARAGRAPH) for x, y in _short(text, a, b)]
    return found


def _short(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut what has no full stop for pages on end, at a line's end, a comma or a space."""
    while end - start > LONGEST:
        reach = start + LONGEST
        cut = max(text.rfind("\n", start + 1, reach), start)
        if cut - start < LONGEST // 4:
            cut = max(text.rfind(mark, start + 1, reach) for mark in ";；，、,")
            cut = cut + 1 if cut > 0 else text.rfind(" ", start + 1, reach)
        if cut <= start:
            cut = reach
        yield start, cut
        start = cut
        while start < end and text[start].isspace():
            start += 1
    if start < end:
        yield start, end


def _rows(text: str, part: Part) -> list[Bit]:
    rows = list(lines(text, part.start, part.end))
    header = None
    if len(rows) > 1 and is_delimiter(text[rows[1][0] : rows[1][1]]):
        header = (
            rows[0]
            if sum(bool(c.strip()) for c in text[slice(*rows[0])].strip().strip("|").split("|")) > 1
            else None
        )
        rows = rows[2:]
    found = [
        Bit(a, b, TABLE, header)
        for a, b in rows
        if not is_delimiter(text[a:b]) and text[a:b].strip(" \t|")
    ]
    return found or [Bit(part.start, part.end, TABLE)]


def _items(text: str, part: Part) -> list[Bit]:
    """Cut a list into items; an indented line belongs to the item above it."""
    items: list[tuple[int, int]] = []
    for a, b in lines(text, part.start, part.end):
        stripped = text[a:b].lstrip()
        if items and not (stripped[:1] in "-*+•" or stripped[:1].isdigit()):
            items[-1] = (items[-1][0], b)
        else:
            items.append((a, b))
    return [Bit(a, b, LIST) for a, b in items]
