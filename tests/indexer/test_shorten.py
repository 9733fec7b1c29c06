"""Over-long queries: the rarest words that pages have, in their order."""

from itertools import product
from pathlib import Path

import pytest

from indexer.encoders.base import PassageText, Term
from indexer.encoders.lexical import LexicalEncoder
from indexer.frozen import FrozenIndex, FrozenPage, FrozenPassage, publish, write
from indexer.shorten import MOST_WORDS, shorten

TEXTS = [f"common usual rare{n} word" for n in range(200)]


@pytest.fixture
def index(tmp_path: Path) -> FrozenIndex:
    encoder = LexicalEncoder()
    header = {
        "encoder": {"name": "bm25", "digest": encoder.digest},
        "chunker": "b2:1",
        "uses_rarity": True,
    }
    pages = [FrozenPage(f"https://a.test/{n:03}", "", "a.test", "en", n) for n in range(200)]
    passages = [FrozenPassage(n, n, 0, 9) for n in range(200)]
    vectors = [encoder.encode_passages([PassageText(text) for text in TEXTS])]
    publish(tmp_path, write(tmp_path, header, pages, passages, vectors, 0, encoder.impact_ceiling))
    return FrozenIndex.open(tmp_path)


def terms(text: str) -> tuple[Term, ...]:
    return LexicalEncoder().encode_query(text, ("en",)).terms


def test_an_ordinary_query_is_left_alone(index: FrozenIndex) -> None:
    for query in ("", "a  b", "who wrote " * 20, " ".join(f"rare{n}" for n in range(MOST_WORDS))):
        assert shorten(query, index, terms) == query


def test_the_rarest_words_are_kept_and_words_of_no_page_go_first(index: FrozenIndex) -> None:
    rare = [f"rare{n}" for n in range(60)]
    nowhere = ["".join(pair) for pair in product("bcdfghjklmnpqrstvwxz", repeat=2)]
    kept = shorten(" ".join(["common", "usual", *nowhere, *rare, "word"]), index, terms).split()
    assert len(kept) == MOST_WORDS
    assert kept[:2] == ["common", "usual"]
    assert [word for word in kept if word.startswith("rare")] == rare
    assert kept[-1] == "word"


def test_a_repeated_word_is_kept_twice(index: FrozenIndex) -> None:
    assert shorten("danube " * 5000, index, terms) == "danube danube"


def test_without_counted_words_the_beginning_and_the_end_are_kept(index: FrozenIndex) -> None:
    words = [f"w{n}" for n in range(5000)]
    kept = shorten(" ".join(words), index, None).split()
    assert kept == words[: MOST_WORDS // 2] + words[-MOST_WORDS // 2 :]


def test_a_text_without_spaces_is_shortened_too(index: FrozenIndex) -> None:
    text = "".join(chr(0x4E00 + n % 5000) for n in range(20_000))
    assert len(shorten(text, index, terms)) <= MOST_WORDS * 2 * 9
