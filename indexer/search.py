"""Search over the frozen index: both arms, fusion, one result a page, a total order, snippets.

The same query on the same index gives the same bytes in every process. Texts come from the page
store; Milvus is never opened here. This module knows nothing of tools, models or runs.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from store.database import Database
from store.page import PageVersion
from store.pages import PageStore

from .encoders.base import Encoder, QueryVectors, Term
from .encoders.lexical import LexicalEncoder
from .errors import IndexStale
from .frozen import FrozenIndex, frozen_root
from .query import Query, parse
from .ranking import DEFAULT_FUSION, Fusion, Ranked, rank
from .snippets import WORDS, snippet
from .tokens import terms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

TEXTS = 256
"""Page texts kept in memory by one searcher."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One result: a page, its best passages, and the sentences of the best one that match.

    `spans` are (start, end) of passages in the version's text, the best first.
    """

    rank: int
    url: str
    title: str
    score: float
    snippet: str
    version_id: int
    version_digest: str
    fetched_at: datetime
    published: date | None
    site: str
    spans: tuple[tuple[int, int], ...]


class Searcher:
    """One open index with the store that holds its texts."""

    def __init__(
        self,
        index: FrozenIndex,
        pages: PageStore,
        encoder: Encoder | None = None,
        fusion: Fusion = DEFAULT_FUSION,
    ) -> None:
        """Raises IndexStale when `encoder` is not the one that built `index`."""
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
        # BM25 told otherwise reads words otherwise, in titles and phrases too.
        self._words = chosen if isinstance(chosen, LexicalEncoder) else LexicalEncoder()
        self._pages = pages
        self._text = lru_cache(maxsize=TEXTS)(pages.version)

    @classmethod
    def open(
        cls, db: Database, home: Path, encoder: Encoder | None = None, collection: str = "web"
    ) -> Self:
        """Open the current index of a collection of `home`.

        Raises IndexMissing, IndexDamaged, or IndexStale.
        """
        index = FrozenIndex.open(frozen_root(home, collection))
        return cls(index, PageStore(db, collection), encoder)

    def search(self, query: str, k: int = 10, *, snippet_words: int = WORDS) -> list[Hit]:
        """Return at most `k` hits, best first, in the order (−score, url, span).

        Operators are those of `query.parse`. An empty query has no hits.
        """
        parsed = parse(query)
        vectors = self.encoder.encode_query(parsed.text, self.index.languages)
        if not self.index.passages or not (vectors.terms or vectors.dense is not None):
            return []
        allowed = self._allowed(parsed)
        ranked = rank(
            self.index,
            vectors,
            parsed,
            allowed,
            [self._terms_of(p) for p in parsed.phrases] if self.encoder.uses_rarity else [],
            self._text,
            self.fusion,
            k,
            self._words,
        )
        return [
            self._hit(number, result, vectors, snippet_words, parsed)
            for number, result in enumerate(ranked, 1)
        ]

    def _terms_of(self, text: str) -> tuple[Term, ...]:
        return self._words.encode_query(text, self.index.languages).terms

    def _allowed(self, query: Query) -> "NDArray[np.bool_] | None":
        """Return which pages the filters let through; None when there are no filters."""
        import numpy as np

        index = self.index
        if not (query.sites or query.barred_sites or query.excluded or query.before or query.after):
            return None
        allowed = np.ones(index.pages, dtype=bool)
        site_of = index.column("page_site")
        if query.sites:
            allowed &= np.isin(site_of, self._sites(query.sites))
        if query.barred_sites:
            allowed &= ~np.isin(site_of, self._sites(query.barred_sites))
        day = index.column("page_day")
        if query.before:
            allowed &= (day > 0) & (day < query.before)
        if query.after:
            allowed &= day >= query.after
        if self.encoder.uses_rarity:
            for word in query.excluded:
                for term in self._terms_of(word):
                    rows = index.passages_with(term)
                    allowed[index.column("passage_page")[rows]] = False
        return allowed

    def _sites(self, wanted: Sequence[str]) -> list[int]:
        return [
            number
            for number, site in enumerate(self.index.sites)
            if any(site == name or site.endswith(f".{name}") for name in wanted)
        ]

    def _hit(
        self, number: int, result: Ranked, vectors: QueryVectors, words: int, query: Query
    ) -> Hit:
        page = self._text(result.page.version_id)
        start, end = result.spans[0]
        return Hit(
            rank=number,
            url=result.page.url,
            title=result.page.title,
            score=result.score,
            snippet=snippet(
                page.text,
                start,
                end,
                self._weights(query, page),
                language=page.lang,
                words=words,
            ),
            version_id=result.page.version_id,
            version_digest=page.digest,
            fetched_at=page.fetched_at,
            published=page.published,
            site=result.page.site,
            spans=result.spans,
        )

    def _weights(self, query: Query, page: PageVersion) -> dict[str, float]:
        """Return the query's words, as this page's language stems them, with their weights."""
        weights: dict[str, float] = {}
        titles = set(terms(page.title, page.lang))
        encoded = LexicalEncoder().encode_query(query.text, (page.lang,))
        weight_of = {key: term.weight for term in encoded.terms for key in term.ids}
        from .encoders.lexical import term_id

        for word in terms(query.text, page.lang, single=False):
            key = term_id(word)
            rarity = self.index.rarity(Term((key,), 1.0)) if self.encoder.uses_rarity else 1.0
            # A word of the title says little about which sentence matters.
            share = 0.5 if word in titles else 1.0
            weights[word] = round(rarity * weight_of.get(key, 1.0) * share, 9)
        return weights

    def describe(self) -> dict[str, Any]:
        """Return what a run's manifest records of the index: digests and sizes."""
        values = self.index.manifest.values
        return {
            "index": self.index.digest,
            "encoder": values["encoder"],
            "chunker": values["chunker"],
            "pages": values["pages"],
            "passages": values["passages"],
            "backend": "frozen",
        }
