"""A thin layer over the C API: load, evaluate, forget, sample. Positions and token ids only.

It does not know text (tokens.py does) and keeps no history (session.py does). Every wrong
return code of llama.cpp becomes an error here; an assertion in it still aborts the process.
"""

import ctypes
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import EngineError, ModelFileError
from ..profiles import Sampling
from .library import c_string, cell_type, library
from .options import LlamaOptions

logger = logging.getLogger(__name__)


class Weights:
    """A GGUF file, loaded; with `vocabulary_only` its tensors are not read, only their places."""

    def __init__(self, file: Path, vocabulary_only: bool = False) -> None:
        self._lib = library()
        params = self._lib.llama_model_default_params()
        params.vocab_only = vocabulary_only
        self.pointer: Any = self._lib.llama_model_load_from_file(os.fsencode(file), params)
        if not self.pointer:
            raise ModelFileError(
                f"{file.name} cannot be loaded as a GGUF model; download it again and run: "
                "appliance models import"
            )
        self.vocabulary: Any = self._lib.llama_model_get_vocab(self.pointer)
        logger.info("loaded %s", file.name)

    def text(self, key: str) -> str | None:
        """Return a metadata value as text; None when the file has no such key."""
        return c_string(self._lib.llama_model_meta_val_str, self.pointer, key.encode())

    def number(self, key: str, default: int = 0) -> int:
        """Return a metadata value of this architecture (`attention.key_length`) as an integer."""
        value = self.text(f"{self.text('general.architecture')}.{key}")
        return int(value) if value and value.lstrip("-").isdigit() else default

    def facts(self) -> dict[str, object]:
        """Return what the manifest and the preflight need to know of the model."""
        lib, model = self._lib, self.pointer
        heads = self.number("attention.head_count", 1)
        width = self.number("embedding_length") // max(1, heads)
        key_value = self.number("attention.head_count_kv", heads) * (
            self.number("attention.key_length", width)
            + self.number("attention.value_length", width)
        )
        return {
            "architecture": self.text("general.architecture") or "",
            "parameters": int(lib.llama_model_n_params(model)),
            "weights_bytes": int(lib.llama_model_size(model)),
            "trained_context": self.number("context_length"),
            "vocabulary": int(lib.llama_vocab_n_tokens(self.vocabulary)),
            "description": c_string(lib.llama_model_desc, model) or "",
            "kv_values_per_token": self.number("block_count") * key_value,
            "chat_template": lib.llama_model_chat_template(model, None) is not None,
        }

    def close(self) -> None:
        """Free the weights."""
        if self.pointer:
            self._lib.llama_model_free(self.pointer)
            self.pointer = None


class Context:
    """One KV cache over loaded weights, with one sequence."""

    def __init__(self, weights: Weights, options: LlamaOptions) -> None:
        lib = self._lib = library()
        self.weights = weights
        self.batch_size = options.batch
        params = lib.llama_context_default_params()
        trained = int(lib.llama_model_n_ctx_train(weights.pointer))
        params.n_ctx = min(options.context, trained) if trained > 0 else options.context
        params.n_batch = options.batch
        params.n_ubatch = min(options.micro_batch, options.batch)
        params.n_seq_max = 1
        params.n_threads = params.n_threads_batch = options.threads
        params.flash_attn_type = int(options.flash_attention)
        params.type_k = params.type_v = cell_type(options.kv)
        params.no_perf = True
        self.pointer: Any = lib.llama_init_from_model(weights.pointer, params)
        if not self.pointer:
            raise EngineError(
                f"llama.cpp could not make a context of {params.n_ctx} tokens with {options.kv} "
                "cells; lower the context or close other programs to free memory"
            )
        self._memory = lib.llama_get_memory(self.pointer)
        self._batch = lib.llama_batch_init(options.batch, 0, 1)
        self.capacity = int(lib.llama_n_ctx(self.pointer))
        self.vocabulary_size = int(lib.llama_vocab_n_tokens(weights.vocabulary))

    def evaluate(self, ids: Sequence[int], position: int) -> None:
        """Evaluate up to `batch` tokens at `position`; afterwards the last one's logits stand."""
        batch = self._batch
        batch.n_tokens = len(ids)
        for index, token in enumerate(ids):
            batch.token[index] = token
            batch.pos[index] = position + index
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = 0
            batch.logits[index] = index == len(ids) - 1
        code = int(self._lib.llama_decode(self.pointer, batch))
        if code != 0:
            self.forget(position)
            raise EngineError(
                f"llama.cpp could not evaluate {len(ids)} tokens at position {position} "
                f"(code {code}); lower the context or run: appliance doctor"
            )

    def forget(self, position: int) -> None:
        """Remove every cell from `position` on."""
        if not self._lib.llama_memory_seq_rm(self._memory, 0, position, -1):
            raise EngineError(
                "this model's memory cannot be rolled back; import a transformer model instead"
            )

    def clear(self) -> None:
        """Empty the cache as if the context were new."""
        self._lib.llama_memory_clear(self._memory, True)

    def logits(self) -> bytes:
        """Return the logits of the last evaluated token, float32 in the machine's byte order."""
        pointer = self._lib.llama_get_logits_ith(self.pointer, -1)
        return ctypes.string_at(pointer, self.vocabulary_size * 4)

    def close(self) -> None:
        """Free the cache; the weights stay."""
        if self.pointer:
            self._lib.llama_batch_free(self._batch)
            self._lib.llama_free(self.pointer)
            self.pointer = None


class Sampler:
    """llama.cpp's sampling chain for one completion.

    The order is the one of the servers that upstream's figures were measured with: penalties over
    the tokens of this completion, then top-k, temperature, top-p, min-p, and a seeded draw.
    Temperature 0 takes the most likely token and has no chain.
    """

    ORDER = "penalties, top_k, temperature, top_p, min_p, seeded draw"

    def __init__(self, context: Context, sampling: Sampling, seed: int, window: int) -> None:
        lib = self._lib = library()
        self._context = context.pointer
        params = lib.llama_sampler_chain_default_params()
        params.no_perf = True
        self._chain: Any = lib.llama_sampler_chain_init(params)
        for part in self._parts(context, sampling, seed, window):
            lib.llama_sampler_chain_add(self._chain, part)

    def _parts(self, context: Context, sampling: Sampling, seed: int, window: int) -> list[Any]:
        lib = self._lib
        if sampling.temperature <= 0:
            return [lib.llama_sampler_init_greedy()]
        parts = []
        if sampling.presence_penalty or sampling.repetition_penalty != 1.0:
            parts.append(
                lib.llama_sampler_init_penalties(
                    context.vocabulary_size,
                    window,
                    sampling.repetition_penalty,
                    0.0,
                    sampling.presence_penalty,
                )
            )
        if sampling.top_k > 0:
            parts.append(lib.llama_sampler_init_top_k(sampling.top_k))
        parts.append(lib.llama_sampler_init_temp(sampling.temperature))
        if sampling.top_p < 1:
            parts.append(lib.llama_sampler_init_top_p(sampling.top_p, 1))
        if sampling.min_p > 0:
            parts.append(lib.llama_sampler_init_min_p(sampling.min_p, 1))
        parts.append(lib.llama_sampler_init_dist(seed & 0xFFFFFFFF))
        return parts

    def sample(self) -> int:
        """Choose a token by the logits of the last evaluated one."""
        return int(self._lib.llama_sampler_sample(self._chain, self._context, -1))

    def close(self) -> None:
        """Free the chain."""
        if self._chain:
            self._lib.llama_sampler_free(self._chain)
            self._chain = None
