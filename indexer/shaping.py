"""From ranked pages to the list that is shown: alike pages folded, sites limited, snippets cut.

It keeps the order that it is given and searches nothing. A page that is folded is named by the
one that is shown in its place, so that none is lost.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from store.page import PageVersion

from .duplicates import (
    ALIKE,
    ALIKE_UNDER_OTHER_TITLES,
    FEW_WORDS,
    MANY_WORDS,
    Sketch,
    has_words,
    marks,
    resemblance,
    sketch,
    titles_agree,
)
from .facets import host_of
from .highlights import highlights
from .ranking import Ranked
from .results import Hit
from .snippets import WORDS, snippet
from .words import Words

NEAR = 0.02
"""Pages behind the last one shown are still folded where their scores are so near, as a share."""
BEHIND = 20
"""How many of them are looked at."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How a list is to look: its length, and the options of `Searcher.search`."""

    results: int = 10
    snippet_words: int = WORDS
    fold: bool = True
    per_site: int | None = None
    highlight: bool = False


DEFAULT_SHAPE = Shape()


class _Entry:
    """A page that is shown, and what is compared with others; nothing is read before it must."""

    def __init__(self, card: Ranked, page: PageVersion, words: Words, size: int) -> None:
        self.card, self.page, self.folded = card, page, list[str]()
        self._words, self._size = words, size

    @cached_property
    def snippet(self) -> str:
        weights = self._words.weights(self.page.title, self.page.lang)
        start, end = self.card.spans[0]
        return snippet(
            self.page.text, start, end, weights, language=self.page.lang, words=self._size
        )

    @cached_property
    def naming(self) -> frozenset[str]:
        return self._words.naming(self.page.lang)

    @cached_property
    def marks(self) -> frozenset[str]:
        return marks(self.snippet, self.page.title, self.naming, self.page.lang)

    @cached_property
    def sketch(self) -> Sketch:
        return sketch(self.page.text)

    def same(self, other: "_Entry") -> bool:
        """Tell whether a reader of the list who has seen `other` learns nothing from this page."""
        shorter, longer = sorted((len(self.page.text), len(other.page.text)))
        if shorter < ALIKE**2 * longer:
            return False
        agree = titles_agree(self.page.title, other.page.title)
        if self.page.text == other.page.text:
            least = FEW_WORDS if agree else MANY_WORDS
            return self.page.title == other.page.title or has_words(self.page.text, least)
        if not agree and not has_words(self.page.text, MANY_WORDS):
            return False
        if self.marks != other.marks:
            return False
        needed = ALIKE if agree else ALIKE_UNDER_OTHER_TITLES
        return resemblance(self.sketch, other.sketch) >= needed


class Shelf:
    """The list as it grows. `text` reads a page version; `words` are those of the query."""

    def __init__(self, text: Callable[[int], PageVersion], words: Words, shape: Shape) -> None:
        self._text, self._words, self._shape = text, words, shape
        self._entries: list[_Entry] = []
        self._hosts: Counter[str] = Counter()

    @property
    def full(self) -> bool:
        """Whether as many pages are shown as were asked for."""
        return len(self._entries) >= self._shape.results

    def fill(self, ranked: Iterable[Ranked]) -> None:
        """Put pages on the list in the order given, until it is full and no twin is near."""
        behind = 0
        for card in ranked:
            if self.full:
                behind += 1
                if behind > BEHIND or not self._near(card):
                    return
            self._put(card)

    def _near(self, card: Ranked) -> bool:
        """Tell whether a page behind the last one may still be folded."""
        if not self._shape.fold or not self._entries:
            return False
        return card.score >= self._entries[-1].card.score * (1.0 - NEAR)

    def _put(self, card: Ranked) -> None:
        host, most = host_of(card.page.url), self._shape.per_site
        kept_out = most is not None and bool(host) and self._hosts[host] >= most
        if kept_out and not self._near(card):
            return  # its text need not be read
        page = self._text(card.page.version_id)
        entry = _Entry(card, page, self._words, self._shape.snippet_words)
        for shown in self._entries if self._shape.fold else ():
            if entry.same(shown):
                shown.folded.append(card.page.url)
                return
        if self.full or kept_out:
            return
        self._hosts[host] += 1
        self._entries.append(entry)

    def hits(self) -> list[Hit]:
        """Return the list."""
        return [self._hit(number, entry) for number, entry in enumerate(self._entries, 1)]

    def _hit(self, number: int, entry: _Entry) -> Hit:
        card, page = entry.card, entry.page
        lit = highlights(entry.snippet, entry.naming, page.lang) if self._shape.highlight else ()
        return Hit(
            rank=number,
            url=card.page.url,
            title=card.page.title,
            score=card.score,
            snippet=entry.snippet,
            version_id=card.page.version_id,
            version_digest=page.digest,
            fetched_at=page.fetched_at,
            published=page.published,
            site=card.page.site,
            spans=card.spans,
            folded=tuple(entry.folded),
            highlights=lit,
            author=page.author,
        )
