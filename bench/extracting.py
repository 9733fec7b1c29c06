"""How well pages are read: ours beside other extractors, on real pages whose content is known.

`python -m bench.extracting` prints, for each collection of `bench.realpages`, precision, recall and
F1 of the words, the share of headings found, and milliseconds a page. Extractors that are not
installed are left out (`pip install resiliparse readability-lxml` for those that are no part of
the appliance). `--unmarked` takes away what pages say of their own content, so that an extractor
has to find it.
"""

import argparse
import contextlib
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .errors import BenchError
from .realpages import (
    COLLECTIONS,
    POSTGRESQL,
    PYTHON,
    Collection,
    agreement,
    mean,
    spaced_text,
    words,
)
from .rows import Row, rate_row, table

_WHEN = datetime(2026, 1, 1, tzinfo=UTC)
_MARKS = (
    (re.compile(rb"<(/?)(?:main|article|section)\b"), rb"<\1div"),
    (re.compile(rb'\srole="main"'), b""),
    (re.compile(rb'<meta name="generator"[^>]*>'), b""),
    (re.compile(rb'\sclass="(?:document|body|nav(?:header|footer)|sphinxsidebar|nosearch)"'), b""),
)
Reader = Callable[[bytes, str], str]


@dataclass(frozen=True, slots=True)
class Score:
    """What a reader made of some pages: means over the pages, times in milliseconds."""

    pages: int
    precision: float
    recall: float
    f1: float
    headings: float
    ms: float


def ours(body: bytes, url: str) -> str:
    """The extraction of the appliance."""
    from extraction.extract import extract

    return getattr(extract(body, {"content-type": "text/html"}, url, _WHEN), "text", "")


def ours_asking(**mode: Any) -> Reader:
    """Ours, asking trafilatura in another mode."""

    def read(body: bytes, url: str) -> str:
        from extraction import content

        usual = content.MODE
        content.MODE = mode
        try:
            return ours(body, url)
        finally:
            content.MODE = usual

    return read


def trafilatura(**mode: Any) -> Reader:
    """Trafilatura by itself, as Markdown."""

    def read(body: bytes, url: str) -> str:
        import trafilatura

        found = trafilatura.extract(
            body.decode("utf-8", "replace"), url=url, output_format="markdown",
            include_links=True, include_tables=True, include_formatting=True, **mode,
        )  # fmt: skip
        return str(found or "")

    return read


def baseline(body: bytes, url: str) -> str:
    """The last resort of trafilatura."""
    import trafilatura

    return str(trafilatura.baseline(body.decode("utf-8", "replace"))[1])


def justext(body: bytes, url: str) -> str:
    """JusText with its English stop words."""
    import justext

    found = justext.justext(body, justext.get_stoplist("English"))
    return "\n\n".join(part.text for part in found if not part.is_boilerplate)


def readability(body: bytes, url: str) -> str:
    """readability-lxml; the text of the HTML that it returns."""
    from lxml import html
    from readability import Document

    return spaced_text(html.fromstring(Document(body.decode("utf-8", "replace")).summary()))


def resiliparse(body: bytes, url: str) -> str:
    """Resiliparse's main content."""
    from resiliparse.extract.html2text import extract_plain_text

    text = body.decode("utf-8", "replace")
    return str(extract_plain_text(text, main_content=True))


READERS: dict[str, Reader] = {
    "ours": ours,
    "ours, asking it slowly": ours_asking(fast=False),
    "ours, asking for precision": ours_asking(favor_precision=True),
    "ours, asking for recall": ours_asking(favor_recall=True),
    "trafilatura": trafilatura(),
    "trafilatura fast": trafilatura(fast=True),
    "trafilatura precision": trafilatura(favor_precision=True),
    "trafilatura recall": trafilatura(favor_recall=True),
    "trafilatura baseline": baseline,
    "jusText": justext,
    "readability": readability,
    "resiliparse": resiliparse,
}


def unmarked(body: bytes) -> bytes:
    """A page without what it says of its own content."""
    for pattern, instead in _MARKS:
        body = pattern.sub(instead, body)
    return body


def score(
    reader: Reader, collection: Collection, pages: Sequence[tuple[str, bytes]], bare: bool = False
) -> Score:
    """What a reader makes of the pages of a collection."""
    found: list[tuple[float, float, float]] = []
    heads: list[float] = []
    taken = 0.0
    for url, body in pages:
        main = collection.content(body)
        if main is None or len(wanted := words(spaced_text(main))) < 10:
            continue
        given = unmarked(body) if bare else body
        started = time.process_time()
        text = reader(given, url)
        taken += time.process_time() - started
        found.append(agreement(words(text), wanted))
        heads += _headings_found(main, text)
    precision, recall, f1 = (mean([one[at] for one in found]) for at in range(3))
    return Score(len(found), precision, recall, f1, mean(heads), 1000 * taken / len(found))


def _headings_found(main: Any, text: str) -> Iterator[float]:
    lines = re.sub(r"\]\([^()]*\)", "]", text).split("\n")
    said = {_letters(line) for line in lines if line.startswith("#")}
    for heading in main.iter("h1", "h2", "h3", "h4", "h5", "h6"):
        if letters := _letters(spaced_text(heading)):
            yield float(letters in said)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def rows(full: bool) -> Iterator[Row]:
    """Ours beside trafilatura on the documentations of Python and PostgreSQL."""
    for collection in (PYTHON, POSTGRESQL):
        try:
            pages = collection.pages(every=8 if full else 40)
        except BenchError as reason:
            print(f"bench: {reason}", file=sys.stderr)
            continue
        mine, theirs = score(ours, collection, pages), score(trafilatura(), collection, pages)
        what = f"{collection.name}'s documentation, {mine.pages} pages"
        against = "trafilatura alone"
        yield rate_row(f"words of {what}", mine.f1, "F1", against, theirs.f1, least=1)
        yield rate_row(
            f"headings of {what}",
            mine.headings,
            "found",
            against,
            max(0.001, theirs.headings),
            least=1,
        )
        yield rate_row(
            f"processor time on {what}", 1000 / mine.ms, "pages/s", against, 1000 / theirs.ms
        )


def main(arguments: list[str] | None = None) -> int:
    """Print the comparison."""
    parser = argparse.ArgumentParser(prog="python -m bench.extracting", description=__doc__)
    parser.add_argument("--pages", type=int, default=60, help="about so many of each collection")
    parser.add_argument("--unmarked", action="store_true", help="take the pages' own marks away")
    chosen = parser.parse_args(arguments)
    for collection in COLLECTIONS:
        try:
            every = collection.pages()
        except BenchError as reason:
            print(reason, file=sys.stderr)
            continue
        pages = every[:: max(1, len(every) // chosen.pages)]
        lines = []
        for name, reader in READERS.items():
            with contextlib.suppress(ImportError):
                reader(
                    b"<p>A page to begin with, so that nothing is loaded later.</p>", "http://x/"
                )
                got = score(reader, collection, pages, chosen.unmarked)
                figures = (got.precision, got.recall, got.f1, got.headings)
                lines.append((name, *(f"{one:.3f}" for one in figures), f"{got.ms:.1f}"))
        print(f"\n{collection.name}: {len(pages)} pages")
        heads = ("reader", "precision", "recall", "F1", "headings", "ms")
        print(table(lines, heads), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
