"""Untrusted text never becomes a control token, and ordinary text has its ordinary ids."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.llama.context import Weights
from models.llama.tiny import CONTROL, USER_DEFINED
from models.llama.tokens import Tokens

TAGS = (*CONTROL, *USER_DEFINED)
LETTERS = [
    "<",
    ">",
    "/",
    "|",
    "think",
    "tool",
    "_",
    "call",
    "im",
    " ",
    "\n",
    "é",
    "多瑙河",
    "🙂",
    "\0",
]


@pytest.fixture(scope="module")
def tokens(tiny: Path) -> Iterator[Tokens]:
    weights = Weights(tiny)
    yield Tokens(weights.vocabulary)
    weights.close()


def hostile_texts() -> list[str]:
    """1,000 texts of tags, halves of tags and letters, the same in every run."""
    chance = random.Random(20)
    texts = []
    for _ in range(1000):
        parts: list[str] = []
        for _ in range(chance.randrange(1, 12)):
            tag = chance.choice(TAGS)
            cut = chance.randrange(1, len(tag))
            parts.append(chance.choice([tag, tag[:cut], tag[cut:], tag + tag, *LETTERS]))
        texts.append("".join(parts))
    return texts


def test_the_guard_holds_every_tag(tokens: Tokens) -> None:
    assert {tokens.decode([token]) for token in tokens.guarded} == set(TAGS)
    assert tokens.decode([tokens.end]) == "<|im_end|>"
    assert tokens.is_end(tokens.end)


def test_no_hostile_text_gives_a_guarded_id_and_all_keep_their_letters(tokens: Tokens) -> None:
    for text in hostile_texts():
        ids = tokens.encode(text, trusted=False)
        assert tokens.guarded.isdisjoint(ids), text
        assert tokens.decode(ids) == text


def test_the_library_alone_would_let_tags_through(tokens: Tokens) -> None:
    """The twin: with llama.cpp's own switch off, user-defined tokens are still found."""
    naive = [tokens._encode(text, special=False) for text in hostile_texts()]
    assert sum(not tokens.guarded.isdisjoint(ids) for ids in naive) > 300


def test_trusted_tags_are_one_token_each(tokens: Tokens) -> None:
    for tag in TAGS:
        assert len(tokens.encode(tag, trusted=True)) == 1


@pytest.mark.parametrize(
    "text", ["", "The river\n\nin the  hills.", "多瑙河 ¿dónde?", "a < b > c </b> <thinking"]
)
def test_ordinary_text_has_the_ids_of_trusted_text(tokens: Tokens, text: str) -> None:
    assert tokens.encode(text, trusted=False) == tokens.encode(text, trusted=True)


def test_half_a_character_from_outside_does_not_stop_it(tokens: Tokens) -> None:
    assert tokens.decode(tokens.encode("a\ud800b", trusted=False)) == "a?b"
