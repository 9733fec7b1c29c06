"""One page looked at for one goal: what its blocks are worth, and its sentences, rows and items.

A block is worth the wanted words that it has, weighed by how rarely the page says them, with those
of its headings and of what stands near it, and what the best of its section is worth; a sentence
its own and its block's. Pure and deterministic. It takes nothing; `serving` does.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from .blocks import LIST, TABLE
from .inline import bare
from .outline import Bit, Outline, Part, bits
from .rarity import idf
from .wanted import PageWords, Wanted, best, split_words

CONTEXT_SHARE = 0.5
"""What a wanted word counts that stands in a heading above a block and not in the block."""
WINDOW = 800
"""Letters before and after a block, in its section, in which wanted words count for it too."""
BRANCH_SHARE = 0.7
"""What such a word counts under another heading of the same section."""
LEAD_SHARE = 0.3
"""What the first block of a page is given and later ones less: pages say first what they are."""
BLOCK_SHARE = 1.0
"""What a sentence has of the worth of its block: what stands around it is about the goal too."""
SECTION_SHARE = 1.0
"""What a block has of the worth of the best block of its section: evidence of a few sections says
more than lines from everywhere."""
NEIGHBOUR_SHARE = 0.125
"""What a sentence has of the worth of the better sentence beside it."""
PAIR_SHARE = 0.6
"""What is added for two words of the goal side by side."""
ANSWER_SHARE = 0.5
"""What is added for what looks like an answer of the kind that the goal asks for."""
LETTERS = 4
"""Letters a token, for an estimate before the true cost is asked for."""
WHOLE_SHARE = 0.25
"""Tables and lists that cost at most this share of the budget are taken or left whole."""

_FACT = re.compile(r"\d[\d.,]*|(?<![.!?|#*\-] )\b[A-ZÀ-Þ][\w'’-]+")
_LEAST_WEIGHT = 0.05
_LEAST_SIZE = 8.0


@dataclass(slots=True)
class Unit:
    """A candidate: a bit, its part, its worth, its size in tokens, its numbers and names."""

    bit: Bit
    part: int
    worth: float
    size: float
    facts: set[str] = field(default_factory=set)


class Look:
    """The look; `worth` is that of every part of `plan`, in order. `page` has their words."""

    def __init__(
        self,
        text: str,
        plan: Outline,
        page: PageWords,
        words: Wanted,
        answers: Sequence[re.Pattern[str]],
    ) -> None:
        self._text = text
        self._parts = plan.parts
        self._words = words
        self._answers = answers
        held = words.held(page, [text[part.start : part.end] for part in plan.parts])
        seen = [0] * len(words.words)
        for hits in held:
            for word in hits:
                seen[word] += 1
        self._weight = [
            share * max(idf(count, len(held)), _LEAST_WEIGHT) if count else 0.0
            for share, count in zip(words.shares, seen, strict=True)
        ]
        self._most = max(self._weight, default=0.0) or 1.0
        words.know(split_words("\n".join(text[one.start : one.end] for one in plan.headings)))
        heads = [best(words.sequence(text[one.start : one.end])) for one in plan.headings]
        gathered: dict[tuple[int, ...], dict[int, float]] = {}
        for part in plan.parts:
            if part.above not in gathered:
                gathered[part.above] = best(h for at in part.above for h in heads[at].items())
        self._above = [gathered[part.above] for part in plan.parts]
        alone = [self._block(at, held) for at in range(len(held))]
        sections = _sections(plan)
        top: dict[int, float] = {}
        for section, worth in zip(sections, alone, strict=True):
            top[section] = max(top.get(section, 0.0), worth)
        self.worth = [
            round(worth + SECTION_SHARE * top[section], 9)
            for section, worth in zip(sections, alone, strict=True)
        ]

    def _block(self, at: int, held: Sequence[dict[int, float]]) -> float:
        """What a block is worth: its words, those of its headings, those near it."""
        here = held[at]
        worth = self._sum(here) + self._beyond(self._above[at], here, CONTEXT_SHARE)
        for word, weight in self._near(at, held).items():
            said = max(here.get(word, 0.0), CONTEXT_SHARE * self._above[at].get(word, 0.0))
            if weight > said:
                worth += self._weight[word] * (weight - said)
        return round(worth + LEAD_SHARE * self._most / (2.0 + at), 9)

    def _near(self, at: int, held: Sequence[dict[int, float]]) -> dict[int, float]:
        """The wanted words of the blocks near this one, less the farther they are."""
        parts, this = self._parts, self._parts[at]
        section = this.above[:1]
        near: dict[int, float] = {}
        for step in (-1, 1):
            other = at + step
            while 0 <= other < len(held):
                beside = parts[other]
                apart = this.start - beside.end if step < 0 else beside.start - this.end
                if apart > WINDOW or (
                    beside.above is not this.above and beside.above[:1] != section
                ):
                    break
                if hits := held[other]:
                    share = 1.0 - 0.5 * apart / WINDOW
                    if beside.above != this.above:
                        share *= BRANCH_SHARE
                    for word, weight in hits.items():
                        counted = share * weight
                        if word not in near or counted > near[word]:
                            near[word] = counted
                other += step
        return near

    def _sum(self, hits: Mapping[int, float]) -> float:
        return sum(self._weight[word] * weight for word, weight in hits.items())

    def _beyond(self, more: Mapping[int, float], hits: Mapping[int, float], share: float) -> float:
        """What words are worth that `more` has and `hits` has not, or less well."""
        return share * sum(
            self._weight[word] * weight
            for word, weight in more.items()
            if hits.get(word, 0.0) < weight
        )

    def units(self, parts: Sequence[int], budget: int) -> list[Unit]:
        """Cut these parts into units; small tables and lists stay whole."""
        found: list[Unit] = []
        for at in parts:
            part = self._parts[at]
            pieces = bits(self._text, part)
            small = self._small(part, budget)
            if small:
                pieces = [Bit(part.start, part.end, part.kind)]
            row = [self._unit(bit, at) for bit in pieces]
            alone = [unit.worth for unit in row]
            for place, unit in enumerate(row):
                beside = max(*alone[max(place - 1, 0) : place], *alone[place + 1 : place + 2], 0, 0)
                unit.worth += NEIGHBOUR_SHARE * beside + BLOCK_SHARE * self.worth[at]
            found += row
        return found

    def _small(self, part: Part, budget: int) -> bool:
        """True for a table or list that is to stay whole."""
        if part.kind not in (TABLE, LIST):
            return False
        return len(bare(self._text[part.start : part.end])) <= WHOLE_SHARE * budget * LETTERS

    def _unit(self, bit: Bit, at: int) -> Unit:
        body = self._text[bit.start : bit.end]
        sequence = self._words.sequence(body)
        hits = best(sequence)
        worth = self._sum(hits) + self._beyond(self._above[at], hits, CONTEXT_SHARE)
        if self._words.pairs:
            for (one, _), (other, _) in pairwise(sequence):
                if (one, other) in self._words.pairs:
                    worth += PAIR_SHARE * min(self._weight[one], self._weight[other])
        if self._answers and any(pattern.search(body) for pattern in self._answers):
            worth += self._most * ANSWER_SHARE * (1.0 if hits else 0.5)
        shown = bare(body)
        size = len(shown) if shown.isascii() else len(shown) + 2 * sum(c > "\u2e80" for c in shown)
        return Unit(bit, at, worth, max(size / LETTERS, _LEAST_SIZE), set(_FACT.findall(shown)))


def _sections(plan: Outline) -> list[int]:
    """For each part the number of its section's heading; -1 where none is above.

    A section is what stands under the highest headings, those below a single title of the page.
    """
    roots = {part.above[0] for part in plan.parts if part.above}
    depth = 2 if len(roots) == 1 else 1
    return [part.above[:depth][-1] if part.above else -1 for part in plan.parts]
