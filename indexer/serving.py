"""What of a long page serves a goal, within a budget of tokens: ranked, verbatim, in few places.

Pure and deterministic: text, goal, budget and a cost in; spans of that text out. Two looks: every
block of the page is weighed by the wanted words in it, in its headings and around it; the best
blocks are cut into sentences, items and rows, and these are taken one by one, each for what it says
about the goal and for the numbers and names that nothing taken before has said. A section costs its
headings when it is first entered, so evidence comes from few sections and names them. It knows no
index and no tokenizer: what a span costs, the caller says.
"""

import heapq
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from .blocks import LIST, TABLE
from .families import expected
from .outline import Bit, Outline, bits, outline
from .rarity import idf
from .select import Span, merge
from .wanted import Wanted, best, split_words, wanted

Cost = Callable[[int, int], int]
"""What `text[start:end]` costs, in tokens."""

CONTEXT_SHARE = 0.5
"""What a wanted word counts that stands in a heading above a block and not in the block."""
WINDOW = 800
"""Letters before and after a block, in its section, in which wanted words count for it too."""
LEAD_SHARE = 0.3
"""What the first block of a page is given and later ones less: pages say first what they are."""
BLOCK_SHARE = 1.0
"""What a sentence has of the worth of its block: what stands around it is about the goal too."""
NEIGHBOUR_SHARE = 0.125
"""What a sentence has of the worth of the better sentence beside it."""
PAIR_SHARE = 0.6
"""What is added for two words of the goal side by side."""
ANSWER_SHARE = 0.5
"""What is added for what looks like an answer of the kind that the goal asks for."""
FACT_SHARE = 1.0
"""What the square root of the number of new facts adds, as a share of a sentence's worth."""
CONSIDERED = 2000
"""Tokens of the best blocks that are cut into sentences, besides twice the budget."""
REMEMBERED = 8
"""Pages whose outline and words are kept: a page is mostly read more than once in a run."""
LETTERS = 4
"""Letters a token, for an estimate before the true cost is asked for."""
WHOLE_SHARE = 0.25
"""Tables and lists that cost at most this share of the budget are taken or left whole."""
BEFORE_SHARE = 0.25
"""Of what is left of the budget, what a sentence may cost together with the one it points back to."""
LEAST = 6
"""Tokens that are not worth filling."""

_LINK = re.compile(r"\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+\"[^\"]*\")?\)")
_FACT = re.compile(r"\d[\d.,]*|(?<![.!?|#*\-] )\b[A-ZÀ-Þ][\w'’-]+")
_WORD = re.compile(r"\w+")
_BACK = re.compile(
    r"(?:He|She|It|They|This|These|That|Those|His|Her|Its|Their|Such)\b|[他她它该其此这]"
)


@dataclass(frozen=True, slots=True)
class Pick:
    """One thing that was taken, with what came with it: its headings, page mark, table header."""

    start: int
    end: int
    also: tuple[Span, ...]
    cost: int


@dataclass(frozen=True, slots=True)
class Served:
    """What serves a goal: the picks, the most useful first, and where anything stands."""

    text: str
    picks: tuple[Pick, ...]
    plan: Outline

    def spans(self) -> list[Span]:
        """The spans of all picks, in page order, those that touch joined."""
        found = [Span(pick.start, pick.end) for pick in self.picks]
        return merge(self.text, [*found, *(span for pick in self.picks for span in pick.also)])

    @property
    def first(self) -> _Unit:
        """The unit of the page that is worth most."""
        every = self.units(range(len(self._parts)), 0)
        return max(every, key=lambda unit: (unit.worth, -unit.bit.start))

    def units(self, parts: Sequence[int], budget: int) -> list[_Unit]:
        """Cut these parts into units; small tables and lists stay whole."""
        found: list[_Unit] = []
        for at in parts:
            part = self._parts[at]
            pieces = bits(self._text, part)
            small = _shown(self._text[part.start : part.end]) <= WHOLE_SHARE * budget * LETTERS
            if part.kind in (TABLE, LIST) and small:
                pieces = [Bit(part.start, part.end, part.kind)]
            row = [self._unit(bit, at) for bit in pieces]
            alone = [unit.worth for unit in row]
            for place, unit in enumerate(row):
                beside = max(*alone[max(place - 1, 0) : place], *alone[place + 1 : place + 2], 0, 0)
                unit.worth += NEIGHBOUR_SHARE * beside + BLOCK_SHARE * self.worth[at]
            found += row
        return found

    def _unit(self, bit: Bit, at: int) -> _Unit:
        body = self._text[bit.start : bit.end]
        sequence = self._words.sequence(body)
        hits = best(sequence)
        worth = self._sum(hits) + self._beyond(self._above[at], hits, CONTEXT_SHARE)
        if self._words.pairs:
            for (one, _), (other, _) in zip(sequence, sequence[1:], strict=False):
                if (one, other) in self._words.pairs:
                    worth += PAIR_SHARE * min(self._weight[one], self._weight[other])
        if self._answers and any(pattern.search(body) for pattern in self._answers):
            worth += self._most * ANSWER_SHARE * (1.0 if hits else 0.5)
        shown = _LINK.sub("]", body) if "](" in body else body
        size = len(shown) if shown.isascii() else len(shown) + 2 * sum(c > "\u2e80" for c in shown)
        return _Unit(bit, at, worth, max(size / LETTERS, 8.0), set(_FACT.findall(shown)))


