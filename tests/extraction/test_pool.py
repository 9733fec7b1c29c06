"""The extraction processes as a thread waits for them: deaths, bounds, what pages still lack."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

import extraction.finish
from extraction.extract import Refusal
from extraction.finish import WIKITEXT, Unfinished, finish_page
from extraction.pool import ExtractionPool, Pending, _bounded
from store.digest import sha256
from store.page import PageVersion

WHEN = datetime(2026, 1, 2, tzinfo=UTC)
GOOD = b"<title>T</title><h1>T</h1><p>" + b"The words of a page that is long enough. " * 5


@pytest.fixture
def pool() -> Iterator[ExtractionPool]:
    pool = ExtractionPool(1, 10_000_000)
    yield pool
    pool.close()


def page(text: str, **named: object) -> PageVersion:
    return PageVersion("https://a.test/dir/1", str(named.pop("title", "T")), text, WHEN, **named)


def test_who_kills_its_process_is_refused_and_its_neighbours_are_not(pool: ExtractionPool) -> None:
    given = [3, 0, 4, 0, 5]
    found = [
        Pending(pool, abs, -number) if number else Pending(pool, os._exit, 9) for number in given
    ]
    results = [one.result() for one in found]
    assert [getattr(one, "reason", one) for one in results] == [3, "crashed", 4, "crashed", 5]
    # And the next one finds living processes.
    assert Pending(pool, abs, -6).result() == 6


def test_what_was_captured_is_kept_with_the_page(pool: ExtractionPool) -> None:
    done = pool.submit(GOOD, {"content-type": "text/html"}, "https://a.test/", WHEN, 200, "warc:a")
    found = done.result()
    assert (found.capture, found.source) == (sha256(GOOD), "warc:a")
    assert pool.submit(b"", {}, "https://a.test/", WHEN).result().reason == "empty"


def test_what_pages_lack_is_told_in_their_order(pool: ExtractionPool) -> None:
    german = page("Der Fluss ist lang, und an seinen Ufern liegen viele Städte und Dörfer.")
    empty = Unfinished(page("{{a}}"), WIKITEXT, "https://w.test/")
    first, second = pool.finish([Unfinished(german), empty]).result()
    assert first.lang == "de"
    assert second.reason == "too-short"


def test_a_page_that_takes_too_long_is_refused() -> None:
    found = _bounded(lambda seconds: time.sleep(seconds), 5, "https://a.test/", 0.05)
    assert isinstance(found, Refusal)
    assert found.reason == "too-slow"
    broken = _bounded(lambda given: 1 / given, 0, "https://a.test/")
    assert isinstance(broken, Refusal)
    assert broken.reason == "unreadable"


def test_links_of_a_text_are_absolute_and_each_there_once() -> None:
    text = (
        "[a](b.html) [a](b.html) ![no](x.png) [c](https://c.test/d_(e)) [f](#g) [h](mailto:i@j.k) "
        "[k](<../l>)"
    )
    found = finish_page(Unfinished(page(text, lang="en")))
    assert isinstance(found, PageVersion)
    assert [(link.url, link.text) for link in found.outlinks] == [
        ("https://a.test/dir/b.html", "a"), ("https://c.test/d_(e)", "c"), ("mailto:i@j.k", "h"),
        ("https://a.test/l", "k"),
    ]  # fmt: skip


def test_what_a_page_says_itself_stays() -> None:
    told = page("Der Fluss ist lang, und an seinen Ufern liegen viele Städte.", lang="xx", title="")
    found = finish_page(Unfinished(told))
    assert isinstance(found, PageVersion)
    assert (found.lang, found.title) == ("xx", told.text)
    assert extraction.finish._first_line("\n\n## A   heading\nb") == "A heading"
