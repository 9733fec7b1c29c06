"""Clusters of dense vectors, found by k-means in whole numbers: the same ones on every machine.

Vectors are rounded to integers of length 4000. Every product of two of them, and every sum on the
way to their inner product, is an integer below 2^24, which float32 holds exactly: so a matrix
product gives the same bits in any order of sums, on any number of threads, with any instruction
set. It knows vectors only, no passages and no FAISS.
"""

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Points = NDArray[np.float32]

LENGTH = 4000
DENSE_SCALE = 32767
"""Dense values are kept as 16-bit integers: their products add up exactly in any order."""
FEW_LISTS = 100_000
"""Passages up to which lists are few and long: looking into most of them takes milliseconds."""
ROUNDS = 6
SAMPLE = 40
"""Vectors a cluster that k-means looks at."""
ROWS = 4096
"""Vectors worked on at once."""


def quantise(vectors: "NDArray[Any]") -> "NDArray[np.int16]":
    """Return vectors of length 1 as 16-bit integers of length 32767."""
    import numpy as np

    scaled: NDArray[np.int16] = np.clip(
        np.rint(vectors.astype(np.float64) * DENSE_SCALE), -DENSE_SCALE, DENSE_SCALE
    ).astype("<i2")
    return scaled


def points(rows: "NDArray[np.int16]") -> "Points":
    """Return stored vectors as whole numbers of length 4000."""
    import numpy as np

    rounded: Points = np.rint(rows.astype(np.float64) * (LENGTH / DENSE_SCALE)).astype(np.float32)
    return rounded


def spaced(count: int, most: int) -> "NDArray[np.int64]":
    """Return at most `most` of `count` positions, evenly spaced."""
    import numpy as np

    return np.arange(min(count, most), dtype=np.int64) * count // max(1, min(count, most))


def how_many(passages: int) -> int:
    """Return the number of clusters: the power of two nearest to 2.5 √passages.

    Up to `FEW_LISTS` passages it is 0.4 √passages: what a list costs by itself would be more than
    what its passages cost.
    """
    each = 0.4 if passages <= FEW_LISTS else 2.5
    return 1 << max(0, round(math.log2(each * math.sqrt(max(1, passages)))))


def centres_of(matrix: "NDArray[np.int16]", clusters: int) -> "Points":
    """Return the centres of `clusters` clusters of the rows of `matrix`, as `points`."""
    import numpy as np

    sample = points(matrix[spaced(len(matrix), clusters * SAMPLE)])
    centres = sample[spaced(len(sample), clusters)]
    for _ in range(ROUNDS):
        nearest = _nearest(sample, centres)
        order = np.argsort(nearest, kind="stable")
        ends = np.searchsorted(nearest[order], np.arange(clusters + 1))
        for cluster in range(clusters):
            members = sample[order[ends[cluster] : ends[cluster + 1]]]
            # An empty cluster stays where it is.
            total = members.sum(axis=0, dtype=np.float64).astype(np.int64)
            if square := int((total * total).sum()):
                centres[cluster] = np.rint(total * (LENGTH / math.sqrt(square)))
    return centres


def assign(matrix: "NDArray[np.int16]", centres: "Points") -> "NDArray[np.int32]":
    """Return the nearest centre of every row of `matrix`; the first one where several are."""
    import numpy as np

    nearest = np.empty(len(matrix), dtype=np.int32)
    for at in range(0, len(matrix), ROWS):
        nearest[at : at + ROWS] = _nearest(points(matrix[at : at + ROWS]), centres)
    return nearest


def _nearest(rows: "Points", centres: "Points") -> "NDArray[np.int64]":
    import numpy as np

    found = [(rows[at : at + ROWS] @ centres.T).argmax(axis=1) for at in range(0, len(rows), ROWS)]
    return np.concatenate(found)
