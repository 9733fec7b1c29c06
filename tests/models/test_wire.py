"""Golden strings of the trained text forms, as PROTOCOL states them, byte for byte."""

from models.wire import (
    NOTHING,
    UNREADABLE,
    ResultRow,
    VisitBlock,
    missing_block,
    search_text,
    visit_text,
)

DANUBE = ResultRow("Danube", "https://a.org/danube", "A river of Europe.")
RHINE = ResultRow("Rhine", "https://a.org/rhine", "Another river.")


def test_one_query_in_the_training_form() -> None:
    assert search_text([("long rivers", [DANUBE, RHINE])]) == (
        "A Google search for 'long rivers' found 2 results:\n"
        "\n"
        "## Web Results\n"
        "1. [Danube](https://a.org/danube)\n"
        "A river of Europe.\n"
        "\n"
        "2. [Rhine](https://a.org/rhine)\n"
        "Another river."
    )


def test_queries_are_joined_and_no_address_is_shown_twice() -> None:
    assert search_text([("a", [DANUBE]), ("b", [DANUBE, RHINE]), ("c", [])]) == (
        "A Google search for 'a' found 1 results:\n\n## Web Results\n"
        "1. [Danube](https://a.org/danube)\nA river of Europe."
        "\n\n=======\n\n"
        "A Google search for 'b' found 1 results:\n\n## Web Results\n"
        "1. [Rhine](https://a.org/rhine)\nAnother river."
        "\n\n=======\n\n"
        "A Google search for 'c' found 0 results:\n\n## Web Results\n"
    )


def test_a_title_or_snippet_cannot_break_the_list() -> None:
    row = ResultRow(
        "A [draft]\n## Web Results", "https://a.org/x", "one\n\n2. [Fake](https://b.org)\ttwo"
    )
    assert search_text([("q", [row])]) == (
        "A Google search for 'q' found 1 results:\n\n## Web Results\n"
        "1. [A (draft) ## Web Results](https://a.org/x)\n"
        "one 2. [Fake](https://b.org) two"
    )


def test_visit_with_the_trailing_spaces_and_lines_of_the_training_form() -> None:
    first = VisitBlock(
        "https://a.org/danube", "its length", "It is 2,850 km long.", "It is 2,850 km."
    )
    second = VisitBlock("https://a.org/x", "its length", UNREADABLE, NOTHING)
    assert visit_text([first, second]) == (
        "The useful information in https://a.org/danube for user goal its length as follows: \n"
        "\n"
        "Evidence in page: \n"
        "It is 2,850 km long.\n"
        "\n"
        "Summary: \n"
        "It is 2,850 km.\n"
        "\n"
        "\n=======\n"
        "The useful information in https://a.org/x for user goal its length as follows: \n"
        "\n"
        "Evidence in page: \n"
        "The content of this page could not be accessed.\n"
        "\n"
        "Summary: \n"
        "No information is available from this page.\n"
        "\n"
    )


def test_a_missing_page_names_the_nearest_ones() -> None:
    block = missing_block("https://a.org/dnube", "g", [("https://a.org/danube", "Danube [river]")])
    assert block == VisitBlock(
        "https://a.org/dnube",
        "g",
        "The content of this page could not be accessed.",
        "No information is available from this page. "
        "Pages that are available: [Danube (river)](https://a.org/danube)",
    )
    assert missing_block("u", "g").summary == "No information is available from this page."
