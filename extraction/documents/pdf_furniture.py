"""What stands on a page of a PDF and is not its text: running heads, page numbers, line numbers.

It is told by where it stands and how often it is said. It knows nothing about paragraphs.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .pdf_lines import Line

_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page: its lines in reading order, and its height in points."""

    lines: Sequence[Line]
    height: float


def without_furniture(sheets: Sequence[Sheet]) -> list[list[Line]]:
    """Return the pages without running heads, page numbers and the numbers of lines.

    What is said at the edge of many pages is kept where it is said first, unless it is a number.
    """
    pages = [_without_line_numbers(sheet.lines) for sheet in sheets]
    if len(pages) < 4:
        return pages
    often: Counter[str] = Counter()
    for sheet, lines in zip(sheets, pages, strict=True):
        often.update({_DIGITS.sub("#", one.text) for one in lines if _at_edge(one, sheet.height)})
    least = max(3, 0.4 * len(pages))
    running = {key for key, count in often.items() if count >= least}
    said: set[str] = set()
    kept: list[list[Line]] = []
    for sheet, lines in zip(sheets, pages, strict=True):
        rest: list[Line] = []
        for one in lines:
            key = _DIGITS.sub("#", one.text)
            if key in running and _at_edge(one, sheet.height):
                if key in said or not any(map(str.isalpha, key)):
                    continue
                said.add(key)
            rest.append(one)
        kept.append(rest)
    return kept


def _at_edge(one: Line, height: float) -> bool:
    return one.bottom > height * 0.88 or one.top < height * 0.12


def _without_line_numbers(lines: Sequence[Line]) -> list[Line]:
    """Leave out a column of 1, 2, 3 … that was drawn by itself, as transcripts have it."""
    kept: list[Line] = []
    run: list[Line] = []
    for one in (*lines, None):
        if one is not None and one.text == str(len(run) + 1):
            run.append(one)
            continue
        if len(run) < 8:
            kept += run
        run = []
        if one is not None:
            (run if one.text == "1" else kept).append(one)
    return kept
