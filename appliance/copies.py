"""Finding in a text what was copied from pages, by the words alone: letters' case, punctuation and
white space do not count. It knows nothing of runs, and finds no paraphrase.
"""

import re
from collections.abc import Iterator, Sequence

PURGED = "[purged]"
"""What stands in the place of what was taken out; it is no word of the text around it."""

ROW = 8
"""So many words in a row, as they stand on a page, are a copy of it."""
LEAST = 3
"""A whole sentence, list item or table row of so many words is a copy as well."""

_TOGETHER = 3
"""Parts of a line taken for one sentence, because an abbreviation ends with a full stop too."""
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")
_END = re.compile(r"[.!?;…]+[\"'”’»)\]*_]*\s+|[。！？；]+")
_TARGET = re.compile(r"\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*\)")
"""Where a link of a page leads: who copies its words leaves that away."""


class Copies:
    """Texts of pages, and the places of another text that were copied from them."""

    def __init__(self) -> None:
        self._rows: set[int] = set()
        self._whole: dict[int, set[tuple[str, ...]]] = {}
        self._texts: list[str] = []

    def add(self, text: str) -> None:
        """Take a text for that of a page."""
        for form in dict.fromkeys([text, _TARGET.sub("]", text)]):
            words = _words(form)
            self._rows.update(row for _, row in _rows(words))
            self._texts.append(f" {' '.join(words)} ")
            for unit in _units(form):
                if LEAST <= len(unit) < ROW:
                    self._whole.setdefault(len(unit), set()).add(unit)

    def add_phrase(self, phrase: str) -> None:
        """Take a phrase for a copy wherever it stands, however short."""
        if words := tuple(_words(phrase)):
            self._whole.setdefault(len(words), set()).add(words)

    def hold(self, phrase: str) -> bool:
        """True when a text has the words of a phrase in a row."""
        words = _words(phrase)
        return bool(words) and any(f" {' '.join(words)} " in text for text in self._texts)

    def rows_in(self, text: str) -> Iterator[tuple[int, int]]:
        """The places of `text` with `ROW` words in a row of a page."""
        if self._rows:
            found = _found(text)
            for at, row in _rows([word for word, _, _ in found]):
                if row in self._rows:
                    yield found[at][1], found[at + ROW - 1][2]

    def whole_in(self, text: str) -> Iterator[tuple[int, int]]:
        """The places of `text` that are a whole sentence, item or row of a page, or a phrase."""
        found = _found(text)
        words = [word for word, _, _ in found]
        for size, units in self._whole.items():
            for at in range(len(words) - size + 1):
                if tuple(words[at : at + size]) in units:
                    yield found[at][1], found[at + size - 1][2]


def without(text: str, places: Iterator[tuple[int, int]]) -> str:
    """The text with `PURGED` in the place of each of `places`; what overlaps is one."""
    spans: list[list[int]] = []
    for start, end in sorted(places):
        if spans and start <= spans[-1][1]:
            spans[-1][1] = max(end, spans[-1][1])
        else:
            spans.append([start, end])
    for start, end in reversed(spans):
        text = text[:start] + PURGED + text[end:]
    return text


def _found(text: str) -> list[tuple[str, int, int]]:
    """(word, start, end) of each word of a text."""
    return [
        (match[0].casefold(), match.start(), match.end())
        for match in _WORD.finditer(text)
        if text[max(0, match.start() - 1) : match.end() + 1] != PURGED
    ]


def _words(text: str) -> list[str]:
    return [word for word, _, _ in _found(text)]


def _rows(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """A number for each stretch of `ROW` words, with its place; equal stretches have equal ones."""
    for start in range(len(words) - ROW + 1):
        row = "\n".join(words[start : start + ROW])
        yield start, hash(row)  # compared within this process alone


def _units(text: str) -> Iterator[tuple[str, ...]]:
    """The words of each line, and of each sentence of a line."""
    for line in text.splitlines():
        parts = [words for part in _END.split(line) if (words := _words(part))]
        yield tuple(word for part in parts for word in part)
        for start in range(len(parts)):
            for end in range(start + 1, min(start + _TOGETHER, len(parts)) + 1):
                yield tuple(word for part in parts[start:end] for word in part)
