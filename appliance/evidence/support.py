"""Whether a place that holds a claimed value speaks of what was asked.

That the value stands there is not enough. The unit around it (with its headings, the sentence
before, the page's title and first sentences, and pages that lead to this one) has to name what the
question names and say some of what the question asks about it; the value has to be of the kind
that was asked for, in the clause that says it, of the named thing and not of another; and no unit
that was read may give another value of that kind and speak of the question better.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from indexer.families import FAMILY_WEIGHT

from . import question as q
from .amounts import column_kinds
from .asking import Asking, stems
from .denial import denied
from .fitting import fits, measured
from .letters import fold
from .question import Asked
from .ranks import of_its_holder, of_other_named, other_rank
from .reading import Reading
from .relatives import of_a_relative
from .said import ABOVE, given_by, names_all, said_of, silent
from .values import NUMERIC, Value, rival_kind, values
from .whose import MARGIN, of_another, outdone_in_clause

_CHOICE = re.compile(
    r"^\s*(?:Which|Who|What|Is|Are|Was|Were)\b.*[A-Z]\w+\W* or (?:the )?[A-Z][^?]*\?\s*$"
)
"""A question that names its two answers: one sentence tells neither, and nothing else is one."""
_OPENING = re.compile(r"[A-ZÀ-Þ][\w’'-]+")
_NUMBERING = re.compile(r"\d{1,3}[.)]\s")

Rival = tuple[float, dict[str, float], Reading, str]
"""A unit that gives another value: its score, what each word counts in it, its page, its text."""


@dataclass(frozen=True, slots=True)
class Found:
    """A unit that supports a claim: how well it speaks of the question, and what it says of it."""

    score: float
    number: int
    start: int
    end: int


class Judging:
    """One question over the pages that were read: which places support a value."""

    def __init__(self, question: str, readings: Sequence[Reading]) -> None:
        self.asking = Asking(question, readings)
        self.readings = readings
        self._rivals: dict[tuple[str, frozenset[str]], list[Rival]] = {}

    def support(self, claim: str, reading: Reading, start: int, end: int) -> Found | None:
        """Judge the place `start` to `end` of a page, which says `claim`; None: no support."""
        return self.explain(claim, reading, start, end)[0]

    def explain(
        self, claim: str, reading: Reading, start: int, end: int
    ) -> tuple[Found | None, str]:
        """The same with the reason why the place supports nothing, for those who measure."""
        number = reading.number_at(start)
        if number is None:
            return None, "heading"
        asked = self.asking.asked(reading)
        piece = reading.pieces[number]
        unit = reading.text[piece.start : piece.end]
        place = (start - piece.start, end - piece.start)
        claimed = stems(reading, claim)
        told = set(re.findall(r"\w+", fold(claim))) <= asked.folded
        # What the page is about, by a longer name: Johannes Kepler is not where Kepler was born.
        told = told or (not claimed.isdisjoint(asked.names) and claimed <= reading.title)
        if told or (_NUMBERING.match(unit[place[0] :]) and not unit[: place[0]].strip()):
            return None, "words of the question"
        if _CHOICE.search(self.asking.question):
            return None, "choice"
        measures = measured(self.asking, claim, unit, place)
        if not fits(self.asking, reading, claim, unit, place, measures):
            return None, "kind"
        if denied(asked.text, reading.key, unit, place):
            return None, "denied"
        given = given_by(self.asking, asked, reading, number, start)
        if not names_all(asked, given):
            return None, "names"
        if of_a_relative(asked.folded, set().union(*asked.kin.values()), unit, place):
            return None, "relative"
        plainly = asked.direct and self.asking.kind not in NUMERIC
        if of_other_named(asked.text, unit) or (plainly and of_its_holder(asked.text, unit, place)):
            return None, "of another"
        around = " ".join(piece.headings) + reading.text[slice(*(piece.header or (0, 0)))]
        if other_rank(asked.text, unit, place, around, plainly):
            return None, "rank"
        said = said_of(self.asking, asked, reading, number, start, measures, claimed)
        if said <= 0.0:
            return None, "relation"
        if of_another(self.asking, asked, reading, number, place):
            return None, "subject"
        if outdone_in_clause(self.asking, asked, reading, number, claim, unit, place):
            return None, "clause"
        mute = silent(self.asking, asked, reading, number, start)
        if mute and self._told_elsewhere(claim, asked):
            return None, "relation elsewhere"
        score = sum(given.values())
        if (rival := self._outdone(claim, measures, asked, given)) is not None:
            return None, f"rival: {rival}"
        return Found(score, number, piece.start, piece.end), ""

    def speaks(self, reading: Reading, number: int, place: int) -> float:
        """How many words of the question a unit speaks of, with what it inherits."""
        return sum(
            given_by(self.asking, self.asking.asked(reading), reading, number, place).values()
        )

    def _told_elsewhere(self, claim: str, asked: Asked) -> bool:
        """True where another unit gives another value and says what is asked."""
        said = fold(claim)
        return any(
            said not in fold(unit)
            and any(theirs.get(word, 0.0) >= FAMILY_WEIGHT * ABOVE for word in asked.relation)
            for _, theirs, _, unit in self._rivals_of(
                rival_kind(self.asking.kind, claim), frozenset()
            )
        )

    def _outdone(
        self, claim: str, measures: frozenset[str], asked: Asked, given: dict[str, float]
    ) -> str | None:
        """Return a unit that gives another value and speaks of the question better, or None.

        What it says less of counts double: another fact about the same thing is no rival.
        """
        kind = rival_kind(self.asking.kind, claim)
        said = fold(claim)
        rivals = [(kind, MARGIN if kind != q.ANY else 2 * MARGIN)]
        if self.asking.kind == q.ANY and kind != q.ANY:
            rivals.append((q.ANY, 2 * MARGIN))
        score = sum(given.values())
        for kind, margin in rivals:
            for best, theirs, _, unit in self._rivals_of(
                kind, measures if kind == rivals[0][0] else frozenset()
            ):
                if best <= score + margin:
                    break
                less = sum(max(0.0, given[word] - theirs.get(word, 0.0)) for word in given)
                if best - less > score + margin and said not in fold(unit):
                    return unit
        return None

    def _rivals_of(self, kind: str, measures: frozenset[str]) -> list[Rival]:
        """The units that give a value of a kind, the best speakers of the question first."""
        key = (kind, measures)
        if key not in self._rivals:
            found = [
                r for reading in self.readings for r in self._speakers(reading, kind, measures)
            ]
            self._rivals[key] = sorted(found, key=lambda rival: -rival[0])
        return self._rivals[key]

    def _speakers(self, reading: Reading, kind: str, measures: frozenset[str]) -> Iterator[Rival]:
        asked = self.asking.asked(reading)
        for number, piece in enumerate(reading.pieces):
            if reading.bag(number).isdisjoint(asked.words) and not self.asking.measures:
                continue
            unit = reading.text[piece.start : piece.end]
            best: dict[str, float] | None = None
            named = values(unit, kind) if kind != q.ANY else [Value(0, len(unit))]
            opening = _OPENING.match(unit) if kind == q.NAME else None
            if opening and stems(reading, opening[0]) <= reading.title:
                named.append(Value(*opening.span()))  # `values` leaves a lone first word out.
            for value in named:
                words = set(re.findall(r"\w+", fold(unit[value.start : value.end])))
                column = reading.column(number, piece.start + value.start)
                meant = value.measures or column_kinds(column)
                if words <= asked.folded or (measures and not meant & measures):
                    continue
                if kind in (q.AMOUNT, q.COUNT) and not fits(
                    self.asking,
                    reading,
                    unit[value.start : value.end],
                    unit,
                    (value.start, value.end),
                    meant,
                ):
                    continue
                place = (value.start, value.end)
                if of_another(self.asking, asked, reading, number, place):
                    continue
                given = given_by(self.asking, asked, reading, number, piece.start + value.start)
                at = piece.start + value.start
                if not names_all(asked, given):
                    continue
                if said_of(self.asking, asked, reading, number, at, meant) <= 0:
                    continue
                if best is None or sum(given.values()) > sum(best.values()):
                    best = given
            if best is not None:
                yield sum(best.values()), best, reading, unit
