"""Where a query's words stand in a snippet."""

from indexer.highlights import highlights
from indexer.tokens import terms


def lit(snippet: str, query: str, language: str = "en") -> list[str]:
    words = frozenset(terms(query, language, single=False))
    return [snippet[a:b] for a, b in highlights(snippet, words, language)]


def test_words_in_every_form() -> None:
    assert lit("The bridges were opened in 1849.", "bridge opening 1849") == [
        "bridges", "opened", "1849",
    ]  # fmt: skip
    assert lit("Call run_in_executor.", "run_in_executor") == ["run_in_executor"]
    assert lit("Tres guitarras", "guitarra", "es") == ["guitarras"]
    assert lit("nothing here", "river") == []


def test_letters_without_spaces() -> None:
    assert lit("长江是亚洲最长的河流", "亚洲河流") == ["亚洲", "河流"]
    assert lit("长江大桥python入门", "长江大桥 Python") == ["长江大桥", "python"]
    assert lit("长江", "江") == ["江"]
