"""The crawling process: `python -m crawler.child`, started by `crawler.run` and by nobody else.

It reads one line of JSON from standard input (database, seeds, options), crawls, and writes
events as lines of JSON to standard output. When standard input closes, the process that started
it is gone, and it ends at once: everything it had not yet written is still leased or waiting in
the frontier. It knows nothing about how its events are shown.
"""

import contextlib
import json
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any, TextIO

from store.crawls import FINISHED, RUNNING, STOPPED, Crawl, Crawls
from store.database import Database
from store.errors import BusyError, StoreError
from store.frontier import Frontier
from store.pages import PageStore

from .options import CrawlOptions, crawl_name

LOCK_PATIENCE = 5.0
REPORTED = ("scrapy.core.downloader", "scrapy.downloadermiddlewares")
"""Loggers whose complaints (refused, too large, cut off) our report has by address and reason."""


class Events:
    """Writes events to the process that started this one."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._guard = threading.Lock()

    def __call__(self, event: dict[str, Any]) -> None:
        """Send one event."""
        with self._guard:
            self._stream.write(json.dumps(event, ensure_ascii=False) + "\n")
            self._stream.flush()


class EventHandler(logging.Handler):
    """Sends log records as events, so that nothing writes over a progress bar."""

    def __init__(self, events: Events, *, verbose: bool = False) -> None:
        super().__init__(logging.INFO)
        self._events = events
        self._verbose = verbose

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record; of libraries, only what is wrong."""
        if record.levelno < logging.WARNING and not record.name.startswith("crawler"):
            return
        # Not by the loggers' levels: Scrapy, when it starts, resets those of all its own.
        if not self._verbose and record.name.startswith(REPORTED):
            return
        with contextlib.suppress(OSError, ValueError):  # the reader is gone; so are we, soon
            self._events(
                {
                    "event": "log",
                    "level": record.levelno,
                    "logger": record.name,
                    "message": self.format(record),
                }
            )


def main() -> int:
    """Crawl as told; exit code 0 if the frontier was worked off or the limit reached."""
    job = json.loads(sys.stdin.readline())
    # Nothing but events may appear on the pipe, whatever a library prints.
    events = Events(os.fdopen(os.dup(1), "w", encoding="utf-8"))
    os.dup2(2, 1)
    _end_with_parent()
    logging.getLogger().addHandler(EventHandler(events, verbose=job.get("verbose", False)))
    logging.getLogger().setLevel(logging.WARNING)
    logging.getLogger("crawler").setLevel(logging.INFO)
    database = Database(job["database"])
    try:
        with _alone(database, job["options"]["collection"]):
            return _crawl(database, tuple(job["seeds"]), job, events)
    except StoreError as error:
        events({"event": "error", "message": str(error)})
        return 1


def _crawl(database: Database, seeds: tuple[str, ...], job: dict[str, Any], events: Events) -> int:
    from .pool import ExtractionPool

    options = CrawlOptions.from_json(job["options"])
    crawls = Crawls(database)
    crawl, resumed = _begin(database, crawls, seeds, options)
    # Before Scrapy is imported: the workers have a second of imports of their own to do meanwhile.
    pool = ExtractionPool(options.workers, options.max_bytes)
    try:
        from scrapy.crawler import CrawlerProcess

        from .settings import scrapy_settings
        from .spider import FrontierSpider, first_links

        frontier = Frontier(database, crawl.id)
        frontier.release_all()
        frontier.add(first_links(seeds, options))
        counts = frontier.counts()
        events({"event": "start", "resumed": resumed, "waiting": counts["waiting"]})
        process = CrawlerProcess(scrapy_settings(seeds, options) | job.get("settings", {}))
        crawler = process.create_crawler(FrontierSpider)
        process.crawl(
            crawler,
            seeds=seeds,
            options=options,
            store=PageStore(database, options.collection),
            frontier=frontier,
            pool=pool,
            event=events,
            already=counts["done"],
        )
        process.start()
    finally:
        pool.close()
    return _end(crawls, crawl, frontier, crawler.spider, events)


def _begin(
    database: Database, crawls: Crawls, seeds: tuple[str, ...], options: CrawlOptions
) -> tuple[Crawl, bool]:
    """Return the crawl to work on, and whether it is an earlier one taken up again."""
    name = crawl_name(seeds, options)
    earlier = crawls.latest(name, unfinished=True)
    if earlier is not None:
        done = Frontier(database, earlier.id).counts()["done"]
        full = options.max_pages is not None and done >= options.max_pages
        if not options.restart and not full:
            crawls.set_state(earlier.id, RUNNING)
            return earlier, True
        crawls.set_state(earlier.id, FINISHED)
    return crawls.begin(name, {"seeds": list(seeds), "options": options.json()}), False


def _end(crawls: Crawls, crawl: Crawl, frontier: Frontier, spider: Any, events: Events) -> int:
    if spider is None:
        events({"event": "error", "message": "The crawler could not be started; see the log."})
        return 1
    if spider.error is not None:
        events({"event": "error", "message": str(spider.error)})
        return 1
    counts = frontier.counts()
    waiting = counts["waiting"] + counts["leased"]
    state = "finished" if waiting == 0 else "limited" if spider.limited else "stopped"
    crawls.set_state(crawl.id, FINISHED if state == "finished" else STOPPED)
    events({"event": "end", "state": state, "waiting": waiting})
    return 0


@contextlib.contextmanager
def _alone(database: Database, collection: str) -> Iterator[None]:
    """Hold the crawl lock of a collection; a predecessor that is just dying gets some seconds."""
    patience = time.monotonic() + LOCK_PATIENCE
    with contextlib.ExitStack() as stack:
        while True:
            try:
                stack.enter_context(database.exclusive(f"crawl {collection}"))
                break
            except BusyError:
                if time.monotonic() > patience:
                    raise
                time.sleep(0.2)
        yield


def _end_with_parent() -> None:
    def watch() -> None:
        # Not through sys.stdin: a thread inside its lock makes the interpreter abort at its end.
        while os.read(0, 4096):
            pass
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
