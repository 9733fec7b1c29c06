"""Whether another page that was read gives another value for what was asked.

Only what can be compared is: numbers in the same unit, years and days, and for "who" and "where"
a name. The other page must speak of all that was asked, in the unit itself or in what stands
above it, and must not say the claim anywhere. Nothing here decides who is right.
"""

import re
from collections.abc import Iterator

from . import question as q
from .amounts import AMOUNT as _AMOUNT
from .amounts import unit_pattern
from .dates import days
from .letters import fold
from .places import matcher
from .quote import CONTAINS, Conflict, Evidence
from .reading import Reading
from .said import says_all
from .support import Found, Judging
from .values import NUMERIC, rival_kind, values

MOST = 2
SLACK = 0.2
"""How many words less the other page may speak of the question than the claim's own."""


def conflicts(claim: str, evidence: tuple[Evidence, ...], judging: Judging) -> list[Conflict]:
    """Return what other pages say instead of a claim that `evidence` carries, one a page."""
    kind = rival_kind(judging.asking.kind, claim)
    if not evidence or kind not in (*NUMERIC, q.PERSON, q.PLACE):
        return []
    own = {item.version_digest for item in evidence}
    said = matcher(claim)
    least = _score(judging, evidence[0]) - SLACK
    found: list[tuple[float, Conflict]] = []
    for reading in judging.readings:
        if reading.page.digest in own or said is None or said.search(reading.folded):
            continue
        best: tuple[float, Conflict] | None = None
        for value, support in _others(claim, kind, reading, judging):
            if support.score >= least and (best is None or support.score > best[0]):
                item = Evidence.of(reading.page, support.start, support.end, CONTAINS)
                best = support.score, Conflict(value, item)
        if best is not None:
            found.append(best)
    return [conflict for _, conflict in sorted(found, key=lambda item: -item[0])[:MOST]]


def _score(judging: Judging, evidence: Evidence) -> float:
    for reading in judging.readings:
        if reading.page.digest == evidence.version_digest:
            number = reading.number_at(evidence.start)
            if number is not None:
                return judging.speaks(reading, number, evidence.start)
    return 0.0


def _others(
    claim: str, kind: str, reading: Reading, judging: Judging
) -> Iterator[tuple[str, Found]]:
    for number, piece in enumerate(reading.pieces):
        if not says_all(judging.asking, reading, number):
            continue
        unit = reading.text[piece.start : piece.end]
        for value in values(unit, kind):
            text = unit[value.start : value.end]
            if not _comparable(claim, text, kind):
                continue
            place = piece.start + value.start
            support = judging.support(text, reading, place, piece.start + value.end)
            if support is not None:
                yield text, support


def _comparable(claim: str, other: str, kind: str) -> bool:
    """True for two values of one kind of which not both can be right."""
    one, two = fold(claim), fold(other)
    for a, b in ((claim, two), (other, one)):
        found = matcher(a)
        if found is None or found.search(b):
            return False
    if kind in (q.AMOUNT, q.COUNT):
        units = [match["unit"] for match in map(_AMOUNT.search, (one, two)) if match]
        if len(units) != 2 or bool(units[0]) != bool(units[1]):
            return False
        return not units[0] or re.fullmatch(unit_pattern(units[0]), units[1]) is not None
    if kind in (q.YEAR, q.DAY):
        first, second = days(one), days(two)
        if first and second:
            # May 1920 and 5 May 1920 agree as far as they go.
            short = min(first[0][2], second[0][2], key=lambda day: bool(day.day))
            return short.day > 0 or first[0][2][:2] != second[0][2][:2]
        years = [set(re.findall(r"\d{3,4}", text)) for text in (one, two)]
        return years[0].isdisjoint(years[1])
    return set(re.findall(r"\w+", one)).isdisjoint(re.findall(r"\w+", two))
