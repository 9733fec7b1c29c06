"""How a model is loaded: the values that decide, besides weights and tokens, which bits come out.

Values only. llama.cpp gives equal logits in a new process for equal options and equal chunks,
and may not when any of these differs; so a run's manifest records them all.
"""

import os
from dataclasses import dataclass, replace

from ..transcript import END

SMALL_WEIGHTS = 64 << 20
"""Bytes below which a model is computed by one thread."""


@dataclass(frozen=True, slots=True)
class LlamaOptions:
    """`context` in tokens (never more than the model was trained for), batches in tokens.

    `batch` is the largest chunk that is evaluated at once and the longest wait for a cancel.
    `kv` is the type of the KV cache cells: f16, f32, or q8_0 which halves the memory. `end` is the
    token that closes a message; the vocabulary's own where it has no such token, and none for "".
    """

    context: int = 4096
    batch: int = 512
    micro_batch: int = 512
    threads: int = 0
    kv: str = "f16"
    flash_attention: bool = True
    end: str = END

    def settled(self, weights_bytes: int) -> "LlamaOptions":
        """Return the same options with `threads` 0 replaced by a number for weights of that size.

        Usable cores, at most 16; but one for a model that fits in the caches, where threads would
        only wait for one another.
        """
        if self.threads > 0:
            return self
        if weights_bytes < SMALL_WEIGHTS:
            return replace(self, threads=1)
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        return replace(self, threads=max(1, min(cores or 1, 16)))
