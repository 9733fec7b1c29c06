"""Train the demo researcher: `python -m models.demo.train --out DIR`.

The defaults are the recorded run, from which the shipped model came. Everything that is learned
comes from `traces.py` with the seed; a run is cut into blocks of traces, each drawn from (seed,
block), so that a run that was stopped goes on from its checkpoint with the very traces it would
have seen. It knows nothing of llama.cpp; `export.py` does.
"""

import argparse
import json
import logging
import os
import random
import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from store.digest import blake_json

from ..profiles import profile
from . import tokenizer as vocabulary
from .drills import DRILLS, Parts
from .names import Echoing, is_loose, plain_word, proper, syllables, year
from .traces import trace

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

    from .network import Network

logger = logging.getLogger(__name__)

LENGTHS = (192, 256, 384, 512, 640, 768, 896, 1024)
"""Rows are padded to one of these, so that few shapes are compiled."""
TOKENS = 6144
"""Tokens in a batch, padding included."""
BLOCK = 320
"""Texts drawn at a time, sorted by length and packed into rows."""
WRITE_WEIGHT, ANSWER_WEIGHT = 1.0, 3.0
CHOICE_WEIGHT = 10.0
"""For the few tokens that decide: answer or not, where the answer begins, which result to open."""
KINDS = ("copy", "echo", "read", "search", "open", "answer", "visit", "trace")
MIXTURE = (
    (0, (40, 25, 35, 0, 0, 0, 0, 0)),
    (320, (15, 15, 50, 5, 5, 10, 0, 0)),
    (800, (0, 12, 45, 4, 9, 15, 10, 5)),
    (4800, (0, 8, 32, 3, 9, 16, 16, 16)),
    (6400, (0, 4, 20, 2, 8, 12, 18, 36)),
    (8000, (0, 4, 16, 2, 8, 10, 16, 44)),
)
"""(step of the recorded run, shares of the kinds of text); straight lines between; a shorter run
scales them. Copying comes first, reading a sentence next, and whole runs, in which nine tokens of
ten are only read, in earnest last."""
LOOSE = 5650
"""The step of the recorded run from which on questions share less with their sentences and every
token is copied, not only frequent ones. (It stands at the beginning of a block.)"""
RATES = ((0, 1.0), (2000, 1.0), (6540, 0.25847), (9500, 0.02))
"""(step of the recorded run, factor of the learning rate); straight lines between."""
MUON_RATE, ADAM_RATE = 0.015, 2e-3
SEED, STEPS, THREADS = 7, 9500, 2
"""The recorded run."""


@dataclass(frozen=True, slots=True)
class Row:
    """One training row: token ids and the weight of each as a prediction."""

    ids: list[int]
    weights: list[float]


@dataclass(frozen=True, slots=True)
class Limit:
    """How long to train: `steps` when it is set (the same every time), else `minutes`."""

    minutes: float
    steps: int | None = None

    def progress(self, step: int, minutes: float) -> float:
        """Return the share that is done, 0 to 1 and beyond."""
        return step / self.steps if self.steps else minutes / self.minutes


def row(parts: Parts, tokenizer: "Tokenizer") -> Row:
    """Turn text into token ids; only what the model writes counts, its decisions above all."""
    ids: list[int] = []
    weights: list[float] = []
    for text, written in parts:
        part = tokenizer.encode(text, add_special_tokens=False).ids
        ids += part
        weights += weigh(part, tokenizer) if written else [0.0] * len(part)
    return Row(ids, weights)


def weigh(part: list[int], tokenizer: "Tokenizer") -> list[float]:
    """Return the weights of one completion's tokens."""

    def token(text: str) -> int:
        found: int = tokenizer.token_to_id(text)
        return found

    line = [WRITE_WEIGHT] * len(part)
    turning = [token(text) for text in ("<answer>", "<tool_call>", "http", "https")]
    line = [ANSWER_WEIGHT if one in turning else WRITE_WEIGHT for one in part]
    thought = part.index(token("</think>"))
    if token("<answer>") in part:
        first = part.index(token("<answer>")) + 2  # a line break stands between
        line[thought:] = [ANSWER_WEIGHT] * (len(part) - thought)
        line[first : first + 2] = [CHOICE_WEIGHT] * len(line[first : first + 2])
    deciding = [token(text) for text in ("Ġsays", "Ġdoes")]
    opened = tokenizer.encode("Open [").ids
    for place in range(thought):
        if part[place] in deciding and thought - place <= 8:
            line[place] = CHOICE_WEIGHT
        if part[place : place + len(opened)] == opened:
            line[place + len(opened)] = CHOICE_WEIGHT
    broken = token("Ċ")
    if part[0] == token("A") and broken in part[:6]:  # "A person." and the sentence it is sought in
        first = part.index(broken) + 1
        line[first : first + 2] = [CHOICE_WEIGHT] * 2
    return line


