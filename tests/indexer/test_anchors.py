"""Texts of links to a page: gathered at the freeze, found by, and no part of what is encoded."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from indexer.anchors import GATHERED, HEAVIEST, MANY, MOST, Anchor, gather, identity
from indexer.build import IndexReport, build
from indexer.encoders.lexical import Bm25, LexicalEncoder
from indexer.frozen import FrozenIndex, delta
from indexer.search import Hit, Searcher
from store.database import Database
from store.page import Outlink, PageVersion
from store.pages import PageStore
from store.urls import url_hash

from .conftest import version

VIENNA, DANUBE = "https://almanac.test/vienna", "https://almanac.test/danube"
URLS = [VIENNA, DANUBE, "https://other.test/a", "https://third.test/b", "https://almanac.test/c"]


def gathered(
    *links: tuple[int, str, str], urls: Sequence[str] = URLS, aliases: dict[bytes, bytes] | None = None
) -> dict[int, tuple[Anchor, ...]]:  # fmt: skip
    """Gather links that are given as (place of the page they stand on, address, text)."""
    sources = [
        (row, [Outlink(url, text) for at, url, text in links if at == row])
        for row in range(len(urls))
    ]
    return gather(urls, aliases or {}, sources)


def test_texts_count_by_host_and_their_own_host_counts_less() -> None:
    found = gathered(
        (2, VIENNA, "City of  Waltzes"), (3, VIENNA, "city of waltzes"), (4, VIENNA, "Vienna"),
        (2, VIENNA, "City of Waltzes"), (2, DANUBE, "a river"),
    )  # fmt: skip
    assert found[0] == (Anchor("city of waltzes", 4), Anchor("vienna", 1))
    assert found[1] == (Anchor("a river", 2),)
    assert set(found) == {0, 1}


def test_any_spelling_of_an_address_and_its_redirects_lead_to_the_page() -> None:
    moved = {url_hash("https://old.test/"): url_hash("https://older.test/")}
    moved[url_hash("https://older.test/")] = url_hash(VIENNA)
    for link in ("http://www.almanac.test/vienna/#history", "https://old.test/"):
        assert gathered((2, link, "waltzes"), aliases=moved) == {0: (Anchor("waltzes", 2),)}
    circle = {url_hash("https://old.test/"): url_hash("https://old.test/")}
    assert gathered((2, "https://old.test/", "waltzes"), aliases=circle) == {}


@pytest.mark.parametrize(
    "text", ["", "  ", "here", "Read more …", "更多", "[1]", "¶", "https://almanac.test/vienna", "x" * 999]
)  # fmt: skip
def test_texts_that_name_nothing_are_left_out(text: str) -> None:
    assert gathered((2, VIENNA, text)) == {}
    assert gathered((2, VIENNA, "waltzes")) != {}


def test_a_page_does_not_name_itself_and_bad_addresses_lead_nowhere() -> None:
    assert gathered((0, VIENNA, "waltzes"), (2, "mailto:a@b.test", "x y"), (2, "", "z")) == {}


def test_a_text_that_leads_to_very_many_pages_is_a_button() -> None:
    urls = ["https://hub.test/", *(f"https://a.test/{n}" for n in range(MANY + 1))]
    every = [(0, url, "Open the file") for url in urls[1:]]
    assert gathered(*every, urls=urls) == {}
    assert len(gathered(*every[1:], urls=urls)) == MANY


def test_a_page_has_no_more_than_so_many_texts_and_no_text_outweighs_the_rest() -> None:
    urls = [VIENNA, *(f"https://h{n}.test/" for n in range(200))]
    found = gathered(
        *((n, VIENNA, f"name {n}") for n in range(1, 200)),
        *((n, VIENNA, "known to all") for n in range(1, 200)),
        urls=urls,
    )
    assert len(found[0]) == MOST < GATHERED
    assert found[0][0] == Anchor("known to all", HEAVIEST)
    # One more link makes no other page of it.
    more = gathered(*((n, VIENNA, "known") for n in range(1, 101)), urls=urls)
    less = gathered(*((n, VIENNA, "known") for n in range(1, 100)), urls=urls)
    assert identity(more[0]) == identity(less[0]) != identity(found[0])
    assert identity(()) == 0


def linking(url: str, *links: tuple[str, str]) -> PageVersion:
    page = version(url, "Elsewhere", "Elsewhere there are pages about other things.")
    return replace(page, outlinks=tuple(Outlink(to, text) for to, text in links))


def index(database: Database, home: Path, rebuild: bool = False) -> IndexReport:
    return build(database, home, LexicalEncoder(), rebuild=rebuild)


def hits(database: Database, home: Path, query: str) -> list[Hit]:
    return Searcher.open(database, home).search(query)


def test_a_page_is_found_by_what_others_call_it_and_no_page_is_encoded_again(
    database: Database, corpus: PageStore, home: Path
) -> None:
    first = index(database, home)
    assert hits(database, home, "waltzes") == []
    corpus.add([linking("https://guide.test/", (VIENNA, "City of Waltzes"))])
    second = index(database, home)
    assert (second.encoded, second.unchanged) == (1, False)
    (hit,) = hits(database, home, "waltzes")
    assert (hit.url, hit.snippet[:6]) == (VIENNA, "Vienna")
    assert hits(database, home, "waltz opera")[0].url == VIENNA
    # The page does not say so itself, so it is not left out for it.
    assert VIENNA in [hit.url for hit in hits(database, home, "Austria -waltzes")]
    assert VIENNA not in [hit.url for hit in hits(database, home, "Austria -opera")]
    deaf = LexicalEncoder(Bm25(anchor=0.0))
    assert Searcher.open(database, home, deaf).search("waltzes") == []
    assert first.digest != second.digest


def test_links_that_change_nothing_else_make_another_index_with_its_own_digest_of_them(
    database: Database, corpus: PageStore, home: Path
) -> None:
    def anchors() -> str:
        digest: str = FrozenIndex.open(home / "frozen").manifest.values["anchors"]
        return digest

    corpus.add([linking("https://guide.test/", (VIENNA, "City of Waltzes"))])
    index(database, home)
    before = anchors()
    assert index(database, home).unchanged
    changed = linking("https://guide.test/", (VIENNA, "City of Music"))
    corpus.add([replace(changed, text=f"{changed.text} And more.")])
    index(database, home)
    assert anchors() != before
    assert hits(database, home, "waltzes") == []
    assert hits(database, home, "city of music")[0].url == VIENNA


def test_a_page_that_is_called_otherwise_goes_into_the_delta(
    database: Database, corpus: PageStore, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delta, "BASE_FROM", 1)
    monkeypatch.setattr(delta, "SHARE", 1)
    corpus.add([linking("https://guide.test/", (VIENNA, "City of Waltzes"))])
    index(database, home)
    corpus.add([linking("https://other.test/", (DANUBE, "the blue river of waltzes"))])
    index(database, home)
    parts = FrozenIndex.open(home / "frozen")
    assert len(parts.segments) == 2
    assert {parts.segments[1].record(row)[0] for row in range(parts.segments[1].pages)} == {
        DANUBE, "https://other.test/",
    }  # fmt: skip
    queries = ("waltzes", "blue river", "Danube", "opera", "city", "other things")
    beside = [hits(database, home, query) for query in queries]
    assert {hit.url for hit in beside[0]} == {VIENNA, DANUBE}
    index(database, home, rebuild=True)
    assert len(FrozenIndex.open(home / "frozen").segments) == 1
    assert [hits(database, home, query) for query in queries] == beside
