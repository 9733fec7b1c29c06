"""The evidence of one page: the right sentence or row, spans that slice back, budgets kept."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from indexer.select import Span, best_sentence, merge, rank_units, select
from indexer.tokens import count_words

PAGE = """# Danube

The Danube is the second-longest river in Europe, at about 2,850 kilometres. It begins in the town
of Donaueschingen and flows east through ten countries to the Black Sea. Many songs praise it.

## Course

The river passes Vienna and Budapest. In Budapest the Chain Bridge, opened in 1849, was designed by
William Tierney Clark. Barges carry grain and ore all year round, and the towns live by them.

| Quantity | Value |
|---|---|
| Length | 2,850 km |
| Mouth | Black Sea |
| Basin | 801,000 km² |

- Commission founded: 1856
- Number of locks: 18
"""
GUITAR = (
    "La guitarra es un instrumento de cuerda pulsada. Tiene por lo común seis cuerdas. "
    "Antonio de Torres nació en Almería en 1817."
)
YANGTZE = "长江是亚洲最长的河流，全长约6300公里。长江发源于青藏高原。上海位于长江口。"


def best(goal: str, text: str = PAGE, title: str = "Danube", language: str = "en") -> str:
    span = best_sentence(text, title, goal, language=language)
    assert span is not None
    return text[span.start : span.end]


@pytest.mark.parametrize(
    ("goal", "answer"),
    [
        ("length of Danube", "2,850"),
        ("How long is the Danube?", "2,850"),
        ("source of the Danube", "Donaueschingen"),
        ("Where does the Danube rise?", "Donaueschingen"),
        ("In which year did the Chain Bridge open?", "1849"),
        ("Who was the designer of the Chain Bridge?", "William Tierney Clark"),
        ("How many locks are there on the Danube?", "18"),
        ("When was the Danube commission founded?", "1856"),
        ("mouth of the Danube", "Black Sea"),
        ("area of the Danube basin", "801,000"),
    ],
)
def test_the_best_unit_holds_the_answer(goal: str, answer: str) -> None:
    assert answer in best(goal)


def test_other_languages() -> None:
    assert "seis" in best("¿Cuántas cuerdas tiene la guitarra?", GUITAR, "Guitarra", "es")
    assert "1817" in best("¿En qué año nació Antonio de Torres?", GUITAR, "Guitarra", "es")
    assert "6300" in best("长江有多长？", YANGTZE, "长江", "zh")
    assert "青藏高原" in best("长江的源头在哪里？", YANGTZE, "长江", "zh")


def test_a_row_comes_with_its_header_and_in_page_order() -> None:
    spans = select(PAGE, "Danube", "length of Danube", 30)
    quotes = [PAGE[a:b] for a, b in spans]
    assert "| Quantity | Value |" in quotes
    assert "| Length | 2,850 km |" in quotes
    assert spans == sorted(spans)
    assert sum(count_words(q) for q in quotes) <= 30


def test_a_page_that_fits_is_returned_whole_and_an_empty_one_is_nothing() -> None:
    assert select(PAGE, "Danube", "length", 500) == [Span(0, len(PAGE.rstrip()))]
    assert select(" \n", "t", "goal", 50) == []
    assert best_sentence("", "t", "goal") is None


def test_the_question_keeps_a_terse_goal_on_course() -> None:
    question = "In which year did the Chain Bridge open?"
    span = best_sentence(PAGE, "Danube", "the year", question=question)
    assert span is not None
    assert "1849" in PAGE[span.start : span.end]


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=300), st.text(max_size=40), st.integers(1, 80))
@example("|", "", 1)
@example("||\n|---|\n| |", "length", 1)
def test_any_text_gives_spans_inside_it(text: str, goal: str, budget: int) -> None:
    spans = select(text, "title", goal, budget)
    assert all(0 <= a < b <= len(text) and text[a:b].strip() for a, b in spans)
    assert all(x.end <= y.start for x, y in pairwise(spans))
    assert bool(spans) == bool(text.strip())
    assert bool(rank_units(text, "title", goal)) == bool(text.strip())


def test_spans_that_touch_are_merged() -> None:
    assert merge("ab  cd ef", [Span(4, 6), Span(0, 2), Span(1, 2)]) == [Span(0, 6)]
    assert merge("ab x cd", [Span(0, 2), Span(5, 7)]) == [Span(0, 2), Span(5, 7)]


def test_selection_is_equal_in_other_processes(fresh: Callable[..., str]) -> None:
    source = (
        "import sys\nfrom indexer.select import select\n"
        "print(select(sys.argv[1], 'Danube', 'Who designed the Chain Bridge and when', 60))"
    )
    first = fresh(source, PAGE, seed=1)
    assert first == fresh(source, PAGE, seed=2)
    assert "Span" in first
