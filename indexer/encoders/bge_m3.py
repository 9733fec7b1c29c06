"""BGE-M3 through FlagEmbedding: dense vectors and learned term weights from local files only.

It checks what FlagEmbedding does not: a checkpoint without its heads, or without a layer, loads
with random ones and an info line. The model and its tokenizer are FlagEmbedding's; the batches are
ours, for its own encode runs the first batch of every call twice. It never looks anything up on a
hub and knows no index. Searches use `m3_query`, which needs no torch.
"""

import logging
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..errors import EncoderError
from .base import EMPTY, PassageText, QueryVectors, Term, Vectors
from .m3 import (
    CEILING,
    HEADS,
    MAX_TOKENS,
    NAME,
    check_folder,
    encoder_digest,
    passage_string,
    term_weights,
    weights_digest,
)
from .ready import read_checkpoint, read_head

__all__ = ["HEADS", "BgeM3Encoder", "passage_string"]

logger = logging.getLogger(__name__)

OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
CPU_TOKENS, GPU_TOKENS = 8_192, 65_536
"""Tokens of one batch, padding included."""
CPU_PASSAGES, GPU_PASSAGES = 32, 1_024
"""Passages that suit one call: what is done between two marks of progress."""


class BgeM3Encoder:
    """BGE-M3 from a folder in the Hugging Face layout."""

    name = NAME
    impact_ceiling = CEILING
    uses_rarity = False

    def __init__(self, folder: Path, *, device: str = "", use_fp16: bool = False) -> None:
        """Check the folder's files; the weights are read at the first encoding.

        `device` is `cpu`, `cuda:0` or several with commas; empty means every GPU, or else the CPU.
        Raises EncoderError when a file or the `encode` extra is missing.
        """
        self.folder = folder
        self.device = device
        self.use_fp16 = use_fp16
        self._files = check_folder(folder)
        if find_spec("FlagEmbedding") is None:
            raise EncoderError(
                "BGE-M3 needs FlagEmbedding and torch: run pip install "
                "'deep-research-appliance[encode]', or take the BGE-M3 folder out to use BM25."
            )

    @cached_property
    def weights(self) -> str:
        """The tagged digest over the files' SHA-256; reads them all."""
        return weights_digest(self.folder, self._files)

    @cached_property
    def digest(self) -> str:
        """The tagged digest over the files and the settings."""
        return encoder_digest(self.weights, self.use_fp16)

    @cached_property
    def dense_size(self) -> int:
        """The hidden size of the checkpoint."""
        import json

        return int(json.loads((self.folder / "config.json").read_bytes())["hidden_size"])

    @property
    def batch(self) -> int:
        """Passages that suit one call."""
        devices = self.devices
        return CPU_PASSAGES if devices == ("cpu",) else GPU_PASSAGES * len(devices)

    @cached_property
    def devices(self) -> tuple[str, ...]:
        """The devices in use. Raises EncoderError for one that is not there."""
        import torch

        there = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
        named = [part.strip() for part in self.device.split(",") if part.strip()]
        wanted = ["cuda:0" if name == "cuda" else name for name in named] or there or ["cpu"]
        if unknown := [name for name in wanted if name not in [*there, "cpu"]]:
            raise EncoderError(
                f"There is no device {unknown[0]} here: set encoder_device to "
                f"{' or '.join([*there, 'cpu'])}."
            )
        if self.use_fp16 and "cpu" in wanted:
            raise EncoderError("fp16 needs a GPU: set encoder_precision to fp32.")
        return tuple(dict.fromkeys(wanted))

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
        # What FlagEmbedding and transformers would fill with random numbers is refused here.
        shape, _ = read_checkpoint(self.folder)
        read_head(self.folder, shape)
        logger.info("loading BGE-M3 from %s, fp16 %s", self.folder, self.use_fp16)
        model = BGEM3FlagModel(
            str(self.folder),
            use_fp16=self.use_fp16,
            devices=self.devices[0],
            normalize_embeddings=True,
        )
        # Texts are cut before they are padded, because their lengths decide the batches.
        model.tokenizer.deprecation_warnings["Asking-to-pad-a-fast-tokenizer"] = True
        return model

    @cached_property
    def _replicas(self) -> list[tuple[str, Any]]:
        """One copy of the network a device."""
        from copy import deepcopy

        network = self._model.model.eval()
        spare = [deepcopy(network) for _ in self.devices[1:]]
        pairs = zip(self.devices, [network, *spare], strict=True)
        return [(device, each.to(device)) for device, each in pairs]

    def _encode(self, texts: list[str]) -> list[Vectors]:
        tokenizer = self._model.tokenizer
        unused = {
            tokenizer.convert_tokens_to_ids(tokenizer.special_tokens_map[name])
            for name in ("cls_token", "eos_token", "pad_token", "unk_token")
            if name in tokenizer.special_tokens_map
        }
        rows = tokenizer(texts, truncation=True, max_length=MAX_TOKENS)["input_ids"]
        budget = CPU_TOKENS if self.devices == ("cpu",) else GPU_TOKENS
        batches = list(bucketed([len(row) for row in rows], budget))
        found: list[Vectors | None] = [None] * len(texts)

        def work(number: int) -> None:
            device, network = self._replicas[number]
            for batch in batches[number :: len(self._replicas)]:
                for at, vectors in zip(
                    batch, self._batch(network, device, [rows[i] for i in batch], unused),
                    strict=True,
                ):  # fmt: skip
                    found[at] = vectors

        if len(self._replicas) == 1:
            work(0)
        else:
            with ThreadPoolExecutor(len(self._replicas)) as pool:
                list(pool.map(work, range(len(self._replicas))))
        return [vectors for vectors in found if vectors is not None]

    def _batch(
        self, network: Any, device: str, rows: list[list[int]], unused: set[int]
    ) -> Iterator[Vectors]:
        import numpy as np
        import torch

        given = self._model.tokenizer.pad({"input_ids": rows}, padding=True, return_tensors="pt")
        with torch.no_grad():
            output = network(given.to(device), return_dense=True, return_sparse=True)
        dense = output["dense_vecs"].float().cpu().numpy()
        sparse = output["sparse_vecs"].squeeze(-1).float().cpu().numpy()
        if not np.isfinite(dense).all() or not np.isfinite(sparse).all():
            raise EncoderError(
                "BGE-M3 gave values that are not numbers: encode with encoder_precision fp32."
            )
        for row, vector, weights in zip(rows, dense, sparse, strict=True):
            pairs = zip(row, weights.tolist(), strict=False)  # behind the text there is padding
            kept = term_weights((token, weight) for token, weight in pairs if token not in unused)
            yield Vectors(vector, kept)

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


def bucketed(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Yield the rows in batches of like lengths, the longest first: at most `budget` tokens each,
    counting the padding, and at least one row.
    """
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        if batch and lengths[batch[0]] * (len(batch) + 1) > budget:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch
