"""The dense arm: 16-bit vectors, exact products, and lists that say which ones to look at.

Products are sums of integers, the same in any order. Few passages are all scored; from
`LISTS_FROM` on, `lists` proposes candidates with estimates. It knows no texts and no words.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..encoders.base import Vectors
from ..errors import EncoderError
from .ahead import Ahead
from .calibrate import Trial
from .clusters import DENSE_SCALE, quantise
from .files import write_array
from .lists import BITS, CENTRES, CODES, Lists, build, encode, plain_arithmetic

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]
    Mask = NDArray[np.bool_]

DENSE = "dense.npy"
LISTS_FROM = 5_000
"""Passages from which lists are made: below, scoring them all is as fast."""
BLOCK = 4096
"""Rows scored at a time by numpy: a block in float64 stays near the cache."""
LONGEST = DENSE_SCALE * DENSE_SCALE * 103 // 100
"""The square of the longest vector, rounding included, that 32-bit sums are safe with."""


class DenseWriter:
    """Writes the dense matrix batch by batch, or nothing when there is none."""

    def __init__(self, folder: Path, rows: int, size: int) -> None:
        self._path, self._rows, self._size = folder / DENSE, rows, size
        self._map: np.memmap[Any, Any] | None = None
        self._at = 0

    def __enter__(self) -> "DenseWriter":
        import numpy as np

        if self._size and self._rows:
            self._map = np.lib.format.open_memmap(
                self._path, mode="w+", dtype="<i2", shape=(self._rows, self._size), version=(1, 0)
            )
        elif self._size:
            write_array(self._path, np.zeros((0, self._size), dtype="<i2"))
        return self

    def add(self, batch: Sequence[Vectors]) -> None:
        """Add a batch. Raises EncoderError for a vector that is longer than 1."""
        import numpy as np

        if self._map is None or not batch:
            return
        matrix = quantise(np.stack([v.dense for v in batch if v.dense is not None]))
        if (np.square(matrix, dtype=np.int64).sum(axis=1) > LONGEST).any():
            raise EncoderError(
                "A dense vector is longer than 1: the encoder must divide vectors by their length."
            )
        self._map[self._at : self._at + len(batch)] = matrix
        self._at += len(batch)

    def __exit__(self, *_: object) -> None:
        if self._map is not None:
            self._map.flush()
            self._map = None
            descriptor = os.open(self._path, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)


def lists_pay(passages: int) -> bool:
    """Tell whether so many passages are searched faster through lists."""
    return passages >= LISTS_FROM


def write_lists(folder: Path, kernels: Callable[[], Any | None]) -> dict[str, Any]:
    """Make the lists of the matrix in `folder`; return what the manifest says of them."""
    import numpy as np

    matrix = np.load(folder / DENSE, mmap_mode="r").view(np.ndarray)
    centres, nearest = build(folder, matrix)
    trial = Trial(matrix, centres, nearest)
    for bits in BITS:
        encode(folder, matrix, centres, nearest, bits)
        with plain_arithmetic():
            chosen = trial.calibrate(Lists(folder, kernels, *centres.shape).search)
        if chosen.enough:
            break
    return {
        "lists": len(centres),
        "bits": bits,
        "probes": chosen.probes,
        "fetch": chosen.fetch,
        "wide": chosen.wide,
        "found": chosen.found,
        "held": chosen.held,
        "wanted": chosen.wanted,
        "files": [CODES, CENTRES],
    }


class DenseArm:
    """The vectors of one folder. `first` is the first passage of each page and the end."""

    def __init__(
        self,
        matrix: "NDArray[np.int16]",
        owner: "NDArray[Any]",
        first: "NDArray[Any]",
        kernels: Callable[[], Any | None],
        lists: Lists | None = None,
        probes: int = 0,
        fetch: int = 0,
        wide: int = 0,
        ahead: Ahead | None = None,
    ) -> None:
        self._matrix, self._owner, self._first = matrix, owner, first
        self._kernels, self._ahead = kernels, ahead
        self._lists, self._probes, self._wide = lists, probes, wide
        self.fetch = fetch
        """How many candidates, the best by estimate, have to be scored to find the best."""
        self._kept: tuple[Mask, Mask] | None = None

    def scores(self, query: "NDArray[np.int16]") -> "Integers":
        """Return the exact inner product of every passage with the query."""
        import numpy as np

        kernels = self._kernels()
        if kernels is not None and _short(query):
            every = np.arange(len(self._matrix), dtype=np.int64)
            found: Integers = kernels.dots(self._matrix, every, query)
            return found
        # Integers below 2^53 are exact in float64, so BLAS may add them in any order it likes.
        vector = query.astype(np.float64)
        scores = np.empty(len(self._matrix), dtype=np.int64)
        for at in range(0, len(scores), BLOCK):
            scores[at : at + BLOCK] = self._matrix[at : at + BLOCK].astype(np.float64) @ vector
        return scores

    def at(self, query: "NDArray[np.int16]", rows: "NDArray[Any]") -> "Integers":
        """Return the exact inner products of the passages `rows`, which ascend."""
        import numpy as np

        wanted = np.ascontiguousarray(rows, dtype=np.int64)
        if self._ahead is not None:
            self._ahead.scattered(wanted)
        kernels = self._kernels()
        if kernels is not None and _short(query):
            found: Integers = kernels.dots(self._matrix, wanted, query)
            return found
        products = self._matrix[wanted].astype(np.float64) @ query.astype(np.float64)
        return products.astype(np.int64)

    def prepare(self) -> None:
        """Load now what the first search would load."""
        if self._lists is not None:
            self._lists.prepare()

    def candidates(
        self, query: "NDArray[np.int16]", allowed: "Mask | None"
    ) -> "tuple[NDArray[Any], NDArray[np.float64] | None]":
        """Return passages that may be near the query, ascending, and estimates of their products.

        `allowed` is by page. The estimates are None where all passages that may be found are
        returned.
        """
        import numpy as np

        by_row = None if allowed is None else self._by_row(allowed)
        if self._lists is None:
            every = np.arange(len(self._matrix)) if by_row is None else np.flatnonzero(by_row)
            return every, None
        if by_row is None:
            return self._lists.search(query, self._probes, self._wide)
        count = int(np.count_nonzero(by_row))
        if count <= LISTS_FROM:
            return np.flatnonzero(by_row), None
        # Where only a share may be found, as many more lists have to be looked into.
        probes = -(-self._probes * len(by_row) // count)
        return self._lists.search(query, probes, self._wide, by_row)

    def _by_row(self, allowed: "Mask") -> "Mask":
        kept = self._kept
        if kept is None or kept[0] is not allowed:
            # The mask of what a delta dropped comes with every query.
            self._kept = kept = (allowed, allowed[self._owner])
        return kept[1]


def _short(query: "NDArray[np.int16]") -> bool:
    import numpy as np

    return int(np.square(query, dtype=np.int64).sum()) <= LONGEST
