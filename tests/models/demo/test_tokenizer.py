"""The demo model's vocabulary: text comes back, and a name has the same pieces everywhere."""

import itertools
from typing import Any

import pytest

from models.demo import tokenizer as vocabulary
from models.demo.traces import traces
from models.profiles import profile

pytest.importorskip("tokenizers", reason="install the training dependencies to test the vocabulary")


@pytest.fixture(scope="module")
def words() -> Any:
    return vocabulary.build(7, profile("demo").system_prompt(""))


def test_every_trace_comes_back(words: Any) -> None:
    for one in itertools.islice(traces(23), 60):
        for text, _ in vocabulary.pieces_of(one, "system"):
            ids = words.encode(text).ids
            assert words.decode(ids, skip_special_tokens=False) == text


@pytest.mark.parametrize(
    "text", ["北京的长城", "Ünïcödé – “quotes” 1,234.5 km²", "\t \n\n  x", "😀"]
)
def test_any_text_comes_back(words: Any, text: str) -> None:
    assert words.decode(words.encode(text).ids, skip_special_tokens=False) == text


@pytest.mark.parametrize("name", ["Velboka", "Oktar", "Émilse"])
def test_a_name_has_the_same_pieces_after_a_space_and_a_bracket(words: Any, name: str) -> None:
    alone = words.encode(name).tokens
    assert words.encode(f"see {name}").tokens[-len(alone) :] == alone
    assert words.encode(f"[{name}").tokens[-len(alone) :] == alone


def test_tags_are_single_tokens_and_the_vocabulary_is_small(words: Any) -> None:
    for tag in vocabulary.CONTROL + vocabulary.TAGS:
        assert len(words.encode(tag).ids) == 1
    assert vocabulary.padded_size(words) <= 2048
    assert vocabulary.padded_size(words) % 32 == 0
