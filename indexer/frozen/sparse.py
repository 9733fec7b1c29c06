"""The sparse arm: 16-bit postings by term, exact best pages by MaxScore, exact scores of passages.

Scores are sums of integers (impact times factor), so they do not depend on the order of sums.
What a query's words are worth is handed in; it knows no texts, no idf and no dense vectors. The
numpy code is the reference: the compiled loops of `kernels` give the same, in less time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from ..encoders.base import EMPTY, Vectors
from .ahead import Ahead

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]
    Mask = NDArray[np.bool_]

IMPACT = 65535
BLOCK = 128
"""Postings whose highest impact is kept together; `kernels.BLOCK_BITS` is its power of two."""
ARRAYS: "dict[str, tuple[str, Callable[[Mapping[str, NDArray[Any]]], int]]]" = {
    "terms": ("<u4", lambda _: -1),
    "term_first": ("<i8", lambda held: len(held["terms"]) + 1),
    "term_impact": ("<u2", lambda held: len(held["terms"])),
    "posting_passage": ("<i4", lambda held: int(held["term_first"][-1])),
    "posting_impact": ("<u2", lambda held: len(held["posting_passage"])),
    "posting_block": ("<u2", lambda held: -(-len(held["posting_passage"]) // BLOCK)),
}
"""The arrays with their types, and how long each is beside those before it; -1 for any length."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a query: its term ids, of which the highest impact counts, and its factor."""

    ids: tuple[int, ...]
    factor: int


class PostingsWriter:
    """Collects (term, passage, impact) batch by batch and sorts them by term."""

    def __init__(self, ceiling: float) -> None:
        self._scale = IMPACT / ceiling
        self._terms: list[NDArray[Any]] = []
        self._rows: list[NDArray[Any]] = []
        self._impacts: list[NDArray[Any]] = []

    def add(self, row: int, batch: Sequence[Vectors]) -> None:
        """Add the passages from `row` on."""
        import numpy as np

        counts = [len(vector.sparse) for vector in batch]
        total = sum(counts)
        terms = np.fromiter(chain.from_iterable(v.sparse for v in batch), np.int64, total)
        weights = np.fromiter(
            chain.from_iterable(v.sparse.values() for v in batch), np.float64, total
        )
        rows = np.repeat(np.arange(row, row + len(batch), dtype="<i4"), counts)
        kept = terms != EMPTY
        impacts = np.clip(np.rint(weights[kept] * self._scale), 1, IMPACT)
        self._terms.append(terms[kept].astype("<u4"))
        self._rows.append(rows[kept])
        self._impacts.append(impacts.astype("<u2"))

    def columns(self) -> "dict[str, NDArray[Any]]":
        """Return the arrays that `ARRAYS` names."""
        import numpy as np

        terms = np.concatenate([np.zeros(0, "<u4"), *self._terms])
        order = _by_term(terms)
        terms = terms[order]
        rows = np.concatenate([np.zeros(0, "<i4"), *self._rows])[order]
        impacts = np.concatenate([np.zeros(0, "<u2"), *self._impacts])[order]
        first = np.flatnonzero(np.concatenate([[True], terms[1:] != terms[:-1]])[: len(terms)])
        blocks = np.arange(0, len(impacts), BLOCK)
        empty = np.zeros(0, "<u2")
        return {
            "terms": terms[first],
            "term_first": np.concatenate([first, [len(terms)]]).astype("<i8"),
            "term_impact": np.maximum.reduceat(impacts, first) if len(first) else empty,
            "posting_passage": rows,
            "posting_impact": impacts,
            "posting_block": np.maximum.reduceat(impacts, blocks) if len(blocks) else empty,
        }


def _by_term(terms: "NDArray[Any]") -> "NDArray[Any]":
    """Return the stable order of 32-bit terms: numpy sorts 16-bit integers by radix, in one go."""
    import numpy as np

    order = np.argsort(terms.astype(np.uint16), kind="stable")
    high = (terms >> 16).astype(np.uint16)
    final: NDArray[Any] = order[np.argsort(high[order], kind="stable")]
    return final


