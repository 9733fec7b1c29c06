"""Made-up vectors of the shape of BGE-M3's: dense ones in clusters, sparse ones as Zipf has it.

The same numbers give the same vectors. Clusters lie apart or overlap so much that a vector's own
centre says little about its neighbours.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from indexer.encoders.base import QueryVectors, Term, Vectors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIZE = 1024
CENTRES = 500
NOISE = {"clustered": 0.9, "overlapping": 3.0}
"""Standard deviation of the noise in each dimension, where the centres have 1."""
WORDS = 250_000
LENGTH = 110
"""Draws of a word a passage; some are the same one."""
QUERY_LENGTH = 14
BATCH = 500


@dataclass(frozen=True, slots=True)
class Made:
    """A made-up corpus of so many `passages` of one `kind`."""

    kind: str
    passages: int

    def batches(self) -> Iterator[list[Vectors]]:
        """The vectors of all passages, in order."""
        import numpy as np

        for at in range(0, self.passages, BATCH):
            rng = np.random.default_rng([1, at])
            count = min(BATCH, self.passages - at)
            dense = self._dense(rng, count)
            words = _words(rng, (count, LENGTH), 1)
            weights = _weights(rng, words)
            yield [
                Vectors(dense[i], dict(zip(words[i].tolist(), weights[i].tolist(), strict=True)))
                for i in range(count)
            ]

    def queries(self, count: int) -> list[QueryVectors]:
        """Queries from the same clusters, none of whose words is among the very commonest."""
        import numpy as np

        rng = np.random.default_rng([2, count])
        dense = self._dense(rng, count)
        words = _words(rng, (count, QUERY_LENGTH), 10)
        weights = _weights(rng, words)
        found = []
        for i in range(count):
            terms = dict(zip(words[i].tolist(), weights[i].tolist(), strict=True))
            query = tuple(Term((word,), weight) for word, weight in sorted(terms.items()))
            found.append(QueryVectors(dense[i], query))
        return found

    def _dense(self, rng: "np.random.Generator", count: int) -> "NDArray[np.float32]":
        import numpy as np

        centres = np.random.default_rng(0).standard_normal((CENTRES, SIZE), dtype=np.float32)
        noise = rng.standard_normal((count, SIZE), dtype=np.float32)
        rows = centres[rng.integers(0, CENTRES, count)] + np.float32(NOISE[self.kind]) * noise
        length = np.linalg.norm(rows, axis=1, keepdims=True)
        vectors: NDArray[np.float32] = (rows / length).astype(np.float32)
        return vectors


def _words(rng: "np.random.Generator", shape: tuple[int, int], first: int) -> "NDArray[Any]":
    """Draw word numbers from `first` on, number n with a chance in proportion to 1/n."""
    import numpy as np

    span = np.log(WORDS / first)
    drawn: NDArray[Any] = np.floor(first * np.exp(rng.random(shape) * span)).astype(np.int64)
    return drawn


def _weights(rng: "np.random.Generator", words: "NDArray[Any]") -> "NDArray[np.float64]":
    """Draw weights: what a learned encoder gives to common words is little, but not nothing."""
    import numpy as np

    rare = np.log1p(words) / np.log(WORDS)
    weights: NDArray[np.float64] = (rng.random(words.shape) * 0.3 + 0.01) * rare
    return weights
