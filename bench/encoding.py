"""BGE-M3's query side on random weights, beside torch, and its passages beside FlagEmbedding.

`--full` uses the true shape (24 layers, 1024 wide, 250,002 words; three gigabytes of disk and
some minutes). Speed does not depend on what the weights are; quality does, and nothing is said of
it. Each figure is taken in a process of its own: `python -m bench.encoding ACT …` is what they run.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indexer.encoders.base import PassageText, QueryVectors, Vectors
from indexer.encoders.graph import Shape

from .rows import Row, best, rate_row, seconds, time_row
from .scratch import COMMAND, ROOT, run, scratch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TRUE = Shape(250_002, 8_194, 1_024, 24, 16, 4_096, 1e-5, 1)
SMALL = Shape(8_000, 514, 256, 4, 4, 1_024, 1e-5, 1)
PASSAGES = Shape(8_000, 1_100, 256, 4, 4, 1_024, 1e-5, 1)
"""Bulk encoding is compared on a small model: the ratio is about batches, not about layers."""
TOKENS = 16
THREADS = 2
MOST = {"int8": 25.0, "fp32": 80.0}
"""Milliseconds wanted of a query of 16 tokens, true shape."""
START = 2.0
"""Seconds wanted from the start of a process to its first search."""
WEIGHTS = "b2:random"


def rows(full: bool) -> Iterator[Row]:
    """Queries in both precisions, the first search of a process, and bulk encoding."""
    yield from queries(full)
    yield from passages(full)


def queries(full: bool) -> Iterator[Row]:
    """Queries in both precisions, and the first search of a process."""
    if find_spec("onnxruntime") is None or find_spec("onnx") is None:
        print("bench: encoding needs the [query] extra and onnx: left out", file=sys.stderr)
        return
    shape, name = (TRUE, "true shape") if full else (SMALL, "small shape")
    times = 40 if full else 10
    torch = _child("torch", json.dumps(asdict(shape)), times) if _has_torch() else None
    with scratch() as home:
        measured = {}
        for precision in ("fp32", "int8"):
            make(home, shape, precision)
            # What was written in gigabytes would be carried to disk while queries are timed.
            os.sync()
            measured[precision] = _child("query", home / "encoders" / f"bge-m3-{precision}", times)
        for precision, found in measured.items():
            other = measured["int8" if precision == "fp32" else "fp32"]
            beside, against = ("torch fp32", torch) if torch else ("the other precision", other)
            for at in ("p50", "best", "processor time"):
                yield time_row(
                    f"a query of {TOKENS} tokens, {precision}, {name}, {at}", found[at], "ms",
                    f"{beside}, {at}", against[at],
                    most=MOST[precision] if full and at == "p50" else None,
                )  # fmt: skip
            yield time_row(
                f"loading, {precision}, {name}", found["load"], "s", "import onnxruntime",
                found["import"],
            )  # fmt: skip
        index(home)
        os.sync()
        for precision in measured:
            settings = {"APPLIANCE_QUERY_PRECISION": precision}
            words = [COMMAND, "search", "river bridge"]
            run(words, home, environment=settings)  # the database is started once
            taken = best(partial(run, words, home, environment=settings), 5)
            python = str(Path(COMMAND).with_name("python"))
            bare = best(partial(run, [python, "-c", "import numpy, psycopg"]), 5)
            yield time_row(
                f"`appliance search` with BGE-M3 {precision}, {name}", taken, "s",
                "python -c 'import numpy, psycopg'", bare, most=START if full else None,
            )  # fmt: skip


def passages(full: bool) -> Iterator[Row]:
    """Bulk encoding beside FlagEmbedding's own, where torch is."""
    if _has_torch() and find_spec("FlagEmbedding") is not None:
        with scratch() as folder:
            checkpoint(folder, PASSAGES)
            os.sync()
            count = 600 if full else 64
            ours, theirs = (_child(act, folder, count) for act in ("bulk", "flag"))
            yield rate_row(
                f"encoding {count} passages", ours["rate"], "passages/s", "FlagEmbedding's encode",
                theirs["rate"], 0.95 if full else None,
            )  # fmt: skip


def _has_torch() -> bool:
    return find_spec("torch") is not None and find_spec("transformers") is not None


def tensors(shape: Shape) -> dict[str, Any]:
    """Random tensors of a shape, each made when it is called for, the same each time."""
    import zlib

    import numpy as np

    def made(name: str, size: tuple[int, ...]) -> Any:
        def read() -> "NDArray[np.float32]":
            if name.endswith("bias"):
                return np.zeros(size, np.float32)
            if name.endswith("LayerNorm.weight"):
                return np.ones(size, np.float32)
            rng = np.random.default_rng(zlib.crc32(name.encode()))
            return rng.standard_normal(size, dtype=np.float32) * np.float32(0.02)

        return read

    return {name: made(name, size) for name, size in shape.tensors().items()}