@lru_cache(maxsize=REMEMBERED)
def _read(text: str) -> tuple[Outline, tuple[list[str], ...]]:
    """The outline of a page and the words of each part: the same for every goal."""
    plan = outline(text)
    return plan, tuple(split_words(text[part.start : part.end]) for part in plan.parts)


def _shown(body: str) -> int:
    return len(_LINK.sub("]", body)) if "](" in body else len(body)


def _picks(
    text: str, plan: Outline, units: Sequence[_Unit], budget: int, cost: Cost, title: str
) -> Iterator[Pick]:
    """Take units one by one, the one that gives most for what it costs first, while they fit."""
    top = max((unit.worth for unit in units), default=0.0) or 1.0
    said = Counter(fact for unit in units for fact in unit.facts)
    salience = {fact: 2.0 - 1.0 / times for fact, times in said.items()}
    signs = _signs(text, plan, title)
    sizes = {sign: (sign.end - sign.start) / LETTERS for each in signs for sign in each}
    under: dict[tuple[int, ...], list[int]] = {}
    for number, unit in enumerate(units):
        under.setdefault(plan.parts[unit.part].above, []).append(number)
    shown: set[Span] = set()
    heard: set[str] = set()
    bodies: set[str] = set()

    def gain(unit: _Unit) -> float:
        fresh = sum(salience[fact] for fact in sorted(unit.facts - heard))
        entry = sum(sizes[sign] for sign in signs[unit.part] if sign not in shown)
        worth = unit.worth / top * (1.0 + FACT_SHARE * math.sqrt(fresh))
        return round(worth / math.sqrt(unit.size + entry), 9)

    heap = [(-gain(unit), unit.bit.start, number) for number, unit in enumerate(units)]
    heapq.heapify(heap)
    done: set[int] = set()
    left, first = budget, True
    while heap and left >= LEAST:
        _, start, number = heapq.heappop(heap)
        if number in done:
            continue
        unit = units[number]
        now = (-gain(unit), start, number)
        if heap and now > heap[0]:
            heapq.heappush(heap, now)  # something taken meanwhile says what it says
            continue
        done.add(number)
        body = "".join(_WORD.findall(text[unit.bit.start : unit.bit.end]))
        if body in bodies:
            continue
        bit = unit.bit
        if (before := _before(text, units, number, done)) is not None:
            both = units[before].bit
            if cost(both.start, bit.end) + 1 <= left * BEFORE_SHARE:
                done.add(before)
                heard |= units[before].facts
                bit = Bit(both.start, bit.end, bit.kind, bit.header)
        head = [Span(*bit.header)] if bit.header and Span(*bit.header) not in shown else []
        needed = cost(bit.start, bit.end) + 1 + sum(cost(*span) + 1 for span in head)
        end = bit.end
        if needed > left:
            if not first:
                continue
            end, head = _cut(text, bit.start, bit.end, left, cost), []
            needed = cost(bit.start, end) + 1
        also = list(head)
        for sign in signs[unit.part]:
            price = cost(*sign) + 1
            if sign not in shown and needed + price <= left:
                also.append(sign)
                needed += price
        bodies.add(body)
        shown.update(also)
        heard |= unit.facts
        left -= needed
        first = False
        if also:  # the others of the section have become cheaper
            for other in under[plan.parts[unit.part].above]:
                if other not in done:
                    heapq.heappush(heap, (-gain(units[other]), units[other].bit.start, other))
        yield Pick(bit.start, end, tuple(also), needed)


def _before(text: str, units: Sequence[_Unit], number: int, done: set[int]) -> int | None:
    """Return the number of the sentence that a sentence like `He was born there` needs."""
    unit, before = units[number], number - 1
    if before < 0 or before in done or units[before].part != unit.part:
        return None
    return before if _BACK.match(text, unit.bit.start) else None


def _signs(text: str, plan: Outline, title: str) -> list[tuple[Span, ...]]:
    """For each part the lines that say where it stands: its page mark and its headings."""
    found = []
    for part in plan.parts:
        mark = [plan.marks[part.mark]] if part.mark is not None else []
        heads = [plan.headings[at] for at in part.above]
        found.append(
            (
                *(Span(one.start, one.end) for one in mark),
                *(
                    Span(one.start, one.end)
                    for one in heads
                    if not (one.level == 1 and one.heading == title)
                ),
            )
        )
    return found


def _cut(text: str, start: int, end: int, budget: int, cost: Cost) -> int:
    """Return where to stop so that what is left of a span fits, at the end of a word."""
    low, high = start + 1, end
    while low < high:
        middle = (low + high + 1) // 2
        if cost(start, middle) + 1 <= budget:
            low = middle
        else:
            high = middle - 1
    space = max(text.rfind(mark, start + 1, low + 1) for mark in " \n，。、；")
    return space if space > start + (low - start) // 2 else low
