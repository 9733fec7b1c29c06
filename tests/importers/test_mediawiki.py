"""MediaWiki dumps: articles, redirects, namespaces, and dumps that end early or never."""

import bz2
import gzip
import lzma
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

import importers.wikixml
from extraction.wikitext import markdown_of, page_address
from importers.base import Alias, Ready, Reject
from importers.errors import DamagedError
from importers.formats import detect
from importers.mediawiki import items
from importers.run import ImportOptions, run_import
from store.database import Database
from store.digest import sha256
from store.pages import PageStore

from .wiki import BASE, dump, page

DANUBE = """{{Short description|River}}
{{Infobox river
| name = Danube
| length = {{convert|2850|km}}
| mouth = [[Black Sea]]
}}
'''The Danube''' ({{lang|de|Donau}}) is the [[Europe|second-longest]] ''river''<ref>no</ref>.

== Course ==
* [[Breg (river)|Breg]]
** ''Brigach''
# first
{| class="wikitable"
|+ Lengths
! River !! Length
|-
| Rhine || 1,230 {{nowrap|km}}
|}
[[File:a.jpg|thumb|no [[x]]]] [[Category:Rivers]] [https://x.test/a b c]&nbsp;end
"""
MARKDOWN = f"""| | |
| --- | --- |
| name | Danube |
| length | 2850 km |
| mouth | [Black Sea]({BASE}Black_Sea) |

**The Danube** (Donau) is the [second-longest]({BASE}Europe) *river*.

## Course

- [Breg]({BASE}Breg_(river))
  - *Brigach*
1. first

Lengths

| River | Length |
| --- | --- |
| Rhine | 1,230 km |

[b c](https://x.test/a) end"""


def test_wikitext_as_markdown() -> None:
    lines = [" ".join(line.split()) for line in markdown_of(DANUBE, BASE).split("\n")]
    assert lines == [" ".join(line.split()) for line in MARKDOWN.split("\n")]


@pytest.mark.parametrize(
    "wikitext", ["{{" * 3000, "[[" * 3000, "{|\n" * 500, "'''''" * 2000, "<b>" * 2000, "\x00{{{"]
)
def test_wikitext_that_never_ends_is_read(wikitext: str) -> None:
    assert isinstance(markdown_of(wikitext, BASE), str)


def test_addresses_are_those_of_the_wiki() -> None:
    assert page_address(BASE, "black  sea_(lake)") == f"{BASE}Black_sea_(lake)"
    assert page_address(BASE, "AT&T's C++?") == f"{BASE}AT%26T%27s_C%2B%2B%3F"
    assert page_address(BASE, "ab", raised=False) == f"{BASE}ab"


PAGES = [
    page("Danube", DANUBE),
    page("Donau", "#REDIRECT [[Danube]]", redirect="Danube#Course"),
    page("Talk:Danube", "Nice.", ns=1),
    page("Empty", ""),
    page("Script", "x = 1", model="javascript"),
    page("Two", "old", "new is what counts, and it is long enough to be kept"),
]


def test_what_is_in_a_dump(tmp_path: Path) -> None:
    path = dump(tmp_path / "dump", PAGES)
    assert detect(path).NAME == "mediawiki"
    found = list(items(path))
    assert [type(one) for one in found] == [Ready, Alias, Reject, Reject, Reject, Ready]
    article, alias, *refused, last = found
    assert isinstance(article, Ready)
    assert (article.page.url, article.page.site) == (f"{BASE}Danube", "The Wiki")
    assert (article.page.lang, f"{article.page.fetched_at:%Y-%m-%d}") == ("en", "2026-01-02")
    assert isinstance(alias, Alias)
    assert (alias.url, alias.target) == (f"{BASE}Donau", f"{BASE}Danube")
    assert [one.reason for one in refused] == ["namespace", "no-text", "not-wikitext"]
    assert "namespace Talk" in refused[0].detail
    assert isinstance(last, Ready)
    assert last.page.text.startswith("new")


def test_a_dump_is_imported(database: Database, tmp_path: Path) -> None:
    path = dump(tmp_path / "dump.bz2", PAGES)
    path.write_bytes(bz2.compress(path.read_bytes()))
    report = run_import(database, path, ImportOptions(workers=1))
    assert (report.new, report.aliases, report.format) == (2, 1, "mediawiki")
    store = PageStore(database)
    found = store.resolve(f"{BASE}Donau")
    assert found is not None
    assert found.text.startswith("# Danube\n\n")
    assert "| length | 2850 km |" in found.text
    assert (found.title, found.source) == ("Danube", "mediawiki:dump.bz2")
    assert f"{BASE}Breg_(river)" in [link.url for link in found.outlinks]
    assert found.extractor.startswith("mwparserfromhell-")


