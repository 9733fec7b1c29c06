"""The rows and columns of an HTML table, with its spans laid out. It knows nothing about Markdown.

A table that only arranges a page (nothing but one column, or whole blocks in its cells) is told
apart, because its cells are to be read one after the other. No span, whatever number it carries,
makes more cells than `MAX_CELLS`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Tree = Any

MAX_CELLS = 100_000
MAX_COLUMNS = 200
_PARTS = ("thead", "tbody", "tfoot")
_WHOLE = ("table", "h1", "h2", "h3", "h4", "h5", "h6", "article", "section", "form", "dl")


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one table: for each, whether it is a head, and its cells (`td` and `th`)."""

    rows: tuple[tuple[bool, tuple[Tree, ...]], ...]
    is_layout: bool

    def cells(self) -> Iterator[Tree]:
        """Every cell in the order of the source."""
        for _, cells in self.rows:
            yield from cells

    def grid(self, text: Callable[[Tree], str]) -> tuple[list[str], list[list[str]]]:
        """Return the head and the rows as text, all of one width; columns without a word are gone.

        Heads of several rows become one, a column's words joined; without a head it is empty.
        """
        rows = list(self._spread(text))
        width = max((len(row) for _, row in rows), default=0)
        heads: list[list[str]] = []
        body: list[list[str]] = []
        ragged = width * len(rows) > 4 * MAX_CELLS
        for is_head, row in rows:
            row += [""] * (0 if ragged else width - len(row))
            if is_head and not body:
                heads.append(row)
            elif any(row):
                body.append(row)
        if ragged:
            return [], [row for _, row in rows if any(row)]
        head = [_joined([row[column] for row in heads]) for column in range(width)]
        kept = [i for i in range(width) if head[i] or any(row[i] for row in body)]
        if len(kept) < width and kept:
            head = [head[i] for i in kept]
            body = [[row[i] for i in kept] for row in body]
        return head, body

    def _spread(self, text: Callable[[Tree], str]) -> Iterator[tuple[bool, list[str]]]:
        pending: dict[int, tuple[int, str]] = {}
        made = 0
        for number, (is_head, cells) in enumerate(self.rows):
            left = len(self.rows) - number
            row: list[str] = []

            if made > MAX_CELLS:
                pending.clear()

            def fill(row: list[str] = row) -> None:
                while len(row) in pending:
                    rows_left, words = pending.pop(len(row))
                    if rows_left > 1:
                        pending[len(row)] = (rows_left - 1, words)
                    row.append(words)

            for cell in cells:
                fill()
                words = text(cell)
                down = min(_span(cell, "rowspan", left), left)
                across = min(_span(cell, "colspan", 1), MAX_COLUMNS - len(row))
                if made + across > MAX_CELLS:
                    across = down = 1
                for step in range(max(1, across)):
                    # Across, a head holds for each column; other words are said once.
                    said = words if step == 0 or (is_head and len(cells) > 1) else ""
                    if down > 1:
                        pending[len(row)] = (down - 1, said)
                    row.append(said)
            fill()
            made += len(row)
            yield is_head, row


def rows_of(table: Tree) -> Table:
    """Return the rows of a `<table>`; those of tables inside it are not among them."""
    rows = []
    for row, part in _rows(table):
        cells = tuple(cell for cell in row if cell.tag in ("td", "th"))
        if cells:
            rows.append((part == "thead" or all(cell.tag == "th" for cell in cells), cells))
    return Table(tuple(rows), _is_layout(table, rows))


def _rows(table: Tree) -> Iterator[tuple[Tree, str]]:
    for child in table:
        if child.tag == "tr":
            yield child, ""
        elif child.tag in _PARTS:
            for row in child.iterchildren("tr"):
                yield row, child.tag


def _is_layout(table: Tree, rows: list[tuple[bool, tuple[Tree, ...]]]) -> bool:
    if table.get("role") in ("presentation", "none"):
        return True
    if all(len(cells) == 1 for _, cells in rows):
        return True
    if next(table.iterdescendants(*_WHOLE), None) is not None:
        return True
    if any(cell.tag == "th" for _, cells in rows for cell in cells):
        return False
    code = (pre for pre in table.iterdescendants("pre") if "\n" in (pre.text_content().strip()))
    return next(code, None) is not None


def _span(cell: Tree, name: str, of_zero: int) -> int:
    """A span as a number from 1 on; 0 means “to the end”."""
    value = (cell.get(name) or "").strip()
    if not (value.isascii() and value.isdigit()):
        return 1
    number = int(value[:6])
    return number if number > 0 else of_zero


def _joined(parts: list[str]) -> str:
    return " ".join(dict.fromkeys(part for part in parts if part))