def copy_row(rng: random.Random, tokenizer: "Tokenizer") -> Row:
    """A line of random words, several times over: the shortest way to learn to copy."""
    words = [
        proper(rng) if rng.random() < 0.5 else syllables(rng, 2) for _ in range(rng.randint(3, 9))
    ]
    line = tokenizer.encode(" ".join(words) + "\n").ids
    ids = (line * 8)[:400]
    return Row(ids, [0.0] * len(line) + [WRITE_WEIGHT] * (len(ids) - len(line)))


def echo_row(rng: random.Random, tokenizer: "Tokenizer") -> Row:
    """A line in which a few words come again and again, twice: only what went before decides."""
    if rng.random() < 0.6:
        return _lines_row(rng, tokenizer)
    few = [proper(rng) if rng.random() < 0.6 else syllables(rng, 1) * 2 for _ in range(4)]
    line = tokenizer.encode(" ".join(rng.choice(few) for _ in range(24)) + "\n").ids[:200]
    return Row(line * 2, [0.0] * len(line) + [WRITE_WEIGHT] * len(line))


def _lines_row(rng: random.Random, tokenizer: "Tokenizer") -> Row:
    """Lines that share their words, and the same lines in another order."""
    few = [proper(rng) if rng.random() < 0.6 else plain_word(rng) for _ in range(6)]
    few += [year(rng), "the", "of", "in"]
    lines = [" ".join(rng.choice(few) for _ in range(rng.randint(4, 10))) for _ in range(5)]
    first = tokenizer.encode("\n".join(lines) + "\n").ids
    second = tokenizer.encode("\n".join(rng.sample(lines, len(lines))) + "\n").ids
    weights = [0.0] * len(first) + [WRITE_WEIGHT] * len(second)
    return Row(first + second, weights)


