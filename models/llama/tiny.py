"""A tiny Qwen3 model with random weights, written as GGUF: to try a build of llama.cpp on.

It says nothing sensible and knows nothing. Its vocabulary is the 256 bytes, a few merges and
Qwen3's tags with Qwen3's attributes, so that tokenising meets what it meets in the real model.
The writer covers what this file needs of GGUF version 3 (ggml-org/ggml, docs/gguf.md).
"""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from store.digest import write_atomic

CONTROL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
USER_DEFINED = (
    "<think>",
    "</think>",
    "<tool_call>",
    "</tool_call>",
    "<tool_response>",
    "</tool_response>",
)
_NORMAL, _CONTROL, _USER_DEFINED = 1, 3, 4
_UINT32, _INT32, _FLOAT32, _BOOL, _STRING, _ARRAY = 4, 5, 6, 7, 8, 9
_F32, _F16 = 0, 1
_ALIGNMENT = 32
_MERGES = ("t h", "th e", "i n", "e r", "Ġ the", "o n", "Ċ Ċ")


def write_tiny(
    path: Path,
    seed: int = 0,
    context: int = 1024,
    layers: int = 2,
    extra: Mapping[str, object] | None = None,
) -> Path:
    """Write the model to `path` and return it. Equal arguments give equal bytes.

    `extra` are more fields of the header, such as a chat template.

    Rows are 256 wide, so the file can be quantized to every type, Q4_K included.
    """
    import numpy as np

    width, heads, kv_heads, head, hidden = 256, 4, 2, 64, 512
    texts, kinds = _vocabulary()
    fields: dict[str, object] = {
        "general.architecture": "qwen3",
        "general.name": "tiny random",
        "qwen3.block_count": layers,
        "qwen3.context_length": context,
        "qwen3.embedding_length": width,
        "qwen3.feed_forward_length": hidden,
        "qwen3.attention.head_count": heads,
        "qwen3.attention.head_count_kv": kv_heads,
        "qwen3.attention.key_length": head,
        "qwen3.attention.value_length": head,
        "qwen3.attention.layer_norm_rms_epsilon": 1e-6,
        "qwen3.rope.freq_base": 1_000_000.0,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "qwen2",
        "tokenizer.ggml.tokens": texts,
        "tokenizer.ggml.token_type": kinds,
        "tokenizer.ggml.merges": list(_MERGES),
        "tokenizer.ggml.eos_token_id": texts.index("<|im_end|>"),
        "tokenizer.ggml.padding_token_id": texts.index("<|endoftext|>"),
        "tokenizer.ggml.add_bos_token": False,
    }
    shapes = {"token_embd.weight": (len(texts), width), "output_norm.weight": (width,)}
    for layer in range(layers):
        for name, shape in {
            "attn_norm": (width,),
            "attn_q": (heads * head, width),
            "attn_k": (kv_heads * head, width),
            "attn_v": (kv_heads * head, width),
            "attn_q_norm": (head,),
            "attn_k_norm": (head,),
            "attn_output": (width, heads * head),
            "ffn_norm": (width,),
            "ffn_gate": (hidden, width),
            "ffn_up": (hidden, width),
            "ffn_down": (width, hidden),
        }.items():
            shapes[f"blk.{layer}.{name}.weight"] = shape
    random = np.random.default_rng(seed)
    tensors: dict[str, Any] = {}
    for name, shape in shapes.items():
        if len(shape) == 1:
            tensors[name] = np.ones(shape, np.float32)
        else:
            tensors[name] = (random.standard_normal(shape) * 0.08).astype(np.float16)
    write_atomic(path, gguf_bytes({**fields, **(extra or {})}, tensors), 0o644)
    return path


def byte_letters() -> list[str]:
    """Return the letter that stands for each byte in a byte-level vocabulary (GPT-2's table)."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    letters = {byte: chr(byte) for byte in printable}
    letters.update({byte: chr(256 + index) for index, byte in enumerate(others)})
    return [letters[byte] for byte in range(256)]


def _vocabulary() -> tuple[list[str], list[int]]:
    normal = byte_letters() + [merge.replace(" ", "") for merge in _MERGES]
    texts = [*normal, *CONTROL, *USER_DEFINED]
    kinds = [_NORMAL] * len(normal) + [_CONTROL] * len(CONTROL)
    return texts, kinds + [_USER_DEFINED] * len(USER_DEFINED)


def gguf_bytes(fields: Mapping[str, object], tensors: Mapping[str, Any]) -> bytes:
    """Return a GGUF file: fields of plain values and lists, tensors of float32 and float16."""
    head = [b"GGUF", struct.pack("<IQQ", 3, len(tensors), len(fields))]
    for key, value in fields.items():
        head.append(_text(key) + _value(value))
    body, offset = [], 0
    for name, tensor in tensors.items():
        data = tensor.tobytes()
        kind = _F32 if tensor.dtype.itemsize == 4 else _F16
        dimensions = tensor.shape[::-1]
        head.append(_text(name) + struct.pack("<I", len(dimensions)))
        head.append(struct.pack(f"<{len(dimensions)}Q", *dimensions))
        head.append(struct.pack("<IQ", kind, offset))
        body.append(_padded(data))
        offset += len(body[-1])
    return _padded(b"".join(head)) + b"".join(body)


def _value(value: object) -> bytes:
    if isinstance(value, bool):
        return struct.pack("<I?", _BOOL, value)
    if isinstance(value, int):
        return struct.pack("<II", _UINT32, value)
    if isinstance(value, float):
        return struct.pack("<If", _FLOAT32, value)
    if isinstance(value, str):
        return struct.pack("<I", _STRING) + _text(value)
    assert isinstance(value, list)
    return _array(value)


def _array(values: Sequence[object]) -> bytes:
    kinds = {str: _STRING, float: _FLOAT32}
    kind = kinds.get(type(values[0]), _INT32) if values else _INT32
    form = "<f" if kind == _FLOAT32 else "<i"
    return struct.pack("<IIQ", _ARRAY, kind, len(values)) + b"".join(
        _text(value) if isinstance(value, str) else struct.pack(form, value) for value in values
    )


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % _ALIGNMENT)
