"""Whether a page holds a phrase word for word, and which pages can hold it at all.

Case, width, accents, marks of emphasis and punctuation do not count: "well known" stands in
"Well-Known". It reads texts only through the function that it is given, and ranks nothing.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from .blocks import plain
from .encoders.base import Term
from .frozen.read import FrozenIndex
from .frozen.segment import PageRecord
from .tokens import UNSPACED, fold

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_TERMS = 32
"""Terms of one phrase by which pages are looked up; the words are compared in any case."""

_BETWEEN = re.compile(r"\W+")
_UNSPACED = UNSPACED.pattern[1:-1]
_PLAIN_WORD = re.compile(
    rf"[{_UNSPACED}]+|[^\W\d_{_UNSPACED}]{{2,}}|(?<![\d.,])\d+(?![.,]*\d)",
)
_MIXED_CASE = re.compile(r"[a-z][A-Z]|[A-Z]{2,}[a-z]")


def flat(text: str) -> str:
    """Return the words of Markdown or of a phrase, folded, with one space between them."""
    words = plain(unicodedata.normalize("NFKC", text)).casefold()
    return _BETWEEN.sub(" ", fold(words)).strip()


def holds(body: str, phrase: str) -> bool:
    """Tell whether `phrase` stands in `body` as whole words; both as `flat` gives them.

    No empty phrase stands anywhere.
    """
    at = body.find(phrase) if phrase else -1
    while at >= 0:
        end = at + len(phrase)
        if not _joined(body[at - 1 : at], phrase[0]) and not _joined(phrase[-1], body[end:][:1]):
            return True
        at = body.find(phrase, at + 1)
    return False


def plain_words(phrase: str) -> str:
    """Return the words of a phrase that are terms of every text with that phrase.

    An identifier is another term where it is a part of a longer one (`loop.run_in_executor`), but
    its plain parts are terms in both. A phrase without any plain word is returned as it is.
    """
    found = _PLAIN_WORD.findall(unicodedata.normalize("NFKC", phrase))
    return " ".join(word for word in found if not _MIXED_CASE.search(word)) or phrase


def _joined(left: str, right: str) -> bool:
    """Tell whether two neighbouring letters are inside one word."""
    spaced = left.strip() and right.strip()
    return bool(spaced) and not UNSPACED.match(left) and not UNSPACED.match(right)


def pages_with_all(index: FrozenIndex, terms: Sequence[Term]) -> "NDArray[np.bool_]":
    """Return for each page whether every one of `terms` stands somewhere in it."""
    import numpy as np

    page_of = index.column("passage_page")
    held = np.full(index.pages, bool(terms), dtype=bool)
    for term in terms[:MOST_TERMS]:
        here = np.zeros(index.pages, dtype=bool)
        here[page_of[index.passages_with(term)]] = True
        held &= here
    return held


class Phrases:
    """The quoted phrases of one query on one index.

    `terms` are those of the `plain_words` of each, from an encoder whose postings are words: then
    only passages with all words of a phrase are read. Without them the whole text of a page is.
    """

    def __init__(
        self,
        index: FrozenIndex,
        phrases: Sequence[str],
        terms: Sequence[tuple[Term, ...]],
        body: Callable[[PageRecord], str],
        passage: Callable[[PageRecord, int], str],
    ) -> None:
        self._index = index
        self._phrases = [flat(phrase) for phrase in phrases]
        self._rows = [index.passages_with_all(each[:MOST_TERMS]) for each in terms]
        self._body = body
        self._passage = passage

    def pages(self, best: Callable[["NDArray[np.bool_]"], list[int]]) -> set[int]:
        """Return, for each phrase, the best pages with a passage that holds all of its words.

        `best` returns the rows of the best pages among those of a mask.
        """
        import numpy as np

        pages: set[int] = set()
        for rows in self._rows:
            if len(rows):
                mask = np.zeros(self._index.pages, dtype=bool)
                mask[self._index.column("passage_page")[rows]] = True
                pages.update(best(mask))
        return pages

    def held(self, record: PageRecord) -> int:
        """Count the phrases that stand in the title or the text of a page."""
        title = flat(record.title)
        if not self._rows:
            body = self._body(record)
            return sum(holds(title, p) or holds(body, p) for p in self._phrases)
        inside = self._index.page_passages(record.row)
        count = 0
        for phrase, rows in zip(self._phrases, self._rows, strict=True):
            first, last = rows.searchsorted([inside.start, inside.stop])
            count += holds(title, phrase) or any(
                holds(self._passage(record, int(row)), phrase) for row in rows[first:last]
            )
        return count
