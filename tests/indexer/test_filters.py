"""Filters on an index whose postings are not words, and what is said of each filter."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from indexer.addresses import Addresses
from indexer.encoders.base import Vectors
from indexer.filters import PageFilter, each, only, unfiltered, without
from indexer.frozen import FrozenIndex, FrozenPage, FrozenPassage, publish, write
from indexer.frozen.segment import PageRecord
from indexer.phrases import flat
from indexer.query import Query, parse

TEXTS = ["The opera house", "An operatic river", "Of grand opera", "The river"]
ALL = (
    "x site:a.test site:b.test -site:c.test filetype:pdf -filetype:txt after:2020 before:2021-06 "
    '-word -"two words" -intitle:draft'
)


@pytest.fixture
def index(tmp_path: Path) -> FrozenIndex:
    header = {"encoder": {"name": "t", "digest": "b2:0"}, "chunker": "b2:1", "uses_rarity": False}
    pages = [FrozenPage(f"https://a.test/{n}", f"Page {n}", "", "", n, n * 300) for n in range(4)]
    passages = [FrozenPassage(n, n, 0, 9) for n in range(4)]
    vectors = [[Vectors(None, {3: 1.0}) for _ in pages]]
    publish(tmp_path, write(tmp_path, header, pages, passages, vectors, 0, 2.0))
    return FrozenIndex.open(tmp_path)


def passed(index: FrozenIndex, query: Query) -> list[int]:
    def body(record: PageRecord) -> str:
        return flat(f"{record.title}\n{TEXTS[record.version_id]}")

    gate = PageFilter(index, Addresses(index), query, None, body)
    allowed = np.ones(index.pages, dtype=bool) if gate.allowed is None else gate.allowed
    return [n for n in range(4) if allowed[n] and gate.passes(index.page(n))]


def test_excluded_words_are_looked_for_in_the_text_where_postings_are_no_words(
    index: FrozenIndex,
) -> None:
    assert passed(index, parse("x -opera")) == [1, 3]
    assert passed(index, parse('x -"grand opera"')) == [0, 1, 3]
    assert passed(index, parse("x -opera -river")) == []
    assert passed(index, parse('x -intitle:"page 2"')) == [0, 1, 3]
    assert passed(index, parse('x -"?!"')) == [0, 1, 2, 3]


def test_a_page_without_a_date_passes_no_date(index: FrozenIndex) -> None:
    query = Query("x")
    assert passed(index, replace(query, after=600)) == [2, 3]
    assert passed(index, replace(query, before=600)) == [1]
    gate = PageFilter(index, Addresses(index), replace(query, before=600), None, lambda _: "")
    assert gate.undated == 1


def test_every_filter_is_written_as_it_can_be_typed() -> None:
    written = [one.written for one in each(parse(ALL))]
    assert written == [
        "site:a.test OR site:b.test", "filetype:pdf", "-site:c.test", "-filetype:txt",
        "-intitle:draft", "-word", '-"two words"', "after:2020-01-01", "before:2021-06-01",
    ]  # fmt: skip
    assert [one.written for one in each(parse("x " + " ".join(written)))] == written


def test_filters_are_taken_away_and_left_alone_one_by_one() -> None:
    query = parse(ALL)
    assert unfiltered(query) == Query("x")
    assert each(unfiltered(query)) == ()
    for one in each(query):
        others = [f for f in each(query) if f != one]
        assert list(each(without(query, one))) == others
        assert each(only(query, one)) == (one,)
