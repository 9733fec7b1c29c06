"""How many lists to look into and how many candidates to fetch, measured when an index is built.

Held-out queries are made of the passages' own vectors: a passage mixed with another one from far
away, because questions lie beside what answers them. The exact ten best of each come from all the
vectors. Which lists hold them is known in whole numbers, so the number of lists comes out the
same on every machine; what one-bit estimates lose on top decides how much is fetched.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .clusters import ROWS, points, quantise, spaced

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .clusters import Points

    Search = Callable[[NDArray[np.int16], int, int], NDArray[np.int64]]
    """(query, lists, candidates) → rows."""

logger = logging.getLogger(__name__)

ALL_LISTS = 100_000
"""Passages up to which every list is looked into: that takes milliseconds and loses nothing."""
QUERIES = 200
BEST = 10
MIXED = 0.6
"""The share of the other passage; the answer's own vector counts 1."""
WANTED = 0.995
MARGIN = 1.5
"""Real queries are further away than made ones; more lists than measured are looked into."""
FETCHES = (400, 800, 1600)


@dataclass(frozen=True, slots=True)
class Calibration:
    """`probes` lists and `fetch` candidates found `found` of `wanted` best passages."""

    probes: int
    fetch: int
    found: int
    wanted: int


def calibrate(
    matrix: "NDArray[np.int16]",
    centres: "Points",
    nearest: "NDArray[np.int32]",
    search: "Search",
) -> Calibration:
    """Choose for the lists of `matrix`; `nearest` is the list of each row."""
    queries = held_out(matrix)
    exact = exact_best(matrix, queries)
    probes = len(centres)
    if len(matrix) > ALL_LISTS:
        probes = min(probes, _enough(queries, exact, centres, nearest))
    wanted = found = fetch = 0
    for fetch in FETCHES:
        found = sum(
            len(set(best.tolist()) & set(search(query, probes, fetch).tolist()))
            for query, best in zip(queries, exact, strict=True)
        )
        wanted = exact.size
        if found >= WANTED * wanted:
            break
    logger.info("%d lists and %d candidates find %d of %d", probes, fetch, found, wanted)
    return Calibration(probes, fetch, found, wanted)


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


def _enough(
    queries: "NDArray[np.int16]",
    exact: "NDArray[np.int64]",
    centres: "Points",
    nearest: "NDArray[np.int32]",
) -> int:
    """Return after how many lists the wanted share of the best passages is in, with a margin."""
    import numpy as np

    scores = points(queries) @ centres.T
    order = np.argsort(-scores, axis=1, kind="stable")
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.arange(len(centres))[None], axis=1)
    needed = np.sort(np.take_along_axis(place, nearest[exact], axis=1), axis=None) + 1
    at = min(len(needed) - 1, int(WANTED * len(needed)))
    return int(np.ceil(needed[at] * MARGIN))
