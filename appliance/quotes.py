"""`ask --model none`: the ranked quotes for a question, with no model at all.

The best passages of the best pages, verbatim and checked like any other evidence. It ranks by the
page's search score and the quote's own fit, and invents nothing.
"""

from indexer.search import Searcher
from indexer.select import Unit, rank_units
from store.pages import PageStore

from .evidence import Evidence

PAGES = 10
QUOTE_WORDS = 60


def quotes(question: str, searcher: Searcher, pages: PageStore, most: int = 5) -> list[Evidence]:
    """Return up to `most` quotes for `question`, best first; an empty list when nothing matches."""
    hits = searcher.search(question, PAGES)
    best = hits[0].score if hits else 0.0
    ranked: list[tuple[float, int, int, Evidence]] = []
    for hit in hits:
        page = pages.version(hit.version_id)
        for unit in _windows(rank_units(page.text, page.title, question), page.text):
            evidence = Evidence(
                page.url,
                page.title,
                page.fetched_at,
                page.digest,
                unit.start,
                unit.end,
                page.text[unit.start : unit.end],
                "verbatim",
            )
            share = hit.score / best if best > 0 else 1.0
            ranked.append((-(unit.score * share), hit.rank, unit.start, evidence))
    ranked.sort(key=lambda item: item[:3])
    return [item[3] for item in ranked[:most]]
