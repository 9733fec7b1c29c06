"""Inverted lists of one-bit or two-bit codes, by FAISS: which passages might be near a query.

The only importer of FAISS. What it returns are candidates: `dense` scores them exactly. Lists are
chosen here in whole numbers and every vector is rotated by whole numbers, so that FAISS decides
nothing but estimates within lists, one thread at a time. Their last digits hang on the instruction
set; what is frozen is worked out under `plain_arithmetic`.

RaBitQ: Gao & Long, "RaBitQ: Quantizing High-Dimensional Vectors with a Theoretical Error Bound
for Approximate Nearest Neighbor Search" (2024).
"""

import hashlib
import logging
import os
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import IndexDamaged
from .ahead import soon
from .clusters import DENSE_SCALE, LENGTH, ROWS, assign, centres_of, how_many, points
from .files import damaged, read_array, write_array

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .clusters import Points

logger = logging.getLogger(__name__)

CODES = "dense.faiss"
CENTRES = "centres.npy"
BITS = (1, 2)
"""Bits a dimension that a code may have: the second is for vectors that one cannot tell apart."""
QUERY_BITS = 8
"""Bits of each of the query's values: with 4 estimates are worse and hardly faster."""


class Lists:
    """The lists of one folder; `rows` they hold. Safe to share between threads."""

    def __init__(
        self, folder: Path, kernels: Callable[[], Any | None], count: int, size: int
    ) -> None:
        """Open `count` lists of vectors of `size` numbers. Raises IndexDamaged."""
        self._path = folder / CODES
        # Open now, read at the first search: the folder may be removed meanwhile.
        try:
            self._file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise damaged(self._path, error) from error
        weakref.finalize(self, os.close, self._file)
        self._centres = read_array(folder / CENTRES, "<i2", (count, size))
        self._kernels = kernels
        self.count = count
        self._asked: NDArray[np.bool_] | None = None

    @cached_property
    def _index(self) -> Any:
        import faiss

        opened = Path(f"/proc/self/fd/{self._file}")
        path = opened if opened.exists() else self._path
        try:
            return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        except (MemoryError, RuntimeError) as error:
            raise IndexDamaged(
                f"FAISS cannot read {self._path}: run appliance index --rebuild."
            ) from error

    def prepare(self) -> None:
        """Load FAISS and open the codes now."""
        _ = self._index

    def _ask(self, wanted: "NDArray[np.int64]") -> None:
        """Have the system read the codes of these lists side by side, once in a process."""
        import faiss
        import numpy as np

        if self._asked is None:
            self._asked = np.zeros(self.count, dtype=bool)
        fresh = wanted[~self._asked[wanted]]
        if not len(fresh):
            return
        self._asked[fresh] = True
        held = faiss.downcast_InvertedLists(self._index.invlists)
        for number in fresh.tolist():
            if size := held.list_size(number):  # an empty list has no address
                soon(int(held.get_codes(number)), size * held.code_size)

    def near(self, query: "NDArray[np.int16]") -> "NDArray[np.int64]":
        """Return the lists by the product of their centre with the query, the best first."""
        import numpy as np

        kernels = self._kernels()
        whole = points(query)
        if kernels is not None:
            every = np.arange(self.count, dtype=np.int64)
            scores = kernels.dots(self._centres, every, whole.astype(np.int16))
        else:
            scores = self._centres.astype(np.float32) @ whole
        order: NDArray[np.int64] = np.argsort(-scores, kind="stable").astype(np.int64)
        return order

    def search(
        self,
        query: "NDArray[np.int16]",
        probes: int,
        fetch: int,
        allowed: "NDArray[np.bool_] | None" = None,
    ) -> "tuple[NDArray[np.int64], NDArray[np.float64]]":
        """Return at most `fetch` rows of the `probes` nearest lists, ascending, and estimates.

        An estimate is in the unit of exact products. `allowed` is by row.
        """
        import faiss
        import numpy as np

        probes = min(probes, self.count)
        if probes == self.count:
            wanted = np.arange(probes, dtype=np.int64)
        else:
            wanted = np.ascontiguousarray(self.near(query)[:probes])
        self._ask(wanted)
        rotated = np.ascontiguousarray(_rotated(points(query)[None]))
        nothing = np.zeros(probes, dtype=np.float32)
        distances = np.empty(fetch, dtype=np.float32)
        rows = np.empty(fetch, dtype=np.int64)
        parameters = faiss.IVFRaBitQSearchParameters()
        parameters.nprobe = probes
        parameters.qb = QUERY_BITS
        if allowed is not None:
            bits = np.packbits(allowed, bitorder="little")
            chosen = faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg, arg-type]
            parameters.sel = chosen
        # More threads would only wait for one another; the setting is each thread's own.
        faiss.omp_set_num_threads(1)
        self._index.search_preassigned_c(
            1,
            faiss.swig_ptr(rotated),
            fetch,
            faiss.swig_ptr(wanted),
            faiss.swig_ptr(nothing),
            faiss.swig_ptr(distances),
            faiss.swig_ptr(rows),
            False,
            parameters,
        )
        order = np.argsort(rows, kind="stable")
        order = order[np.searchsorted(rows[order], 0) :]
        unit = (DENSE_SCALE / LENGTH) ** 2 / rotated.shape[1]
        return rows[order], distances[order].astype(np.float64) * unit


