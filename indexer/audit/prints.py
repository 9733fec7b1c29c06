"""A number for the vectors of each passage, from the frozen files or from the vectors themselves.

Two passages have the same number when the frozen index would keep the same of their vectors: the
16-bit postings and the 16-bit dense values. So what Milvus holds can be compared with what is
frozen, passage by passage, without turning the postings round. It knows no ids.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..encoders.base import Vectors
from ..frozen.clusters import quantise
from ..frozen.dense import DENSE
from ..frozen.files import read_array
from ..frozen.sparse import PostingsWriter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Prints = NDArray[np.uint64]

BLOCK = 1 << 20
"""Postings, or dense values, that are looked at together."""
POSTINGS = ("terms", "term_first", "posting_passage", "posting_impact")


def prints_of_folder(folder: Path, passages: int, dense_size: int) -> "Prints":
    """Return the number of each row of a frozen folder."""
    import numpy as np

    found = _sparse({name: read_array(folder / f"{name}.npy") for name in POSTINGS}, passages)
    if dense_size:
        matrix = read_array(folder / DENSE)
        step = max(1, BLOCK // dense_size)
        for at in range(0, passages, step):
            found[at : at + step] += _dense(np.asarray(matrix[at : at + step]))
    return found


def prints_of_vectors(vectors: Sequence[Vectors], ceiling: float) -> "Prints":
    """Return the number of each of these vectors, as frozen with this impact ceiling."""
    import numpy as np

    writer = PostingsWriter(ceiling)
    writer.add(0, vectors)
    found = _sparse(writer.columns(), len(vectors))
    if vectors and vectors[0].dense is not None:
        found += _dense(quantise(np.stack([v.dense for v in vectors if v.dense is not None])))
    return found


def _sparse(columns: "Mapping[str, NDArray[Any]]", passages: int) -> "Prints":
    """Add up a number for each posting: the sum does not depend on their order."""
    import numpy as np

    found = np.zeros(passages, dtype=np.uint64)
    rows, impacts = columns["posting_passage"], columns["posting_impact"]
    first = columns["term_first"]
    for at in range(0, len(rows), BLOCK):
        end = min(at + BLOCK, len(rows))
        a, b = np.searchsorted(first, [at, end - 1], side="right") - 1
        bounds = np.clip(first[a : b + 2], at, end)
        terms = np.repeat(columns["terms"][a : b + 1].astype(np.uint64), np.diff(bounds))
        mixed = _mixed((terms << np.uint64(16)) | impacts[at:end].astype(np.uint64))
        np.add.at(found, rows[at:end], mixed)
    return found


def _dense(matrix: "NDArray[np.int16]") -> "Prints":
    import numpy as np

    places = np.arange(matrix.shape[1], dtype=np.uint64) + np.uint64(1 << 48)
    factors = _mixed(places) | np.uint64(1)
    found: Prints = (matrix.astype(np.int64).view(np.uint64) * factors).sum(axis=1, dtype=np.uint64)
    return found


def _mixed(numbers: "Prints") -> "Prints":
    """Spread each number over 64 bits (the finaliser of splitmix64)."""
    import numpy as np

    mixed = (numbers + np.uint64(0x9E3779B97F4A7C15)) & np.uint64(0xFFFFFFFFFFFFFFFF)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
