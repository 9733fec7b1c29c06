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


def urls(searcher: Searcher, query: str, k: int = 10, *, fold: bool = True) -> list[str]:
    return [hit.url for hit in searcher.search(query, k, fold=fold)]


def test_the_page_that_answers_comes_first(searcher: Searcher) -> None:
    assert urls(searcher, "run blocking function in executor event loop")[0] == LOOP
    assert urls(searcher, "run_in_executor")[0] == LOOP
    assert urls(searcher, "cuerdas de la guitarra")[0].endswith("/es/guitarra")
    assert urls(searcher, "cuántas cuerdas tiene")[0].endswith("/es/guitarra")
    assert urls(searcher, "长江有多长")[0].endswith("/zh/changjiang")
    assert urls(searcher, "capital of Austria")[0] == VIENNA


def test_equal_pages_are_ordered_by_url_and_each_page_is_there_once(searcher: Searcher) -> None:
    hits = searcher.search("length of the Danube", fold=False)
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
    everything = urls(searcher, "zanzibar", 150, fold=False)
    assert everything == [f"https://tie.test/{i:03}" for i in range(150)]
    for k in (1, 7, 60):
        assert urls(searcher, "zanzibar", k, fold=False) == everything[:k]
    assert urls(searcher, "zanzibar", 7) == everything[:1]


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
    assert urls(searcher, "Danube site:mirror.test/danube") == [TWIN]
    assert urls(searcher, "Danube site:mirror") == [TWIN]
    assert DANUBE not in urls(searcher, "Danube -site:almanac.test")
    assert VIENNA in urls(searcher, "Danube opera")
    assert VIENNA not in urls(searcher, "Danube -opera")
    assert VIENNA not in urls(searcher, 'Danube -"Capital of AUSTRIA"')
    assert VIENNA in urls(searcher, 'Danube -"capital of Austria-Hungary"')
    assert VIENNA not in urls(searcher, "Danube -intitle:vienna")
    assert urls(searcher, "Danube after:2019 before:2021") == [VIENNA]
    assert urls(searcher, "opened intitle:Vienna")[0] == VIENNA
    assert urls(searcher, "Danube filetype:html")[0] == DANUBE
    assert urls(searcher, "Danube filetype:pdf") == []


def test_an_excluded_identifier_is_excluded_as_a_whole(searcher: Searcher) -> None:
    assert DANUBE in urls(searcher, "Danube -run_in_executor")
    assert LOOP not in urls(searcher, "function -run_in_executor")
    # The page has "run", "event" and "call", but no such word.
    assert LOOP in urls(searcher, "function -run_event")


def test_filters_alone_list_what_they_let_through_by_address(searcher: Searcher) -> None:
    listed = [DANUBE, "https://almanac.test/es/guitarra", VIENNA]
    assert urls(searcher, "site:almanac.test -intitle:长江") == listed
    assert urls(searcher, "after:2019 ?!") == [VIENNA]
    assert searcher.search("site:mirror.test")[0].snippet.startswith("The Danube is the second")


def test_the_filter_that_emptied_a_list_is_named(searcher: Searcher) -> None:
    def emptied(query: str) -> tuple[str, ...]:
        found = searcher.results(query)
        assert found.hits == ()
        return found.emptied_by

    assert emptied("Danube filetype:pdf") == ("filetype:pdf",)
    assert emptied("Danube site:docs.test -Austria") == ("site:docs.test",)
    assert emptied("site:docs.test -site:docs.test") == ("site:docs.test", "-site:docs.test")
    assert emptied("Danube -danube") == ("-danube",)
    assert emptied("Danube after:2022 before:2019") == ("after:2022-01-01", "before:2019-01-01")
    assert emptied("Danube filetype:pdf site:no.test") == ("site:no.test", "filetype:pdf")
    assert emptied("guitarra after:2019") == ("after:2019-01-01",)
    assert searcher.results("guitarra after:2019").undated == 5
    # Nothing has the word, whatever the filter.
    assert emptied("xylophonic site:docs.test") == ()
    assert searcher.results("Danube").emptied_by == ()


def test_what_cannot_be_applied_is_ignored_and_named(searcher: Searcher) -> None:
    found = searcher.results("Danube collection:notes before:soon inurl:vienna")
    assert DANUBE in [hit.url for hit in found.hits]
    assert [one.written for one in found.ignored] == ["before:soon", "inurl:", "collection:notes"]
    assert searcher.results("Danube collection:web").ignored == ()


def test_dates_are_no_filter_where_no_page_has_one(
    database: Database, corpus: PageStore, home: Path
) -> None:
    notes = PageStore(database, "notes")
    notes.add([version("https://n.test/a", "Heron", "The heron nests in the reeds.")])
    build(database, home, LexicalEncoder(), collection="notes")
    found = Searcher.open(database, home, collection="notes").results("heron after:2020")
    assert [hit.url for hit in found.hits] == ["https://n.test/a"]
    assert [one.written for one in found.ignored] == ["after:2020-01-01"]


