"""Whether two pages say the same: a sketch of a page's words, and how alike two sketches are.

Pure. MinHash with one hash function and the smallest values kept (Broder, "On the resemblance and
containment of documents", 1997); the hash is CRC-32, which no process or platform changes.
"""

import re
from collections.abc import Set
from itertools import islice
from typing import TYPE_CHECKING, Any
from zlib import crc32

from .tokens import UNSPACED, terms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Sketch = NDArray[np.uint64]
else:
    Sketch = Any

SHINGLE = 3
"""Words in a row, or characters of an unspaced script, that are compared as one."""
SIZE = 512
"""Values of a sketch: the estimate is exact for shorter pages, and ±0.02 for longer ones."""
ALIKE = 0.85
"""The share of their shingles that two pages have in common at least when they are folded."""
ALIKE_UNDER_OTHER_TITLES = 0.95
"""The same where their titles say different things, as those of pages on two subjects do."""
FEW_WORDS = 20
"""A text of fewer words is not the page: only the same title makes it the same."""
MANY_WORDS = 150
"""The same where titles say different things: one blurb stands under each volume of a series."""

_UNSPACED = UNSPACED.pattern[1:-1]
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")
_DIGITS = re.compile(r"\d+")
_FACTORS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)


def sketch(text: str) -> "Sketch":
    """Return the sketch of a text: at most `SIZE` different values, ascending."""
    import numpy as np

    codes: dict[str, int] = {}
    found = []
    for word in _WORD.findall(text.casefold()):
        if (code := codes.get(word)) is None:
            code = codes[word] = crc32(word.encode("utf-8", "replace"))
        found.append(code)
    row = np.array(found, dtype=np.uint64)
    row = np.concatenate([row, np.zeros(max(0, SHINGLE - len(row)), dtype=np.uint64)])
    last = len(row) - SHINGLE + 1
    # Wraps around at 2^64 by intention, and the same everywhere.
    mixed = np.zeros(last, dtype=np.uint64)
    for at, factor in enumerate(_FACTORS):
        mixed = (mixed ^ row[at : at + last]) * np.uint64(factor)
        mixed ^= mixed >> np.uint64(29)
    return np.unique(mixed)[:SIZE]


def resemblance(one: "Sketch", other: "Sketch") -> float:
    """Return the estimated share of shingles that two texts have in common: 0 to 1."""
    import numpy as np

    both = np.union1d(one, other)[:SIZE]
    shared = np.intersect1d(np.intersect1d(one, other, assume_unique=True), both)
    return len(shared) / len(both)


def titles_agree(title: str, other: str) -> bool:
    """Tell whether two pages of these titles may be about the same.

    A copy is called as the page it was made of, or so with the name of its site added; a page
    without a title may be about anything.
    """
    one, two = (set(_WORD.findall(t.casefold())) for t in (title, other))
    return bool(one and two) and (one <= two or two <= one)


def marks(snippet: str, title: str, words: Set[str], language: str) -> frozenset[str]:
    """Return what two pages must have in common to be one to a reader of the result list.

    That is the query's words (as `tokens.terms` has them) and the numbers in the snippet, and the
    numbers in the title: the almanacs of two years are two pages.
    """
    shown = {term for term in terms(snippet, language) if term in words or _DIGITS.search(term)}
    return frozenset([*shown, *(f"title {number}" for number in _DIGITS.findall(title))])


def has_words(text: str, least: int) -> bool:
    """Tell whether a text has so many words (or characters of an unspaced script)."""
    return sum(1 for _ in islice(_WORD.finditer(text), least)) == least
