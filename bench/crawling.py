"""How much of the machine's extraction speed a crawl keeps."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

from .corpus import site
from .rows import Row, rate_row, seconds
from .scratch import ROOT, scratch, surroundings

PARAGRAPHS = 120
"""Makes pages of 9 kB of words each, about what a page of documentation has."""
ROUNDS = 2
LEAST = 0.9
_WHEN = datetime(2024, 5, 1, tzinfo=UTC)


def rows(full: bool) -> Iterator[Row]:
    """Crawl a made-up site over HTTP, and extract the same pages without a crawl."""
    from crawler.options import CrawlOptions
    from crawler.run import crawl
    from extraction.pool import cores
    from store.database import open_database

    files = site(1500 if full else 400, PARAGRAPHS)
    workers = max(1, cores() - 1)
    bodies = [(f"http://bench.test/{name}", page.encode()) for name, page in files.items()]
    crawled, alone = 0.0, 0.0
    with scratch() as home, open_database(home) as database:
        (home / "site").mkdir()
        for name, page in files.items():
            (home / "site" / name).write_text(page)
        with served(home / "site") as address:
            # By turns, and the better one of each: what else the machine does hits them alike.
            for number in range(ROUNDS):
                alone = max(alone, len(bodies) / seconds(lambda: _all(bodies, workers, _extract)))
                options = CrawlOptions(workers=workers, collection=f"round-{number}")
                report = crawl(database, [f"{address}index.html"], options)
                crawled = max(crawled, report.pages / report.seconds)
    everywhere = len(bodies) / seconds(lambda: _all(bodies, cores(), _extract))
    bare = len(bodies) / seconds(lambda: _all(bodies, workers, _trafilatura))
    with_workers = f"{workers} extraction process{'es' if workers > 1 else ''}"
    yield rate_row(
        f"crawl and extract {len(bodies)} pages", crawled, "pages/s",
        f"extraction alone, {with_workers}", alone, least=LEAST,
    )  # fmt: skip
    on_all = f"extraction alone, on all {cores()} cores"
    # A crawl keeps one core for requests, frontier and database.
    yield rate_row("the same crawl", crawled, "pages/s", on_all, everywhere)
    yield rate_row(
        "extraction (links, tables, dates, language)", alone, "pages/s",
        f"trafilatura alone, {with_workers}", bare,
    )  # fmt: skip


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback from a process of its own; yields its address."""
    server = subprocess.Popen(
        [sys.executable, "-m", "crawler.serve_folder", str(folder)],
        cwd=ROOT, env=surroundings(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert server.stdout is not None
    assert server.stdin is not None
    try:
        yield server.stdout.readline().strip()
    finally:
        server.stdin.close()  # it ends with its standard input
        server.wait(10)
        server.stdout.close()


def _all(
    bodies: list[tuple[str, bytes]], workers: int, act: Callable[[tuple[str, bytes]], None]
) -> None:
    # Started anew as a crawl starts its own, imports included.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for _ in pool.map(act, bodies, chunksize=4):
            pass


def _extract(page: tuple[str, bytes]) -> None:
    from extraction.extract import extract

    url, body = page
    extract(body, {"Content-Type": "text/html; charset=utf-8"}, url, _WHEN)


def _trafilatura(page: tuple[str, bytes]) -> None:
    import trafilatura

    trafilatura.extract(
        page[1].decode(), url=page[0], output_format="markdown", include_links=True,
        include_tables=True, include_formatting=True,
    )  # fmt: skip
