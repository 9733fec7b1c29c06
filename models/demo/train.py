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
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..profiles import profile
from . import tokenizer as vocabulary
from .completions import Style
from .drills import drill
from .names import Echoing, plain_word, proper, syllables, year
from .traces import trace

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

    from .network import Network

logger = logging.getLogger(__name__)

LENGTHS = (384, 448, 512, 576, 640, 768, 896, 1024)
"""Rows are padded to one of these, so that few shapes are compiled."""
TOKENS = 6144
"""Tokens in a batch, padding included."""
BLOCK = 216
"""Traces drawn at a time and sorted by length."""
READ_WEIGHT, WRITE_WEIGHT, ANSWER_WEIGHT = 0.02, 1.0, 3.0
CHOICE_WEIGHT = 10.0
"""For the few tokens that decide: answer or not, where the answer begins, which result to open."""
COPYING, SHORT_RUNS, QUOTED, ASKED, LONG_RUNS, ECHOES = 360, 1125, 2025, 2660, 3200, 4458
"""Steps of the recorded run, of `STEPS`, at which the curriculum changes: the copying lines end,
more whole runs, a sentence is quoted before it is judged, the question is repeated after it, more
whole runs again, words begin to come again within a row. Copying is learned soonest from short
turns."""
RATES = ((0, 1.0), (3120, 1.0), (4471, 0.3505), (6500, 0.02))
"""(step, factor of the learning rate); straight lines between."""
MUON_RATE, ADAM_RATE = 0.02, 2e-3
SEED, STEPS, THREADS = 7, 6500, 2
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


def row(parts: list[tuple[str, bool]], tokenizer: "Tokenizer", style: Style = Style.ASKED) -> Row:
    """Turn text into token ids; what the model writes weighs most, its decisions above all."""
    ids: list[int] = []
    weights: list[float] = []
    for text, written in parts:
        part = tokenizer.encode(text, add_special_tokens=False).ids
        ids += part
        weights += weigh(part, tokenizer, style) if written else [READ_WEIGHT] * len(part)
    return Row(ids, weights)


def weigh(part: list[int], tokenizer: "Tokenizer", style: Style) -> list[float]:
    """Return the weights of one completion's tokens."""
    line = [WRITE_WEIGHT] * len(part)
    answer, opened = tokenizer.token_to_id("<answer>"), tokenizer.encode("Open [").ids
    thought = part.index(tokenizer.token_to_id("</think>"))
    if answer in part:
        first = part.index(answer) + 2  # a line break stands between
        begin = thought if style else 0
        line[begin : first - 1] = [ANSWER_WEIGHT] * (first - 1 - begin)
        line[first:] = [ANSWER_WEIGHT] * len(line[first:])
        line[first : first + 2] = [CHOICE_WEIGHT] * 2
        line = line[: len(part)]
    deciding = [tokenizer.token_to_id(token) for token in ("Ġsays", "Ġdoes")]
    judged = range(max(0, thought - 8), thought) if style else range(min(24, len(part)))
    for place in judged:
        if part[place] in deciding:
            line[place] = CHOICE_WEIGHT
    for place in range(min(24, len(part))):
        if part[place : place + len(opened)] == opened:
            line[place + len(opened)] = CHOICE_WEIGHT
    if style:
        _weigh_quoted(line, part, tokenizer)
    return line


def _weigh_quoted(line: list[float], part: list[int], tokenizer: "Tokenizer") -> None:
    """Weigh where a quoted sentence begins, what follows the thinking, and an address's scheme."""
    turning = [tokenizer.token_to_id(t) for t in ("<answer>", "<tool_call>", "http", "https")]
    for place, token in enumerate(part):
        if token in turning:
            line[place] = ANSWER_WEIGHT
    begun = tokenizer.token_to_id("Ċ")
    if part[0] == tokenizer.token_to_id("A") and begun in part[:6]:  # "A person." and so on
        first = part.index(begun) + 1
        line[first : first + 2] = [CHOICE_WEIGHT] * 2


def copy_row(rng: random.Random, tokenizer: "Tokenizer") -> Row:
    """A line of random words, several times over: the shortest way to learn to copy."""
    words = [
        proper(rng) if rng.random() < 0.5 else syllables(rng, 2) for _ in range(rng.randint(3, 9))
    ]
    line = tokenizer.encode(" ".join(words) + "\n").ids
    ids = (line * 8)[:400]
    return Row(ids, [READ_WEIGHT] * len(line) + [WRITE_WEIGHT] * (len(ids) - len(line)))


def echo_row(rng: random.Random, tokenizer: "Tokenizer") -> Row:
    """A line in which a few words come again and again, twice: only what went before decides."""
    if isinstance(rng, Echoing) and rng.random() < 0.6:
        return _lines_row(rng, tokenizer)
    few = [proper(rng) if rng.random() < 0.6 else syllables(rng, 1) * 2 for _ in range(4)]
    line = tokenizer.encode(" ".join(rng.choice(few) for _ in range(24)) + "\n").ids[:200]
    return Row(line * 2, [READ_WEIGHT] * len(line) + [WRITE_WEIGHT] * len(line))


