"""Train the demo researcher: `python -m models.demo.train --out DIR`.

The defaults are the recorded run, from which the shipped model came. What is learned
and when is the business of `rows.py`; here are rates, steps and checkpoints. A run that was stopped
goes on as if it had not been. It knows nothing of llama.cpp; `export.py` does.
"""

import argparse
import json
import logging
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from store.digest import blake_json, write_atomic

from ..errors import TrainingError
from ..profiles import profile
from . import tokenizer as vocabulary
from .rows import (
    BLOCK,
    LENGTHS,
    MIXTURE,
    SEED,
    STEPS,
    TOKENS,
    between,
    block_of_batches,
    tensors,
)

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

    from .network import Network

logger = logging.getLogger(__name__)

RATES = ((0, 1.0), (2000, 1.0), (6540, 0.25847), (9500, 0.02))
"""(step of the recorded run, factor of the learning rate); straight lines between."""
MUON_RATE, ADAM_RATE = 0.015, 2e-3
THREADS = 2
"""The recorded run's."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How long to train: `steps` when it is set (the same every time), else `minutes`."""

    minutes: float
    steps: int | None = None

    def progress(self, step: int, minutes: float) -> float:
        """Return the share that is done, 0 to 1 and beyond."""
        return step / self.steps if self.steps else minutes / self.minutes


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
    from .network import Shape

    drawn = [
        [
            asdict(one)
            for batch in block_of_batches(seed, block, at, tokenizer, system)
            for one in batch
        ]
        for block, at in ((0, 0.0), (1, 0.05), (2, 0.3), (3, 0.9))
    ]
    shape = asdict(Shape(vocabulary.padded_size(tokenizer)))
    rates = [MUON_RATE, ADAM_RATE, RATES]
    return blake_json([seed, steps, shape, MIXTURE, rates, LENGTHS, TOKENS, BLOCK, drawn])


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
        write_atomic(words, made.to_str(pretty=True).encode())
    tokenizer = vocabulary.load(words)
    torch.manual_seed(seed)
    network = Network(Shape(vocabulary.padded_size(tokenizer), **(sizes or {}))).to(device)
    steppers = optimizers(network)
    state: dict[str, Any] = {"step": 0, "block": 0, "minutes": 0.0, "tokens": 0}
    saved = out / "checkpoint.pt"
    if saved.exists():
        held = read_checkpoint(out, device)
        network.load_state_dict(held["network"])
        for stepper, kept in zip(steppers, held["optimizers"], strict=True):
            stepper.load_state_dict(kept)
        state = held["state"]
        logger.info("going on from step %d", state["step"])
    elif start is not None:
        begun = read_checkpoint(start, device)
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


def read_checkpoint(run: Path, device: str = "cpu") -> dict[str, Any]:
    """Return what a run saved last; TrainingError says what to do without it."""
    import torch

    file = run / "checkpoint.pt"
    try:
        held: dict[str, Any] = torch.load(file, weights_only=True, map_location=device)
    except FileNotFoundError:
        raise TrainingError(f"{run} holds no run; train one with: make demo-model") from None
    except Exception:  # the reader raises whatever it stumbled over
        raise TrainingError(f"{file} is damaged; remove {run} and train again") from None
    return held


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
    try:
        train(
            args.out, args.seed, limit, start=args.start, compiled=not args.eager, pace=args.pace,
            device=device,
        )  # fmt: skip
    except TrainingError as error:
        sys.exit(f"train: {error}")


if __name__ == "__main__":
    main()
