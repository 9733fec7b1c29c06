"""From the scores of two arms to ranked pages: over-fetch, fuse, prefer titles and phrases, order.

Deterministic: integer scores from the arms, a fixed order of sums, scores rounded before they are
compared, ties broken by URL and span. It reads texts only through the function that it is given,
and only to find quoted phrases.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from store.page import PageVersion

from .blocks import plain
from .encoders.base import QueryVectors, Term
from .encoders.lexical import LexicalEncoder
from .frozen.read import FrozenIndex, PageRecord
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
    second: float = 0.15
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
    """Return the best `k` pages of `index` for a query, those `allowed` only.

    `phrases` are the terms of the quoted phrases, by which pages that hold them are found beyond
    the candidates; an index that does not count words cannot use them and gets none. `words` reads
    titles and the query as words, as the index's encoder does where that is BM25.
    """
    import numpy as np

    scores = _fused(index, vectors, fusion)
    if allowed is not None:
        scores[~allowed[index.column("passage_page")]] = 0.0
    first = index.column("page_first")
    best = np.maximum.reduceat(scores, first[:-1]) if index.pages else np.zeros(0)
    pages = _top(best, max(fusion.candidates, 2 * k))
    if phrases:
        pages = sorted({*pages, *_holding(index, phrases, best, fusion.candidates)})
    title_terms = _TitleMatch(index, query, words or LexicalEncoder())
    ranked = []
    for row in pages:
        record = index.page(row)
        passages = sorted(
            (i for i in index.page_passages(row) if scores[i] > 0.0),
            key=lambda i: (-float(scores[i]), index.span(i)),
        )
        if not passages:
            continue
        base = float(scores[passages[0]])
        if len(passages) > 1:
            base += fusion.second * float(scores[passages[1]])
        factor = 1.0 + fusion.title * title_terms.share(record)
        factor += fusion.named * title_terms.names(record)
        held = _phrases_held(query.phrases, record, text) if query.phrases else 0
        factor += fusion.phrase * held
        for word in query.in_title:
            factor += fusion.phrase * (_flat(word) in _flat(record.title))
        spans = tuple(index.span(i) for i in passages[:MOST_SPANS])
        ranked.append(Ranked(record, round(base * factor, 6), spans))
    ranked.sort(key=lambda r: (-r.score, r.page.url, r.spans[0]))
    return ranked[:k]


def _fused(
    index: FrozenIndex, vectors: QueryVectors, fusion: Fusion
) -> "NDArray[np.floating[Any]]":
    """Return one score for every passage; 0 means "not found"."""
    sparse = index.sparse_scores(vectors.terms) * index.sparse_unit
    if vectors.dense is None or not index.has_dense:
        return sparse
    dense = index.dense_scores(vectors.dense) * index.dense_unit
    if fusion.method == "rrf":
        return (
            _reciprocal(dense, fusion) * fusion.dense + _reciprocal(sparse, fusion) * fusion.sparse
        )
    return _share(dense) * fusion.dense + _share(sparse) * fusion.sparse


def _share(scores: "NDArray[np.floating[Any]]") -> "NDArray[np.floating[Any]]":
    """Divide by the best score; negative ones become 0."""
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


def _holding(
    index: FrozenIndex,
    phrases: Sequence[tuple[Term, ...]],
    best: "NDArray[np.floating[Any]]",
    most: int,
) -> list[int]:
    """Return the best pages with a passage that holds all words of one of the phrases."""
    import numpy as np

    pages: set[int] = set()
    for terms in phrases:
        held: NDArray[Any] | None = None
        for term in terms:
            rows = np.unique(index.passages_with(term))
            held = rows if held is None else np.intersect1d(held, rows, assume_unique=True)
        if held is not None and len(held):
            rows = np.unique(index.column("passage_page")[held])
            pages.update(int(rows[i]) for i in _top(best[rows], most))
    return sorted(pages)


def _flat(text: str) -> str:
    """Fold case, width, marks of emphasis and white space, for comparing phrases."""
    return " ".join(plain(unicodedata.normalize("NFKC", text)).casefold().split())


def _phrases_held(
    phrases: Sequence[str], record: PageRecord, text: Callable[[int], PageVersion]
) -> int:
    """Count the quoted phrases that stand in a page's title or text."""
    body = f"{_flat(record.title)}\n{_flat(text(record.version_id).text)}"
    return sum(_flat(phrase) in body for phrase in phrases)


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
        return float(inside / (inside + outside) * (inside / self._total) ** 0.5)

    def names(self, record: PageRecord) -> bool:
        """Tell whether the query has the title, without what follows a comma or dash."""
        head = " ".join(words_of(_TITLE_TAIL.sub("", record.title), single=False))
        return len(head) > 1 and f" {head} " in self._words

    def _terms(self, text: str) -> tuple[Term, ...]:
        return self._encoder.encode_query(text, self._index.languages).terms

    def _worth(self, term: Term) -> float:
        # Indexes of other encoders count other terms: every word is then worth the same.
        lexical = self._index.manifest.values["uses_rarity"]
        rarity = self._index.rarity(term) if lexical else 1.0
        return max(0.05, rarity) * term.weight