def make(home: Path, shape: Shape, precision: str) -> None:
    """Install a query side of random weights in a home, tokenizer included."""
    import numpy as np

    from indexer.encoders.graph import write_encoder
    from indexer.encoders.installed import install

    heads: dict[str, Any] = {
        "weight": lambda: np.full((1, shape.hidden), 0.01, np.float32),
        "bias": lambda: np.full(1, 0.1, np.float32),
    }

    def files(folder: Path) -> dict[str, Any]:
        write_encoder(folder, tensors(shape), shape, heads, precision)  # type: ignore[arg-type]
        (folder / "tokenizer.json").write_text(tokenizer(shape.vocabulary), encoding="utf-8")
        return {
            "name": "bge-m3", "precision": precision, "weights": WEIGHTS,
            "hidden": shape.hidden, "pad": 1, "unused": (0, 1, 2, 3),
        }  # fmt: skip

    install(home / "encoders" / f"bge-m3-{precision}", files, lambda folder, card: {})


def tokenizer(vocabulary: int) -> str:
    """A Unigram tokenizer of made-up words, as large as XLM-RoBERTa's."""
    import random

    rng, letters = random.Random(0), "abcdefghijklmnopqrstuvwxyz"
    words = dict.fromkeys(("<s>", "<pad>", "</s>", "<unk>"), 0.0)
    words |= dict.fromkeys((*letters, *"0123456789", "▁"), -12.0)
    while len(words) < vocabulary:
        word = "".join(rng.choice(letters) for _ in range(rng.randint(2, 9)))
        words.setdefault(f"▁{word}" if rng.random() < 0.5 else word, -8 - 6 * rng.random())
    spaces = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    begin, end = ({"SpecialToken": {"id": name, "type_id": 0}} for name in ("<s>", "</s>"))
    one, two = ({"Sequence": {"id": name, "type_id": 0}} for name in "AB")
    added = [
        {"id": at, "content": name, "single_word": False, "lstrip": False, "rstrip": False,
         "normalized": False, "special": True}
        for at, name in enumerate(("<s>", "<pad>", "</s>", "<unk>"))
    ]  # fmt: skip
    return json.dumps(
        {
            "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
            "normalizer": {"type": "NFKC"}, "pre_tokenizer": spaces, "decoder": spaces,
            "post_processor": {
                "type": "TemplateProcessing", "single": [begin, one, end],
                "pair": [begin, one, end, end, two, end],
                "special_tokens": {
                    name: {"id": name, "ids": [at], "tokens": [name]}
                    for at, name in ((0, "<s>"), (2, "</s>"))
                },
            },
            "model": {
                "type": "Unigram", "unk_id": 3, "byte_fallback": False,
                "vocab": [[word, score] for word, score in words.items()],
            },
        },
        ensure_ascii=False,
    )  # fmt: skip


class Invented:
    """Vectors from nowhere under the digest of the random query side: only time is measured."""

    name, impact_ceiling, uses_rarity, batch = "bge-m3", 4.0, False, 128

    def __init__(self, hidden: int) -> None:
        from indexer.encoders.m3 import encoder_digest

        self.dense_size = hidden
        self.digest = encoder_digest(WEIGHTS, False)

    def encode_passages(self, passages: Sequence[PassageText]) -> list[Vectors]:
        """Return random vectors, the same for the same text."""
        import zlib

        import numpy as np

        found = []
        for passage in passages:
            rng = np.random.default_rng(zlib.crc32(passage.text.encode()))
            dense = rng.standard_normal(self.dense_size).astype(np.float32)
            keys = sorted({int(key) for key in rng.integers(5, 5_000, 60)})
            found.append(Vectors(dense / np.linalg.norm(dense), dict.fromkeys(keys, 0.2)))
        return found

    def encode_anchors(
        self, texts: Sequence[tuple[str, float]], language: str = ""
    ) -> dict[int, float]:
        """See `Encoder`: it reads none."""
        return {}

    def encode_query(self, text: str, languages: Sequence[str] = ()) -> QueryVectors:
        """Refuse: what encodes queries is measured, not this."""
        raise NotImplementedError


def index(home: Path) -> None:
    """Index some made-up pages in a home whose query side was made."""
    from indexer.build import build
    from indexer.encoders.installed import read_card
    from store.database import open_database
    from store.pages import PageStore

    from .corpus import pages

    hidden = read_card(home / "encoders" / "bge-m3-int8").hidden
    with open_database(home) as database:
        PageStore(database).add(pages(200))
        build(database, home, Invented(hidden))