def _lines_row(rng: random.Random, tokenizer: "Tokenizer") -> Row:
    """Lines that share their words, and the same lines in another order."""
    few = [proper(rng) if rng.random() < 0.6 else plain_word(rng) for _ in range(6)]
    few += [year(rng), "the", "of", "in"]
    lines = [" ".join(rng.choice(few) for _ in range(rng.randint(4, 10))) for _ in range(5)]
    first = tokenizer.encode("\n".join(lines) + "\n").ids
    second = tokenizer.encode("\n".join(rng.sample(lines, len(lines))) + "\n").ids
    weights = [READ_WEIGHT] * len(first) + [WRITE_WEIGHT] * len(second)
    return Row(first + second, weights)


def _before(step: int, progress: float) -> bool:
    """True before that step of the recorded run, or as far along in a shorter one."""
    return progress < (step - 0.5) / STEPS


def style_at(progress: float) -> Style:
    """Return how much is thought about a page at this point of the run."""
    if _before(QUOTED, progress):
        return Style.SHORT
    return Style.QUOTED if _before(ASKED, progress) else Style.ASKED


def draw(rng: random.Random, progress: float, system: str) -> list[tuple[str, bool]]:
    """Draw the text of one row: drills first, and more and more whole runs."""
    style = style_at(progress)
    runs = 0.15 if _before(SHORT_RUNS, progress) else 0.35 if _before(LONG_RUNS, progress) else 0.6
    if not rng.random() < runs:
        return drill(rng, style)
    if rng.random() < 0.15:  # which result to open: the run up to there
        made = trace(rng, results=rng.choice((2, 2, 3, 4, 5)), style=style)
        if len(made.steps) > 1 and '"visit"' in made.steps[1].completion:
            opened = replace(made.steps[1], result=None)
            return vocabulary.pieces_of(replace(made, steps=(made.steps[0], opened)), system)
        return vocabulary.pieces_of(made, system)
    return vocabulary.pieces_of(trace(rng, style=style), system)


def block_of_batches(
    seed: int, block: int, progress: float, tokenizer: "Tokenizer", system: str
) -> Iterator[list[Row]]:
    """Yield the batches of one block; the rows of a batch fit the same length."""
    echoing = not _before(ECHOES, progress)
    rng = (Echoing if echoing else random.Random)(f"{seed}/{block}")
    rows = []
    for _ in range(BLOCK):
        if _before(COPYING, progress) and rng.random() < 0.5:
            rows.append(copy_row(rng, tokenizer))
        elif not _before(ASKED, progress) and rng.random() < (0.12 if echoing else 0.05):
            rows.append(echo_row(rng, tokenizer))
        else:
            rows.append(row(draw(rng, progress, system), tokenizer, style_at(progress)))
    rows = sorted((r for r in rows if len(r.ids) <= LENGTHS[-1]), key=lambda r: len(r.ids))
    batches = []
    while rows:
        # The longest that is left decides the length, and with it how many rows fit.
        length = next(size for size in LENGTHS if size >= len(rows[-1].ids))
        count = TOKENS // length
        batches.append(rows[-count:])
        rows = rows[:-count]
    rng.shuffle(batches)
    yield from batches


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
    """The learning rate's factor: a short rise, a plateau, a fall, and a slower fall."""
    at = progress * STEPS
    for (begin, high), (end, low) in pairwise(RATES):
        if at < end:
            return min(1.0, (step + 1) / 50) * (high + (low - high) * (at - begin) / (end - begin))
    return RATES[-1][1]


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
    forward = torch.compile(network, dynamic=False) if compiled else network
    before, clock, losses = state["minutes"], time.monotonic(), []
    while (progress := limit.progress(state["step"], state["minutes"])) < 1:
        # Weights that can copy already need no copying lines.
        hardness = max(progress, 0.36) if start is not None else progress
        for batch in block_of_batches(seed, state["block"], hardness, tokenizer, system):
            progress = limit.progress(state["step"], state["minutes"])
            for stepper, line in zip(steppers, base, strict=True):
                for group, value in zip(stepper.param_groups, line, strict=True):
                    group["lr"] = value * rate(state["step"], progress)
            ids, weights = (made.to(device) for made in tensors(batch))
            with torch.autocast(torch.device(device).type, dtype=torch.bfloat16):
                logits = forward(ids[:, :-1])
            each = functional.cross_entropy(
                logits.float().flatten(0, 1), ids[:, 1:].flatten(), reduction="none"
            )
            weight = weights[:, 1:].flatten()
            loss = (each * weight).sum() / weight.sum()
            for stepper in steppers:
                stepper.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            for stepper in steppers:
                stepper.step()
            written = weight >= WRITE_WEIGHT
            losses.append(float((each.detach() * written).sum() / written.sum()))
            state["step"] += 1
            state["tokens"] += int((weight > 0).sum())
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
        "threads": torch.get_num_threads(), **state,
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
