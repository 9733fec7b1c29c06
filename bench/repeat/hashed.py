"""An encoder with dense vectors that needs no weights: each word a fixed direction, by its hash.

It means nothing and finds words only. It stands in for a learned encoder where what is measured
is not how good vectors are but what is done with them: both arms, without rarity. `wobble` adds
what another processor's rounding adds to a learned encoder's query vectors, and much more of it.
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from indexer.encoders.base import EMPTY, Dense, PassageText, QueryVectors, Term, Vectors
from indexer.encoders.fields import term_id
from indexer.tokens import terms
from store.digest import blake_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIZE = 256


@lru_cache(maxsize=100_000)
def _direction(term: str) -> "NDArray[np.int64]":
    import numpy as np

    data = hashlib.shake_256(term.encode()).digest(SIZE)
    return np.frombuffer(data, dtype=np.int8).astype(np.int64)


class HashedEncoder:
    """Sums of whole numbers, so the vectors are the same on every machine."""

    name = "hashed"
    dense_size = SIZE
    impact_ceiling = 4.0
    uses_rarity = False
    batch = 128
    digest = blake_json(["hashed-1", SIZE])

    def __init__(self, wobble: float = 0.0) -> None:
        self.wobble = wobble
        self.encoded = 0

    def encode_passages(self, passages: Sequence[PassageText]) -> list[Vectors]:
        """See `Encoder`."""
        return [self._vectors(f"{one.title} {one.text}", one.language) for one in passages]

    def encode_anchors(
        self, texts: Sequence[tuple[str, float]], language: str = ""
    ) -> dict[int, float]:
        """See `Encoder`: it reads none."""
        return {}

    def encode_query(self, text: str, languages: Sequence[str] = ()) -> QueryVectors:
        """See `Encoder`."""
        import numpy as np

        self.encoded += 1
        found = self._vectors(text, "")
        weights = sorted((key, weight) for key, weight in found.sparse.items() if key != EMPTY)
        if self.wobble and found.dense is not None:
            ripple = np.resize(np.array([self.wobble, 0.0, -self.wobble], np.float32), SIZE)
            found = Vectors(_unit(found.dense + ripple), found.sparse)
        return QueryVectors(found.dense, tuple(Term((key,), weight) for key, weight in weights))

    def _vectors(self, text: str, language: str) -> Vectors:
        import numpy as np

        total = np.ones(SIZE, dtype=np.int64)
        sparse: dict[int, float] = {}
        for term in sorted(set(terms(text, language))):
            total += _direction(term)
            sparse[term_id(term)] = 0.25 + (len(term) % 8) / 4
        return Vectors(_unit(total), dict(sorted(sparse.items())) or {EMPTY: 1.0})


def _unit(vector: "NDArray[Any]") -> Dense:
    import numpy as np

    whole = np.rint(vector.astype(np.float64) * 4096).astype(np.int64)
    rows: NDArray[np.float32] = (whole / np.sqrt(float((whole * whole).sum()))).astype(np.float32)
    return rows
