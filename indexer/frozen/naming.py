"""Which pages both arms together may like best: more than what each would name by itself.

A page in the middle of both lists can be better than any at the top of one, where a query has
thousands of passages about as near as the best. So the words of all passages that are near are
looked at, before any is dropped; which ones get their exact products is decided by both arms'
scores together. It knows the arms of folders, and nothing of texts, ranks or preferences.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .segment import Segment
from .sparse import Word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]
    Mask = NDArray[np.bool_]
    Named = tuple[NDArray[Any], NDArray[Any]]
    """Scores and pages, the best first."""


@dataclass(frozen=True, slots=True)
class _Near:
    """Candidates of one folder, with their exact sparse scores and exact or estimated products."""

    rows: "NDArray[Any]"
    sparse: "Integers"
    dense: "NDArray[Any]"
    exact: bool


def both(
    segments: Sequence[Segment],
    masks: "Sequence[Mask | None]",
    words: Sequence[Word],
    vector: "NDArray[np.int16]",
    most: int,
    weights: tuple[float, float],
) -> "tuple[list[Named], list[Named], list[Named]]":
    """Return by folder the best pages of the sparse arm, of the dense arm, and of both.

    Both are each arm's score as a share of its best one, times `weights` (dense, sparse).
    """
    import numpy as np

    pairs = list(zip(segments, masks, strict=True))
    empty = np.zeros(0, np.int64), np.zeros(0, np.int64)
    sparse = [s.sparse.top(words, 2 * most, mask) if words else empty for s, mask in pairs]
    near = [_near(segment, mask, words, vector) for segment, mask in pairs]
    highest = max((int(scores.max(initial=0)) for scores, _ in sparse), default=0)

    def fused(held: Sequence[_Near]) -> "list[NDArray[np.float64]]":
        nearest = max((float(one.dense.max(initial=0)) for one in held), default=0.0)
        return [_share(one.dense, nearest, weights[0]) + _share(one.sparse, highest, weights[1])
                for one in held]  # fmt: skip

    exact = [
        _scored(segment, one, guess, vector)
        for segment, one, guess in zip(segments, near, fused(near), strict=True)
    ]
    owners = [s.columns["passage_page"][one.rows] for s, one in zip(segments, exact, strict=True)]
    dense = [best_of(one.dense, owner, most) for one, owner in zip(exact, owners, strict=True)]
    together = [
        best_of(scores, owner, most) for scores, owner in zip(fused(exact), owners, strict=True)
    ]
    return sparse, dense, together


def _near(
    segment: Segment, mask: "Mask | None", words: Sequence[Word], vector: "NDArray[np.int16]"
) -> _Near:
    assert segment.dense is not None
    rows, estimates = segment.dense.candidates(vector, mask)
    products = segment.dense.at(vector, rows) if estimates is None else estimates
    return _Near(rows, segment.sparse.at(words, rows), products, estimates is None)


def _scored(
    segment: Segment, near: _Near, guess: "NDArray[np.float64]", vector: "NDArray[np.int16]"
) -> _Near:
    """Return the best candidates by estimate and by both arms, with exact products."""
    import numpy as np

    assert segment.dense is not None
    if near.exact:
        return near
    kept = np.zeros(len(near.rows), dtype=bool)
    for scores in (near.dense, guess):
        # What ties with the last one is kept too, so that no library's order decides.
        cut = len(scores) - min(segment.dense.fetch, len(scores))
        kept |= scores >= np.partition(scores, cut)[cut] if cut else True
    rows = near.rows[kept]
    return _Near(rows, near.sparse[kept], segment.dense.at(vector, rows), True)


def _share(scores: "NDArray[Any]", best: float, weight: float) -> "NDArray[np.float64]":
    import numpy as np

    shares: NDArray[np.float64] = np.maximum(scores, 0) * (weight / best if best > 0 else 0.0)
    return shares


def best_of(scores: "NDArray[Any]", pages: "NDArray[Any]", most: int) -> "Named":
    """Return (scores, pages) of the best pages among passages, each with its best score.

    Scores are above 0; where pages tie, the first ones are taken.
    """
    import numpy as np

    order = np.lexsort((pages, -scores))
    order = order[scores[order] > 0]
    ranked = pages[order]
    _, at = np.unique(ranked, return_index=True)
    kept = order[np.sort(at)][:most]
    return scores[kept], pages[kept].astype(np.int64)
