"""Search over the frozen index: both arms, fusion, one result a page, a total order, snippets.

The same query on the same index gives the same bytes in every process. Texts come from the page
store; Milvus is never opened here. This module knows nothing of tools, models or runs.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

from store.database import Database
from store.page import PageVersion
from store.pages import PageStore

from .addresses import Addresses
from .encoders.base import Encoder, QueryVectors, Term
from .encoders.lexical import LexicalEncoder
from .encoders.reranker import Reranker
from .errors import IndexStale
from .filters import PageFilter, each, only, unfiltered, without
from .frozen import FrozenIndex, frozen_root
from .frozen.segment import PageRecord
from .memory import QueryMemory
from .phrases import flat, plain_words
from .query import Ignored, Query, loosen, parse, unmarked
from .ranking import DEFAULT_FUSION, Fusion, Ranked, most_candidates, rank
from .reranking import DEPTH, reranked
from .results import Hit, Results
from .shaping import DEFAULT_SHAPE, Shape, Shelf
from .shorten import shorten
from .snippets import WORDS
from .words import Words

__all__ = ["Hit", "Results", "Searcher"]

TEXTS = 256
"""Page texts kept in memory by one searcher."""
FLATTENED = 64
"""Of those, how many are kept as folded words too, for phrases that must not stand in them."""
TERMS = 4096
"""Words and queries whose terms are kept."""
WIDEST = 5_000
"""Pages that are looked through at most for results, where most of them are alike or shut out."""


class Searcher:
    """One open index with the store that holds its texts."""

    def __init__(
        self,
        index: FrozenIndex,
        pages: PageStore,
        encoder: Encoder | None = None,
        fusion: Fusion = DEFAULT_FUSION,
        reranker: Reranker | None = None,
        depth: int = DEPTH,
    ) -> None:
        """`reranker` reads the first `depth` pages of a ranking again.

        Raises IndexStale when `encoder` is not the one that built `index`.
        """
        built = index.manifest.values["encoder"]
        chosen: Encoder = encoder or LexicalEncoder()
        if chosen.digest != built["digest"]:
            raise IndexStale(
                f"The index was built with another encoder ({built['name']}) than the one in use "
                f"({chosen.name}): run appliance index, or restore that encoder's files."
            )
        self.index = index
        self.encoder = chosen
        self.fusion = fusion
        self.reranker = reranker
        self._depth = depth
        self.collection = pages.collection
        # BM25 told otherwise reads words otherwise, in titles and phrases too.
        self._words = chosen if isinstance(chosen, LexicalEncoder) else LexicalEncoder()
        self._text = lru_cache(maxsize=TEXTS)(pages.version)
        self._flat = lru_cache(maxsize=FLATTENED)(self._flattened)
        self._terms_of = lru_cache(maxsize=TERMS)(self._encoded)
        self._addresses = Addresses(index)
        self._memory: QueryMemory | None = None
        self._bounds: Query | None = None

    @classmethod
    def open(
        cls, db: Database, home: Path, encoder: Encoder | None = None, collection: str = "web"
    ) -> Self:
        """Open the current index of a collection of `home`.

        Raises IndexMissing, IndexDamaged, or IndexStale.
        """
        index = FrozenIndex.open(frozen_root(home, collection))
        return cls(index, PageStore(db, collection), encoder)

    def remembering(self, memory: QueryMemory) -> Self:
        """Return a searcher of the same open index that takes query vectors from `memory`.

        BM25's are not kept: they are whole words and constants, the same on every machine.
        """
        other = copy.copy(self)
        other._memory = None if isinstance(self.encoder, LexicalEncoder) else memory
        return other

    def within(self, bounds: Query) -> Self:
        """Return a searcher of the same open index whose every query passes the filters of
        `bounds` as well, whatever filters it has of its own.
        """
        other = copy.copy(self)
        other._bounds = bounds if each(bounds) else None
        return other

    def search(
        self,
        query: str,
        k: int = 10,
        *,
        snippet_words: int = WORDS,
        fold: bool = True,
        per_site: int | None = None,
        highlight: bool = False,
    ) -> list[Hit]:
        """Return at most `k` hits, best first, in the order (−score, url, span).

        Operators are those of `query.parse`. An empty query has no hits. `fold` shows one of the
        pages that say the same, `per_site` shows at most so many pages of one host, and
        `highlight` says where the query's words stand in the snippets.
        """
        shape = Shape(k, snippet_words, fold, per_site, highlight)
        return list(self.results(query, shape).hits)

    def results(self, query: str, shape: Shape = DEFAULT_SHAPE) -> Results:
        """Return the hits of a query, and why there are none or why an operator did not count.

        Raises IndexDamaged when the index turns out to be.
        """
        with self.index.reading():
            return self._results(query, shape)

    def _results(self, query: str, shape: Shape) -> Results:
        asked, ignored = self._applicable(parse(query))
        hits = self._find(asked, shape)
        loosened = False
        if not hits:
            # Marks of quotation are a preference: what is found without them is found with them.
            tried = [_sought(asked)]
            for text in (loosen(query), unmarked(query)):
                loose, also = self._applicable(parse(text))
                if _sought(loose) in tried:
                    continue
                tried.append(_sought(loose))
                hits = self._find(loose, shape)
                if loosened := bool(hits):
                    asked, ignored = loose, also
                    break
        emptied = self._emptied_by(asked) if not hits else ()
        return Results(tuple(hits), emptied, ignored, loosened, self._undated(asked))

    def _applicable(self, query: Query) -> tuple[Query, tuple[Ignored, ...]]:
        """Return `query` less the operators that this index cannot apply, and those ignored."""
        ignored = list(query.ignored)
        for name in query.collections:
            if name != self.collection:
                why = f"this search reads the collection {self.collection}"
                ignored.append(Ignored(f"collection:{name}", why))
        if query.before is not None or query.after is not None:
            dated = bool(self.index.there(self.index.column("page_day") > 0).any())
            for one in () if dated else each(query):
                if one.field in ("before", "after"):
                    ignored.append(Ignored(one.written, "no page of this index has a date"))
                    query = without(query, one)
        text = shorten(query.text, self.index, self._counted)
        if text != query.text:
            ignored.append(Ignored("some words", "the query is too long for all of them"))
        if self._counted and not self._counted(text):
            text = ""  # nothing but marks
        return replace(query, text=text, ignored=(), collections=()), tuple(ignored)

    def _find(self, query: Query, shape: Shape) -> list[Hit]:
        """Return the hits of a query, its filters applied as they stand."""
        gate = self._gate(query)
        words = Words(self.index, query, self.encoder.uses_rarity)
        for ranked, final in self._rankings(query, gate, shape):
            # A longer list is begun anew: pages further down may have moved up in it.
            shelf = Shelf(self._text, words, shape)
            shelf.fill(one for one in ranked if gate.passes(one.page))
            if final or shelf.full:
                return shelf.hits()
        return []

    def _gate(self, query: Query) -> PageFilter:
        gate = PageFilter(self.index, self._addresses, query, self._counted, self._body)
        if self._bounds is not None:
            outer = PageFilter(
                self.index, self._addresses, self._bounds, self._counted, self._body
            ).allowed
            gate.narrow(outer)
        return gate

    def _rankings(
        self, query: Query, gate: PageFilter, shape: Shape
    ) -> Iterator[tuple[list[Ranked], bool]]:
        """Yield ranked candidates, more of them each time, and whether there are no more."""
        if not self.index.passages:
            return
        if not query.text:
            if each(query):
                yield self._listed(gate), True
            return
        vectors = self._vectors(query.text)
        counted = self._counted
        phrases = [counted(plain_words(p)) for p in query.phrases] if counted else []
        wanted = shape.results
        while True:
            ranked = rank(
                self.index, vectors, query, gate.allowed, phrases, self._text, self.fusion,
                wanted, self._words,
            )  # fmt: skip
            if self.reranker is not None:
                ranked = reranked(ranked, query.text, self.reranker, self._text, self._depth)
            most = most_candidates(self.fusion, wanted)
            final = len(ranked) < most or most >= WIDEST
            yield ranked, final
            if final:
                return
            wanted = 2 * most

    def _vectors(self, text: str) -> QueryVectors:
        def encode() -> QueryVectors:
            return self.encoder.encode_query(text, self.index.languages)

        return encode() if self._memory is None else self._memory.vectors(text, encode)

    def _listed(self, gate: PageFilter) -> list[Ranked]:
        """Return the pages that filters alone let through, in the order of their addresses."""
        import numpy as np

        shown = np.ones(self.index.pages, dtype=bool) if gate.allowed is None else gate.allowed
        listed = []
        # In order before the cut: rows of a delta come after those of its base.
        for row in self.index.ordered(shown)[:WIDEST]:
            if inside := self.index.page_passages(int(row)):
                spans = (self.index.span(inside.start),)
                listed.append(Ranked(self.index.page(int(row)), 0.0, spans))
        return listed

    def _emptied_by(self, query: Query) -> tuple[str, ...]:
        """Return the filters but for which a query that found nothing would find something.

        Those without any one of which something is found; where it takes several to shut all
        pages out, those that do it alone, or else all of them.
        """
        filters = each(query)
        if not filters or not self._any(unfiltered(query)):
            return ()
        decisive = [f.written for f in filters if self._any(without(query, f))]
        alone = [f.written for f in filters if not decisive and not self._any(only(query, f))]
        return tuple(decisive or alone or [f.written for f in filters])

    def _any(self, query: Query) -> bool:
        if not query.text and not each(query):
            return bool(self.index.live_pages)  # every filter is taken away: all pages are listed
        return bool(self._find(query, Shape(1, 1, fold=False)))

    def _undated(self, query: Query) -> int:
        if query.before is None and query.after is None:
            return 0
        return self._gate(query).undated

    @property
    def _counted(self) -> Callable[[str], tuple[Term, ...]] | None:
        """How a word becomes terms of the index's postings; None where they are no words."""
        return self._terms_of if self.encoder.uses_rarity else None

    def _encoded(self, text: str) -> tuple[Term, ...]:
        return self._words.words(text, self.index.languages)

    def _body(self, record: PageRecord) -> str:
        return self._flat(record.version_id)

    def _flattened(self, version_id: int) -> str:
        page: PageVersion = self._text(version_id)
        return f"{flat(page.title)}\n{flat(page.text)}"

    def describe(self) -> dict[str, Any]:
        """Return what a run's manifest records of the index: digests and sizes."""
        values = self.index.manifest.values
        return {
            "index": self.index.digest,
            "encoder": values["encoder"],
            "chunker": values["chunker"],
            "pages": self.index.live_pages,
            "passages": self.index.passages,
            "backend": "frozen",
        }


def _sought(query: Query) -> Query:
    """Return what of a query decides whether anything is found."""
    return replace(query, phrases=(), in_title=(), ignored=())
