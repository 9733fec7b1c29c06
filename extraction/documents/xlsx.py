"""A workbook (XLSX) → a draft: a section for each sheet, its rows as tables.

openpyxl reads it, row by row. Cells show what was calculated when the file was last saved; dates
are written as ISO dates, shares in per cent. It knows nothing about formulas.
"""

import functools
import importlib.metadata
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

from .draft import MAX_TEXT, Draft, Unfit, day_of, line
from .zipped import opened

MAX_COLUMNS = 500
_EMPTY_RUN = 20_000
"""Rows without a word after which a sheet has ended, whatever its file says."""


@functools.cache
def reader() -> str:
    """Return the name under which pages remember what read them."""
    return f"openpyxl-{importlib.metadata.version('openpyxl')}/1"


def read(body: bytes, url: str, content_type: str = "") -> Draft:
    """Return the draft of a workbook; each sheet is the section of its name.

    Raises Unfit: `damaged`, `bomb`, `locked`, `too-large`.
    """
    opened(body).close()
    import openpyxl

    pieces: list[str] = []
    try:
        book = openpyxl.load_workbook(BytesIO(body), read_only=True, data_only=True)
        said = book.properties
        about = (said.title, said.creator, said.language, str(said.modified or said.created or ""))
        letters = 0
        for sheet in book.worksheets:
            pieces.append(f"## {line(sheet.title)}")
            for table in _tables(sheet):
                written = _table(table)
                letters += len(written)
                if letters > MAX_TEXT:
                    raise Unfit("too-large", f"its sheets have more than {MAX_TEXT:,} letters")
                pieces.append(written)
        book.close()
    except (Unfit, MemoryError):
        raise
    except Exception as error:  # the library raises what its XML happens to break
        detail = f"Excel's package cannot be read ({type(error).__name__})"
        raise Unfit("damaged", detail) from None
    if not any(piece.startswith(("|", "-")) or "\n" in piece for piece in pieces):
        pieces = [piece for piece in pieces if not piece.startswith("## ")]
    title, author, lang, day = about
    return Draft(
        text="\n\n".join(pieces),
        by=reader(),
        title=title or "",
        lang=lang or "",
        author="" if author == "openpyxl" else author or "",
        published=day_of(day),
    )


def _tables(sheet: Any) -> Iterator[list[list[str]]]:
    """The tables of a sheet: rows up to one without a word."""
    if hasattr(sheet, "reset_dimensions"):
        sheet.reset_dimensions()  # what a file says of its size is often wrong
    rows: list[list[str]] = []
    letters = empty = 0
    for row in sheet.iter_rows(max_col=MAX_COLUMNS):
        words = [_words(cell) for cell in row]
        while words and not words[-1]:
            words.pop()
        if words:
            rows.append(words)
            letters += sum(map(len, words))
            empty = 0
        else:
            if rows:
                yield rows
                rows = []
            empty += 1
        if letters > MAX_TEXT:
            raise Unfit("too-large", f"its sheets have more than {MAX_TEXT:,} letters")
        if empty > _EMPTY_RUN:
            break
    if rows:
        yield rows


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Rows as a Markdown table without empty columns; a lone column is lines of text."""
    width = max(map(len, rows))
    kept = [k for k in range(width) if any(k < len(row) and row[k] for row in rows)]
    grid = [[row[k] if k < len(row) else "" for k in kept] for row in rows]
    if len(kept) == 1:
        return "\n".join(row[0] for row in grid)
    if len(grid) == 1:
        return " | ".join(word for word in grid[0] if word)
    head, rest = [""] * len(kept), grid
    if all(word and not _is_number(word) for word in grid[0]):
        head, rest = grid[0], grid[1:]
    return "\n".join([_row(head), "|" + "---|" * len(kept), *map(_row, rest)])


def _row(cells: Sequence[str]) -> str:
    return (
        "|"
        + "|".join(f" {cell.replace('|', chr(92) + '|')} " if cell else " " for cell in cells)
        + "|"
    )


def _is_number(word: str) -> bool:
    return word.strip("%-").replace(".", "", 1).isdigit()


def _words(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float | int):
        if "%" in (cell.number_format or ""):
            return f"{value * 100:.10g}%"
        return str(value) if isinstance(value, int) else f"{value:.15g}"
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return value.date().isoformat() if midnight else value.isoformat(" ", "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return line(str(value))
