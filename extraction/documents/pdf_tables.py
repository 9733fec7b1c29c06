"""Which lines of a page stand in rows and columns, and the table or the columns that they make.

A cell ends where nothing stands for about the size of the font (`pdf_lines`). Rows whose cells do
not stand under one another make no table. It knows nothing about paragraphs.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from .pdf_lines import HYPHEN, Cell, Line

ROWS = 3
"""Lines of several cells that must follow one another before they are looked at."""
LONGEST = 40
"""Letters of a usual cell; rows of longer ones are text that was set in columns."""


@dataclass(frozen=True, slots=True)
class Table:
    """Lines that follow one another and have several cells, most of them."""

    lines: Sequence[Line]


def tabular(lines: Sequence[Line]) -> Iterator[Table | Sequence[Line]]:
    """Part the lines of a page into what may be tables and what is not, in order."""
    k = start = 0
    while k < len(lines):
        end = _run(lines, k)
        if sum(len(one.cells) > 1 for one in lines[k:end]) >= ROWS:
            if start < k:
                yield lines[start:k]
            yield Table(lines[k:end])
            start = end
        k = max(end, k + 1)
    if start < len(lines):
        yield lines[start:]


def _run(lines: Sequence[Line], start: int) -> int:
    """Where the rows that begin at `start` end; a row of one cell between two others is one."""
    k = end = start
    while k < len(lines) and k - end < 2:
        if k > start and lines[k].bottom > lines[k - 1].top:
            break  # the next column
        if len(lines[k].cells) > 1:
            end = k + 1
        elif k == start or lines[k].size > 1.1 * lines[start].size:
            break
        k += 1
    return end


def table_of(lines: Sequence[Line]) -> str | None:
    """Return rows as a Markdown table, None where their cells do not stand under one another."""
    rows = [one.cells for one in lines]
    bands = _bands(rows)
    if bands is None:
        return None
    grid = [_placed(row, bands) for row in rows]
    lengths = [len(cell) for row in grid for cell in row if cell]
    if sum(lengths) > LONGEST * len(lengths):
        return None
    head = grid[0]
    if sum(any(map(str.isdigit, cell)) for cell in head) * 2 > sum(map(bool, head)):
        head = [""] * len(bands)
    else:
        grid = grid[1:]
    written = [_row(head), "|" + "---|" * len(bands), *map(_row, grid)]
    return "\n".join(written)


def columns_of(lines: Sequence[Line]) -> list[Line]:
    """Return lines of text in columns as lines of one column after the other; empty where the
    rows have no columns.
    """
    bands = _bands([one.cells for one in lines])
    if bands is None or len(bands) > 3 or len(lines) < 2 * ROWS:
        return []
    found: list[Line] = []
    for band in bands:
        for one in lines:
            for cell in one.cells:
                if _band_of(cell, bands) == band:
                    found.append(
                        replace(
                            one, text=cell.text, left=cell.left, right=cell.right, cells=(cell,)
                        )
                    )
    return found


def _bands(rows: Sequence[Sequence[Cell]]) -> list[tuple[float, float]] | None:
    """Where the columns are: those of the rows that have as many cells as most have."""
    counts = Counter(len(row) for row in rows if len(row) > 1)
    most = max(counts, key=lambda count: (counts[count], count))
    full = [row for row in rows if len(row) == most]
    if len(full) * 2 < sum(counts.values()):
        return None
    bands = [
        (min(row[k].left for row in full), max(row[k].right for row in full)) for k in range(most)
    ]
    # A figure may reach a little into the next column: tolerated is what no eye would mistake.
    if any(a[1] > b[0] + 2 for a, b in itertools.pairwise(bands)):
        return None
    return bands


def _band_of(cell: Cell, bands: Sequence[tuple[float, float]]) -> tuple[float, float]:
    def shared(band: tuple[float, float]) -> float:
        return min(cell.right, band[1]) - max(cell.left, band[0])

    return max(bands, key=lambda band: (shared(band), -band[0]))


def _placed(row: Sequence[Cell], bands: Sequence[tuple[float, float]]) -> list[str]:
    cells = dict.fromkeys(bands, "")
    for cell in row:
        band = _band_of(cell, bands)
        cells[band] = f"{cells[band]} {cell.text}".strip()
    return list(cells.values())


def _row(cells: Sequence[str]) -> str:
    return (
        "|"
        + "|".join(
            f" {cell.replace(HYPHEN, '-').replace('|', chr(92) + '|')} " if cell else " "
            for cell in cells
        )
        + "|"
    )