def checkpoint(folder: Path, shape: Shape) -> None:
    """Write a random BGE-M3 checkpoint as torch writes it."""
    import torch

    made = {name: torch.from_numpy(read()) for name, read in tensors(shape).items()}
    torch.save(made, folder / "pytorch_model.bin")
    for name, out in (("sparse_linear.pt", 1), ("colbert_linear.pt", shape.hidden)):
        torch.save(torch.nn.Linear(shape.hidden, out).state_dict(), folder / name)
    (folder / "config.json").write_text(json.dumps(_config(shape)))
    (folder / "tokenizer.json").write_text(tokenizer(shape.vocabulary), encoding="utf-8")
    tokens = {"bos": "<s>", "eos": "</s>", "cls": "<s>", "sep": "</s>", "pad": "<pad>"}
    named = {f"{name}_token": token for name, token in tokens.items()} | {"unk_token": "<unk>"}
    kind = {"tokenizer_class": "XLMRobertaTokenizerFast", "model_max_length": 1_024}
    (folder / "tokenizer_config.json").write_text(json.dumps(named | kind))


def _config(shape: Shape) -> dict[str, Any]:
    return {
        "model_type": "xlm-roberta", "architectures": ["XLMRobertaModel"],
        "vocab_size": shape.vocabulary, "hidden_size": shape.hidden,
        "num_hidden_layers": shape.layers, "num_attention_heads": shape.heads,
        "intermediate_size": shape.inner, "max_position_embeddings": shape.positions,
        "type_vocab_size": 1, "hidden_act": "gelu", "layer_norm_eps": shape.epsilon,
        "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2,
    }  # fmt: skip


def _passages(count: int) -> list[PassageText]:
    from .corpus import pages

    texts = [page.text for page in pages(count)]
    return [PassageText(text[: 60 + 4 * (n * 37 % 100)]) for n, text in enumerate(texts)]


def _child(act: str, where: object, times: int) -> dict[str, float]:
    words = [sys.executable, "-W", "ignore", "-m", "bench.encoding", act, str(where), str(times)]
    done = subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _timed(act: Callable[[], object], times: int) -> dict[str, float]:
    """Milliseconds of so many calls after three that warm up: the median and the shortest on the
    clock, and the median of the processor's, which others on the machine hardly change.
    """
    for _ in range(3):
        act()
    taken, worked = [], []
    for _ in range(times):
        began = time.process_time()
        taken.append(seconds(act) * 1000)
        worked.append((time.process_time() - began) * 1000)
    return {
        "p50": statistics.median(taken),
        "best": min(taken),
        "processor time": statistics.median(worked),
    }


def _act(act: str, where: str, times: int) -> dict[str, float]:
    ids = [0, *(500 + 37 * n for n in range(TOKENS - 2)), 2]
    started = time.perf_counter()
    if act == "query":
        import onnxruntime  # noqa: F401

        imported = time.perf_counter() - started
        from indexer.encoders.m3_query import M3QueryEncoder

        started = time.perf_counter()
        encoder = M3QueryEncoder(Path(where))
        encoder.begin()
        encoder.encode_query("river bridge")
        load = time.perf_counter() - started
        return {"import": imported, "load": load, **_timed(lambda: encoder.model.run(ids), times)}
    import torch

    torch.set_num_threads(THREADS)
    if act == "torch":
        from transformers import XLMRobertaConfig, XLMRobertaModel

        config = XLMRobertaConfig(**_config(Shape(**json.loads(where))))
        model = XLMRobertaModel(config, add_pooling_layer=False).eval()
        given = torch.tensor([ids])
        with torch.no_grad():
            return _timed(lambda: model(given), times)
    texts = _passages(times)
    from indexer.encoders.bge_m3 import BgeM3Encoder
    from indexer.encoders.m3 import MAX_TOKENS, passage_string

    encode = BgeM3Encoder(Path(where), device="cpu")
    encode.encode_passages(texts[:2])
    if act == "flag":
        strings = [passage_string(text) for text in texts]
        started = time.perf_counter()
        encode._model.encode(
            strings, batch_size=16, max_length=MAX_TOKENS, return_dense=True, return_sparse=True
        )
        return {"rate": times / (time.perf_counter() - started)}
    texts.sort(key=lambda text: -len(text.text))  # as the build hands them over
    started = time.perf_counter()
    for at in range(0, len(texts), encode.batch):
        encode.encode_passages(texts[at : at + encode.batch])
    return {"rate": times / (time.perf_counter() - started)}


if __name__ == "__main__":
    print(json.dumps(_act(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
