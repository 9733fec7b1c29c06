"""What a page says of another, denies, or ranks otherwise supports nothing; each with its twin."""

from datetime import UTC, datetime

import pytest

from appliance.evidence import tie
from appliance.evidence.denial import denied
from appliance.evidence.ranks import ranks
from store.page import PageVersion

TEXTS = {
    "Danube": "The Danube is the second-longest river in Europe, at about 2,850 kilometres; only "
    "the Volga is longer.\n\n| Quantity | Value |\n|---|---|\n| Length | 2,850 km |",
    "Volga": "The Volga is the longest river in Europe. It flows for 3,530 kilometres. It was not "
    "discovered by Ivan Petrov.\n\n| Quantity | Value |\n|---|---|\n| Length | 3,530 km |",
    "Vienna": "Vienna is the capital of Austria, with about two million inhabitants. It lies "
    "between Prague and Budapest.",
    "Budapest": "Budapest, the capital of Hungary, lies on the Danube, down from Vienna in Austria."
    " The city has 1.7 million inhabitants.",
    "Marie Curie": "Marie Curie was born in Warsaw on 7 November 1867. Her husband Pierre Curie "
    "was born in Paris on 15 May 1859. Some wrongly claim that she was born in Vienna. It is a "
    "myth that Marie Curie discovered uranium; Martin Klaproth discovered uranium in 1789.",
    "Elbe": "The Vltava, which comes down through Prague, meets the Elbe at Mělník.",
}
PAGES = [
    PageVersion(
        f"https://a.example/{name}",
        name,
        f"# {name}\n\n{text}\n",
        datetime(2026, 1, 2, tzinfo=UTC),
        lang="en",
    )
    for name, text in TEXTS.items()
]


def supported(answer: str, question: str, pages: list[PageVersion]) -> bool:
    return all(claim.supported for claim in tie(answer, question, pages))


@pytest.mark.parametrize(
    ("question", "right", "wrong"),
    [
        ("How long is the Volga?", "3,530 km", "2,850 km"),
        ("How long is the Danube?", "2,850 km", "3,530 km"),
        ("What is the capital of Austria?", "Vienna", "Budapest"),
        ("What is the capital of Hungary?", "Budapest", "Vienna"),
        ("How many inhabitants does Budapest have?", "1.7 million", "two million"),
        ("Which river is the longest in Europe?", "Volga", "Danube"),
        ("Which river is the second-longest in Europe?", "Danube", "Volga"),
        ("When was Marie Curie born?", "7 November 1867", "15 May 1859"),
        ("Where was Marie Curie born?", "Warsaw", "Paris"),
        ("Where was Marie Curie born?", "Warsaw", "Vienna"),
        ("Where was Marie Curie's husband born?", "Paris", "Vienna"),
        ("Who discovered uranium?", "Martin Klaproth", "Marie Curie"),
        ("Which river flows through Prague?", "Vltava", "Elbe"),
    ],
)
def test_the_answer_of_another_supports_nothing(question: str, right: str, wrong: str) -> None:
    assert supported(right, question, PAGES)
    assert not supported(wrong, question, PAGES)


def test_a_page_that_only_mentions_the_name_lends_it_to_no_row_of_its_own() -> None:
    assert not supported("2,850 km", "How long is the Volga?", PAGES[:1])
    assert not supported("Ivan Petrov", "Who discovered the Volga?", PAGES)


def test_another_name_of_the_same_thing_is_lent() -> None:
    text = "# Denali\n\nDenali, formerly Mount McKinley, is higher than Aconcagua.\n\n"
    table = "| Quantity | Value |\n|---|---|\n| Height | 6,190 m |\n"
    page = PageVersion("https://a.example/d", "Denali", text + table, PAGES[0].fetched_at)
    assert supported("6,190 m", "How high is Mount McKinley?", [page])
    assert not supported("6,190 m", "How high is Aconcagua?", [page])


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("It was not built by Gray.", True),
        ("Gray did not build it.", True),
        ("Gray failed to build it.", True),
        ("Neither Bell nor Gray built it.", True),
        ("The claim that Gray built it is disputed.", True),
        ("There is no evidence that Gray built it.", True),
        ("Bell, and not Gray, built it.", True),
        ("No lo construyó Gray; nunca Gray.", True),
        ("It was not built until Gray came.", False),
        ("It was built not only by Gray.", False),
        ("It was not built by Bell but by Gray.", False),
        ("Although it was not paid for, Gray built it.", False),
        ("Gray built it; Bell did not.", False),
    ],
)
def test_denials_and_what_only_sounds_like_one(unit: str, expected: bool) -> None:
    start = unit.rindex("Gray")
    language = "es" if unit.startswith("No ") else "en"
    assert denied("Who built it?", language, unit, (start, start + 4)) is expected
    assert not denied("Who did not build it?", language, unit, (start, start + 4))


def test_ranks() -> None:
    assert ranks("the second-longest, the tallest and the 3rd largest in the west") == {
        (2, "longest"), (1, "highest"), (3, "biggest"),
    }  # fmt: skip
    assert ranks("Budapest and Mount Everest, in a forest") == set()
