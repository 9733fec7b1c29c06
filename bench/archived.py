"""How much of the machine's extraction speed an import of a WARC or ZIM file keeps.

The baseline reads with as little as can be (warcio's own iterator; a ZIM's entries as they are
packed) and extracts in as many processes: no digests, addresses, redirects, journal or database.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

from .corpus import site
from .rows import Row, rate_row, seconds
from .scratch import scratch
from .webarchives import Capture, warc
from .zimmaking import Item, zim

PARAGRAPHS = 120
"""Makes pages of 9 kB of words each, about what a page of documentation has."""
ROUNDS = 3
_WHEN = datetime(2024, 5, 1, tzinfo=UTC)
_SITE = "http://bench.test/"

Read = Callable[[Path], Iterator[tuple[str, bytes]]]


def rows(full: bool) -> Iterator[Row]:
    """Import archives of a made-up site, and read and extract the same without a database."""
    files = site(1500 if full else 400, PARAGRAPHS)
    captures = [Capture(_SITE + name, page.encode()) for name, page in files.items()]
    items = [Item(name, page.encode()) for name, page in files.items()]
    yield _row("WARC", "a.warc.gz", warc(captures), _warcio, len(files))
    yield _row("ZIM", "a.zim", zim(items, {"Source": _SITE}, a_cluster=40), _zim, len(files))


def _row(kind: str, name: str, data: bytes, read: Read, pages: int) -> Row:
    from extraction.pool import cores
    from importers.run import ImportOptions, run_import
    from store.database import open_database

    workers = max(1, cores() - 1)
    imported = alone = 0.0
    with scratch() as home, open_database(home) as database:
        path = home / name
        path.write_bytes(data)
        # By turns, and the better one of each: what else the machine does hits them alike.
        for number in range(ROUNDS):
            alone = max(alone, pages / seconds(lambda: _alone(path, read, workers)))
            options = ImportOptions(collection=f"round-{number}", workers=workers)
            report = run_import(database, path, options)
            assert report.new == pages, report.lines()
            imported = max(imported, report.new / report.seconds)
    processes = f"{workers} extraction process{'es' if workers > 1 else ''}"
    return rate_row(
        f"import {pages} pages of a {kind} file ({len(data) / 1e6:.1f} MB)", imported, "pages/s",
        f"reading and extraction alone, {processes}", alone, least=0.9,
    )  # fmt: skip


def _alone(path: Path, read: Read, workers: int) -> None:
    # Started anew as an import starts its own, imports included.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        assert all(pool.map(_extract, read(path), chunksize=4))


def _extract(page: tuple[str, bytes]) -> bool:
    from extraction.extract import extract
    from store.page import PageVersion

    url, body = page
    return isinstance(extract(body, {"content-type": "text/html"}, url, _WHEN), PageVersion)


def _warcio(path: Path) -> Iterator[tuple[str, bytes]]:
    """The responses as warcio's own iterator gives them."""
    from warcio.archiveiterator import ArchiveIterator

    with path.open("rb") as file:
        for record in ArchiveIterator(file):
            if record.rec_type == "response":
                url = record.rec_headers.get_header("WARC-Target-URI")
                yield url, record.content_stream().read()


def _zim(path: Path) -> Iterator[tuple[str, bytes]]:
    """The entries as they are packed, without check sum, addresses or redirects."""
    from importers.zimfile import ZimFile

    with ZimFile(path) as file:
        entries = [file.entry(number) for number in range(file.entries)]
        for entry in sorted(entries, key=lambda one: (one.cluster, one.blob)):
            if entry.namespace == "C":
                yield _SITE + entry.path, file.content(entry, 1 << 26)
