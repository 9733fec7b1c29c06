"""How near the query side of BGE-M3 is to the encoder of its passages, measured on an index.

It compares vectors and what is found with them; whether that is near enough is decided here for
`fp32`, which must be the same model, and left to people for `int8`, which is a choice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .encoders.base import Encoder, QueryVectors
from .errors import EncoderError
from .frozen import FrozenIndex
from .ranking import best_passages

LEAST = 0.999
"""The cosine below which `fp32` is refused."""
TOP = 10


@dataclass(frozen=True, slots=True)
class Parity:
    """Cosines of dense vectors and of sparse weights (the smallest and the mean), and the share of
    the ten best passages that both find, over `queries` texts.
    """

    queries: int
    dense: float
    dense_mean: float
    sparse: float
    sparse_mean: float
    overlap: float

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON values."""
        return asdict(self)

    def sentence(self) -> str:
        """The figures in words."""
        return (
            f"cosine at least {self.dense:.4f} (dense) and {self.sparse:.4f} (sparse), mean "
            f"{self.dense_mean:.4f} and {self.sparse_mean:.4f}; {self.overlap:.0%} of the ten best "
            f"passages are the same, over {self.queries} texts"
        )


def measure(
    reference: Encoder, candidate: Encoder, texts: Sequence[str], index: FrozenIndex
) -> Parity:
    """Encode each text with both encoders and search `index` with both; `texts` is not empty."""
    dense, sparse, shared = [], [], []
    for text in texts:
        true, near = reference.encode_query(text), candidate.encode_query(text)
        dense.append(_dense(true, near))
        sparse.append(_sparse(true, near))
        wanted, found = best_passages(index, true, TOP), best_passages(index, near, TOP)
        shared.append(len(set(wanted) & set(found)) / max(1, len(wanted)))
    count = len(texts)
    return Parity(
        count,
        round(min(dense), 6),
        round(sum(dense) / count, 6),
        round(min(sparse), 6),
        round(sum(sparse) / count, 6),
        round(sum(shared) / count, 4),
    )


def require(parity: Parity) -> None:
    """Raise EncoderError when what should be the same model is another one."""
    if min(parity.dense, parity.sparse) < LEAST:
        raise EncoderError(
            f"The query side does not compute what FlagEmbedding computes ({parity.sentence()}): "
            "copy the BGE-M3 checkpoint again, and report this if it stays so."
        )


def sample(texts: Iterator[str], count: int) -> list[str]:
    """Return `count` texts as long as queries are, the first words of those given."""
    found: list[str] = []
    for text in texts:
        words = " ".join(text.split()[:12])[:80].strip()
        if words and words not in found:
            found.append(words)
        if len(found) == count:
            break
    return found


def _dense(one: QueryVectors, other: QueryVectors) -> float:
    import numpy as np

    assert one.dense is not None
    assert other.dense is not None
    a, b = one.dense.astype(np.float64), other.dense.astype(np.float64)
    return _cosine(float(a @ b), float(a @ a), float(b @ b))


def _sparse(one: QueryVectors, other: QueryVectors) -> float:
    a = {term.ids[0]: term.weight for term in one.terms}
    b = {term.ids[0]: term.weight for term in other.terms}
    if not a and not b:
        return 1.0
    product = sum(weight * b.get(key, 0.0) for key, weight in a.items())
    return _cosine(product, sum(w * w for w in a.values()), sum(w * w for w in b.values()))


def _cosine(product: float, one: float, other: float) -> float:
    length = (one * other) ** 0.5
    return product / length if length > 0 else 0.0
