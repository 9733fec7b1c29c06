"""Web archives made by others: each is imported or refused, and every difference has a name."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.quality import shared
from extraction.extract import MAX_BYTES
from extraction.pool import ExtractionPool
from importers.errors import DamagedError
from importers.formats import detect
from importers.reading import read_items
from importers.run import ImportOptions, run_import
from store.database import Database
from store.imports import Refused
from store.page import PageVersion
from store.pages import PageStore
from store.urls import url_hash

pytestmark = pytest.mark.shared

FOLDERS = ("warc", "wacz", "zim")
# Every page, and what was expected to be one and is none, with its reason.
EXPECTED: dict[str, tuple[int, dict[str, int]]] = {
    "warc/example-bad-non-chunked.warc.gz": (1, {"revisit": 1}),
    "warc/example-iana.org-chunked.warc": (1, {}),
    "warc/example-resource.warc.gz": (1, {}),
    "warc/example-trunc.warc": (1, {}),
    "warc/example-wget-bad-target-uri.warc.gz": (1, {"not-web": 2}),
    "warc/example-wrong-chunks.warc.gz": (0, {"wrong-digest": 1}),
    "warc/example.arc.gz": (1, {}),
    "warc/example.warc": (1, {}),
    "warc/example.warc.gz": (1, {}),
    "warc/post-test.warc.gz": (0, {"not-html": 3}),
    "warc/pywacz-example-collection-with-lists.warc": (6, {"not-html": 11}),
    "warc/pywacz-example-iana.warc": (6, {"http-404": 1, "not-html": 49}),
    "wacz/valid_example_1.wacz": (1, {}),
    "wacz/valid_example_2.wacz": (1, {}),
    "wacz/valid_signed_example_1.wacz": (1, {"http-404": 1, "unverified": 1}),
    "zim/small.nons.zim": (0, {"not-html": 1, "too-short": 1}),
    "zim/small.withns.zim": (0, {"not-html": 1, "too-short": 1}),
    "zim/wikibooks_be_all_nopic_2017-02.nons.zim": (66, {"not-html": 38, "redirect": 1}),
    "zim/wikibooks_be_all_nopic_2017-02.withns.zim": (66, {"not-html": 34}),
}
REFUSED = {
    "wacz/invalid_example_1.wacz": "which is not in it",
    "zim/invalid.offset_in_cluster.zim": "not those of its check sum",
    "zim/invalid.smaller_than_header.zim": "smaller than the header",
}


@pytest.fixture(scope="module")
def samples() -> Path:
    folder = shared() / "samples"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    return folder


@pytest.fixture(scope="module")
def manifest(samples: Path) -> dict[str, dict[str, Any]]:
    rows = json.loads((samples / "manifest.json").read_text("utf-8"))
    return {row["file"]: row for row in rows if row["file"].split("/")[0] in FOLDERS}


@pytest.fixture(scope="module")
def pool() -> Iterator[ExtractionPool]:
    pool = ExtractionPool(1, MAX_BYTES)
    yield pool
    pool.close()


def test_every_file_is_spoken_of(manifest: dict[str, Any]) -> None:
    assert set(manifest) == EXPECTED.keys() | REFUSED.keys()


def read(path: Path, pool: ExtractionPool) -> tuple[list[PageVersion], Counter[str]]:
    """The pages of an archive, those of one address once, and the reasons of what became none."""
    results = list(read_items(detect(path).items(path), pool))
    rejects = Counter(one.reason for one in results if isinstance(one, Refused))
    pages = {url_hash(one.url): one for one in results if isinstance(one, PageVersion)}
    return list(pages.values()), rejects


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_pages_equal_what_is_in_it(
    samples: Path, manifest: dict[str, dict[str, Any]], pool: ExtractionPool, name: str
) -> None:
    pages, rejects = read(samples / name, pool)
    assert (len(pages), dict(rejects)) == EXPECTED[name]
    for page in pages:
        assert page.source == f"{name.split('/')[0]}:{Path(name).name}"
        assert page.fetched_at.year < 2024
        assert page.capture
    row = manifest[name]
    if name.startswith("warc"):
        # Of the HTML responses, those that are no page have a name: the digest of one contradicts
        # it, or it redirects and is another address of a page. Resources are pages as well, and
        # one file is read on where the manifest's reader gave up.
        more = name in ("warc/example-resource.warc.gz", "warc/example-bad-non-chunked.warc.gz")
        moved = any(word in name for word in ("with-lists", "example-iana.warc"))
        html = row["response_types"].get("text/html", 0)
        assert html + more == len(pages) + rejects["wrong-digest"] + moved
        aliases = {alias for page in pages for alias in page.aliases}
        assert moved == ("https://www.iana.org/domains/example" in aliases)
    if name.startswith("zim"):
        assert row["articles"] == len(pages) + rejects["too-short"]


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_is_refused_is_refused_with_the_sentence_why(samples: Path, name: str) -> None:
    path = samples / name
    with pytest.raises(DamagedError, match=REFUSED[name]):
        next(detect(path).items(path))


def test_pages_of_a_wacz_are_stored_and_nothing_of_a_refused_one(
    database: Database, samples: Path
) -> None:
    good, bad = samples / "wacz/valid_example_1.wacz", samples / "wacz/invalid_example_1.wacz"
    assert not run_import(database, good, ImportOptions(workers=1)).failed
    assert run_import(database, bad, ImportOptions(workers=1)).failed
    (page,) = PageStore(database).current()
    assert (page.url, page.title) == ("http://www.example.com/", "Example Domain")
