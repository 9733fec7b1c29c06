"""The demo model's vocabulary: a small byte-level BPE in which every name is a chain of pieces.

Three decisions make copying easy to learn. A space never belongs to a name's first piece, so a
name has the same pieces after a space, a bracket or a quote. Numbers are cut into pairs of
digits. Only frequent plain words are single tokens. The pre-tokenizer is GPT-2's, which llama.cpp
knows by the name `gpt-2`. This module does not know what the texts mean.
"""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import TrainingError
from ..transcript import Piece, opening, tool_response
from .traces import Trace, traces

if TYPE_CHECKING:
    from tokenizers import Tokenizer

CONTROL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
TAGS = (
    "<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>",
    "<answer>", "</answer>",
)  # fmt: skip
PRE_TOKENIZER = "gpt-2"
PIECES = 1000
"""Merges learned from text; with bytes, digit pairs, spaced words and tags about 1,900 tokens."""
SPACED = 560
"""Words that also exist with their leading space."""
SAMPLE = 3000
_FIRST_PAIRS = ("19", "18", "20", "17", "16", "15", "00")


def bytes_to_letters() -> dict[int, str]:
    """Return the GPT-2 byte alphabet: each byte as one printable letter."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {byte: chr(byte) for byte in kept}
    for number, byte in enumerate(b for b in range(256) if b not in table):
        table[byte] = chr(256 + number)
    return table


def pieces_of(trace: Trace, system: str) -> list[tuple[str, bool]]:
    """Return a trace's text as (text, written by the model) in the order the loop appends it."""
    parts = [(piece.text, False) for piece in opening(system, trace.question)]
    for step in trace.steps:
        parts.append((step.completion + "<|im_end|>", True))
        if step.result is not None:
            response: tuple[Piece, ...] = tool_response(step.result)
            parts.extend((piece.text, False) for piece in response)
    return parts


def build(seed: int, system: str) -> "Tokenizer":
    """Learn the vocabulary from traces of `seed` and return the tokenizer."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

    texts = []
    for number, trace in enumerate(traces(seed)):
        if number >= SAMPLE:
            break
        texts.append("".join(text for text, _ in pieces_of(trace, system)))
    words = _count_words(texts)
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(" "), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    letters = bytes_to_letters()
    alphabet = [letters[byte] for byte in range(256)]
    trainer = trainers.BpeTrainer(
        vocab_size=256 + PIECES, initial_alphabet=alphabet, show_progress=False
    )
    lines = (word for word, count in sorted(words.items()) for _ in range(count))
    learner.train_from_iterator(lines, trainer)
    merges = [tuple(pair) for pair in json.loads(learner.to_str())["model"]["merges"]]
    merges += _digit_pairs()
    merges += _spaced(words, learner)
    vocab = {letter: number for number, letter in enumerate(alphabet)}
    for left, right in merges:
        vocab.setdefault(left + right, len(vocab))
    made = Tokenizer(models.BPE(vocab=vocab, merges=merges))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in CONTROL])
    made.add_tokens([AddedToken(text, special=False, normalized=False) for text in TAGS])
    return made


def _count_words(texts: Iterable[str]) -> Counter[str]:
    """Count pre-tokens without spaces and digits; a rare capital is cut from its word."""
    from tokenizers import Regex, pre_tokenizers

    for_tags = "|".join(tag.replace("|", r"\|") for tag in CONTROL + TAGS)
    cutter = pre_tokenizers.Split(
        Regex(for_tags + r"|'s|\p{L}+|\p{N}+|[^\s\p{L}\p{N}]+|\n+| "), "isolated"
    )
    raw: Counter[str] = Counter()
    for text in texts:
        raw.update(word for word, _ in cutter.pre_tokenize_str(text))
    words: Counter[str] = Counter()
    for word, count in raw.items():
        if word in CONTROL + TAGS or word == " " or any(c.isdigit() for c in word):
            continue
        if word[0].isupper() and len(word) > 1 and count < SAMPLE // 40:
            words[word[1:]] += count
        else:
            words[word] += count
    return words


def _digit_pairs() -> list[tuple[str, str]]:
    rest = [f"{number:02}" for number in range(100)]
    ordered = [*_FIRST_PAIRS, *(pair for pair in rest if pair not in _FIRST_PAIRS)]
    return [(pair[0], pair[1]) for pair in ordered]


def _spaced(words: Counter[str], learner: "Tokenizer") -> list[tuple[str, str]]:
    """Merge a space with the most frequent words that are one token already."""
    found = []
    for word, _ in sorted(words.items(), key=lambda item: (-item[1], item[0])):
        tokens = learner.encode(word).tokens
        if len(tokens) == 1 and not word.isspace() and (len(word) > 1 or not word.isalpha()):
            found.append(("Ġ", tokens[0]))
    return found[:SPACED]


def load(path: Path) -> "Tokenizer":
    """Read a tokenizer that `build` made; TrainingError when it cannot be read."""
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_file(str(path))
    except Exception:  # the library has no narrower one
        raise TrainingError(
            f"{path} is missing or damaged; remove {path.parent} and train again"
        ) from None


def padded_size(tokenizer: "Tokenizer") -> int:
    """Return the vocabulary's size rounded up to 32, the width of the model's embedding."""
    size: int = tokenizer.get_vocab_size()
    return -(-size // 32) * 32
