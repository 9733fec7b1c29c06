"""What BGE-M3 is, whoever computes it: its files, its digest, what it reads and how heads become
weights. It imports neither torch nor ONNX Runtime.

BGE-M3: Chen et al., "M3-Embedding" (2024).
"""

from collections.abc import Iterable
from pathlib import Path

from store.digest import blake_json, sha256_file

from ..errors import EncoderError
from .base import EMPTY, PassageText
from .checkpoint import WEIGHTS, weights_file

NAME = "bge-m3"
HEADS = ("sparse_linear.pt", "colbert_linear.pt")
MAX_TOKENS = 1024
"""Passages are 400 estimated tokens at most, so this cuts only what the estimate missed."""
CEILING = 4.0
"""No learned weight that matters is larger."""


def check_folder(folder: Path) -> list[str]:
    """Return the names of the files that decide what the folder's model is.

    Raises EncoderError when one is missing; FlagEmbedding would put random heads in their place.
    """
    weights = weights_file(folder)
    needed = ["config.json", "tokenizer.json", *HEADS]
    missing = [name for name in needed if not (folder / name).is_file()]
    if weights is None:
        missing.insert(0, WEIGHTS[0])
    if missing:
        raise EncoderError(
            f"The BGE-M3 folder {folder} lacks {', '.join(missing)}: copy the whole "
            "BAAI/bge-m3 repository there, heads included."
        )
    return sorted([weights.name if weights else "", *needed])


def weights_digest(folder: Path, names: Iterable[str]) -> str:
    """Return the tagged digest of the files `names` of a checkpoint."""
    return blake_json({name: sha256_file(folder / name) for name in sorted(names)})


def encoder_digest(weights: str, use_fp16: bool) -> str:
    """Return the digest of what gives passages their vectors: weights and settings."""
    return blake_json(["bge-m3-2", weights, use_fp16, MAX_TOKENS])


def passage_string(passage: PassageText) -> str:
    """Return what the model reads: the title, then the heading path, then the text."""
    return "\n".join(
        part for part in (passage.title, " > ".join(passage.headings), passage.text) if part
    )


def term_weights(pairs: Iterable[tuple[int, float]]) -> dict[int, float]:
    """Return weights by dimension from (token id, weight), the best of each token.

    Token ids move up by one: dimension 0 means "no terms".
    """
    weights: dict[int, float] = {}
    for token, weight in pairs:
        if weight > 0.0:
            weights[token + 1] = max(float(weight), weights.get(token + 1, 0.0))
    return dict(sorted(weights.items())) or {EMPTY: 1.0}
