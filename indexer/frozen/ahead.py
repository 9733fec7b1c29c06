"""Asking the system for parts of a mapped file all at once, before they are touched one by one.

A page of a mapped file that is not in memory is waited for, and its neighbours are read with it:
for a thousand vectors here and there that is a second. Told beforehand, the system reads them side
by side and nothing else. It changes no result. Each part is asked for once by an open index: what
was dropped from memory since then is read as any mapped file is.
"""

import ctypes
import mmap
import os
import weakref
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]


def soon(address: int, size: int) -> None:
    """Ask for `size` bytes of mapped memory from `address` on; a hint, so nothing is raised."""
    if size and (advise := _madvise()) is not None:
        begin = address & -mmap.PAGESIZE
        advise(begin, address + size - begin, mmap.MADV_WILLNEED)


@lru_cache(maxsize=1)
def _madvise() -> Callable[[int, int, int], int] | None:
    """Return the system's `madvise`, which Python offers only for its own maps."""
    if not hasattr(mmap, "MADV_WILLNEED"):
        return None
    try:
        found = ctypes.CDLL(None).madvise
    except (AttributeError, OSError):
        return None
    found.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    call: Callable[[int, int, int], int] = found
    return call


class Ahead:
    """The rows of the `.npy` file that `array` maps, of which some will be wanted soon."""

    def __init__(self, path: Path, array: "NDArray[Any]") -> None:
        self._rows = len(array)
        self._asked: Mask | None = None
        self._parts: set[tuple[int, int]] = set()
        self._file = -1
        if hasattr(os, "posix_fadvise"):
            # Open now: the folder may be removed meanwhile.
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            weakref.finalize(self, os.close, self._file)
            self._width = array.nbytes // max(1, len(array))
            self._start = os.fstat(self._file).st_size - array.nbytes

    def scattered(self, wanted: "NDArray[Any]") -> None:
        """Ask for single rows, which ascend."""
        import numpy as np

        if self._file < 0:
            return
        if self._asked is None:
            self._asked = np.zeros(self._rows, dtype=bool)
        fresh = wanted[~self._asked[wanted]]
        if not len(fresh):
            return
        self._asked[fresh] = True
        breaks = np.flatnonzero(np.diff(fresh) > 1) + 1
        first = fresh[np.concatenate([[0], breaks])]
        last = fresh[np.concatenate([breaks - 1, [len(fresh) - 1]])]
        for low, high in zip(first.tolist(), last.tolist(), strict=True):
            self._ask(low, high + 1)

    def between(self, low: int, high: int) -> None:
        """Ask for the rows from `low` to the one before `high`."""
        if self._file >= 0 and (low, high) not in self._parts:
            self._parts.add((low, high))
            self._ask(low, high)

    def _ask(self, low: int, high: int) -> None:
        os.posix_fadvise(
            self._file,
            self._start + low * self._width,
            (high - low) * self._width,
            os.POSIX_FADV_WILLNEED,
        )
