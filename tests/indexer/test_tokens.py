"""Words to terms: folding, stems by language, identifiers whole and in parts, pairs of characters."""

import pytest

from indexer.tokens import count_words, language_key, terms


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("loop.run_in_executor()", ["loop.run_in_executor", "run", "executor"]),
        ("BaseEventLoop", ["baseeventloop", "base", "event", "loop"]),
        ("HTTPServer", ["httpserver", "http", "server"]),
        ("utf-8", ["utf-8", "utf", "8"]),
        ("1937-05-27", ["1937-05-27", "1937"]),
        ("2,850 km", ["2850", "km"]),
        ("3.14", ["3.14"]),
        ("Dvořák’s", ["dvorak"]),
        ("ＡＢＣ", ["abc"]),
        ("__init__", ["__init__", "init"]),
        ("50MB", ["50mb", "50", "mb"]),
        ("state-of-the-art", ["state", "art"]),
        ("長さ", ["長さ", "長"]),
    ],
)
def test_terms_hold(text: str, held: list[str]) -> None:
    assert set(held) <= set(terms(text))


def test_lone_characters_are_terms_of_a_query_only_when_they_stand_alone() -> None:
    assert terms("长江", single=False) == ["长江"]
    assert terms("江", single=False) == ["江"]
    assert terms("长江") == ["长江", "长", "江"]


def test_each_language_has_its_own_stems() -> None:
    assert terms("corriendo", "es") == ["corr"]
    assert terms("corriendo", "en") == ["corriendo"]
    assert language_key("pt-BR") == "pt"
    assert language_key("xx") == language_key("") == "en"


def test_words_are_counted_for_budgets() -> None:
    assert count_words("one two, three") == 3
    assert count_words("长江流域") == 2
    assert count_words("") == 0
