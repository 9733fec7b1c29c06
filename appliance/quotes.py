"""`ask --model none`: the ranked quotes for a question, with no model at all.

The best passages of the best pages, verbatim and checked like any other evidence. It ranks by the
page's search score and the quote's own fit, and invents nothing.
"""

import math
from collections.abc import Iterator

from indexer.blocks import HEADING
from indexer.search import Searcher
from indexer.select import rank_units
from indexer.tokens import count_words
from store.page import PageVersion
from store.pages import PageStore

from .evidence import VERBATIM, Evidence

PAGES = 5
PER_PAGE = 3
QUOTE_WORDS = 60


def quotes(question: str, searcher: Searcher, pages: PageStore, most: int = 5) -> list[Evidence]:
    """Return up to `most` quotes for `question`, best first; an empty list when nothing matches."""
    hits = searcher.search(question, PAGES)
    best = hits[0].score if hits else 0.0
    ranked: list[tuple[float, int, int, Evidence]] = []
    for hit in hits:
        page = pages.version(hit.version_id)
        # A page's standing counts half as much as the quote itself.
        standing = math.sqrt(hit.score / best) if best > 0 else 1.0
        for score, start, end in _windows(page, question):
            evidence = Evidence.of(page, start, end, VERBATIM)
            ranked.append((-score * standing, hit.rank, start, evidence))
    ranked.sort(key=lambda item: item[:3])
    found: list[Evidence] = []
    for *_, evidence in ranked:
        if len(found) == most:
            break
        if not any(_repeats(evidence, earlier) for earlier in found):
            found.append(evidence)
    return found


def _repeats(one: Evidence, other: Evidence) -> bool:
    """True when a page says the same twice, or one quote holds the other."""
    same = one.version_digest == other.version_digest
    return same and (one.quote in other.quote or other.quote in one.quote)


def _windows(page: PageVersion, question: str) -> Iterator[tuple[float, int, int]]:
    """Yield (score, start, end): the page's best units, each widened to about `QUOTE_WORDS`.

    A unit is widened to what follows and precedes it in its own paragraph, for a lone table row
    or short sentence is hard to judge; a later unit that an earlier quote holds is left out.
    """
    taken: list[tuple[int, int]] = []
    for unit in rank_units(page.text, page.title, question, language=page.lang):
        if len(taken) == PER_PAGE:
            return
        if unit.kind == HEADING or any(a <= unit.start < b for a, b in taken):
            continue
        start, end = _widened(page.text, unit.start, unit.end)
        taken.append((start, end))
        yield unit.score, start, end


def _widened(text: str, start: int, end: int) -> tuple[int, int]:
    first = text.rfind("\n\n", 0, start) + 2
    first = max(first, 0) if first > 1 else 0
    last = text.find("\n\n", end)
    last = len(text) if last < 0 else last
    if count_words(text[first:last]) <= QUOTE_WORDS:
        return first, last
    if count_words(text[start:last]) <= QUOTE_WORDS:
        return start, last
    return start, end
