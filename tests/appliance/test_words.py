"""The words of a verb: what begins with a minus is a word, and what is an option stays one."""

from collections.abc import Callable

import pytest

from .conftest import Corpus, Done


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["-Rhine Danube"], "danube"),
        (["Danube", "-Rhine"], "danube"),
        (["-intitle:Danube", "Vienna"], "vienna"),
        (['-"old town"', "-k", "1", "Danube"], "danube"),
        (["-k1", "--results=1", "Forth", "Bridge", "-Danube"], "forth-bridge"),
        (["--per-site", "1", "--", "-Rhine", "Danube"], "danube"),
    ],
)
def test_a_minus_begins_a_word(
    corpus: Corpus, command: Callable[..., Done], words: list[str], shown: str
) -> None:
    done = command("search", "--json", *words)
    assert done.code == 0, done.err
    assert done.json["hits"][0]["url"].endswith(f"/{shown}")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--result", "3", "river"], "No such option '--result'. Did you mean '--results'?"),
        (["river", "-k", "none"], "'none' is not a valid integer"),
        (["river", "-k"], "requires an argument"),
        (["--json"], "Missing argument 'QUERY...'"),
    ],
)
def test_an_option_stays_one(
    corpus: Corpus, command: Callable[..., Done], words: list[str], said: str
) -> None:
    done = command("search", *words)
    assert done.code == 2
    assert said in done.err


def test_a_question_may_begin_with_a_minus(corpus: Corpus, command: Callable[..., Done]) -> None:
    done = command("ask", "--model", "none", "-40 km or more, how long is the Rhine?")
    assert done.code == 0, done.err
    assert "1,230 km" in done.out


def test_a_collection_that_is_not_there_is_named(
    corpus: Corpus, command: Callable[..., Done]
) -> None:
    done = command("search", "collection:notes river")
    assert done.code == 1
    assert "Nothing of the collection notes is indexed yet in" in done.err
    assert "run appliance index --collection notes." in done.err


@pytest.mark.parametrize("query", ["site:" * 20_000, "“" * 30_000, "x" * 100_000])
def test_a_very_long_query_is_not_said_back_whole(
    corpus: Corpus, command: Callable[..., Done], query: str
) -> None:
    done = command("search", query)
    assert done.code == 0
    assert len(done.err) < 400
