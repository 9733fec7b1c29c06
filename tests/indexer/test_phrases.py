"""Phrases word for word: what does not count, and what does."""

import pytest

from indexer.phrases import flat, holds


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
