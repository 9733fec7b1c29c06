"""Hosts, paths and kinds of file, as the addresses of pages say them."""

from pathlib import Path

import pytest

from indexer.addresses import Addresses
from indexer.encoders.base import Vectors
from indexer.facets import host_of, kind_of, path_holds
from indexer.frozen import FrozenIndex, FrozenPage, FrozenPassage, publish, write

URLS = [
    "http://www.a.test/wiki/Danube",
    "https://a.test/wiki",
    "https://a.test/wikipedia/x.pdf",
    "https://docs.a.test/wiki/guide.md",
    "https://en.wikipedia.org/wiki/Vienna",
    "https://notes.edu/paper.PDF",
    "urn:isbn:12",
]


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://a.test/", "html"),
        ("https://a.test/x", "html"),
        ("https://a.test/x.htm", "html"),
        ("https://a.test/x.php?file=a.pdf", "html"),
        ("https://a.test/x.PDF", "pdf"),
        ("https://a.test/x.tar.gz", "gz"),
        ("https://a.test/x.markdown", "md"),
        ("https://a.test/release-3.12", "html"),
        ("https://a.test/wiki/St._Petersburg", "html"),
        ("https://a.test/.profile", "html"),
        ("file:///home/me/x.txt", "txt"),
        ("urn:isbn:12", ""),
    ],
)
def test_kinds(url: str, kind: str) -> None:
    assert kind_of(url) == kind


def test_hosts_and_paths() -> None:
    assert host_of("https://www.a.test:8080/x") == "a.test"
    assert host_of("urn:isbn:12") == ""
    assert path_holds("https://www.a.test/wiki/Danube", "a.test/wiki")
    assert path_holds("https://a.test/wiki/", "a.test/wiki")
    assert not path_holds("https://a.test/wikipedia", "a.test/wiki")


@pytest.fixture
def addresses(tmp_path: Path) -> Addresses:
    header = {"encoder": {"name": "t", "digest": "b2:0"}, "chunker": "b2:1", "uses_rarity": False}
    # Sites call themselves what they like.
    pages = [FrozenPage(url, "T", "The Almanac", "", n) for n, url in enumerate(URLS)]
    passages = [FrozenPassage(n, n, 0, 9) for n in range(len(URLS))]
    vectors = [[Vectors(None, {3: 1.0}) for _ in URLS]]
    publish(tmp_path, write(tmp_path, header, pages, passages, vectors, 0, 2.0))
    return Addresses(FrozenIndex.open(tmp_path))


@pytest.mark.parametrize(
    ("site", "rows"),
    [
        ("a.test", [0, 1, 2, 3]),
        ("docs.a.test", [3]),
        ("a.test/wiki", [0, 1]),
        ("edu", [5]),
        ("wikipedia", [4]),
        ("almanac", []),
        ("est", []),
    ],
)
def test_pages_on_a_site(addresses: Addresses, site: str, rows: list[int]) -> None:
    assert addresses.on_sites([site]).nonzero()[0].tolist() == rows


def test_pages_on_one_of_several_sites_and_of_several_kinds(addresses: Addresses) -> None:
    assert addresses.on_sites(["edu", "docs.a.test"]).nonzero()[0].tolist() == [3, 5]
    assert addresses.of_kinds(["pdf", "markdown"]).nonzero()[0].tolist() == [2, 3, 5]
    assert addresses.of_kinds(["htm"]).nonzero()[0].tolist() == [0, 1, 4]
