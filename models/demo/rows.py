"""The rows that the demo researcher learns from: what is drawn at which step, weighed and packed.

A run is cut into blocks of texts, each drawn from (seed, block) alone, so that a run that was
stopped sees the very texts it would have seen. Texts come from `traces.py` and `drills.py`; this
module turns them into token ids and does not know how they are learned.
"""

import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from . import tokenizer as vocabulary
from .drills import DRILLS, Parts
from .names import Echoing, is_loose, plain_word, proper, syllables, year
from .traces import trace

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

SEED, STEPS = 7, 9500
"""The recorded run; the tables below go by its steps, and a shorter run scales them."""
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
"""(step of the recorded run, shares of the kinds of text); straight lines between.
Copying comes first, reading a sentence next, and whole runs, in which nine tokens of
ten are only read, in earnest last."""
LOOSE = 5650
"""The step of the recorded run from which on questions share less with their sentences and every
token is copied, not only frequent ones. (It stands at the beginning of a block.)"""


@dataclass(frozen=True, slots=True)
class Row:
    """One training row: token ids and the weight of each as a prediction."""

    ids: list[int]
    weights: list[float]


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
