"""From the scores of two arms to ranked pages: over-fetch, fuse, prefer titles and phrases, order.

Deterministic: integer scores from the arms, a fixed order of sums, scores rounded before they are
compared, ties broken by URL and span. It reads texts only through the function that it is given,
and only to find quoted phrases.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from store.page import PageVersion

from .encoders.base import QueryVectors, Term
from .encoders.lexical import LexicalEncoder
from .frozen.read import Found, FrozenIndex
from .frozen.segment import PageRecord
from .phrases import Phrases, flat, holds
from .query import Query
from .tokens import terms as words_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Fusion:
    """How arms and preferences are combined.

    `method` is "weighted" (each arm divided by its best score) or "rrf" (Cormack et al. 2009,
    with `rrf_k`). A page is worth its best passage and `second` of the next best; `title` is what
    a title made of the query's words adds at most, `named` what is added when the query names the
    page by its whole title, and `phrase` what each quoted phrase adds.
    """

    method: str = "weighted"
    dense: float = 0.6
    sparse: float = 0.4
    rrf_k: int = 60
    second: float = 0.25
    title: float = 0.5
    named: float = 0.25
    phrase: float = 1.0
    candidates: int = 100


DEFAULT_FUSION = Fusion()


@dataclass(frozen=True, slots=True)
class Ranked:
    """A page with its score and the spans of its best passages, the best first."""

    page: PageRecord
    score: float
    spans: tuple[tuple[int, int], ...]


MOST_SPANS = 3
_TITLE_TAIL = re.compile(r"(?<=\w)(?:, |\s+[-–—|·(]\s?|\s*[(（：|]).*", re.DOTALL)


def rank(
    index: FrozenIndex,
    vectors: QueryVectors,
    query: Query,
    allowed: "NDArray[np.bool_] | None",
    phrases: Sequence[tuple[Term, ...]],
    text: Callable[[int], PageVersion],
    fusion: Fusion,
    k: int,
    words: LexicalEncoder | None = None,
) -> list[Ranked]:
    """Return the candidates of `index` for a query in order, those `allowed` only.

    There are `most_candidates` of them where so many pages match: which ones are shown is for the
    caller to say, who sees that some are alike. `phrases` are the terms of the quoted phrases, by
    which pages that hold them are found beyond the candidates; an index that does not count words
    cannot use them and gets none. `words` reads titles and the query as words, as the index's
    encoder does where that is BM25.
    """
    import numpy as np

    most = most_candidates(fusion, k)
    weights = (fusion.dense, fusion.sparse)
    quoted = Phrases(
        index,
        query.phrases,
        phrases,
        lambda record: flat(text(record.version_id).text),
        lambda record, row: flat(text(record.version_id).text[slice(*index.span(row))]),
    )

    def best_of(pages: "NDArray[np.bool_]") -> list[int]:
        wanted = pages if allowed is None else pages & allowed
        return index.best_pages(vectors, fusion.candidates, wanted, weights)

    beyond = quoted.pages(best_of)
    found = index.found(vectors, [*index.best_pages(vectors, most, allowed, weights), *beyond])
    scores = _fused(index, found, fusion)
    first = found.first
    best = np.maximum.reduceat(scores, first[:-1]) if found.pages else np.zeros(0)
    chosen = {*_top(best, most), *(at for at, row in enumerate(found.pages) if row in beyond)}
    in_title = [flat(words) for words in query.in_title]
    title_terms = _TitleMatch(index, query, words or LexicalEncoder())
    ranked = []
    for at in sorted(chosen):
        record = index.page(found.pages[at])
        passages = sorted(
            (i for i in range(int(first[at]), int(first[at + 1])) if scores[i] > 0.0),
            key=lambda i: (-float(scores[i]), index.span(int(found.passages[i]))),
        )
        if not passages:
            continue
        base = float(scores[passages[0]])
        if len(passages) > 1:
            base += fusion.second * float(scores[passages[1]])
        factor = 1.0 + fusion.title * title_terms.share(record)
        factor += fusion.named * title_terms.names(record)
        factor += fusion.phrase * (quoted.held(record) if query.phrases else 0)
        for wanted in in_title:
            factor += fusion.phrase * holds(flat(record.title), wanted)
        spans = tuple(index.span(found.passages[i]) for i in passages[:MOST_SPANS])
        ranked.append(Ranked(record, round(base * factor, 6), spans))
    ranked.sort(key=lambda r: (-r.score, r.page.url, r.spans[0]))
    return ranked


def best_passages(
    index: FrozenIndex, vectors: QueryVectors, k: int, fusion: Fusion = DEFAULT_FUSION
) -> list[int]:
    """Return the rows of the `k` best passages by both arms alone, no preference applied."""
    found = index.found(vectors, index.best_pages(vectors, fusion.candidates, None))
    return [int(found.passages[at]) for at in _top(_fused(index, found, fusion), k)]


def most_candidates(fusion: Fusion, k: int) -> int:
    """Return how many pages are ranked at most for `k` results, quoted phrases apart."""
    return max(fusion.candidates, 2 * k)


def _fused(index: FrozenIndex, found: Found, fusion: Fusion) -> "NDArray[np.floating[Any]]":
    """Return one score for each of the passages found; 0 means that it does not match."""
    sparse = found.sparse * index.sparse_unit
    if found.dense is None:
        return sparse
    dense = found.dense * index.dense_unit
    if fusion.method == "rrf":
        return (
            _reciprocal(dense, fusion) * fusion.dense + _reciprocal(sparse, fusion) * fusion.sparse
        )
    return _share(dense) * fusion.dense + _share(sparse) * fusion.sparse


def _share(scores: "NDArray[np.floating[Any]]") -> "NDArray[np.floating[Any]]":
    """Divide by the best score, whose page each arm always names; negative ones become 0."""
    import numpy as np

    best = float(scores.max(initial=0.0))
    clipped: NDArray[np.floating[Any]] = np.maximum(scores, 0.0)
    return clipped / best if best > 0.0 else clipped


def _reciprocal(scores: "NDArray[np.floating[Any]]", fusion: Fusion) -> "NDArray[np.floating[Any]]":
    """Return 1 / (k + rank) for the best passages of one arm; equal scores in row order."""
    import numpy as np

    found = np.zeros(len(scores), dtype=np.float64)
    for place, row in enumerate(_top(scores, 5 * fusion.candidates), 1):
        found[row] = (fusion.rrf_k + 1.0) / (fusion.rrf_k + place)
    return found


def _top(scores: "NDArray[Any]", most: int) -> list[int]:
    """Return the rows of the best positive scores; equal scores in row order."""
    import numpy as np

    positive = np.flatnonzero(scores > 0)
    if len(positive) > most:
        # The cut keeps every row that ties with the last one, so that membership cannot depend
        # on how the partition falls.
        bar = np.partition(scores[positive], len(positive) - most)[len(positive) - most]
        positive = positive[scores[positive] >= bar]
    order = np.lexsort((positive, -scores[positive]))
    return [int(row) for row in positive[order][:most]]


class _TitleMatch:
    """How far a title is made of the query's words, weighed by their rarity: 0 to 1."""

    def __init__(self, index: FrozenIndex, query: Query, words: LexicalEncoder) -> None:
        self._index = index
        self._encoder = words
        self._weights: dict[tuple[int, ...], float] = {}
        for term in self._terms(query.text):
            self._weights[term.ids] = self._worth(term)
        self._total = sum(self._weights.values())
        self._words = f" {' '.join(words_of(query.text, single=False))} "

    def share(self, record: PageRecord) -> float:
        """Return the share of the title that the query names times the root of the reverse."""
        inside = outside = 0.0
        for term in self._terms(record.title):
            worth = self._worth(term)
            if term.ids in self._weights:
                inside += worth
            else:
                outside += worth
        if not inside or not self._total:
            return 0.0
        return float(inside / (inside + outside) * math.sqrt(inside / self._total))

    def names(self, record: PageRecord) -> bool:
        """Tell whether the query has the title, without what follows a comma or dash."""
        head = " ".join(words_of(_TITLE_TAIL.sub("", record.title), single=False))
        return len(head) > 1 and f" {head} " in self._words

    def _terms(self, text: str) -> tuple[Term, ...]:
        return self._encoder.words(text, self._index.languages)

    def _worth(self, term: Term) -> float:
        # Indexes of other encoders count other terms: every word is then worth the same.
        lexical = self._index.manifest.values["uses_rarity"]
        rarity = self._index.rarity(term) if lexical else 1.0
        return max(0.05, rarity) * term.weight
