"""A cross-encoder in ONNX Runtime: how well a passage answers a query, read together.

Each pair is read by itself, so a score never depends on which other passages are scored. It knows
no index; `reranking` says which pages are read.

BGE-reranker-v2-m3: an XLM-RoBERTa with one logit, whose sigmoid is the score.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from .ready import RERANKER
from .session import OnnxModel

MAX_TOKENS = 512
MAX_QUERY = MAX_TOKENS * 3 // 4
"""As FlagEmbedding cuts: the query to three quarters, then the passage to what is left."""
KEPT = 4096
"""Scores that are kept by one reranker."""


class Reranker(Protocol):
    """Pairs of texts to scores."""

    @property
    def name(self) -> str:
        """A short name for people."""

    @property
    def digest(self) -> str:
        """The tagged digest of everything that decides a score."""

    def scores(self, query: str, passages: Sequence[str]) -> list[float]:
        """Return a score from 0 to 1 for each passage."""


class OnnxReranker:
    """BGE-reranker-v2-m3 from a folder below `encoders/` of a home."""

    name = RERANKER

    def __init__(self, folder: Path) -> None:
        """Check the files. Raises EncoderError when one or the `query` extra is missing."""
        self.model = OnnxModel(folder)
        self._scored = lru_cache(maxsize=KEPT)(self._score)

    @property
    def digest(self) -> str:
        """The digest of the model's card."""
        return self.model.card.digest

    def scores(self, query: str, passages: Sequence[str]) -> list[float]:
        """Return the sigmoid of each pair's logit, rounded to nine places."""
        return [self._scored(query, passage) for passage in passages]

    def _score(self, query: str, passage: str) -> float:
        tokenizer = self.model.tokenizer
        asked = list(tokenizer.encode(query, add_special_tokens=False).ids)[:MAX_QUERY]
        read = list(tokenizer.encode(passage, add_special_tokens=False).ids)
        begin, end = (tokenizer.token_to_id(token) for token in ("<s>", "</s>"))
        room = MAX_TOKENS - len(asked) - 4
        (logit,) = self.model.run([begin, *asked, end, end, *read[:room], end])
        return round(1.0 / (1.0 + math.exp(-float(logit[0]))), 9)