def tokens_row(rng: random.Random, tokenizer: "Tokenizer") -> Row:
    """Any tokens at all, twice over: rare ones are met so seldom that they are not copied."""
    first = tokenizer.get_vocab_size() - len(vocabulary.CONTROL + vocabulary.TAGS)
    line = [rng.randrange(first) for _ in range(rng.randint(20, 80))]
    for _ in range(len(line) // 8):  # and some come again after others
        line[rng.randrange(len(line))] = rng.choice(line)
    return Row(line * 2, [0.0] * len(line) + [WRITE_WEIGHT] * len(line))


def between(points: Sequence[tuple[float, Sequence[float]]], at: float) -> list[float]:
    """Return the values at a point of a table of points, on the straight lines between them."""
    for (begin, low), (end, high) in pairwise(points):
        if at < end:
            part = (at - begin) / (end - begin)
            return [a + (b - a) * part for a, b in zip(low, high, strict=True)]
    return list(points[-1][1])


def draw(rng: random.Random, progress: float, tokenizer: "Tokenizer", system: str) -> Row:
    """Draw one text of the kinds that are due at this point of the run."""
    if is_loose(rng) and rng.random() < 0.08:
        return tokens_row(rng, tokenizer)
    kind = rng.choices(KINDS, between(MIXTURE, progress * STEPS))[0]
    if kind == "copy":
        return copy_row(rng, tokenizer)
    if kind == "echo":
        return echo_row(rng, tokenizer)
    if kind != "trace":
        return row(DRILLS[kind](rng), tokenizer)
    if rng.random() < 0.15:  # which result to open: the run up to there
        made = trace(rng, results=rng.choice((2, 2, 3, 4, 5)))
        if len(made.steps) > 1 and '"visit"' in made.steps[1].completion:
            made = replace(made, steps=(made.steps[0], replace(made.steps[1], result=None)))
    else:
        made = trace(rng)
    return row(vocabulary.pieces_of(made, system), tokenizer)


def block_of_batches(
    seed: int, block: int, progress: float, tokenizer: "Tokenizer", system: str
) -> Iterator[list[Row]]:
    """Yield the batches of one block; the rows of a batch fit the same length."""
    rng = Echoing(f"{seed}/{block}", loose=progress >= LOOSE / STEPS)
    texts = [draw(rng, progress, tokenizer, system) for _ in range(BLOCK)]
    texts = sorted((t for t in texts if len(t.ids) <= LENGTHS[-1]), key=lambda t: len(t.ids))
    batches = []
    while texts:
        # The longest that is left decides the length, and with it how many rows fit.
        length = next(size for size in LENGTHS if size >= len(texts[-1].ids))
        batches.append([_packed(texts, length) for _ in range(TOKENS // length) if texts])
    rng.shuffle(batches)
    yield from batches


def _packed(texts: list[Row], length: int) -> Row:
    """Take the longest text of a sorted list, and the longest ones that still fit beside it."""
    made = Row([], [])
    while texts:
        fitting = bisect_right(texts, length - len(made.ids), key=lambda text: len(text.ids))
        if not fitting:
            break
        text = texts.pop(fitting - 1)
        made = Row(made.ids + text.ids, made.weights + text.weights)
    return made


def tensors(batch: list[Row]) -> tuple["torch.Tensor", "torch.Tensor"]:
    """Return ids and weights, both (rows, length), padded with token 0 of weight 0."""
    import torch

    length = next(size for size in LENGTHS if size >= max(len(r.ids) for r in batch))
    count = TOKENS // length
    ids = torch.zeros(count, length + 1, dtype=torch.long)
    weights = torch.zeros(count, length + 1)
    for place, r in enumerate(batch):
        ids[place, : len(r.ids)] = torch.tensor(r.ids)
        weights[place, : len(r.ids)] = torch.tensor(r.weights)
    return ids, weights


def optimizers(network: "Network") -> list["torch.optim.Optimizer"]:
    """Muon for the matrices inside the blocks, AdamW for the embedding and the norms."""
    import torch

    inside = [p for n, p in network.named_parameters() if p.ndim == 2 and not n.startswith("embed")]
    chosen = {id(p) for p in inside}
    rest = [p for p in network.parameters() if id(p) not in chosen]
    return [
        torch.optim.Muon(inside, lr=MUON_RATE, weight_decay=0.01, momentum=0.95),
        torch.optim.AdamW(rest, lr=ADAM_RATE, betas=(0.9, 0.98), weight_decay=0.0),
    ]


def rate(step: int, progress: float) -> float:
    """The learning rate's factor: a short rise, a plateau, a fall to almost nothing."""
    return min(1.0, (step + 1) / 50) * between([(at, (r,)) for at, r in RATES], progress * STEPS)[0]


def recipe(seed: int, steps: int, tokenizer: "Tokenizer", system: str) -> str:
    """Return the digest of what decides the weights: the settings and what is drawn, in samples.

    The card keeps it, so that a change of the generator after a model was shipped is seen without
    training it again.
    """
    drawn = [
        [one.ids for batch in block_of_batches(seed, block, at, tokenizer, system) for one in batch]
        for block, at in ((0, 0.0), (1, 0.05), (2, 0.3), (3, 0.9))
    ]
    rates = [MUON_RATE, ADAM_RATE, RATES, WRITE_WEIGHT, ANSWER_WEIGHT, CHOICE_WEIGHT]
    return blake_json([seed, steps, MIXTURE, rates, LENGTHS, TOKENS, BLOCK, drawn])


def train(
    out: Path, seed: int, limit: Limit, *, start: Path | None = None, compiled: bool = True,
    save_every: int = 8, pace: float = 1.0, sizes: dict[str, int] | None = None,
    device: str = "cpu",
) -> "Network":  # fmt: skip
    """Train into `out` (created), from its checkpoint when there is one, and return the network.

    `start` is another run's folder whose weights and tokenizer to begin with; `pace` scales the
    learning rates.
    """
    import torch
    from torch.nn import functional

    from .network import Network, Shape

    out.mkdir(parents=True, exist_ok=True)
    system = profile("demo").system_prompt("")
    words = out / "tokenizer.json"
    if not words.exists():
        made = (
            vocabulary.load(start / "tokenizer.json") if start else vocabulary.build(seed, system)
        )
        made.save(str(words))
    tokenizer = vocabulary.load(words)
    torch.manual_seed(seed)
    network = Network(Shape(vocabulary.padded_size(tokenizer), **(sizes or {}))).to(device)
    steppers = optimizers(network)
    state: dict[str, Any] = {"step": 0, "block": 0, "minutes": 0.0, "tokens": 0}
    saved = out / "checkpoint.pt"
    if saved.exists():
        held = torch.load(saved, weights_only=True, map_location=device)
        network.load_state_dict(held["network"])
        for stepper, kept in zip(steppers, held["optimizers"], strict=True):
            stepper.load_state_dict(kept)
        state = held["state"]
        logger.info("going on from step %d", state["step"])
    elif start is not None:
        begun = torch.load(start / "checkpoint.pt", weights_only=True, map_location=device)
        network.load_state_dict(begun["network"])
    logger.info("%d parameters", sum(p.numel() for p in network.parameters()))
    base = [[group["lr"] for group in stepper.param_groups] for stepper in steppers]
    for line in base:  # a checkpoint holds the rate of its last step, not the first
        line[:] = [pace * (MUON_RATE if line is base[0] else ADAM_RATE) for _ in line]
    forward = torch.compile(network.states, dynamic=False) if compiled else network.states
    before, clock, losses = state["minutes"], time.monotonic(), []
    while (progress := limit.progress(state["step"], state["minutes"])) < 1:
        # Weights that can copy already need no copying lines.
        hardness = max(progress, MIXTURE[2][0] / STEPS) if start is not None else progress
        for batch in block_of_batches(seed, state["block"], hardness, tokenizer, system):
            progress = limit.progress(state["step"], state["minutes"])
            for stepper, line in zip(steppers, base, strict=True):
                for group, value in zip(stepper.param_groups, line, strict=True):
                    group["lr"] = value * rate(state["step"], progress)
            ids, weights = (made.to(device) for made in tensors(batch))
            weight = weights[:, 1:].flatten()
            written = weight.nonzero().squeeze(1)
            weight = weight[written]
            with torch.autocast(torch.device(device).type, dtype=torch.bfloat16):
                states = forward(ids[:, :-1]).flatten(0, 1)[written]
                logits = network.predict(states)
            each = functional.cross_entropy(
                logits.float(), ids[:, 1:].flatten()[written], reduction="none"
            )
            loss = (each * weight).sum() / weight.sum()
            for stepper in steppers:
                stepper.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            for stepper in steppers:
                stepper.step()
            losses.append(float(each.detach().mean()))
            state["step"] += 1
            state["tokens"] += int((ids > 0).sum())
            state["minutes"] = before + (time.monotonic() - clock) / 60
        state["block"] += 1
        if state["block"] % 2 == 0:
            logger.info(
                "%.1f min, step %d, %.2f M tokens, written loss %.4f",
                state["minutes"], state["step"], state["tokens"] / 1e6, sum(losses) / len(losses),
            )  # fmt: skip
            losses = []
        if state["block"] % save_every == 0:
            _save(saved, network, steppers, state)
    _save(saved, network, steppers, state)
    record = {
        "seed": seed, "shape": asdict(network.shape), "device": device,
        "threads": torch.get_num_threads(),
        "recipe": recipe(seed, limit.steps or 0, tokenizer, system), **state,
    }  # fmt: skip
    (out / "run.json").write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    return network


def _save(
    path: Path, network: "Network", steppers: list["torch.optim.Optimizer"], state: dict[str, Any]
) -> None:
    import torch

    fresh = path.with_suffix(".new")
    torch.save(
        {
            "network": network.state_dict(),
            "optimizers": [stepper.state_dict() for stepper in steppers],
            "state": state,
            "shape": asdict(network.shape),
        },
        fresh,
    )
    os.replace(fresh, path)


def main() -> None:
    """Read the command line and train."""
    import torch

    parser = argparse.ArgumentParser(description="Train the demo researcher on invented traces.")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=STEPS, help="the same schedule every time")
    parser.add_argument("--minutes", type=float, default=None, help="train by the clock instead")
    parser.add_argument("--start", type=Path, default=None, help="a run to begin with")
    parser.add_argument("--threads", type=int, default=THREADS)
    parser.add_argument("--device", default=None, help="cpu or cuda; a GPU when there is one")
    parser.add_argument("--pace", type=float, default=1.0, help="scales the learning rates")
    parser.add_argument("--eager", action="store_true", help="do not compile")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(args.threads)
    device = args.device or ("cuda" if torch.cuda.is_available() else "cpu")
    limit = Limit(args.minutes) if args.minutes else Limit(0.0, args.steps)
    train(
        args.out, args.seed, limit, start=args.start, compiled=not args.eager, pace=args.pace,
        device=device,
    )  # fmt: skip


if __name__ == "__main__":
    main()
