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
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from .blocks import Block
from .families import expected
from .looking import LETTERS, Look, Unit
from .outline import Mark, Outline, Place, outline
from .select import Span, merge
from .wanted import PageWords, page_words, wanted

Cost = Callable[[int, int], int]
"""What `text[start:end]` costs, in tokens."""

FACT_SHARE = 1.0
"""What the square root of the number of new facts adds, as a share of a sentence's worth."""
CONSIDERED = 2400
"""Tokens of the best blocks that are cut into sentences, besides the budget."""
REMEMBERED = 8
"""Pages whose outline and words are kept: a page is mostly read more than once in a run."""
LONGEST_TOKEN = 8
"""Letters a token, spaces with them, that a text hardly has more of on the whole."""
MOST_LETTERS = 30
"""More letters a token no text has, so that no long one is counted in vain."""
BEFORE_SHARE = 0.25
"""Of what is left of the budget, what a sentence and the one that it points back to may cost."""
LEAST = 6
"""Tokens that are not worth filling."""

REACH = 40
"""Letters around a cut in which a date or a number is looked for."""

_WORD = re.compile(r"\w+")
# What says another thing when its end is missing: 5 May 1920, May 5, 1920, 1920年5月5日, 2,850 km.
_WHOLE = re.compile(
    r"\d{1,2}(?:st|nd|rd|th|\.)?\s+(?:(?:of|de)\s+)?[^\W\d_]{3,}\.?\s+(?:(?:of|de)\s+)?\d{3,4}\b"
    r"|[^\W\d_]{3,}\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+\d{3,4}\b"
    r"|\d+年(?:\d{1,2}月(?:\d{1,2}日)?)?"
    r"|\d[\d.,]*\s?(?:[^\W\d_]{1,3}\b|%)"
    r"|\d[\d.,]*\d"
)
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

    def place(self, start: int, end: int) -> Place:
        """Where a span stands: its headings and, in a PDF, its page number."""
        return self.plan.place(start, end)


def serve(
    text: str,
    title: str,
    goal: str,
    budget: int,
    *,
    cost: Cost,
    question: str = "",
    language: str = "",
    address: str = "",
) -> Served:
    """Return what of `text` serves `goal` best and costs at most `budget`.

    `question` is what the whole run is about: its words count a little beside the goal's; `address`
    are the words of the page's URL, which count as those of its title do. A page that fits is taken
    whole. No text or no budget: no picks.
    """
    plan, page = _read(text)
    if not plan.parts or budget < 1:
        return Served(text, tuple(_headings(text, plan, budget, cost)), plan)
    start, end = plan.parts[0].start, len(text.rstrip())
    if plan.headings:
        start = min(start, plan.headings[0].start)
    if plan.marks:
        start = min(start, plan.marks[0].start)
    if end - start <= budget * MOST_LETTERS and (whole := cost(start, end)) <= budget:
        return Served(text, (Pick(start, end, (), whole),), plan)
    words = wanted(goal or question, question, f"{title} {address}", language)
    look = Look(text, plan, page, words, expected(goal) or expected(question))
    units = look.units(_best_parts(plan, look, budget), budget)
    return Served(text, tuple(_picks(text, plan, units, budget, cost, title)), plan)


def _headings(text: str, plan: Outline, budget: int, cost: Cost) -> Iterator[Pick]:
    """Of a page of headings alone, the first that fit."""
    for head in plan.headings:
        price = cost(head.start, head.end) + 1
        if price > budget:
            return
        budget -= price
        yield Pick(head.start, head.end, (), price)


def _best_parts(plan: Outline, look: Look, budget: int) -> list[int]:
    """The parts that are cut into units, in page order."""
    room = (CONSIDERED + budget) * LETTERS
    order = sorted(range(len(plan.parts)), key=lambda at: (-look.worth[at], at))
    chosen = []
    for at in order:
        chosen.append(at)
        room -= plan.parts[at].end - plan.parts[at].start
        if room < 0:
            break
    return sorted(chosen)


@lru_cache(maxsize=REMEMBERED)
def _read(text: str) -> tuple[Outline, PageWords]:
    """The outline of a page and the words of each part: the same for every goal."""
    plan = outline(text)
    return plan, page_words(text[part.start : part.end] for part in plan.parts)


