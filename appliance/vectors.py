"""The query vectors that a run recorded: read back for a replay, and held against the encoder.

Another processor may round a learned encoder's vectors otherwise, so a replay searches with those
of the run. A vector that the encoder would not give on any machine proves nothing and is refused.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from indexer.encoders.base import Dense, QueryVectors
from indexer.search import Searcher

from .errors import RunError
from .trace import Run

if TYPE_CHECKING:
    from collections.abc import Sequence

ALIKE = 0.99
"""The least cosine of a recorded vector with the encoder's own: rounding leaves far more."""


def recorded_vectors(run: Run) -> dict[str, QueryVectors]:
    """Return the vectors of a run by the text that was encoded; none for runs with BM25.

    Runs that were written before vectors were recorded have none either. Raises RunError.
    """
    found: dict[str, QueryVectors] = {}
    for event in run.all("vectors"):
        try:
            items: Sequence[Mapping[str, object]] = event["items"]  # type: ignore[assignment]
            for item in items:
                found[str(item["query"])] = QueryVectors.from_json(item)
        except (KeyError, TypeError, ValueError) as error:
            raise RunError(
                f"the query vectors of run {run.id} cannot be read ({error}); "
                "restore the run from a backup"
            ) from error
    return found


def check_vectors(run: Run, vectors: Mapping[str, QueryVectors], searcher: Searcher) -> list[str]:
    """Compare recorded vectors with what the encoder gives here; return what is worth saying.

    Raises RunError for one that is not the encoder's.
    """
    lowest, others = 1.0, 0
    for text, then in vectors.items():
        now = searcher.encoder.encode_query(text, searcher.index.languages)
        others += then.to_json() != now.to_json()
        alike = min(_cosine(then.dense, now.dense), _cosine(_sparse(then, now), _sparse(now, then)))
        if not alike >= ALIKE:
            raise RunError(
                f"the vector of the query {text!r} in run {run.id} is not what its encoder gives "
                f"(cosine {alike:.3f}), so that it proves nothing; restore the run from a backup"
            )
        lowest = min(lowest, alike)
    if not others:
        return []
    return [
        f"{others} of {len(vectors)} query vectors are rounded otherwise on this machine (cosine "
        f"{lowest:.7f} or more); the recorded ones are used"
    ]


def _sparse(of: QueryVectors, beside: QueryVectors) -> Dense:
    """Return the weights of terms as a vector over the terms of both."""
    import numpy as np

    weights = {term.ids: term.weight for term in of.terms}
    every = sorted(weights.keys() | {term.ids for term in beside.terms})
    return np.array([weights.get(ids, 0.0) for ids in every], dtype=np.float64)


def _cosine(one: Dense | None, other: Dense | None) -> float:
    """Return the cosine of two vectors: 1 where both are nothing, 0 where one is."""
    import numpy as np

    left, right = (np.zeros(0) if v is None else v.astype(np.float64) for v in (one, other))
    if left.shape != right.shape:
        return 0.0
    length = float(np.sqrt((left * left).sum() * (right * right).sum()))
    if not length:
        return float(not left.any() and not right.any())
    return float((left * right).sum()) / length
