"""How fast PDFs are read: ours beside pdfium's bare text and beside other libraries.

`python -m bench.papers [FOLDER]` reads the PDFs of a folder (without one, a book that it makes)
with each reader and prints pages a second of processor time. Libraries that are not installed are
left out (`pip install pypdf pdfminer.six`; they belong to no release). It judges no quality.
"""

import argparse
import contextlib
import io
import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from . import paper
from .corpus import text as invented
from .rows import Row, rate_row, table

Reader = Callable[[bytes], int]
"""Reads one PDF and says how many pages it has."""


def ours(body: bytes) -> int:
    """The reader of the appliance: headings, paragraphs, tables, links, page marks."""
    from extraction.documents import pdf

    return pdf.read(body, "").text.count("<!-- page ")


def bare(body: bytes) -> int:
    """Read with pdfium alone: the letters of each page in the order in which they are drawn."""
    import pypdfium2

    document = pypdfium2.PdfDocument(body)
    try:
        for page in document:
            textpage = page.get_textpage()
            textpage.get_text_range()
            textpage.close()
            page.close()
        return len(document)
    finally:
        document.close()


def pypdf(body: bytes) -> int:
    """The library pypdf."""
    import pypdf as library  # type: ignore[import-not-found,unused-ignore]

    pages = library.PdfReader(io.BytesIO(body)).pages
    for page in pages:
        page.extract_text()
    return len(pages)


def pdfminer(body: bytes) -> int:
    """The library pdfminer.six, on which pdfplumber stands."""
    from pdfminer.high_level import extract_text  # type: ignore[import-not-found,unused-ignore]

    return str(extract_text(io.BytesIO(body))).count("\f")


READERS: dict[str, Reader] = {
    "ours": ours,
    "pdfium's bare text": bare,
    "pypdf": pypdf,
    "pdfminer.six": pdfminer,
}


def book(chapters: int) -> bytes:
    """A PDF of so many chapters of invented prose, a few pages each."""
    return paper.pdf([(f"Chapter {n}", invented(n, 40)) for n in range(1, chapters + 1)])


def rate(reader: Reader, bodies: Sequence[bytes]) -> float:
    """Pages a second of processor time."""
    started, pages = time.process_time(), 0
    for body in bodies:
        pages += reader(body)
    return pages / max(1e-6, time.process_time() - started)


def rows(full: bool) -> Iterator[Row]:
    """Ours beside pdfium's bare text, by turns; the better of two counts."""
    bodies = [book(20 if full else 5)]
    ours(bodies[0])
    pairs = [(rate(ours, bodies), rate(bare, bodies)) for _ in range(2)]
    mine, theirs = max(one for one, _ in pairs), max(one for _, one in pairs)
    yield rate_row("pages of a PDF", mine, "pages/s", "pdfium's bare text", theirs)


def main(arguments: list[str] | None = None) -> int:
    """Print the comparison."""
    parser = argparse.ArgumentParser(prog="python -m bench.papers", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="PDFs to read (default: made ones)")
    chosen = parser.parse_args(arguments)
    logging.disable(logging.CRITICAL)
    named = {"made": book(20)}
    if chosen.folder:
        named = {path.name: path.read_bytes() for path in sorted(chosen.folder.glob("*.pdf"))}
    readable: dict[str, bytes] = {}
    for name, body in named.items():
        try:
            ours(body)
            readable[name] = body
        except Exception as error:  # a locked one, a scan: nothing to compare
            print(f"{name}: left out ({error})", file=sys.stderr)
    lines = []
    for name, reader in READERS.items():
        with contextlib.suppress(ImportError):
            reader(paper.pdf())
            lines.append((name, f"{rate(reader, list(readable.values())):,.1f}"))
    print(table(lines, ("reader", "pages/s")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