def build(folder: Path, matrix: "NDArray[np.int16]") -> "tuple[Points, NDArray[np.int32]]":
    """Find the lists of `matrix` and write their centres; return them and each row's list."""
    count = how_many(len(matrix))
    logger.info("finding %d clusters of %d passages", count, len(matrix))
    centres = centres_of(matrix, count)
    nearest = assign(matrix, centres)
    write_array(folder / CENTRES, centres.astype("<i2"))
    return centres, nearest


def encode(
    folder: Path,
    matrix: "NDArray[np.int16]",
    centres: "Points",
    nearest: "NDArray[np.int32]",
    bits: int,
) -> None:
    """Write codes of so many bits a dimension, in the place of any that are there."""
    import faiss
    import numpy as np

    faiss.omp_set_num_threads(1)
    turned = _rotated(centres)
    size = turned.shape[1]
    quantizer = faiss.IndexFlatIP(size)
    quantizer.add(turned)
    index = faiss.IndexIVFRaBitQ(
        quantizer, size, len(centres), faiss.METRIC_INNER_PRODUCT, True, bits
    )
    index.train(turned)
    with plain_arithmetic():
        for at in range(0, len(matrix), ROWS):
            rows = _rotated(points(matrix[at : at + ROWS]))
            ids = np.arange(at, at + len(rows), dtype=np.int64)
            lists = nearest[at : at + ROWS].astype(np.int64)
            index.add_core(
                len(rows), faiss.swig_ptr(rows), faiss.swig_ptr(ids), faiss.swig_ptr(lists)
            )
    index.ntotal = len(matrix)
    faiss.write_index(index, str(folder / CODES))
    descriptor = os.open(folder / CODES, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


@contextmanager
def plain_arithmetic() -> Iterator[None]:
    """Have FAISS add up without vector instructions: codes of two bits and estimates depend on the
    order, and what is frozen must not.

    The level is the process's: a search in another thread is slower meanwhile, and no more.
    """
    import faiss

    level = faiss.SIMDConfig.get_level()
    faiss.SIMDConfig.set_level(faiss.SIMDLevel_NONE)
    try:
        yield
    finally:
        faiss.SIMDConfig.set_level(level)


@lru_cache(maxsize=4)
def _turn(size: int) -> "tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]":
    """Return the signs and the two Hadamard matrices that turn vectors of a power of two."""
    import numpy as np

    bits = hashlib.shake_256(b"the frozen index turns vectors").digest((size + 7) // 8)
    signs = np.unpackbits(np.frombuffer(bits, dtype=np.uint8))[:size].astype(np.float32) * 2 - 1
    half = size.bit_length() // 2

    def hadamard(power: int) -> "NDArray[np.float32]":
        matrix = np.ones((1, 1), dtype=np.float32)
        for _ in range(power):
            matrix = np.block([[matrix, matrix], [matrix, -matrix]]).astype(np.float32)
        return matrix

    return signs, hadamard(size.bit_length() - 1 - half), hadamard(half)


def _rotated(rows: "Points") -> "Points":
    """Turn whole-number vectors by random signs and a Hadamard transform, exactly.

    One bit a dimension says most when no dimension stands out, which a rotation sees to. Sums
    stay below √size × 4000, so float32 holds them.
    """
    import numpy as np

    count, width = rows.shape
    size = 1 << max(0, (width - 1).bit_length())
    signs, left, right = _turn(size)
    padded = np.zeros((count, size), dtype=np.float32)
    padded[:, :width] = rows
    padded *= signs
    blocks = padded.reshape(count, len(left), len(right))
    turned = left @ (blocks @ right)
    return np.ascontiguousarray(turned.reshape(count, size), dtype=np.float32)
