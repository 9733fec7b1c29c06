"""Archives to measure and to damage: a function for each format that makes one with many pages.

`MAKERS[format](folder, count)` writes an archive of `count` pages into `folder`, always the same
one, and returns its path. A format is registered by a row in `MAKERS`; what is hostile by design
and not by chance (bombs, names that lead out) is in `bench.hostile_archives`. It knows no importer.
"""

import bz2
import gzip
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import zstandard

from . import paper
from .corpus import sentence
from .webarchives import WEB_MAKERS
from .zimmaking import ZIM_MAKERS

Maker = Callable[[Path, int], Path]

_WIKI = """<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" xml:lang="en">
<siteinfo><sitename>The Wiki</sitename><base>https://wiki.test/wiki/Main_Page</base>
<case>first-letter</case><namespaces><namespace key="0" /></namespaces></siteinfo>
"""


def text(number: int, sentences: int = 12) -> str:
    """Return a page of English prose, about 1,500 letters, with a heading and a link."""
    chance = random.Random(number)
    said = [sentence(chance) for _ in range(sentences)]
    half = len(said) // 2
    link = f"See [page {number + 1}](https://made.test/{number + 1})."
    return f"# Page {number}\n\n{' '.join(said[:half])}\n\n{link}\n\n{' '.join(said[half:])}\n"


def rows(count: int) -> Iterator[dict[str, Any]]:
    """Yield so many rows of the LiteResearcher layout."""
    for number in range(count):
        url = f"https://made.test/{number}"
        yield {"url": url, "title": f"Page {number}", "doc": text(number)}


def jsonl(folder: Path, count: int) -> Path:
    """Plain rows of JSON."""
    path = folder / "rows.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for row in rows(count):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return path


def _packed(
    folder: Path, count: int, name: str, maker: Maker, pack: Callable[[bytes], bytes]
) -> Path:
    plain = maker(folder, count)
    path = folder / name
    path.write_bytes(pack(plain.read_bytes()))
    plain.unlink()
    return path


def jsonl_gz(folder: Path, count: int) -> Path:
    """Rows of JSON in gzip."""
    return _packed(folder, count, "rows.jsonl.gz", jsonl, lambda data: gzip.compress(data, 6))


def jsonl_zst(folder: Path, count: int) -> Path:
    """Rows of JSON in zstd."""
    return _packed(folder, count, "rows.jsonl.zst", jsonl, zstandard.compress)


def parquet(folder: Path, count: int) -> Path:
    """Rows in Parquet, in small row groups, with checksums."""
    import pyarrow
    import pyarrow.parquet

    path = folder / "rows.parquet"
    table = pyarrow.Table.from_pylist(list(rows(count)))
    pyarrow.parquet.write_table(table, path, row_group_size=500, write_page_checksum=True)
    return path


def mediawiki(folder: Path, count: int) -> Path:
    """A dump of a wiki."""
    path = folder / "dump.xml"
    with path.open("w", encoding="utf-8") as file:
        file.write(_WIKI)
        for number in range(count):
            wikitext = text(number).replace("# Page", "== Page", 1).replace("\n", " ==\n", 1)
            file.write(
                f"<page><title>Page {number}</title><ns>0</ns><id>{number}</id><revision>"
                "<timestamp>2026-01-02T03:04:05Z</timestamp><model>wikitext</model>"
                f"<text>{{{{Infobox page|number={number}}}}}\n{escape(wikitext)}</text>"
                "</revision></page>\n"
            )
        file.write("</mediawiki>\n")
    return path


def mediawiki_bz2(folder: Path, count: int) -> Path:
    """A dump of a wiki in bzip2."""
    return _packed(folder, count, "dump.xml.bz2", mediawiki, bz2.compress)


def _document(kind: str) -> Maker:
    """A document of a kind, with a page, slide, sheet's row or chapter for each page."""

    def make(folder: Path, count: int) -> Path:
        path = folder / f"book.{kind}"
        sections = [(f"Page {number}", text(number)) for number in range(count)]
        writers: dict[str, Callable[[], bytes]] = {
            "pdf": lambda: paper.pdf(sections),
            "docx": lambda: paper.docx(sections),
            "pptx": lambda: paper.pptx(sections),
            "xlsx": lambda: paper.xlsx(count),
            "epub": lambda: paper.epub(sections),
            "mhtml": paper.mhtml,
            "md": paper.markdown,
        }
        path.write_bytes(writers[kind]())
        return path

    return make


DOCUMENTS = ("pdf", "docx", "pptx", "xlsx", "epub", "mhtml", "md")
MAKERS: dict[str, Maker] = {
    "jsonl": jsonl,
    "jsonl.gz": jsonl_gz,
    "jsonl.zst": jsonl_zst,
    "parquet": parquet,
    "mediawiki": mediawiki,
    "mediawiki.bz2": mediawiki_bz2,
    **WEB_MAKERS,
    **ZIM_MAKERS,
    **{f"document.{kind}": _document(kind) for kind in DOCUMENTS},
}
