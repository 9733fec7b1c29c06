"""The lines of a PDF's pages → Markdown: headings, paragraphs, lists and tables between page marks.

Everything is judged by size and place: what is larger than the text is a heading, what is set in
columns row after row is a table, what ends before the margin ends a paragraph. It knows neither
pdfium nor the file. Each page begins with its mark, so that the marks count the pages.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from store.pagemarks import page_mark

from .pdf_furniture import Sheet, without_furniture
from .pdf_lines import HYPHEN, Line
from .pdf_tables import Table, columns_of, table_of, tabular

LARGER = 1.15
"""How many times the size of the text a heading has at least."""
MAX_HEADING = 200
LEVELS = 4

_BULLET = re.compile(r"^[•◦▪‣■□○●·\u2013\u2014*-]\s+(?=\S)")
_ONLY_BULLET = re.compile(r"^[•◦▪‣■□○●·]$")
_NUMBERED = re.compile(r"^(?:\d{1,3}[.)]|\(?[a-z]\)|\([ivx]{1,4}\))\s+\S")
_STOPS = re.compile(r"[.!?:;。！？：]['\"”’)\]]*$")
_MARK, _NO_MARK = "<!-- page ", "<!-- Page "  # a text cannot say where it stands
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_UNSPACED = re.compile(r"(?:\w[–/]|\d-)\Z")  # 737–9, a path: a line ends in it as a word does
_LAST_WORD = re.compile(r"([^\W\d_]+)\Z")
_FIRST_WORD = re.compile(r"\A([^\W\d_]+)")


@dataclass(frozen=True, slots=True)
class Style:
    """What is known of the whole document: sizes, and how its words are spelled."""

    body: float
    sizes: tuple[float, ...]
    bolds: bool
    codes: bool
    words: frozenset[str]

    def level(self, one: Line) -> int:
        """The level of heading that a line is, by its looks; 0 where it is none."""
        if not 1 < len(one.text) <= MAX_HEADING or len(one.cells) > 2:
            return 0
        if not any(map(str.isalpha, one.text)):
            return 0
        if one.size >= self.body * LARGER:
            return min(LEVELS, 1 + sum(size > one.size * 1.02 for size in self.sizes))
        small = one.size < self.body * 0.95 or len(one.text) > MAX_HEADING // 2
        if self.bolds and one.bold and not small and one.text[-1] not in ".,;":
            return min(len(self.sizes), LEVELS) + 1
        return 0


def markdown(sheets: Sequence[Sheet]) -> tuple[str, str]:
    """Return the text of a document, and what stands largest on its first two pages (or `""`)."""
    pages = without_furniture(sheets)
    style = style_of(pages)
    pieces: list[str] = []
    for number, lines in enumerate(pages, 1):
        pieces.append(page_mark(number))
        pieces += _Page(style, lines).blocks()
    return "\n\n".join(pieces), _largest(style, pages)


def style_of(pages: Iterable[Sequence[Line]]) -> Style:
    """Return what is known of a document from all of its lines."""
    letters: Counter[float] = Counter()
    bold = mono = total = 0
    words: set[str] = set()
    for lines in pages:
        for one in lines:
            letters[round(one.size * 2) / 2] += len(one.text)
            bold += len(one.text) * one.bold
            mono += len(one.text) * one.mono
            total += len(one.text)
            words.update(word.lower() for word in _WORD.findall(one.text))
    body = max(letters, key=lambda size: (letters[size], -size), default=0.0)
    large = sorted((size for size in letters if size >= body * LARGER), reverse=True)
    sizes: list[float] = []
    for size in large:
        if len(sizes) < LEVELS and (not sizes or size < sizes[-1] * 0.93):
            sizes.append(size)
    return Style(
        body, tuple(sizes), 0 < bold < 0.3 * total, 0 < mono < 0.5 * total, frozenset(words)
    )


def _largest(style: Style, pages: Sequence[Sequence[Line]]) -> str:
    """The largest words of the first two pages: lines of one size that follow one another."""
    best: tuple[float, str] = (style.body * LARGER, "")
    for lines in pages[:2]:
        k = 0
        while k < len(lines):
            end = k + 1
            while end < len(lines) and abs(lines[end].size - lines[k].size) < 0.5:
                end += 1
            words = _glued([one.text for one in lines[k:end]], style.words)
            is_title = 3 < len(words) <= MAX_HEADING
            if (
                is_title
                and lines[k].size > best[0]
                and sum(map(str.isalpha, words)) * 2 > len(words)
            ):
                best = (lines[k].size, words)
            k = end
    return best[1]


class _Page:
    """Writes one page."""

    def __init__(self, style: Style, lines: Sequence[Line]) -> None:
        self._style = style
        self._lines = lines
        self._gap = _usual_gap(lines)
        widths = sorted(one.right - one.left for one in lines)
        self._width = widths[len(widths) * 4 // 5] if widths else 0.0

    def blocks(self) -> list[str]:
        """The page as blocks of Markdown, in order."""
        found: list[str] = []
        for part in tabular(self._lines):
            if isinstance(part, Table):
                if (table := table_of(part.lines)) is not None:
                    found.append(table)
                    continue
                lines: Sequence[Line] = columns_of(part.lines) or part.lines
            else:
                lines = part
            found += self._prose(lines)
        return found

    def _prose(self, lines: Sequence[Line]) -> list[str]:
        found: list[str] = []
        k = 0
        lines = _with_bullets(lines)
        while k < len(lines):
            end = self._end(lines, k)
            block = lines[k:end]
            level = self._style.level(block[0])
            if self._is_code(block[0]):
                found.append(_code(block))
            elif level:
                text = _glued([one.text for one in block], self._style.words)
                found.append(f"{'#' * level} {text}")
            else:
                self._add(block, found)
            k = end
        return found

    def _end(self, lines: Sequence[Line], start: int) -> int:
        """Where the block that begins at `start` ends."""
        end = start + 1
        if self._is_code(lines[start]):
            while end < len(lines) and self._is_code(lines[end]):
                end += 1
            return end
        level = self._style.level(lines[start])
        while end < len(lines) and self._goes_on(lines[end - 1], lines[end], lines[start], level):
            if level and sum(len(one.text) for one in lines[start : end + 1]) > MAX_HEADING:
                break
            end += 1
        return end

    def _goes_on(self, above: Line, one: Line, first: Line, level: int) -> bool:
        if (
            self._is_code(one)
            or self._style.level(one) != level
            or abs(one.size - above.size) > 0.15 * above.size
        ):
            return False
        if above.text.endswith(HYPHEN):
            return True
        if _BULLET.match(one.text) or _NUMBERED.match(one.text):
            return False
        if one.bottom >= above.top:  # the next column
            return not _STOPS.search(above.text) and one.text[:1].islower()
        if above.bottom - one.top > self._gap + 0.35 * above.size:
            return False
        if level:
            # A heading goes on below where it had no room for one more word.
            word = (one.right - one.left) * len(one.text.split()[0]) / len(one.text)
            return above.right - above.left + word > 0.85 * self._width
        indented = one.left - above.left > 0.8 * above.size
        return not (indented and _STOPS.search(above.text) and one.left > first.left)

    def _is_code(self, one: Line) -> bool:
        """Tell whether a line is set like code, in a document that is not all typewritten."""
        return self._style.codes and one.mono and self._style.level(one) == 0

    def _add(self, block: Sequence[Line], found: list[str]) -> None:
        pieces = [block[0].text]
        right = max(one.right for one in block)
        room = 0.12 * (right - min(one.left for one in block))
        for above, one in itertools.pairwise(block):
            full = above.right >= right - max(4 * above.size, room)
            is_row = max(len(above.cells), len(one.cells)) > 2 or " …" in above.text
            if above.text.endswith(HYPHEN) or (not is_row and (full or one.text[:1].islower())):
                pieces[-1] = _glued([pieces[-1], one.text], self._style.words)
            else:
                pieces.append(one.text)
        text = "\n".join(_plain(piece) for piece in pieces)
        item = _BULLET.sub("- ", text)
        if item == text and not _NUMBERED.match(text):
            found.append(text)
            return
        item = item.replace("\n", "\n  ")
        # Items that follow one another are one list.
        if found and _is_item(found[-1]) and item.startswith("- ") == found[-1].startswith("- "):
            found[-1] += "\n" + item
        else:
            found.append(item)


def _code(block: Sequence[Line]) -> str:
    """Lines of code between fences, as far in as they stand on the page."""
    left = min(one.left for one in block)
    lines = []
    for one in block:
        indent = round((one.left - left) / (0.6 * one.size)) if one.size else 0
        lines.append(" " * min(indent, 80) + one.text.replace(HYPHEN, "-").replace(_MARK, _NO_MARK))
    fence = "```" if not any("```" in one for one in lines) else "~~~~"
    return "\n".join([fence, *lines, fence])


def _is_item(text: str) -> bool:
    return text.startswith("- ") or _NUMBERED.match(text) is not None


def _usual_gap(lines: Sequence[Line]) -> float:
    """The room between two lines of a paragraph, in points: the middle one of the page."""
    gaps = sorted(
        above.bottom - one.top
        for above, one in itertools.pairwise(lines)
        if abs(above.size - one.size) < 0.5 and -0.6 * one.size < above.bottom - one.top
        and above.bottom - one.top < 1.3 * one.size
    )  # fmt: skip
    return gaps[len(gaps) // 2] if gaps else 0.0


def _with_bullets(lines: Sequence[Line]) -> list[Line]:
    """Put a bullet, or a drop capital, that was drawn by itself before the line that follows it."""
    found: list[Line] = []
    for one in lines:
        alone = found[-1] if found else None
        if alone is not None and _ONLY_BULLET.match(alone.text):
            found[-1] = replace(one, text=f"• {one.text}", left=alone.left)
        elif (
            alone is not None
            and len(alone.text) == 1
            and alone.text.isupper()
            and alone.size > 1.8 * one.size
            and one.text[:1].isalpha()
        ):
            found[-1] = replace(one, text=alone.text + one.text)
        else:
            found.append(one)
    return found


def _glued(pieces: Sequence[str], words: frozenset[str]) -> str:
    """Lines as one; a word that a hyphen parted is written as the document writes it elsewhere."""
    text = pieces[0]
    for piece in pieces[1:]:
        if not text.endswith(HYPHEN):
            text += piece if _UNSPACED.search(text[-3:]) and piece[:1].isalnum() else f" {piece}"
            continue
        text = text[:-1]
        head, tail = _LAST_WORD.search(text[-80:]), _FIRST_WORD.match(piece)
        joins = False
        if head is not None and tail is not None:
            whole, parted = (head[1] + tail[1]).lower(), f"{head[1]}-{tail[1]}".lower()
            joins = whole in words or (parted not in words and tail[1][0].islower())
        text += piece if joins else f"-{piece}"
    return text


def _plain(text: str) -> str:
    """What would be a heading or a page mark in Markdown is not one here."""
    text = text.replace(HYPHEN, "-")
    return f"\\{text}" if text.startswith(("# ", "## ", "### ", "<!--")) else text
