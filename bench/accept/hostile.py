"""A crawl of pages that mean harm: each becomes a page or a named failure, in bounded memory."""

import contextlib
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from .. import hostile
from ..hostile_server import PER_INDEX
from ..peaks import peak_mb
from ..scratch import ROOT, surroundings
from .check import Check, demand
from .stage import Stage

FULL, SMALL = 2000, 150
NO_REASONS = ("crashed", "error", "unreadable", "too-slow")
"""What a failure of ours is called, as against one of the page."""
MEGABYTES = 1500
"""The most memory of any process of the crawl."""


def survived(stage: Stage) -> str:
    """Crawl the hostile pages; see what became of each, and how much memory it took."""
    from crawler.options import CrawlOptions
    from crawler.run import crawl
    from store.database import open_database
    from store.pages import PageStore

    count = FULL if stage.full else SMALL
    home = stage.root / "hostile"
    home.mkdir()
    with open_database(home) as database, _served(count) as address, _Memory() as memory:
        options = CrawlOptions(
            allow=(r"/h/\d+$", r"/index/\d+$"), sitemaps=False, robots=False, timeout=8, retries=0
        )
        report = crawl(database, [address], options)
        store = PageStore(database)
        pages = {page.url for page in store.current()}
        reasons = {failure.url: failure.reason for failure in store.failures()}
        demand(not store.verify(), "verify finds damage")
    demand(report.state == "finished" and report.waiting == 0, f"it ended {report.state}")
    _judge(count, address, pages, reasons)
    told = Counter(reasons.values())
    figure = (
        f"{count} hostile pages in {report.seconds:.0f} s: "
        f"{len(pages) - 1 - -(-count // PER_INDEX)} pages, "
        f"{told.total()} failures of {len(told)} kinds; at most {memory.most} MB in a process"
    )
    demand(0 < memory.most <= MEGABYTES, figure)
    return figure


def _judge(count: int, address: str, pages: set[str], reasons: dict[str, str]) -> None:
    """Fail for a page that is lost, or of which became what must not."""
    wrong = []
    for number in range(count):
        url = f"{address}h/{number}"
        came = hostile.PAGE if url in pages else reasons.get(url, "lost")
        if came in NO_REASONS or came not in hostile.page(number).may:
            wrong.append(f"{number} ({hostile.page(number).kind}): {came}")
    demand(not wrong, f"{len(wrong)} of {count} wrong: {'; '.join(wrong[:8])}")


@contextlib.contextmanager
def _served(count: int) -> Iterator[str]:
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.hostile_server", str(count)],
        cwd=ROOT, env=surroundings(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(server.stdout.readline())}/"
    finally:
        server.stdin.close()
        server.wait(20)
        server.stdout.close()


class _Memory:
    """Watches the processes of a crawl; `most` is the peak of the largest, in megabytes."""

    def __init__(self) -> None:
        self.most = 0
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "_Memory":
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._over.wait(0.2):
            for process in _crawling(os.getpid()):
                self.most = max(self.most, peak_mb(process))


def _crawling(above: int) -> list[Path]:
    """The processes under `above` that crawl or extract."""
    found: list[Path] = []
    for task in Path(f"/proc/{above}/task").glob("*/children"):
        with contextlib.suppress(OSError, ValueError):
            for child in map(int, task.read_text().split()):
                process = Path(f"/proc/{child}")
                command = process.joinpath("cmdline").read_bytes()
                if b"crawler.child" in command or b"multiprocessing" in command:
                    found.append(process)
                found += _crawling(child)
    return found


CHECKS = (
    Check("hostile pages", "each becomes a page or has its named failure; no crash", survived),
)
