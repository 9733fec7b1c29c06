"""The query side of BGE-M3 in ONNX Runtime: what a search needs, without torch.

It is made once from the weights that encoded the passages (`ready`) and carries their digest, so
that a search can tell whether it fits the index. It encodes no passages.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from ..errors import EncoderError
from .base import EMPTY, PassageText, QueryVectors, Term, Vectors
from .m3 import CEILING, MAX_TOKENS, NAME, encoder_digest, term_weights
from .session import OnnxModel

KEPT = 1024
"""Queries whose vectors are kept by one encoder."""


class M3QueryEncoder:
    """BGE-M3 for queries, from a folder below `encoders/` of a home."""

    name = NAME
    impact_ceiling = CEILING
    uses_rarity = False
    batch = 0

    def __init__(self, folder: Path, built: str = "") -> None:
        """Check the files of `folder`; `built` is the encoder digest of the index to be read.

        Raises EncoderError when a file or the `query` extra is missing.
        """
        self.model = OnnxModel(folder)
        self._digests = [encoder_digest(self.model.card.weights, fp16) for fp16 in (False, True)]
        self._digest = built if built in self._digests else self._digests[0]
        self._encoded = lru_cache(maxsize=KEPT)(self._encode)

    @property
    def digest(self) -> str:
        """The digest of the encoder of the passages that these queries fit."""
        return self._digest

    @property
    def dense_size(self) -> int:
        """The hidden size of the model."""
        return self.model.card.hidden

    @property
    def precision(self) -> str:
        """`fp32` or `int8`."""
        return self.model.card.precision

    def begin(self) -> None:
        """Start loading beside what else has to be opened."""
        self.model.begin()

    def encode_passages(self, passages: Sequence[PassageText]) -> list[Vectors]:
        """Refuse: the index would hold vectors of two makings."""
        raise EncoderError(
            "The query encoder encodes no passages: run appliance index where FlagEmbedding and "
            "the BGE-M3 folder are."
        )

    def encode_anchors(
        self, texts: Sequence[tuple[str, float]], language: str = ""
    ) -> dict[int, float]:
        """Return nothing, as the encoder of passages does."""
        return {}

    def encode_query(self, text: str, languages: Sequence[str] = ()) -> QueryVectors:
        """Encode a query; BGE-M3 reads every language the same way."""
        return self._encoded(text)

    def _encode(self, text: str) -> QueryVectors:
        import numpy as np

        encoding = self.model.tokenizer.encode(text)
        ids = list(encoding.ids)
        if len(ids) > MAX_TOKENS:
            ids = [*ids[: MAX_TOKENS - 1], ids[-1]]
        first, found = self.model.run(ids)
        dense = first.astype(np.float64)
        # float64 in a fixed order: the length must not depend on how a library adds up.
        length = float(np.sqrt(np.cumsum(dense * dense)[-1]))
        unused = set(self.model.card.unused)
        pairs = zip(ids, (float(weight) for weight in found), strict=True)
        weights = term_weights((token, weight) for token, weight in pairs if token not in unused)
        terms = tuple(Term((key,), weight) for key, weight in weights.items() if key != EMPTY)
        return QueryVectors((dense / max(length, 1e-12)).astype(np.float32), terms)
