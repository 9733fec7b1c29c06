"""Values that stand in a unit, by kind: amounts, years, days, counts and names.

They are what competes with a claim: a sentence that gives another value of the same kind and
speaks of the question better than the claim's own tells that the claim is not the answer.
"""

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from .amounts import AMOUNT as _AMOUNT
from .amounts import unit_kinds
from .dates import days
from .letters import UNSPACED, blanked, fold
from .question import AMOUNT, ANY, COUNT, DAY, NAME, PERSON, PLACE, YEAR

NUMERIC = (AMOUNT, COUNT, YEAR, DAY)

_YEAR = re.compile(r"(?<![\d.,])(?:1\d{3}|20\d\d)(?![\d.,]*\d)")
_RUN = re.compile(
    r"(?<![\w])(?:[A-ZÀ-ÞĀ-Ž][\w’'-]*\.?)(?:(?: (?:de|da|di|del|della|la|van|von|der|of|the|du"
    r"|des|le|y|zu|al|el|bin|ibn))*"
    r" (?:[A-ZÀ-ÞĀ-Ž][\w’'-]*|\d{1,2}(?!\w)))*"
)
_SMALL_WORDS = (
    "the a an in on at of for from to by with it its he his she her they their this that these "
    "those "
    "there then when while after before as and but or if during between under over some one two "
    "three many most all each both other another more from since until because although however "
    "el la los las en un una su sus es fue al del y der die das ein eine im am le les un une en "
    "il elle"
)
_SMALL = frozenset(_SMALL_WORDS.split())
_MONTH = re.compile(
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday)$"
)


class Value(NamedTuple):
    """`text[start:end]` of the text it was found in, and for an amount what its unit measures."""

    start: int
    end: int
    measures: frozenset[str] = frozenset()


def values(text: str, kind: str) -> list[Value]:
    """Return the values of one kind in a unit's Markdown."""
    if kind in (YEAR, DAY):
        folded = fold(text)
        found = [Value(start, end) for start, end, _ in days(folded)]
        if kind == YEAR or not found:
            taken = list(found)
            found += [
                Value(*match.span())
                for match in _YEAR.finditer(folded)
                if not any(a <= match.start() < b for a, b, _ in taken)
            ]
        return found
    if kind in (AMOUNT, COUNT):
        return list(_amounts(text))
    return list(names(text))


def _amounts(text: str) -> Iterator[Value]:
    folded = fold(blanked(text))
    taken = [(start, end) for start, end, _ in days(folded)]
    for match in _AMOUNT.finditer(folded):
        if any(a <= match.start() < b for a, b in taken):
            continue
        measures = frozenset(unit_kinds(match["unit"])) if match["unit"] else frozenset()
        if not measures and _YEAR.fullmatch(match["number"]):
            continue
        yield Value(match.start(), match.end(), measures)


def names(text: str, but: Collection[str] = ()) -> Iterator[Value]:
    """Yield the runs of words with a capital; not a lone one that only begins a sentence.

    Runs of nothing but folded words in `but` are left out.
    """
    plain = blanked(text)
    for match in _RUN.finditer(plain):
        start, words = match.start(), match[0].split()
        while words and fold(words[0]) in _SMALL:
            start += len(words[0]) + 1
            words = words[1:]
        if not words or (
            len(words) == 1 and (_opens(plain, start) or _MONTH.match(fold(words[0])))
        ):
            continue
        parts = [fold(word).strip(".'’") for word in words]
        if all(part in but or part.removesuffix("'s") in but for part in parts):
            continue
        yield Value(start, match.end())


def _opens(text: str, start: int) -> bool:
    """True where a sentence, an item or a cell begins with common words more often than names."""
    before = text[:start].rstrip(" *_[(“\"'")
    return not before or before[-1] in ".!?\n-:"


def is_name(claim: str) -> bool:
    """True for a claim that has a capital or is written without spaces, as names are."""
    return any(letter.isupper() for letter in claim) or UNSPACED.search(claim) is not None


def rival_kind(kind: str, claim: str) -> str:
    """Return the kind of values that compete with a claim."""
    if kind in (AMOUNT, COUNT, YEAR, DAY):
        return kind
    folded = fold(claim).strip()
    if days(folded):
        return DAY
    if _YEAR.fullmatch(folded):
        return YEAR
    if kind in (ANY, NAME) and _AMOUNT.match(folded):
        return AMOUNT
    if kind in (PERSON, PLACE):
        return kind
    return NAME if is_name(claim) else ANY
