"""Making a checkpoint ready for queries: its graph, tokenizer and card, in a folder of the home.

It reads the weights itself and needs `onnx`, not torch. Whether the result may be used is decided
by who compares it (`check`), before the folder gets its name.
"""

import json
import shutil
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..errors import EncoderError
from .checkpoint import Tensors, read_tensors, weights_file
from .graph import Precision, Shape, trunk, write_encoder, write_pair_scorer
from .installed import TOKENIZER, Card, install
from .m3 import HEADS, NAME

RERANKER = "bge-reranker-v2-m3"
_UNUSED = ("cls_token", "eos_token", "pad_token", "unk_token")
_DEFAULT = {"cls_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}

Check = Callable[[Path, Card], Mapping[str, Any]]


def make_m3_query(
    source: Path, target: Path, precision: Precision, weights: str, check: Check
) -> Card:
    """Make the query side of the BGE-M3 checkpoint in `source`; `weights` is its digest.

    Raises EncoderError when the checkpoint is not whole, and what `check` raises.
    """

    def make(folder: Path) -> dict[str, Any]:
        shape, tensors = read_checkpoint(source)
        write_encoder(folder, tensors, shape, read_head(source, shape), precision)
        shutil.copyfile(source / TOKENIZER, folder / TOKENIZER)
        return _facts(NAME, source, shape, precision, weights)

    _needs_onnx()
    return install(target, make, check)


def make_reranker(
    source: Path, target: Path, precision: Precision, weights: str, check: Check
) -> Card:
    """Make a cross-encoder of the checkpoint in `source`, an XLM-RoBERTa with one logit.

    Raises EncoderError when the checkpoint is not whole.
    """

    def make(folder: Path) -> dict[str, Any]:
        shape, tensors = read_checkpoint(source)
        h = shape.hidden
        wanted = {
            "classifier.dense.weight": (h, h),
            "classifier.dense.bias": (h,),
            "classifier.out_proj.weight": (1, h),
            "classifier.out_proj.bias": (1,),
        }
        _require(tensors, wanted, source)
        write_pair_scorer(folder, tensors, shape, tensors, precision)
        shutil.copyfile(source / TOKENIZER, folder / TOKENIZER)
        return _facts(RERANKER, source, shape, precision, weights)

    _needs_onnx()
    return install(target, make, check)


def read_checkpoint(source: Path) -> tuple[Shape, Tensors]:
    """Return the sizes and the tensors of an XLM-RoBERTa, all of which must be there.

    Raises EncoderError.
    """
    weights = weights_file(source)
    if weights is None:
        raise EncoderError(f"The folder {source} holds no weights: copy the checkpoint again.")
    try:
        shape = Shape.of(json.loads((source / "config.json").read_bytes()))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EncoderError(
            f"{source / 'config.json'} cannot be read ({error}): copy the checkpoint again."
        ) from error
    return shape, trunk(read_tensors(weights), shape, source)


def read_head(source: Path, shape: Shape) -> Tensors:
    """Return the sparse head of a BGE-M3 checkpoint; the other head must be whole too.

    Raises EncoderError.
    """
    heads = [read_tensors(source / name) for name in HEADS]
    _require(heads[0], {"weight": (1, shape.hidden), "bias": (1,)}, source / HEADS[0])
    _require(heads[1], {"weight": None, "bias": None}, source / HEADS[1])
    return heads[0]


def _require(tensors: Tensors, wanted: Mapping[str, tuple[int, ...] | None], place: Path) -> None:
    for name, shape in wanted.items():
        if name not in tensors or (shape is not None and tensors[name]().shape != shape):
            raise EncoderError(
                f"{place} lacks {name} in the size that config.json asks for: copy the checkpoint "
                "again."
            )


def _facts(
    name: str, source: Path, shape: Shape, precision: Precision, weights: str
) -> dict[str, Any]:
    return {
        "name": name,
        "precision": precision,
        "weights": weights,
        "hidden": shape.hidden,
        "pad": shape.pad,
        "unused": _unused(source),
    }


def _unused(source: Path) -> tuple[int, ...]:
    """Return the ids of the tokens to which FlagEmbedding gives no sparse weight."""
    named = dict(_DEFAULT)
    for file in ("tokenizer_config.json", "special_tokens_map.json"):
        if (source / file).is_file():
            values = json.loads((source / file).read_bytes())
            for key in _UNUSED:
                token = values.get(key)
                token = token.get("content") if isinstance(token, dict) else token
                if isinstance(token, str):
                    named[key] = token
    ids = {
        row["content"]: int(row["id"])
        for row in json.loads((source / TOKENIZER).read_bytes())["added_tokens"]
    }
    return tuple(sorted({ids[token] for token in named.values() if token in ids}))


def _needs_onnx() -> None:
    if find_spec("onnx") is None:
        raise EncoderError(
            "Making a model ready for queries needs onnx: run pip install "
            "'deep-research-appliance[encode]'."
        )
