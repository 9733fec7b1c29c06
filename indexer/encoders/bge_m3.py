"""BGE-M3 through FlagEmbedding: dense vectors and learned term weights from local files only.

It checks what FlagEmbedding does not: a checkpoint without its two heads loads with random ones
and an info line. It never looks anything up on a hub and knows no index.

BGE-M3: Chen et al., "M3-Embedding" (2024).
"""

import logging
import os
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from store.digest import blake_json, sha256_file

from ..errors import EncoderError
from .base import EMPTY, PassageText, QueryVectors, Term, Vectors

logger = logging.getLogger(__name__)

HEADS = ("sparse_linear.pt", "colbert_linear.pt")
WEIGHTS = ("model.safetensors", "pytorch_model.bin")
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
BATCH = 16
MAX_TOKENS = 1024
"""Passages are 400 estimated tokens at most, so this cuts only what the estimate missed."""


class BgeM3Encoder:
    """BGE-M3 from a folder in the Hugging Face layout."""

    name = "bge-m3"
    impact_ceiling = 4.0
    uses_rarity = False

    def __init__(self, folder: Path, *, use_fp16: bool = False) -> None:
        """Check the folder's files; the weights are read at the first encoding.

        Raises EncoderError when a file or the `encode` extra is missing.
        """
        self.folder = folder
        self.use_fp16 = use_fp16
        weights = [name for name in WEIGHTS if (folder / name).is_file()]
        needed = ["config.json", "tokenizer.json", *HEADS]
        missing = [name for name in needed if not (folder / name).is_file()]
        if not weights:
            missing.insert(0, WEIGHTS[0])
        if missing:
            raise EncoderError(
                f"The BGE-M3 folder {folder} lacks {', '.join(missing)}: copy the whole "
                "BAAI/bge-m3 repository there, heads included."
            )
        if find_spec("FlagEmbedding") is None:
            raise EncoderError(
                "BGE-M3 needs FlagEmbedding and torch: run pip install "
                "'deep-research-appliance[encode]', or take the BGE-M3 folder out to use BM25."
            )
        self._files = sorted([weights[0], *needed])

    @cached_property
    def digest(self) -> str:
        """The tagged digest over the files' SHA-256 and the settings."""
        files = {name: sha256_file(self.folder / name) for name in self._files}
        return blake_json(["bge-m3-1", files, self.use_fp16, MAX_TOKENS])

    @cached_property
    def dense_size(self) -> int:
        """The hidden size of the checkpoint."""
        import json

        return int(json.loads((self.folder / "config.json").read_bytes())["hidden_size"])

    @cached_property
    def _model(self) -> Any:
        os.environ.update(OFFLINE)
        try:
            from FlagEmbedding import BGEM3FlagModel
        except ImportError as error:
            raise EncoderError(
                f"FlagEmbedding is installed but does not import ({error}): install the pinned "
                "versions with pip install 'deep-research-appliance[encode]'."
            ) from error
        logger.info("loading BGE-M3 from %s, fp16 %s", self.folder, self.use_fp16)
        return BGEM3FlagModel(
            str(self.folder),
            use_fp16=self.use_fp16,
            devices=_device(),
            normalize_embeddings=True,
            batch_size=BATCH,
        )

    def _encode(self, texts: list[str]) -> list[Vectors]:
        import numpy as np

        output = self._model.encode(
            texts,
            batch_size=BATCH,
            max_length=MAX_TOKENS,
            return_dense=True,
            return_sparse=True,
            return_colbert_vecs=False,
        )
        dense = np.asarray(output["dense_vecs"], dtype=np.float32)
        if not np.isfinite(dense).all():
            raise EncoderError(
                "BGE-M3 gave values that are not numbers: encode with use_fp16 = false."
            )
        return [
            Vectors(row, _weights(terms))
            for row, terms in zip(dense, output["lexical_weights"], strict=True)
        ]

    def encode_passages(self, passages: Sequence[PassageText]) -> list[Vectors]:
        """Encode title, heading path and text of each passage as one string."""
        return self._encode([passage_string(p) for p in passages]) if passages else []

    def encode_anchors(
        self, texts: Sequence[tuple[str, float]], language: str = ""
    ) -> dict[int, float]:
        """Return nothing: the model was trained on texts, and a link's words are not one."""
        return {}

    def encode_query(self, text: str, languages: Sequence[str] = ()) -> QueryVectors:
        """Encode a query; BGE-M3 reads every language the same way."""
        (vectors,) = self._encode([text])
        terms = sorted((k, w) for k, w in vectors.sparse.items() if k != EMPTY)
        return QueryVectors(vectors.dense, tuple(Term((key,), weight) for key, weight in terms))


def passage_string(passage: PassageText) -> str:
    """Return what the model reads: the title, then the heading path, then the text."""
    return "\n".join(
        part for part in (passage.title, " > ".join(passage.headings), passage.text) if part
    )


def _weights(raw: dict[str, float]) -> dict[int, float]:
    """Return term weights by dimension. Token ids move up by one: 0 means "no terms"."""
    weights = {int(key) + 1: float(weight) for key, weight in raw.items() if float(weight) > 0.0}
    return dict(sorted(weights.items())) or {EMPTY: 1.0}


def _device() -> str:
    import torch

    return "cuda:0" if torch.cuda.is_available() else "cpu"
