"""The demo model: a small Qwen3-architecture decoder in plain torch.

Token ids in, logits out. It matches llama.cpp's `qwen3` graph: RMS norms, per-head norms of
queries and keys, half-split rotary positions, grouped heads, SwiGLU, tied embeddings. It does not
know about traces, tokenizers or files. Importing it needs torch, which the appliance does not.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a model. `rope_base` and `eps` go into the GGUF as they are."""

    vocab: int
    width: int = 256
    layers: int = 6
    heads: int = 4
    kv_heads: int = 2
    head_dim: int = 64
    hidden: int = 512
    context: int = 4096
    rope_base: float = 10_000.0
    eps: float = 1e-6


class Norm(nn.Module):
    """Root mean square norm with a learned gain."""

    def __init__(self, size: int, eps: float, gain: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((size,), gain))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the last dimension; the arithmetic is float32."""
        y = x.float()
        y = y * torch.rsqrt(y.square().mean(-1, keepdim=True) + self.eps)
        return y * self.weight


class Block(nn.Module):
    """Attention and a gated feed-forward layer, each behind a norm."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        queries, keys = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
        self.attn_norm = Norm(shape.width, shape.eps)
        self.ffn_norm = Norm(shape.width, shape.eps)
        # Sharp heads from the start: copying is found sooner when attention can be peaked.
        self.q_norm = Norm(shape.head_dim, shape.eps, 2.0)
        self.k_norm = Norm(shape.head_dim, shape.eps)
        self.q = nn.Linear(shape.width, queries, bias=False)
        self.k = nn.Linear(shape.width, keys, bias=False)
        self.v = nn.Linear(shape.width, keys, bias=False)
        self.o = nn.Linear(queries, shape.width, bias=False)
        self.gate = nn.Linear(shape.width, shape.hidden, bias=False)
        self.up = nn.Linear(shape.width, shape.hidden, bias=False)
        self.down = nn.Linear(shape.hidden, shape.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """Map (batch, time, width) to the same shape."""
        batch, time, _ = x.shape
        shape = self.shape
        h = self.attn_norm(x)
        q = self.q_norm(self.q(h).view(batch, time, shape.heads, shape.head_dim)).transpose(1, 2)
        k = self.k_norm(self.k(h).view(batch, time, shape.kv_heads, shape.head_dim)).transpose(1, 2)
        v = self.v(h).view(batch, time, shape.kv_heads, shape.head_dim).transpose(1, 2)
        q, k = _rotate(q, cos, sin).to(v.dtype), _rotate(k, cos, sin).to(v.dtype)
        groups = shape.heads // shape.kv_heads
        k, v = k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.o(mixed.transpose(1, 2).reshape(batch, time, -1))
        h = self.ffn_norm(x)
        made: Tensor = x + self.down(functional.silu(self.gate(h)) * self.up(h))
        return made


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    first, second = x.chunk(2, -1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], -1)


class Network(nn.Module):
    """The whole decoder; the embedding is also the output layer."""

    cos: Tensor
    sin: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embed = nn.Embedding(shape.vocab, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = Norm(shape.width, shape.eps)
        half = shape.head_dim // 2
        rates = shape.rope_base ** (-torch.arange(half) / half)
        angles = torch.arange(shape.context)[:, None] * rates[None]
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                last = name.endswith(("o.weight", "down.weight"))
                nn.init.normal_(parameter, std=0.02 / ((2 * shape.layers) ** 0.5 if last else 1.0))

    def states(self, ids: Tensor) -> Tensor:
        """Map ids (batch, time) to normalised states (batch, time, width)."""
        x = self.embed(ids)
        time = ids.shape[1]
        for block in self.blocks:
            x = block(x, self.cos[:time], self.sin[:time])
        made: Tensor = self.norm(x)
        return made

    def predict(self, states: Tensor) -> Tensor:
        """Map states (..., width) to logits (..., vocab)."""
        return functional.linear(states, self.embed.weight)

    def forward(self, ids: Tensor) -> Tensor:
        """Map ids (batch, time) to logits (batch, time, vocab)."""
        return self.predict(self.states(ids))
