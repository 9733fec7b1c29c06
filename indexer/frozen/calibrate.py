"""How many lists to look into and how many candidates to fetch, measured when an index is built.

Held-out queries are made of the passages' own vectors: a passage mixed with another one from far
away, because questions lie beside what answers them. The exact ten best of each come from all the
vectors. Which lists hold them is known in whole numbers, so the number of lists comes out the
same on every machine; what estimates lose on top decides how much is fetched, and whether codes of
one bit do. Estimates are not whole numbers: whoever hands over a search sees to it that they are
the same on every machine.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .clusters import FEW_LISTS, ROWS, points, quantise, spaced

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .clusters import Points

    Search = Callable[[NDArray[np.int16], int, int], tuple[NDArray[np.int64], NDArray[np.float64]]]
    """(query, lists, candidates) → rows and estimated products."""

logger = logging.getLogger(__name__)

QUERIES = 200
BEST = 10
MIXED = 0.6
"""The share of the other passage; the answer's own vector counts 1."""
WANTED = 0.995
IN_LISTS = 0.99
"""The share of the best passages in the lists that do: the last ones lie far from everything."""
IN_FEW_LISTS = 0.999
"""The same where lists are few, and to look into one more costs next to nothing."""
MARGIN = 2.0
"""Real queries are further away than made ones; more lists than measured are looked into."""
FETCHES = (400, 800, 1600)
WIDTHS = (400, 800, 1600, 3200, 6400)
NEAR = 0.6
"""Passages with so much of the tenth best product are as good as it where they have the words."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """`probes` lists hold `held` of `wanted` best passages, and `fetch` candidates `found`.

    `wide` is how many passages are near enough to be worth a look at their words.
    """

    probes: int
    fetch: int
    wide: int
    found: int
    held: int
    wanted: int

    @property
    def enough(self) -> bool:
        """Whether the wanted share of those in the lists was found."""
        return self.found >= WANTED * self.held


class Trial:
    """Held-out queries on a matrix, with what exact search over all of it finds.

    `nearest` is the list of each row, whose centre is in `centres`.
    """

    def __init__(
        self, matrix: "NDArray[np.int16]", centres: "Points", nearest: "NDArray[np.int32]"
    ) -> None:
        import numpy as np

        self._matrix = matrix
        self._queries = held_out(matrix)
        self._exact = exact_best(matrix, self._queries)
        needed = _needed(self._queries, self._exact, centres, nearest)
        share = IN_FEW_LISTS if len(matrix) <= FEW_LISTS else IN_LISTS
        at = min(len(needed) - 1, int(share * len(needed)))
        self._probes = min(len(centres), int(np.ceil(needed[at] * MARGIN)))
        self._held = int(np.count_nonzero(needed <= self._probes))

    def calibrate(self, search: "Search") -> Calibration:
        """Choose for `search`."""
        kept: dict[int, list[tuple[NDArray[np.int64], NDArray[np.float64]]]] = {}

        def asked(width: int) -> "list[tuple[NDArray[np.int64], NDArray[np.float64]]]":
            if width not in kept:
                kept[width] = [search(query, self._probes, width) for query in self._queries]
            return kept[width]

        near = self._near([estimates for _, estimates in asked(WIDTHS[-1])])
        for fetch in FETCHES:
            wide = max(fetch, near)
            # Searches are so wide, and keep the best by estimate of what they are given.
            found = sum(
                len(set(best.tolist()) & set(_best(rows, estimates, fetch).tolist()))
                for (rows, estimates), best in zip(asked(wide), self._exact, strict=True)
            )
            chosen = Calibration(self._probes, fetch, wide, found, self._held, self._exact.size)
            if chosen.enough:
                break
        logger.info("calibrated: %s", chosen)
        return chosen

    def _near(self, estimates: "Sequence[NDArray[np.float64]]") -> int:
        """Return how many passages the median query has near it, as one of `WIDTHS`."""
        import numpy as np

        counts = []
        for query, best, those in zip(self._queries, self._exact, estimates, strict=True):
            products = self._matrix[best].astype(np.int64) @ query.astype(np.int64)
            counts.append(int(np.count_nonzero(those >= NEAR * int(products.min()))))
        middle = sorted(counts)[len(counts) // 2] if counts else 0
        return next((width for width in WIDTHS if width >= middle), WIDTHS[-1])


def _best(
    rows: "NDArray[np.int64]", estimates: "NDArray[np.float64]", most: int
) -> "NDArray[np.int64]":
    import numpy as np

    return rows[np.argsort(-estimates, kind="stable")[:most]]


def held_out(matrix: "NDArray[np.int16]") -> "NDArray[np.int16]":
    """Return queries of length 1, as they are stored: 16-bit integers."""
    import numpy as np

    rows = spaced(len(matrix), QUERIES)
    others = (rows * 7919 + len(matrix) // 2) % len(matrix)
    mixed = matrix[rows].astype(np.float64) + MIXED * matrix[others]
    squares = (mixed * mixed).sum(axis=1, keepdims=True)
    return quantise(mixed / np.sqrt(np.maximum(squares, 1.0)))


def exact_best(matrix: "NDArray[np.int16]", queries: "NDArray[np.int16]") -> "NDArray[np.int64]":
    """Return the rows of the ten best products with each query, in no order.

    Where products tie, the first rows are taken.
    """
    import numpy as np

    most = min(BEST, len(matrix))
    best = np.zeros((len(queries), 0), dtype=np.int64)
    for at in range(0, len(matrix), ROWS):
        # Products are whole numbers below 2^53: exact in float64 in any order of sums.
        products = queries.astype(np.float64) @ matrix[at : at + ROWS].astype(np.float64).T
        # Score and row in one number, so that the cut never falls between equal ones.
        rows = np.arange(at, at + products.shape[1], dtype=np.int64)
        keys = (products.astype(np.int64) << 31) + ((1 << 31) - 1 - rows)
        keys = np.concatenate([best, keys], axis=1)
        best = np.partition(keys, keys.shape[1] - min(most, keys.shape[1]), axis=1)[:, -most:]
    return (1 << 31) - 1 - (best & ((1 << 31) - 1))


def _needed(
    queries: "NDArray[np.int16]",
    exact: "NDArray[np.int64]",
    centres: "Points",
    nearest: "NDArray[np.int32]",
) -> "NDArray[np.int64]":
    """Return for each of the best passages how many lists it takes to reach it, ascending."""
    import numpy as np

    scores = points(queries) @ centres.T
    order = np.argsort(-scores, axis=1, kind="stable")
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.arange(len(centres))[None], axis=1)
    needed: NDArray[np.int64] = np.take_along_axis(place, nearest[exact], axis=1)
    return np.sort(needed, axis=None) + 1