def _picks(
    text: str, plan: Outline, units: Sequence[Unit], budget: int, cost: Cost, title: str
) -> Iterator[Pick]:
    """Take units one by one, the one that gives most for what it costs first, while they fit."""
    top = max((unit.worth for unit in units), default=0.0) or 1.0
    said = Counter(fact for unit in units for fact in unit.facts)
    # In one order, for sums of fractions hang on theirs.
    news = [[(fact, 2.0 - 1.0 / said[fact]) for fact in sorted(unit.facts)] for unit in units]
    signs = _signs(plan, title, sorted({unit.part for unit in units}))
    sizes = {sign: (sign.end - sign.start) / LETTERS for each in signs.values() for sign in each}
    under: dict[tuple[int, ...], list[int]] = {}
    for number, unit in enumerate(units):
        under.setdefault(plan.parts[unit.part].above, []).append(number)
    shown: set[Span] = set()
    heard: set[str] = set()
    bodies: set[str] = set()

    def gain(number: int) -> float:
        unit, fresh, entry = units[number], 0.0, 0.0
        for fact, salience in news[number]:
            if fact not in heard:
                fresh += salience
        for sign in signs[unit.part]:
            if sign not in shown:
                entry += sizes[sign]
        worth = unit.worth / top * (1.0 + FACT_SHARE * math.sqrt(fresh))
        return round(worth / math.sqrt(unit.size + entry), 9)

    heap = [(-gain(number), unit.bit.start, number) for number, unit in enumerate(units)]
    heapq.heapify(heap)
    done: set[int] = set()
    left, first = budget, True
    while heap and left >= LEAST:
        _, start, number = heapq.heappop(heap)
        if number in done:
            continue
        unit = units[number]
        now = (-gain(number), start, number)
        if heap and now > heap[0]:
            heapq.heappush(heap, now)  # something taken meanwhile says what it says
            continue
        done.add(number)
        if not first and unit.size > LONGEST_TOKEN / LETTERS * left:
            continue  # it cannot fit, whatever it says
        body = "".join(_WORD.findall(text[unit.bit.start : unit.bit.end]))
        if body in bodies:
            continue
        bit = unit.bit
        if not cost(bit.start, bit.end):
            continue  # a picture, or a mark alone
        if (before := _before(text, units, number, done)) is not None:
            both = units[before].bit
            if cost(both.start, bit.end) + 1 <= left * BEFORE_SHARE:
                done.add(before)
                heard |= units[before].facts
                bit = bit._replace(start=both.start)
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
                    heapq.heappush(heap, (-gain(other), units[other].bit.start, other))
        yield Pick(bit.start, end, tuple(also), needed)


def _before(text: str, units: Sequence[Unit], number: int, done: set[int]) -> int | None:
    """Return the number of the sentence that a sentence like `He was born there` needs."""
    unit, before = units[number], number - 1
    if before < 0 or before in done or units[before].part != unit.part:
        return None
    return before if _BACK.match(text, unit.bit.start) else None


def _signs(plan: Outline, title: str, parts: Iterable[int]) -> dict[int, tuple[Span, ...]]:
    """For each part the lines that say where it stands: its page mark and its headings."""
    found = {}
    for at in parts:
        part = plan.parts[at]
        lines: list[Block | Mark] = [] if part.mark is None else [plan.marks[part.mark]]
        lines += [
            head
            for number in part.above
            if (head := plan.headings[number]).level > 1 or head.heading != title
        ]
        found[at] = tuple(Span(line.start, line.end) for line in lines)
    return found


def _cut(text: str, start: int, end: int, budget: int, cost: Cost) -> int:
    """Return where to stop so that what is left of a span fits, at the end of a word.

    A date or an amount is never cut in two, unless the span begins with it.
    """
    low, high = start + 1, end
    while low < high:
        middle = (low + high + 1) // 2
        if cost(start, middle) + 1 <= budget:
            low = middle
        else:
            high = middle - 1
    space = max(text.rfind(mark, start + 1, low + 1) for mark in " \n，。、；")
    stop = space if space > start + (low - start) // 2 else low
    for found in _WHOLE.finditer(text, max(start, stop - REACH), min(end, stop + REACH)):
        if start < found.start() < stop < found.end():
            kept = text[start : found.start()].rstrip()
            return start + len(kept) if kept else stop
    return stop
