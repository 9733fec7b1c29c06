"""Search on a real index: exact pages in exact order, operators, languages, one result a page."""

from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.build import build
from indexer.encoders.lexical import LexicalEncoder
from indexer.errors import IndexMissing, IndexStale
from indexer.search import Searcher
from indexer.snippets import JOIN
from store.database import Database
from store.pages import PageStore

from .conftest import version

DANUBE = "https://almanac.test/danube"
TWIN = "https://mirror.test/danube"
VIENNA = "https://almanac.test/vienna"
LOOP = "https://docs.test/loop"


@pytest.fixture
def searcher(database: Database, corpus: PageStore, home: Path) -> Searcher:
    build(database, home, LexicalEncoder())
    return Searcher.open(database, home)


def urls(searcher: Searcher, query: str, k: int = 10) -> list[str]:
    return [hit.url for hit in searcher.search(query, k)]


def test_the_page_that_answers_comes_first(searcher: Searcher) -> None:
    assert urls(searcher, "run blocking function in executor event loop")[0] == LOOP
    assert urls(searcher, "run_in_executor")[0] == LOOP
    assert urls(searcher, "cuerdas de la guitarra")[0].endswith("/es/guitarra")
    assert urls(searcher, "cuántas cuerdas tiene")[0].endswith("/es/guitarra")
    assert urls(searcher, "长江有多长")[0].endswith("/zh/changjiang")
    assert urls(searcher, "capital of Austria")[0] == VIENNA


def test_equal_pages_are_ordered_by_url_and_each_page_is_there_once(searcher: Searcher) -> None:
    hits = searcher.search("length of the Danube")
    assert [h.url for h in hits[:2]] == [DANUBE, TWIN]
    assert hits[0].score == hits[1].score
    assert [h.rank for h in hits] == list(range(1, len(hits) + 1))
    assert len({h.url for h in hits}) == len(hits)


def test_many_ties_keep_their_order_at_every_limit(
    database: Database, corpus: PageStore, home: Path
) -> None:
    corpus.add([version(f"https://tie.test/{i:03}", "Tie", "Zanzibar cloves.") for i in range(150)])
    build(database, home, LexicalEncoder())
    searcher = Searcher.open(database, home)
    everything = urls(searcher, "zanzibar", 150)
    assert everything == [f"https://tie.test/{i:03}" for i in range(150)]
    for k in (1, 7, 60):
        assert urls(searcher, "zanzibar", k) == everything[:k]


def test_a_hit_says_where_its_words_stand(searcher: Searcher, corpus: PageStore) -> None:
    hit = searcher.search("Chain Bridge opened", snippet_words=30)[0]
    page = corpus.version(hit.version_id)
    assert hit.url == DANUBE
    assert hit.title == "Danube"
    assert hit.version_digest == page.digest
    assert hit.fetched_at == page.fetched_at
    assert hit.site == "almanac.test"
    start, end = hit.spans[0]
    flat = " ".join(page.text[start:end].split())
    assert "1849" in hit.snippet
    assert all(piece in flat for piece in hit.snippet.split(JOIN))


def test_a_phrase_is_preferred_but_never_empties_the_list(searcher: Searcher) -> None:
    assert urls(searcher, '"capital of Austria" Danube')[0] == VIENNA
    assert urls(searcher, "Danube")[0] == DANUBE
    assert DANUBE in urls(searcher, '"Danube steamships of 1830"')


def test_filters(searcher: Searcher) -> None:
    assert urls(searcher, "Danube site:mirror.test") == [TWIN]
    assert DANUBE not in urls(searcher, "Danube -site:almanac.test")
    assert VIENNA in urls(searcher, "Danube opera")
    assert VIENNA not in urls(searcher, "Danube -opera")
    assert urls(searcher, "Danube after:2019 before:2021") == [VIENNA]
    assert urls(searcher, "opened intitle:Vienna")[0] == VIENNA


def test_nothing_matches_and_nothing_asked(searcher: Searcher) -> None:
    assert urls(searcher, "xylophonic quux") == []
    assert urls(searcher, "") == []
    assert urls(searcher, "?! …") == []


def test_hits_are_equal_in_processes_with_other_hash_seeds(
    searcher: Searcher, database: Database, home: Path, fresh: Callable[..., str]
) -> None:
    source = """
import sys
from pathlib import Path
from indexer.search import Searcher
from store.database import Database
with Database(sys.argv[1]) as db:
    searcher = Searcher.open(db, Path(sys.argv[2]))
    for query in ("Danube", '"Chain Bridge" opened', "长江", "cuerdas", "blocking function -x"):
        print(searcher.search(query))
"""
    first = fresh(source, database.url, str(home), seed=1)
    assert first == fresh(source, database.url, str(home), seed=2)
    assert first.count("Hit(") > 5


def test_no_index_and_another_encoder_are_named_with_the_repair(
    searcher: Searcher, database: Database, home: Path, tmp_path: Path
) -> None:
    with pytest.raises(IndexMissing, match="run appliance index"):
        Searcher.open(database, tmp_path / "other")

    class Other(LexicalEncoder):
        name = "other"
        digest = "b2:other"  # type: ignore[assignment]

    with pytest.raises(IndexStale, match="another encoder"):
        Searcher.open(database, home, Other())
    assert searcher.describe()["encoder"]["name"] == "bm25"


def test_a_word_in_the_title_beats_a_word_in_passing(searcher: Searcher) -> None:
    assert urls(searcher, "Vienna")[0] == VIENNA
