"""Whether two pages say the same: a sketch of a page's words, and how alike two sketches are.

Pure. Short texts are compared by all their sequences of words, long ones by MinHash (Broder, "On
the resemblance and containment of documents", 1997) as the library rensa computes it. It knows
neither the list that pages stand on nor the index.
"""

import re
from collections.abc import Set
from dataclasses import dataclass
from itertools import islice
from typing import Any

from .tokens import UNSPACED, terms

SHINGLE = 3
"""Words in a row, or characters of an unspaced script, that are compared as one."""
EXACT = 512
"""Texts of no more shingles are compared by all of them, without an estimate."""
SIZE = 1024
"""Values of a sketch of a longer one: the estimate is within ±0.01 in two cases of three."""
SEED = 1
"""Of the library's hash functions; any would do, and no two sketches may differ in it."""
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


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is compared of a text: all its shingles where there are `few`, and their MinHash."""

    few: frozenset[str] | None
    hashed: Any


def sketch(text: str) -> Sketch:
    """Return the sketch of a text."""
    from rensa import RMinHash

    shingles = _shingles(text)
    hashed = RMinHash(SIZE, SEED)
    hashed.update(shingles)
    return Sketch(frozenset(shingles) if len(shingles) <= EXACT else None, hashed)


def resemblance(one: Sketch, other: Sketch) -> float:
    """Return the share of shingles that two texts have in common, estimated if one is long: 0 to 1.

    Estimates are multiples of 1/`SIZE`, the same in every process and on every processor.
    """
    if one.few is not None and other.few is not None:
        return len(one.few & other.few) / len(one.few | other.few)
    return float(one.hashed.jaccard(other.hashed))


def words_of(text: str) -> list[str]:
    """Return the words of a text, and each character of an unspaced script, in one case."""
    # A lone surrogate is no text to the library.
    return _WORD.findall(text.casefold().encode("utf-8", "replace").decode())


def _shingles(text: str) -> list[str]:
    """The sequences of `SHINGLE` words; of a text with fewer words, all of it as one."""
    found = words_of(text)
    rows = (found[at:] for at in range(SHINGLE))
    return [" ".join(row) for row in zip(*rows, strict=False)] or [" ".join(found)]


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
