"""What holds for every query: marks never empty a list, the order is total, insertion is no matter."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.build import build
from indexer.encoders.lexical import LexicalEncoder
from indexer.search import Hit, Searcher
from indexer.shaping import Shape
from indexer.tokens import count_words
from store.database import Database
from store.pages import PageStore

from .conftest import PAGES, version

WORDS = (
    *("Danube", "Vienna", "the", "capital", "opened", "1849", "cuerdas", "长江", "亚洲最长的河流"),
    *("xylophonic", "run_in_executor", "?!", "-opera", "-Danube", "-site:almanac.test"),
    *("site:mirror.test", "site:none.test", "before:2021", "after:2030", "filetype:pdf"),
    *("filetype:html", "collection:web", "inurl:loop"),
)
QUERIES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5)
CASES = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture
def searcher(database: Database, corpus: PageStore, home: Path) -> Searcher:
    build(database, home, LexicalEncoder())
    return Searcher.open(database, home)


def test_quotation_marks_and_intitle_never_empty_a_list(searcher: Searcher) -> None:
    @CASES
    @given(QUERIES, st.integers(0, 4), st.integers(1, 5), st.sampled_from(['""', "“”", "「」"]))
    def check(words: list[str], first: int, length: int, marks: str) -> None:
        first %= len(words)
        if not searcher.search(" ".join(words)):
            return
        inside = " ".join(words[first : first + length])
        rest = words[first + length :]
        quoted = " ".join([*words[:first], f"{marks[0]}{inside}{marks[1]}", *rest])
        assert searcher.search(quoted), quoted
        titled = " ".join([*words[:first], f"intitle:{words[first]}", *words[first + 1 :]])
        assert searcher.search(titled), titled

    check()


MARKS = ('""', "“”", "„“", "”“", "«»", "「」", "『』", "《》", "〈〉", "‘’", "''", '"”')


def test_marks_anywhere_never_empty_a_list(searcher: Searcher) -> None:
    """In the middle of a word, of an operator, of a value: as a hasty hand puts them."""

    @CASES
    @given(QUERIES, st.data(), st.sampled_from(MARKS))
    def check(words: list[str], data: st.DataObject, marks: str) -> None:
        query = " ".join(words)
        if not searcher.search(query):
            return
        first = data.draw(st.integers(0, len(query)))
        last = data.draw(st.integers(first, len(query)))
        quoted = query[:first] + marks[0] + query[first:last] + marks[1] + query[last:]
        # A minus before a mark bars the phrase behind it: that is no preference any more.
        if "-" + marks[0] not in quoted:
            assert searcher.search(quoted), quoted

    check()


@pytest.mark.parametrize(
    "quoted",
    [
        'site:almanac.te"st -opera" Danube',
        "site:al《mana》c.test Danube",
        "site:almanac.test》 Danube",
    ],
)
def test_a_mark_inside_an_operator_is_taken_off(searcher: Searcher, quoted: str) -> None:
    found = searcher.results(quoted)
    assert found.hits
    assert not found.emptied_by


def test_what_a_phrase_bars_stays_barred(searcher: Searcher) -> None:
    """The twin: marks that filter are not taken off for the sake of a list."""
    found = searcher.results('opera house -"capital of Austria"')
    assert not any("vienna" in hit.url for hit in found.hits)
    only = searcher.results('intitle:Vienna site:almanac.test/vienna -"capital of Austria"')
    assert (only.hits, only.loosened) == ((), False)
    assert '-"capital of Austria"' in only.emptied_by


def test_snippets_are_verbatim_of_thirty_to_sixty_words(searcher: Searcher) -> None:
    @CASES
    @given(QUERIES, st.sampled_from([30, 45, 60]))
    def check(words: list[str], most: int) -> None:
        shape = Shape(10, most, highlight=True)
        for hit in searcher.results(" ".join(words), shape).hits:
            page = " ".join(PAGES[hit.url][1].split())
            assert all(piece in page for piece in hit.snippet.split(" … ")), hit.snippet
            assert min(30, count_words(page) // 2) <= count_words(hit.snippet) <= 60
            ends = [end for span in hit.highlights for end in span]
            assert ends == sorted(ends)
            assert all(0 <= end <= len(hit.snippet) for end in ends)

    check()


def test_an_unquoted_filter_can_empty_a_list(searcher: Searcher) -> None:
    assert searcher.search("Danube")
    assert not searcher.search("Danube site:none.test")


def test_the_order_is_total_and_the_same_at_every_length(searcher: Searcher) -> None:
    @CASES
    @given(QUERIES, st.booleans())
    def check(words: list[str], fold: bool) -> None:
        hits = searcher.search(" ".join(words), fold=fold)
        keys = [(-hit.score, hit.url, hit.spans[0]) for hit in hits]
        assert keys == sorted(set(keys))
        for k in (1, 2, 3):
            shorter = searcher.search(" ".join(words), k, fold=fold)
            assert [h.url for h in shorter] == [h.url for h in hits[:k]]
        found = searcher.results(" ".join(words))
        assert bool(found.hits) or not found.loosened
        assert not (found.hits and found.emptied_by)

    check()


def test_the_order_in_which_pages_came_is_no_matter(
    database: Database, home: Path, tmp_path: Path
) -> None:
    def found(collection: str, order: list[str]) -> list[list[Hit]]:
        pages = PageStore(database, collection)
        for url in order:
            pages.add([version(url, *PAGES[url])])
        build(database, home, LexicalEncoder(), collection=collection)
        searcher = Searcher.open(database, home, collection=collection)
        queries = ("Danube", '"Chain Bridge" 1849', "长江 river", "site:almanac.test", "opened -x")
        return [[replace(hit, version_id=0) for hit in searcher.search(q)] for q in queries]

    order = sorted(PAGES)
    first = found("web", order)
    assert all(first)
    random.Random(3).shuffle(order)
    assert order != sorted(PAGES)
    assert found("other", order) == first