@pytest.mark.parametrize("packed", [bz2.compress, zstandard.compress, gzip.compress, lzma.compress])
def test_a_packed_dump_of_any_size_is_known(
    tmp_path: Path, packed: Callable[[bytes], bytes]
) -> None:
    numbers = " ".join(sha256(str(n).encode()) for n in range(5000))
    path = dump(tmp_path / "dump", [page(f"P{n}", f"{n} {numbers}") for n in range(3)])
    path.write_bytes(packed(path.read_bytes()))
    assert path.stat().st_size > 100_000
    assert detect(path).NAME == "mediawiki"
    assert [one.place for one in items(path)] == ["page 1", "page 2", "page 3"]


def test_a_dump_that_ends_early_is_damaged_behind_what_was_good(tmp_path: Path) -> None:
    path = dump(tmp_path / "dump", PAGES)
    path.write_bytes(path.read_bytes()[:-400])
    found: list[object] = []
    with pytest.raises(DamagedError, match="behind page"):
        found.extend(items(path))
    assert found


LONG = "It is a text that is long enough to be kept. "


def test_a_text_of_any_length_costs_only_its_page(tmp_path: Path) -> None:
    huge = "12 MB of text. " * 800_000
    path = dump(tmp_path / "dump", [page("A", LONG), page("B", huge), page("C", huge, LONG)])
    first, second, third = items(path)
    assert isinstance(second, Reject)
    assert (second.place, second.reason, second.url) == ("page 2", "too-large", f"{BASE}B")
    assert "12,000,000 letters" in second.detail
    assert isinstance(first, Ready)
    assert isinstance(third, Ready)
    assert third.page.text == LONG


def test_a_history_of_any_length_is_not_held(tmp_path: Path) -> None:
    path = dump(tmp_path / "dump", [page("A", *["x" * 2_000_000] * 35, LONG), page("B", LONG)])
    assert path.stat().st_size > 70_000_000
    tracemalloc.start()
    try:
        found = list(items(path))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [one.page.text for one in found if isinstance(one, Ready)] == [LONG, LONG]
    assert peak < 20_000_000


@pytest.mark.parametrize("markup", ["<!-- {} -->", "<page a='{}'/>", "<?a {} ?>"])
def test_markup_without_end_is_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, markup: str
) -> None:
    monkeypatch.setattr(importers.wikixml, "LARGEST_MARKUP", 200_000)
    path = dump(tmp_path / "dump", [page("A", LONG), markup.format("x" * 600_000)])
    found: list[object] = []
    with pytest.raises(DamagedError, match="more than 200,000"):
        found.extend(items(path))
    monkeypatch.setattr(importers.wikixml, "LARGEST_MARKUP", 700_000)
    assert list(items(path))


def test_titles_of_a_case_sensitive_wiki_stay_as_they_are(
    database: Database, tmp_path: Path
) -> None:
    path = dump(
        tmp_path / "dump",
        [page("ab", f"{LONG} [[cd]]"), page("ef", "x", redirect="ab"), page("Ab", LONG + "More.")],
    )
    path.write_text(path.read_text().replace("<case>first-letter", "<case>case-sensitive"))
    run_import(database, path, ImportOptions(workers=1))
    store = PageStore(database)
    small, large = store.resolve(f"{BASE}ef"), store.resolve(f"{BASE}Ab")
    assert small is not None
    assert large is not None
    assert (small.url, large.url) == (f"{BASE}ab", f"{BASE}Ab")
    assert [link.url for link in small.outlinks] == [f"{BASE}cd"]


def test_a_revision_without_a_time_has_that_of_the_file(tmp_path: Path) -> None:
    path = dump(tmp_path / "dump", [page("A", LONG)])
    path.write_text(path.read_text().replace("2026-01-02T03:04:05Z", "soon"))
    os.utime(path, (1_700_000_000, 1_700_000_000))
    (one,) = items(path)
    assert isinstance(one, Ready)
    assert one.page.fetched_at.timestamp() == 1_700_000_000


def test_a_document_type_is_damage(tmp_path: Path) -> None:
    path = dump(tmp_path / "dump", [page("A", "&lol; is what it says, and a little more of it")])
    text = path.read_text().replace("&amp;lol;", "&lol9;")
    each = "".join(f'<!ENTITY lol{n + 1} "{f"&lol{n};" * 30}">' for n in range(9))
    bomb = f'<!DOCTYPE m [<!ENTITY lol0 "ha">{each}]>\n<mediawiki '
    path.write_text(text.replace("<mediawiki ", bomb, 1))
    found: list[object] = []
    with pytest.raises(DamagedError, match="document type"):
        found.extend(items(path))
    assert found == []
