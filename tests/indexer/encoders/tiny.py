"""Tiny checkpoints of BGE-M3's and its reranker's architecture, written without torch, and the
same computation in NumPy to compare with.

The two heads beside this file were written by torch.save; everything else is made here.
"""

import json
import shutil
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
HIDDEN, LAYERS, HEADS, INNER, PLACES = 32, 2, 2, 64, 1100
HERE = Path(__file__).parent / "heads"
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def write_tokenizer(folder: Path) -> int:
    """Train and write a tokenizer; returns the size of its vocabulary."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    lines = [f"the river number {i} flows past town {i * 7} and bridge {i * 3}" for i in range(200)]
    trainer = trainers.UnigramTrainer(
        vocab_size=200, special_tokens=SPECIAL, unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator([*lines, *"abcdefghijklmnopqrstuvwxyz0123456789"], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {"bos": 0, "eos": 2, "sep": 2, "cls": 0, "unk": 3, "pad": 1, "mask": 4}
    tokens = {f"{name}_token": SPECIAL[number] for name, number in names.items()}
    kind = {"tokenizer_class": "XLMRobertaTokenizerFast", "model_max_length": 512}
    (folder / "tokenizer_config.json").write_text(json.dumps(tokens | kind))
    (folder / "special_tokens_map.json").write_text(json.dumps(tokens))
    return int(tokenizer.get_vocab_size())


def write_safetensors(path: Path, tensors: Mapping[str, Array]) -> None:
    """Write float32 tensors in the safetensors form."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    at = 0
    for name, values in tensors.items():
        span = [at, at + values.nbytes]
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": span}
        at += values.nbytes
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(head)) + head)
        for values in tensors.values():
            file.write(np.ascontiguousarray(values).tobytes())


def _tensors(vocabulary: int, seed: int) -> dict[str, Array]:
    rng = np.random.default_rng(seed)

    def matrix(*shape: int) -> Array:
        return (rng.standard_normal(shape) * 0.2).astype(np.float32)

    made = {
        "embeddings.word_embeddings.weight": matrix(vocabulary, HIDDEN),
        "embeddings.position_embeddings.weight": matrix(PLACES, HIDDEN),
        "embeddings.token_type_embeddings.weight": matrix(1, HIDDEN),
    }

    def layer(name: str, out: int, into: int) -> None:
        made[f"{name}.weight"], made[f"{name}.bias"] = matrix(out, into), matrix(out)

    def norm(name: str) -> None:
        made[f"{name}.weight"], made[f"{name}.bias"] = 1 + matrix(HIDDEN), matrix(HIDDEN)

    norm("embeddings.LayerNorm")
    for number in range(LAYERS):
        at = f"encoder.layer.{number}."
        for name in ("self.query", "self.key", "self.value", "output.dense"):
            layer(f"{at}attention.{name}", HIDDEN, HIDDEN)
        norm(f"{at}attention.output.LayerNorm")
        layer(f"{at}intermediate.dense", INNER, HIDDEN)
        layer(f"{at}output.dense", HIDDEN, INNER)
        norm(f"{at}output.LayerNorm")
    return made


def _config(vocabulary: int, **more: Any) -> str:
    return json.dumps(
        {
            "model_type": "xlm-roberta",
            "vocab_size": vocabulary,
            "hidden_size": HIDDEN,
            "num_hidden_layers": LAYERS,
            "num_attention_heads": HEADS,
            "intermediate_size": INNER,
            "max_position_embeddings": PLACES,
            "type_vocab_size": 1,
            "hidden_act": "gelu",
            "layer_norm_eps": 1e-5,
            "pad_token_id": 1,
            "bos_token_id": 0,
            "eos_token_id": 2,
            **more,
        }
    )


def write_m3(folder: Path, seed: int = 0) -> dict[str, Array]:
    """Write a random checkpoint of BGE-M3's architecture; returns its tensors."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = write_tokenizer(folder)
    tensors = _tensors(vocabulary, seed)
    write_safetensors(folder / "model.safetensors", tensors)
    (folder / "config.json").write_text(_config(vocabulary, architectures=["XLMRobertaModel"]))
    for name in ("sparse_linear.pt", "colbert_linear.pt"):
        shutil.copyfile(HERE / name, folder / name)
    return tensors


def write_reranker(folder: Path, seed: int = 0) -> dict[str, Array]:
    """Write a random checkpoint of the reranker's architecture; returns its tensors."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = write_tokenizer(folder)
    rng = np.random.default_rng(seed + 100)
    tensors = {f"roberta.{name}": values for name, values in _tensors(vocabulary, seed).items()}
    for name, out in (("dense", HIDDEN), ("out_proj", 1)):
        tensors[f"classifier.{name}.weight"] = rng.standard_normal((out, HIDDEN)).astype(np.float32)
        tensors[f"classifier.{name}.bias"] = rng.standard_normal(out).astype(np.float32)
    write_safetensors(folder / "model.safetensors", tensors)
    kind = {"architectures": ["XLMRobertaForSequenceClassification"]}
    labels = {"id2label": {"0": "LABEL_0"}, "label2id": {"LABEL_0": 0}}
    (folder / "config.json").write_text(_config(vocabulary, **kind, **labels))
    return tensors


def states(tensors: Mapping[str, Array], ids: list[int]) -> NDArray[np.float64]:
    """The last states of an XLM-RoBERTa in float64, as its paper says."""
    t = {name.removeprefix("roberta."): v.astype(np.float64) for name, v in tensors.items()}
    real = np.array([number != 1 for number in ids])
    places = np.cumsum(real) * real + 1
    x = t["embeddings.word_embeddings.weight"][ids]
    x = x + t["embeddings.position_embeddings.weight"][places]
    x = _norm(t, "embeddings.LayerNorm", x + t["embeddings.token_type_embeddings.weight"][0])
    for number in range(LAYERS):
        at = f"encoder.layer.{number}."
        q, k, v = (_linear(t, f"{at}attention.self.{n}", x) for n in ("query", "key", "value"))
        mixed = np.empty_like(x)
        for head in range(HEADS):
            part = slice(head * HIDDEN // HEADS, (head + 1) * HIDDEN // HEADS)
            scores = q[:, part] @ k[:, part].T / (HIDDEN // HEADS) ** 0.5
            shares = np.exp(scores - scores.max(-1, keepdims=True))
            mixed[:, part] = shares / shares.sum(-1, keepdims=True) @ v[:, part]
        attended = _linear(t, f"{at}attention.output.dense", mixed)
        x = _norm(t, f"{at}attention.output.LayerNorm", x + attended)
        wide = _gelu(_linear(t, f"{at}intermediate.dense", x))
        x = _norm(t, f"{at}output.LayerNorm", x + _linear(t, f"{at}output.dense", wide))
    return x


def _linear(t: Mapping[str, Any], name: str, x: Any) -> Any:
    return x @ t[f"{name}.weight"].T + t[f"{name}.bias"]


def _norm(t: Mapping[str, Any], name: str, x: Any) -> Any:
    spread = np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    return (x - x.mean(-1, keepdims=True)) / spread * t[f"{name}.weight"] + t[f"{name}.bias"]


def _gelu(x: Any) -> Any:
    from math import erf

    return x * 0.5 * (1 + np.vectorize(erf)(x / 2**0.5))