class SparseArm:
    """The postings of one folder. `first` is the first passage of each page and the end."""

    def __init__(
        self,
        columns: "Mapping[str, NDArray[Any]]",
        owner: "NDArray[Any]",
        first: "NDArray[Any]",
        kernels: Callable[[], Any | None],
        ahead: Sequence[Ahead] = (),
    ) -> None:
        self._terms = columns["terms"]
        self._term_first = columns["term_first"]
        self._ceilings = columns["term_impact"]
        self._rows = columns["posting_passage"]
        self._impacts = columns["posting_impact"]
        self._blocks = columns["posting_block"]
        self._owner = owner
        self._first = first
        self._kernels = kernels
        self._ahead = ahead

    def postings(self, term: int) -> tuple[int, int]:
        """Return the range of postings of a term id; empty when no passage has it."""
        import numpy as np

        # A number of another type would have numpy copy all terms into that type.
        at = int(self._terms.searchsorted(np.uint32(term)))
        if at == len(self._terms) or int(self._terms[at]) != term:
            return 0, 0
        return int(self._term_first[at]), int(self._term_first[at + 1])

    def ranges(self, ids: Sequence[int]) -> list[tuple[int, int]]:
        """Return the ranges of postings of the ids that some passage has."""
        return [(a, b) for a, b in map(self.postings, ids) if b > a]

    def rows(self, ids: Sequence[int]) -> "NDArray[Any]":
        """Return the passages that have any of the ids, repeats possible."""
        import numpy as np

        found = [self._rows[a:b] for a, b in self.ranges(ids)]
        return np.concatenate(found) if found else np.zeros(0, dtype=np.int32)

    def holding(self, ids: Sequence[int], rows: "NDArray[Any]") -> "NDArray[Any]":
        """Return those of `rows`, which ascend, that have any of the ids."""
        import numpy as np

        held = np.zeros(len(rows), dtype=bool)
        for a, b in self.ranges(ids):
            held |= _positions(self._rows[a:b], rows)[1]
        return rows[held]

    def scores(self, words: Sequence[Word]) -> "Integers":
        """Return the score of every passage: the reference for everything else."""
        import numpy as np

        scores = np.zeros(len(self._owner), dtype=np.int64)
        for word in words:
            ranges = self.ranges(word.ids)
            if len(ranges) == 1:
                a, b = ranges[0]
                scores[self._rows[a:b]] += self._impacts[a:b].astype(np.int64) * word.factor
            elif ranges:
                best = np.zeros(len(scores), dtype=np.int64)
                for a, b in ranges:
                    rows = self._rows[a:b]
                    best[rows] = np.maximum(best[rows], self._impacts[a:b])
                scores += best * word.factor
        return scores

    def top(
        self, words: Sequence[Word], most: int, allowed: "Mask | None"
    ) -> "tuple[Integers, Integers]":
        """Return (scores, pages) of the `most` pages with the best passages, the best first.

        Scores are above 0; where pages tie, the first ones are taken. `allowed` is by page.
        """
        import numpy as np

        kernels = self._kernels()
        if kernels is None:
            return best_pages(self.scores(words), self._owner, self._first, most, allowed)
        for a, b in (pair for word in words for pair in self.ranges(word.ids)):
            for file in self._ahead:
                file.between(a, b)
        lists = self._lists(words)
        mask = np.zeros(0, np.uint8) if allowed is None else allowed.view(np.uint8)
        scores, pages = kernels.top(
            self._rows,
            self._impacts,
            self._blocks,
            self._owner,
            mask,
            *lists,
            most,
        )
        order = np.lexsort((pages, -scores))
        return scores[order], pages[order]

    def at(self, words: Sequence[Word], rows: "NDArray[Any]") -> "Integers":
        """Return the scores of the passages `rows`, which ascend."""
        import numpy as np

        kernels = self._kernels()
        if kernels is not None:
            wanted = np.ascontiguousarray(rows, dtype=np.int64)
            *lists, _ = self._lists(words)
            found: Integers = kernels.at(self._rows, self._impacts, *lists, wanted)
            return found
        scores = np.zeros(len(rows), dtype=np.int64)
        for word in words:
            best = np.zeros(len(rows), dtype=np.int64)
            for a, b in self.ranges(word.ids):
                places, held = _positions(self._rows[a:b], rows)
                impacts = self._impacts[a:b][places[held]]
                best[held] = np.maximum(best[held], impacts)
            scores += best * word.factor
        return scores

    def _lists(self, words: Sequence[Word]) -> "tuple[Integers, ...]":
        """Return what `kernels.top` calls starts, stops, first, factors and ceilings."""
        import numpy as np

        groups: list[tuple[int, int, list[tuple[int, int]]]] = []
        for word in words:
            if ranges := self.ranges(word.ids):
                highest = max(int(self._ceilings[self._term_at(a)]) for a, _ in ranges)
                groups.append((word.factor, highest, ranges))
        groups.sort(key=lambda group: -group[0] * group[1])
        every = [pair for _, _, ranges in groups for pair in ranges]
        first = np.cumsum([0, *(len(ranges) for _, _, ranges in groups)])
        columns = (
            [a for a, _ in every],
            [b for _, b in every],
            first,
            [factor for factor, _, _ in groups],
            [highest for _, highest, _ in groups],
        )
        return tuple(np.array(column, dtype=np.int64) for column in columns)

    def _term_at(self, posting: int) -> int:
        import numpy as np

        return int(self._term_first.searchsorted(np.int64(posting)))

    def without(self, gone: "Mask") -> "tuple[NDArray[Any], NDArray[Any]]":
        """Return (terms, counts): how many postings each term has in the passages `gone`."""
        import numpy as np

        found = np.flatnonzero(gone[self._rows])
        at = np.searchsorted(self._term_first, found, side="right") - 1
        which, counts = np.unique(at, return_counts=True)
        return self._terms[which], counts


def best_pages(
    scores: "Integers",
    owner: "NDArray[Any]",
    first: "NDArray[Any]",
    most: int,
    allowed: "Mask | None",
) -> "tuple[Integers, Integers]":
    """Return (scores, pages) of the `most` pages with the best passages, from all scores."""
    import numpy as np

    if not len(scores):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    best = np.maximum.reduceat(scores, first[:-1])
    if allowed is not None:
        best = np.where(allowed, best, 0)
    pages = np.flatnonzero(best > 0)
    if len(pages) > most:
        # The cut keeps every page that ties with the last one, so that membership cannot depend
        # on how the partition falls.
        bar = np.partition(best[pages], len(pages) - most)[len(pages) - most]
        pages = pages[best[pages] >= bar]
    order = np.lexsort((pages, -best[pages]))[:most]
    return best[pages[order]], pages[order]


def _positions(
    held: "NDArray[Any]", rows: "NDArray[Any]"
) -> "tuple[NDArray[Any], NDArray[np.bool_]]":
    """Return where each of `rows` stands in `held`, and whether it stands there."""
    import numpy as np

    places = np.searchsorted(held, rows)
    inside = places < len(held)
    found = np.zeros(len(rows), dtype=bool)
    found[inside] = held[places[inside]] == rows[inside]
    return places, found
