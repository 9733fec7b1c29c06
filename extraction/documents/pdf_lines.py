"""The lines of one page of a PDF, as pdfium finds them: words, places, sizes.

pdfium decides which letters make a line and in which order lines are read (the order in which the
document draws them, which is the order of columns in what publishers print). It knows nothing
about paragraphs.
"""

import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

HYPHEN = "\ufffe"
"""What pdfium puts where a hyphen ends a line; the line's end after it is gone."""

_BREAK = re.compile(f"\r\n|\r|\n|(?<={HYPHEN})(?=.)")
_BOLD = re.compile(rb"bold|black|heavy|semibold|demi", re.IGNORECASE)
_MONO = re.compile(rb"mono|courier|consol|typewriter|cmtt|menlo|inconsolata", re.IGNORECASE)
_LEADER = re.compile(r"(?:\s?[.·]){5,}")  # the dots between an entry of a list and its page
_BULLETS = {
    ord(char): "•" for char in "\uf0b7\uf0a7\uf0d8\uf0fc\uf06e\uf0a8\uf0b0\u25cf\u25aa\uf02d"
}
_UNSEEN = {
    ord(char): None for char in "\x00\x01\x03\x04\x05\x06\x07\x08\x0b\x0e\x0f\u00ad\ufeff\u200b"
}
_ITEM = re.compile(r"(?:[•◦▪‣■□○●·–—-]|\(?\w{1,3}[.)])\Z")  # of a list: its words stand apart
_GAP = 1.0
"""Sizes of the font between two words from which they are two cells of a row."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Words with nothing wide between them, from `left` to `right` in points."""

    text: str
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its words, its box in points from the page's lower left, the size of its font."""

    text: str
    left: float
    right: float
    bottom: float
    top: float
    size: float
    bold: bool
    mono: bool = False
    cells: tuple[Cell, ...] = ()


def lines_of(textpage: Any) -> list[Line]:
    """Return the lines of a page that pdfium has opened, in the order in which they are read."""
    import pypdfium2.raw as pdfium

    text = textpage.get_text_range()
    at = _indexes(text, textpage, pdfium)
    box, matrix = pdfium.FS_RECTF(), pdfium.FS_MATRIX()
    name, flags = ctypes.create_string_buffer(128), ctypes.c_int()
    x, y = ctypes.c_double(), ctypes.c_double()
    found: list[Line] = []
    for start, end in _spans(text):
        shown = [i for i in range(start, end) if not text[i].isspace()]
        if not shown:
            continue
        words = text[start:end].translate(_BULLETS).translate(_UNSEEN).strip()
        words = _LEADER.sub(" …", words)
        if not words:
            continue
        edges: list[tuple[float, float]] = []
        for i in shown:
            pdfium.FPDFText_GetLooseCharBox(textpage, at(i), box)
            edges.append((box.left, box.right))
        middle = at(shown[len(shown) // 2])
        pdfium.FPDFText_GetMatrix(textpage, middle, matrix)
        scale = (matrix.c**2 + matrix.d**2) ** 0.5
        size = pdfium.FPDFText_GetFontSize(textpage, middle) * (scale or 1.0)
        fonts = []
        for i in (shown[0], shown[len(shown) // 2], shown[-1]):
            length = pdfium.FPDFText_GetFontInfo(textpage, at(i), name, 128, flags)
            fonts.append(name.raw[: max(0, min(length, 128) - 1)])
        pdfium.FPDFText_GetCharOrigin(textpage, middle, x, y)
        found.append(
            Line(
                words,
                min(a for a, _ in edges),
                max(b for _, b in edges),
                # From the line that letters stand on: what boxes say differs from font to font.
                y.value - 0.25 * size,
                y.value + 0.75 * size,
                round(size, 1),
                bool(_BOLD.search(fonts[1])),
                all(map(_MONO.search, fonts)),
                _cells(text, shown, edges, max(4.0, size * _GAP)),
            )
        )
    return _rows(found)


def _rows(lines: list[Line]) -> list[Line]:
    """Put together what stands on one line: pdfium parts it where much is empty between words."""
    found: list[Line] = []
    for one in lines:
        last = found[-1] if found else None
        if (
            last is not None
            and abs(last.bottom - one.bottom) < 0.2 * last.size
            and abs(last.size - one.size) < 0.2 * last.size
            and one.left > last.right + last.size
            and not last.text.endswith(HYPHEN)
        ):
            text, cells = f"{last.text} {one.text}", (*last.cells, *one.cells)
            found[-1] = replace(last, text=text, right=one.right, cells=cells)
        else:
            found.append(one)
    return found


def _indexes(text: str, textpage: Any, pdfium: Any) -> Any:
    """How a place in the text is counted by pdfium: in UTF-16, and with letters left out."""
    units = list(range(len(text)))
    if any(char > "\uffff" for char in text):
        units, unit = [], 0
        for char in text:
            units.append(unit)
            unit += 2 if char > "\uffff" else 1
    if textpage.count_chars() == (units[-1] + 1 if units else 0):
        return units.__getitem__
    most = max(0, textpage.count_chars() - 1)

    def index(place: int) -> int:
        found = int(pdfium.FPDFText_GetCharIndexFromTextIndex(textpage, units[place]))
        return found if 0 <= found <= most else min(units[place], most)

    return index


def _spans(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for found in _BREAK.finditer(text):
        yield start, found.start()
        start = found.end()
    yield start, len(text)


def _cells(
    text: str, shown: list[int], edges: list[tuple[float, float]], gap: float
) -> tuple[Cell, ...]:
    """Part a line where there is more than `gap` points of nothing between two letters."""
    cells: list[Cell] = []
    begin = 0
    for k in range(1, len(shown) + 1):
        if k < len(shown) and edges[k][0] - edges[k - 1][1] <= gap:
            continue
        words = text[shown[begin] : shown[k - 1] + 1].translate(_BULLETS).translate(_UNSEEN)
        if not (words := " ".join(words.split())):
            continue
        if cells and _ITEM.match(cells[-1].text):
            cells[-1] = Cell(f"{cells[-1].text} {words}", cells[-1].left, edges[k - 1][1])
        else:
            cells.append(Cell(words, edges[begin][0], edges[k - 1][1]))
        begin = k
    return tuple(cells)
