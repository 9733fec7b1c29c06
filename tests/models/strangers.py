"""Models of strangers: tiny random weights with chat templates that are not ours.

A Qwen3 that strips old thinking and has branches for tools; a Llama with SentencePiece words and
`[INST]` marks, a first token, and no patience with a system message or two turns of one speaker;
and a Llama with byte-level words and headers around each role. The templates are in our own
words, with the manners of the well-known ones.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from models.llama.tiny import byte_letters, gguf_bytes, write_tiny

QWEN = """
{%- if tools %}{{- '<|im_start|>system\\n' + tools | tojson + '<|im_end|>\\n' }}{%- endif %}
{%- set last = namespace(real=0) %}
{%- for message in messages %}
  {%- if message.role == 'user' and not (message.content.startswith('<tool_response>')
        and message.content.endswith('</tool_response>')) %}
    {%- set last.real = loop.index0 %}
  {%- endif %}
{%- endfor %}
{%- for message in messages %}
  {%- if message.role == 'tool' %}
    {{- '<|im_start|>user\\n<tool_response>\\n' + message.content + '\\n</tool_response><|im_end|>\\n' }}
  {%- elif message.role == 'assistant' and '</think>' in message.content %}
    {%- set rest = message.content.split('</think>')[-1].lstrip('\\n') %}
    {%- set thinking = message.content.split('</think>')[0].split('<think>')[-1].strip('\\n') %}
    {%- if loop.index0 > last.real %}
      {{- '<|im_start|>assistant\\n<think>\\n' + thinking + '\\n</think>\\n\\n' + rest + '<|im_end|>\\n' }}
    {%- else %}
      {{- '<|im_start|>assistant\\n' + rest + '<|im_end|>\\n' }}
    {%- endif %}
  {%- else %}
    {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
  {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n<think>\\n' }}{%- endif %}
"""
INST = """
{{- bos_token }}
{%- for message in messages %}
  {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
    {{- raise_exception('Roles must alternate user/assistant/user/assistant.') }}
  {%- endif %}
  {%- if message['role'] == 'user' %}
    {{- '[INST] ' + message['content'].strip() + ' [/INST]' }}
  {%- elif message['role'] == 'assistant' %}
    {{- ' ' + message['content'].strip() + eos_token }}
  {%- else %}
    {{- raise_exception('Only user and assistant roles are supported!') }}
  {%- endif %}
{%- endfor %}
"""
HEADERS = """
{{- bos_token }}
{%- if messages[0].role == 'system' %}
  {%- set system = messages[0].content | trim %}{%- set messages = messages[1:] %}
{%- else %}{%- set system = '' %}{%- endif %}
{{- '<|start_header_id|>system<|end_header_id|>\\n\\nToday: ' + strftime_now('%d %b %Y') + '\\n\\n' }}
{{- system + '<|eot_id|>' }}
{%- for message in messages %}
  {%- if message.role == 'system' %}{{- raise_exception('Only at the start!') }}{%- endif %}
  {{- '<|start_header_id|>' + message.role + '<|end_header_id|>\\n\\n' + message.content | trim + '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}
"""
HEADER_TAGS = (
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eot_id|>",
)
_PIECES = ("▁", "▁t", "▁th", "▁the", "in", "er", "▁r", "[I", "[/", "</", "<t")
WORD_PIECES = ("▁", "▁t", "▁th", "▁the", "in", "er", "IN", "ST", "INST", "sp", "on", "spon")
"""Words that join the letters of a mark's name and never its bracket."""

_MERGES = ("t h", "e r", "< /", "< t")


def write_qwen(path: Path, template: str = QWEN, **extra: object) -> Path:
    """A Qwen3; `extra` are header fields, dots written as two underscores."""
    named = {key.replace("__", "."): value for key, value in extra.items()}
    fields = {"tokenizer.chat_template": template, **named}
    return write_tiny(path, context=16_384, extra=fields)


def write_inst(
    path: Path,
    template: str = INST,
    control: bool = False,
    pieces: Sequence[str] = _PIECES,
) -> Path:
    """A Llama with SentencePiece words. `control`: `[INST]` and `[/INST]` are tokens of it."""
    words = [("<unk>", 2, 0.0), ("<s>", 3, 0.0), ("</s>", 3, 0.0)]
    words += [(f"<0x{byte:02X}>", 6, 0.0) for byte in range(256)]
    words += [(chr(code), 1, -100.0) for code in range(33, 127)]
    words += [(piece, 1, -float(place + 1)) for place, piece in enumerate(pieces)]
    if control:
        words += [("[INST]", 3, 0.0), ("[/INST]", 3, 0.0)]
    return _write_llama(
        path,
        {
            "tokenizer.ggml.model": "llama",
            "tokenizer.ggml.tokens": [word for word, _, _ in words],
            "tokenizer.ggml.token_type": [kind for _, kind, _ in words],
            "tokenizer.ggml.scores": [score for _, _, score in words],
            "tokenizer.ggml.bos_token_id": 1,
            "tokenizer.ggml.eos_token_id": 2,
            "tokenizer.ggml.unknown_token_id": 0,
            "tokenizer.ggml.add_bos_token": True,
            "tokenizer.ggml.add_space_prefix": True,
            "tokenizer.chat_template": template,
            "general.license": "apache-2.0",
        },
        len(words),
    )


def write_headers(path: Path, template: str = HEADERS) -> Path:
    """A Llama with byte-level words."""
    texts = _byte_texts()
    return _write_llama(path, _byte_words(texts, template), len(texts))


def write_mamba(path: Path) -> Path:
    """A recurrent model: its memory is one state, so that it cannot forget a part."""
    texts = _byte_texts()
    width, inner, state, rank, kernel = 64, 128, 16, 4, 4
    fields: dict[str, object] = {
        "general.architecture": "mamba",
        "mamba.block_count": 1,
        "mamba.context_length": 4096,
        "mamba.embedding_length": width,
        "mamba.feed_forward_length": 0,
        "mamba.attention.head_count": 0,
        "mamba.attention.layer_norm_rms_epsilon": 1e-5,
        "mamba.ssm.conv_kernel": kernel,
        "mamba.ssm.inner_size": inner,
        "mamba.ssm.state_size": state,
        "mamba.ssm.time_step_rank": rank,
        **_byte_words(texts, HEADERS),
    }
    shapes = {
        "ssm_in": (2 * inner, width),
        "ssm_x": (rank + 2 * state, inner),
        "ssm_dt": (inner, rank),
        "ssm_out": (width, inner),
    }
    random = np.random.default_rng(5)
    tensors: dict[str, object] = {
        "token_embd.weight": (random.standard_normal((len(texts), width)) * 0.1).astype(np.float16),
        "output_norm.weight": np.ones(width, np.float32),
        "blk.0.attn_norm.weight": np.ones(width, np.float32),
        "blk.0.ssm_conv1d.weight": np.ones((inner, kernel), np.float32),
        "blk.0.ssm_conv1d.bias": np.zeros(inner, np.float32),
        "blk.0.ssm_dt.bias": np.zeros(inner, np.float32),
        "blk.0.ssm_a": -np.ones((inner, state), np.float32),
        "blk.0.ssm_d": np.ones(inner, np.float32),
    }
    for name, shape in shapes.items():
        tensors[f"blk.0.{name}.weight"] = (random.standard_normal(shape) * 0.1).astype(np.float16)
    path.write_bytes(gguf_bytes(fields, tensors))
    return path


def _byte_texts() -> list[str]:
    return [*byte_letters(), *(merge.replace(" ", "") for merge in _MERGES), *HEADER_TAGS]


def _byte_words(texts: list[str], template: str) -> dict[str, object]:
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "llama-bpe",
        "tokenizer.ggml.tokens": texts,
        "tokenizer.ggml.token_type": [3 if text in HEADER_TAGS else 1 for text in texts],
        "tokenizer.ggml.merges": list(_MERGES),
        "tokenizer.ggml.bos_token_id": texts.index("<|begin_of_text|>"),
        "tokenizer.ggml.eos_token_id": texts.index("<|end_of_text|>"),
        "tokenizer.ggml.add_bos_token": True,
        "tokenizer.chat_template": template,
    }


def _write_llama(
    path: Path, words: Mapping[str, object], vocabulary: int, architecture: str = "llama"
) -> Path:
    width, heads, kv_heads, hidden, layers = 64, 4, 2, 128, 2
    fields: dict[str, object] = {
        "general.architecture": architecture,
        "general.name": "tiny stranger",
        f"{architecture}.block_count": layers,
        f"{architecture}.context_length": 16_384,
        f"{architecture}.embedding_length": width,
        f"{architecture}.feed_forward_length": hidden,
        f"{architecture}.attention.head_count": heads,
        f"{architecture}.attention.head_count_kv": kv_heads,
        f"{architecture}.attention.layer_norm_rms_epsilon": 1e-5,
        f"{architecture}.rope.dimension_count": width // heads,
        f"{architecture}.vocab_size": vocabulary,
        **words,
    }
    random = np.random.default_rng(3)

    def rows(*shape: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.float16]]":
        return (random.standard_normal(shape) * 0.08).astype(np.float16)

    tensors: dict[str, object] = {
        "token_embd.weight": rows(vocabulary, width),
        "output_norm.weight": np.ones(width, np.float32),
        "output.weight": rows(vocabulary, width),
    }
    for layer in range(layers):
        for name, shape in {
            "attn_q": (width, width),
            "attn_k": (width // heads * kv_heads, width),
            "attn_v": (width // heads * kv_heads, width),
            "attn_output": (width, width),
            "ffn_gate": (hidden, width),
            "ffn_up": (hidden, width),
            "ffn_down": (width, hidden),
        }.items():
            tensors[f"blk.{layer}.{name}.weight"] = rows(*shape)
        for name in ("attn_norm", "ffn_norm"):
            tensors[f"blk.{layer}.{name}.weight"] = np.ones(width, np.float32)
    path.write_bytes(gguf_bytes(fields, tensors))
    return path
