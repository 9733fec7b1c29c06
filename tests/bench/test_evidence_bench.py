"""The measurement of evidence: wrong answers are wrong, of the same type, and drawn the same again."""

from datetime import UTC, datetime
from itertools import chain

from bench.evidence import Given, denials, given, lines
from bench.wrongs import (
    AMOUNT,
    DATE,
    DENIALS,
    NAME,
    SAME_PAGE,
    SOURCES,
    SWAPPED,
    YEAR,
    Asked,
    denial,
    draw,
    kind_of,
    values,
)  # fmt: skip
from store.page import PageVersion

TEXTS = {
    "volga": "# Volga\n\nThe Volga is 3,530 km long. Ivan Petrov mapped it in 1769. A dam of "
    "120 m was finished on 4 May 1961.\n",
    "rhine": "# Rhine\n\nThe Rhine is 1,230 km long. Maria Keller mapped it in 1801.\n",
}
ASKED = [
    Asked("1", "How long is the Volga?", ("3,530 km", "3530 kilometres"), ("volga",)),
    Asked("2", "Who mapped the Rhine?", ("Maria Keller", "Keller"), ("rhine",)),
]


def test_values_are_found_by_type() -> None:
    found = values(TEXTS["volga"])
    assert found[DATE] == ["4 May 1961"]
    assert found[YEAR] == ["1769"]
    assert "3,530 km" in found[AMOUNT]
    assert "Ivan Petrov" in found[NAME]
    assert [kind_of(text) for text in ("4 May 1961", "1961", "12 m", "Petrov")] == [
        DATE, YEAR, AMOUNT, NAME,
    ]  # fmt: skip


def test_wrong_answers_are_never_right_and_are_drawn_the_same_again() -> None:
    drawn = draw(ASKED, TEXTS, 5, 1)
    assert list(drawn) == list(SOURCES)
    assert drawn == draw(ASKED, TEXTS, 5, 1)
    every = list(chain.from_iterable(drawn.values()))
    assert every
    for wrong in every:
        assert wrong.answer not in wrong.asked.answers
        assert kind_of(wrong.answer) == kind_of(wrong.asked.answers[0])
    assert {wrong.page for wrong in drawn[SAME_PAGE] if wrong.asked.id == "1"} == {"volga"}


def test_what_is_counted_as_supported() -> None:
    when = datetime(2026, 1, 2, tzinfo=UTC)
    pages = [
        PageVersion(f"https://a.example/{name}", name.title(), text, when)
        for name, text in TEXTS.items()
    ]
    right = given("right", "How long is the Volga?", "3,530 km", pages)
    wrong = given("wrong", "How long is the Volga?", "1,230 km", pages)
    assert (right.supported, wrong.supported) == (True, False)
    assert right.quote == "The Volga is 3,530 km long."
    empty = Given("right", "q", "a", False, "", 0)
    assert [(line.source, line.said()) for line in lines([right, wrong, empty])] == [
        ("right", "1 of 2"), ("wrong", "0 of 1"),
    ]  # fmt: skip


def test_answers_of_questions_alike_are_swapped_all_of_them() -> None:
    asked = [
        *ASKED,
        Asked("3", "How long is the Rhine?", ("1,230 km",), ("rhine",)),
        Asked("4", "How long is the Elbe?", ("1,094 km",), ("elbe",)),
    ]
    swapped = draw(asked, TEXTS, 1, 1)[SWAPPED]
    # That two lengths share their unit makes neither a part of the other.
    assert sorted((wrong.asked.id, wrong.answer, wrong.page) for wrong in swapped) == [
        ("1", "1,094 km", "elbe"), ("1", "1,230 km", "rhine"), ("3", "1,094 km", "elbe"),
        ("3", "3,530 km", "volga"), ("4", "1,230 km", "rhine"), ("4", "3,530 km", "volga"),
    ]  # fmt: skip


def test_what_supports_a_right_answer_is_denied() -> None:
    when = datetime(2026, 1, 2, tzinfo=UTC)
    pages = {
        one.id: [
            PageVersion(f"https://a.example/{name}", name.title(), TEXTS[name], when, lang="en")
            for name in one.pages
        ]
        for one in ASKED
    }
    found = list(denials(ASKED, pages))
    assert [(one.question, one.answer, one.supported) for one in found] == [
        ("How long is the Volga?", "3,530 km", False),
        ("Who mapped the Rhine?", "Maria Keller", False),
    ]
    assert denial("It is long.", 1) == "It is a myth that It is long."
    assert all("{}" in pattern for pattern in DENIALS)