def test_marks_that_leave_nothing_are_taken_off(searcher: Searcher) -> None:
    assert searcher.results('"filetype:html"').loosened
    assert urls(searcher, '"filetype:html"')[0] == DANUBE
    assert urls(searcher, "intitle:filetype:html")[0] == DANUBE
    assert not searcher.results('"Danube"').loosened


def test_pages_that_say_the_same_are_folded_into_the_best_one(
    database: Database, corpus: PageStore, home: Path
) -> None:
    danube = corpus.resolve(DANUBE)
    assert danube is not None
    edited = danube.text.replace("second-longest river", "second longest stream")
    year = danube.text.replace("opened in 1849", "opened in 1850")
    corpus.add(
        [
            version("https://edit.test/danube", "Danube", edited),
            version("https://year.test/danube", "Danube", year),
        ]
    )
    build(database, home, LexicalEncoder())
    searcher = Searcher.open(database, home)
    hit = next(h for h in searcher.search("Danube ten countries") if h.url == DANUBE)
    assert TWIN in hit.folded
    assert "https://edit.test/danube" in hit.folded
    # Who asks for the year sees both.
    shown = urls(searcher, "Chain Bridge opened")
    assert DANUBE in shown
    assert "https://year.test/danube" in shown
    every = searcher.search("Chain Bridge opened", fold=False)
    assert {TWIN, "https://edit.test/danube"} <= {h.url for h in every}
    assert all(h.folded == () for h in every)
    # A twin behind the last result is named too.
    assert TWIN in searcher.search("Danube Black Sea", 1)[0].folded


def test_one_blurb_under_several_titles_is_several_pages(
    database: Database, corpus: PageStore, home: Path
) -> None:
    blurb = "A volume of the heron novels, in which birds of the reeds solve a crime. " * 3
    titles = ("Heron Novels: The Nest", "Heron Novels: The Reeds", "Heron Novels: The Nest | Shop")
    corpus.add([version(f"https://n.test/{n}", t, blurb) for n, t in enumerate(titles)])
    long = "The heron tax was raised in that year and nobody was pleased with it. " * 30
    corpus.add([version(f"https://t.test/{n}", t, long) for n, t in enumerate(("A 1", "B 2"))])
    build(database, home, LexicalEncoder())
    searcher = Searcher.open(database, home)
    assert sorted(urls(searcher, "heron novels crime")) == [
        "https://n.test/0", "https://n.test/1", "https://t.test/0",
    ]  # fmt: skip


def test_at_most_so_many_pages_of_a_site(searcher: Searcher) -> None:
    def hosts(**options: int) -> list[str]:
        hits = searcher.search("Danube Vienna guitarra event", fold=False, **options)
        return [hit.url.split("/")[2] for hit in hits]

    assert hosts().count("almanac.test") == 3
    assert hosts(per_site=2).count("almanac.test") == 2
    assert sorted(hosts(per_site=1)) == ["almanac.test", "docs.test", "mirror.test"]


def test_a_full_site_does_not_hide_the_others(
    database: Database, corpus: PageStore, home: Path
) -> None:
    many = [version(f"https://big.test/{i}", "Heron", f"Heron heron {i}.") for i in range(230)]
    corpus.add([*many, version("https://small.test/x", "Birds", "Also the heron. " + "x " * 300)])
    build(database, home, LexicalEncoder())
    hits = Searcher.open(database, home).search("heron", 5, per_site=2)
    assert [hit.url.split("/")[2] for hit in hits] == ["big.test", "big.test", "small.test"]


def test_words_of_the_query_are_marked_for_people(searcher: Searcher) -> None:
    hit = searcher.search("When was the Chain Bridge opened?", highlight=True)[0]
    assert [hit.snippet[a:b] for a, b in hit.highlights][:3] == ["Chain", "Bridge", "opened"]
    assert searcher.search("Chain Bridge")[0].highlights == ()
    assert searcher.search("capital of Austria")[0].published is not None


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
    for query in ("Danube", '"Chain Bridge" opened', "长江", "cuerdas", "blocking function -x",
                  "site:almanac.test", 'Danube -"capital of"', "word%d " * 300 % tuple(range(300))):
        print(searcher.search(query, highlight=True))
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


def test_a_query_of_thousands_of_words_is_searched_by_its_rarest(searcher: Searcher) -> None:
    noise = " ".join(f"noise{i}" for i in range(3000))
    found = searcher.results(f"{noise} the river Donaueschingen {noise} of in by")
    assert found.hits[0].url == DANUBE
    assert [one.written for one in found.ignored] == ["some words"]
    assert searcher.results("长江" + "的是在和了" * 4000).hits[0].url.endswith("changjiang")
    assert searcher.results('"' + "Danube " * 5000 + '"').hits[0].url == DANUBE
