"""A page cut into what can be quoted, each with its words and what it inherits from around it.

Sentences, list items and table rows are what `indexer.pieces` finds. A unit inherits from its
headings, its table's header, and the sentence before it. It knows no question and no claim.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property

from indexer.blocks import CODE, HEADING, LIST, PARAGRAPH, TABLE, plain
from indexer.pieces import Piece, pieces
from indexer.tokens import language_key, terms
from store.page import PageVersion

from .letters import blanked, fold

_PRONOUN = re.compile(r"(?:He|She|They|His|Her|Their|Él|Ella|Er|Sie|Il|Elle)\b")
_VERB = re.compile(r"\b(?:is|was|are|were|es|fue|era|son|ist|war|est|était)\b|是")
_COMPARED = re.compile(r"\bthan (?:that of )?(?:the )?[*_\[]*((?:[A-ZÀ-Þ][\w-]+ ?)+)")
LEAD = 3
"""How many sentences at its beginning tell what a page is about."""


class Reading:
    """One page, read. Bags of words are made when they are first asked for."""

    def __init__(self, page: PageVersion) -> None:
        self.page = page
        self.text = page.text
        self.key = language_key(page.lang)
        self._bags: dict[int, frozenset[str]] = {}

    @cached_property
    def pieces(self) -> Sequence[Piece]:
        """The units that can be quoted, in page order; headings are none."""
        return [p for p in pieces(self.text) if p.kind != HEADING]

    @cached_property
    def _starts(self) -> list[int]:
        return [piece.start for piece in self.pieces]

    @cached_property
    def folded(self) -> str:
        """The text with case and accents folded and addresses blanked, letter for letter."""
        return fold(blanked(self.text))

    @cached_property
    def title(self) -> frozenset[str]:
        """The words of the title and of the first heading."""
        first = self.text.lstrip()[:200].split("\n", 1)[0]
        heading = first.lstrip("# ") if first.startswith("#") else ""
        return frozenset(terms(f"{self.page.title} {heading}", self.key))

    @cached_property
    def leads(self) -> Sequence[int]:
        """The numbers of the first sentences."""
        return [n for n, p in enumerate(self.pieces[:12]) if p.kind == PARAGRAPH][:LEAD]

    @cached_property
    def lead(self) -> frozenset[str]:
        """The words of the first sentences: what the page is about."""
        return frozenset(word for number in self.leads for word in self.bag(number))

    @cached_property
    def called(self) -> frozenset[str]:
        """The words before the verb of the first sentence: the names that the page's thing has."""
        if not self.leads:
            return frozenset()
        first = self.pieces[self.leads[0]]
        verb = _VERB.search(self.text, first.start, first.end)
        return self.words(first.start, verb.start() if verb else first.end)

    @cached_property
    def every(self) -> frozenset[str]:
        """The words of the whole page."""
        return frozenset(terms(blanked(self.text), self.key))

    @cached_property
    def opening(self) -> str:
        """The title and the first sentences, folded."""
        first = [p for p in self.pieces[:12] if p.kind == PARAGRAPH][:LEAD]
        return fold(self.page.title) + "\n" + "\n".join(self.folded[p.start : p.end] for p in first)

    def number_at(self, start: int) -> int | None:
        """Return the number of the unit that holds the place `start`, None in a heading."""
        number = bisect_right(self._starts, start) - 1
        if number < 0 or start >= self.pieces[number].end:
            return None
        return number

    def bag(self, number: int) -> frozenset[str]:
        """Return the words of a unit."""
        if number not in self._bags:
            piece = self.pieces[number]
            self._bags[number] = self.words(piece.start, piece.end)
        return self._bags[number]

    def words(self, start: int, end: int) -> frozenset[str]:
        """Return the words of a span."""
        return frozenset(terms(plain(self.text[start:end]), self.key))

    def above(self, number: int, place: int) -> frozenset[str]:
        """Return the words of the headings above a unit and, for a row, of `place`'s column."""
        headings = " ".join(self.pieces[number].headings[1:])
        return frozenset(terms(f"{headings}\n{plain(self.column(number, place))}", self.key))

    def column(self, number: int, place: int) -> str:
        """Return the header of `place`'s column, where the unit is a row of a table with one."""
        piece = self.pieces[number]
        if piece.kind != TABLE or piece.header is None:
            return ""
        column = self.text.count("|", piece.start, max(place, piece.start))
        return "".join(self.text[slice(*piece.header)].split("|")[column : column + 1])

    def after(self, number: int) -> frozenset[str]:
        """Return the words of the sentence after, where a pronoun begins it."""
        if number + 1 >= len(self.pieces) or self.pieces[number].kind != PARAGRAPH:
            return frozenset()
        follows = self.pieces[number + 1]
        begins = _PRONOUN.match(self.text, follows.start)
        same = follows.block == self.pieces[number].block
        return self.bag(number + 1) if same and begins else frozenset()

    def before(self, number: int) -> frozenset[str]:
        """Return the words of the sentence before, or of the line that introduces a list."""
        piece = self.pieces[number]
        if piece.kind == CODE or number == 0:
            return frozenset()
        if piece.kind in (LIST, TABLE):
            while number and self.pieces[number].block == piece.block:
                number -= 1
            near = self.pieces[number]
            same = near.kind == PARAGRAPH and near.headings == piece.headings
            return self.bag(number) if same else frozenset()
        same = self.pieces[number - 1].block == piece.block
        return self.bag(number - 1) if same else frozenset()

    def told_before(self, number: int) -> frozenset[str]:
        """The same for a name: a table's line must introduce it, and a mere comparison is none."""
        before = self.before(number)
        piece, near = self.pieces[number], number - 1
        while near > 0 and piece.kind != PARAGRAPH and self.pieces[near].block == piece.block:
            near -= 1
        if not before or near < 0:
            return frozenset()
        text = self.text[self.pieces[near].start : self.pieces[near].end].rstrip()
        if piece.kind == TABLE and not text.endswith((":", "：")):
            return frozenset()
        return before - {w for match in _COMPARED.finditer(text) for w in terms(match[1], self.key)}
