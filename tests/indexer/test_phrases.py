"""Phrases word for word: what does not count, and what does."""

import pytest

from indexer.phrases import flat, holds, plain_words
from indexer.tokens import terms


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("The *Chain Bridge*,\nopened in 1849.", "chain bridge opened"),
        ("a Well-Known [river](https://a.test/x)", "well known river"),
        ("Antonín Dvořák", "antonin dvorak"),
        ("ＡＢＣ  ｄｅｆ", "abc def"),
        ("使用python入门", "python"),
        ("长江是亚洲最长的河流", "亚洲最长"),
        ("call run_in_executor now", "run_in_executor"),
        ("say in says in the end", "in the"),
    ],
)
def test_held(text: str, phrase: str) -> None:
    assert holds(flat(text), flat(phrase))


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("concatenate", "cat"),
        ("the event was in a loop", "event loop"),
        ("pythonic入门", "python"),
        ("anything", "?!"),
        ("", "x"),
    ],
)
def test_not_held(text: str, phrase: str) -> None:
    assert not holds(flat(text), flat(phrase))


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("run_in_executor", "call loop.run_in_executor(None)"),
        ("Vienna's opera", "in Vienna's opera house"),
        ("utf-8 text", "utf-8 text"),
        ("opened in 1849", "the bridge, opened in 1849-50"),
        ("don't panic", "so don't panic"),
        ("长江大桥", "武汉长江大桥是"),
    ],
)
def test_its_plain_words_are_terms_wherever_a_phrase_stands(phrase: str, text: str) -> None:
    words = terms(plain_words(phrase), single=False)
    assert words
    assert set(words) <= set(terms(text))
    assert plain_words("U.S.") == "U.S."
