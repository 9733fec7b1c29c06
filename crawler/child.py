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

from store.crawlers import Presence, living, present, reap
from store.crawls import FINISHED, RUNNING, STOPPED, Crawl, Crawls
from store.database import Database
from store.errors import BusyError, StoreError
from store.frontier import Frontier
from store.redirects import look_back

from .access import Access
from .errors import CrawlError
from .options import CrawlOptions, crawl_name, first_links

logger = logging.getLogger("crawler.child")

LOCK_PATIENCE = 15.0
SEEDS_KEPT = 100
"""Seeds that the record of a crawl names; its name hangs on all of them."""
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
    try:
        if job.get("dry"):
            return _look(tuple(job["seeds"]), job, events)
        database = Database(job["database"])
        return _crawl(database, tuple(job["seeds"]), job, events)
    except (StoreError, CrawlError) as error:
        events({"event": "error", "message": str(error)})
        return 1


def _crawl(database: Database, seeds: tuple[str, ...], job: dict[str, Any], events: Events) -> int:
    from extraction.pool import ExtractionPool

    options = CrawlOptions.from_json(job["options"])
    access = Access(seeds, options)
    crawls = Crawls(database)
    with contextlib.ExitStack() as stack:
        # Before everything else: the workers have a second of imports to do meanwhile.
        pool = ExtractionPool(options.workers, options.max_bytes)
        stack.callback(pool.close)
        # One at a time, so that two that start together work on one crawl.
        with _alone(database, "crawl begin"):
            crawl, resumed, joined = _begin(database, crawls, seeds, options)
            presence = stack.enter_context(present(database, crawl.id))
            frontier = Frontier(database, crawl.id, presence.id)
            frontier.add(first_links(seeds, options))
            if not joined and (earlier := crawls.latest(crawl.name, before=crawl.id)):
                frontier.inherit(earlier.id, options.collection)
        from scrapy.crawler import CrawlerProcess

        from .settings import scrapy_settings
        from .spider import FrontierSpider
        from .tls import Policy

        waiting = frontier.counts()["waiting"]
        events({"event": "start", "resumed": resumed, "joined": joined, "waiting": waiting})
        logger.info("begun: %d addresses wait", waiting)
        # The thread that hands pages to the workers waits less for the one that fetches them: with
        # five milliseconds, the default, a worker stood idle for half a millisecond a page.
        sys.setswitchinterval(0.0005)
        process = CrawlerProcess(scrapy_settings(seeds, options) | job.get("settings", {}))
        crawler = process.create_crawler(FrontierSpider)
        process.crawl(
            crawler,
            seeds=seeds,
            options=options,
            database=database,
            presence=presence,
            pool=pool,
            event=events,
            access=access,
            tls=None if options.insecure else Policy(seeds, options),
        )
        process.start()
        return _end(database, crawl, frontier, presence, crawler.spider, events)


def _look(seeds: tuple[str, ...], job: dict[str, Any], events: Events) -> int:
    """Say what would be fetched; the store is not opened."""
    from scrapy.crawler import CrawlerProcess

    from .preview import PreviewSpider
    from .settings import scrapy_settings
    from .tls import Policy

    options = CrawlOptions.from_json(job["options"])
    settings = scrapy_settings(seeds, options)
    settings["DOWNLOADER_MIDDLEWARES"] |= {"crawler.preview.Verdicts": 110}
    process = CrawlerProcess(settings)
    process.crawl(
        PreviewSpider,
        seeds=seeds,
        options=options,
        event=events,
        access=Access(seeds, options),
        tls=None if options.insecure else Policy(seeds, options),
    )
    process.start()
    return 0


def _begin(
    database: Database, crawls: Crawls, seeds: tuple[str, ...], options: CrawlOptions
) -> tuple[Crawl, bool, bool]:
    """Return the crawl to work on, whether it was begun earlier, and whether others are at it."""
    name = crawl_name(seeds, options)
    reap(database)
    unfinished = crawls.latest(name, unfinished=True)
    if unfinished is not None:
        frontier = Frontier(database, unfinished.id)
        joined = living(database, unfinished.id) > 0
        rest = frontier.rest(options.per_host_pages)
        full = options.max_pages is not None and rest.pages >= options.max_pages
        # Every host has as many pages as it may: asked again, it is a new crawl of them.
        full = full or (options.per_host_pages is not None and not rest.reachable)
        if joined and options.restart:
            raise CrawlError(
                "Another process works on this crawl, whose queue cannot be forgotten meanwhile; "
                "end it, or leave out --restart."
            )
        if joined or not (options.restart or full):
            crawls.set_state(unfinished.id, RUNNING)
            return unfinished, True, joined
        crawls.set_state(unfinished.id, FINISHED)
    settings = {
        "seeds": list(seeds[:SEEDS_KEPT]),
        "seed_count": len(seeds),
        "options": options.record(),
    }
    return crawls.begin(name, settings), False, False


def _end(
    database: Database,
    crawl: Crawl,
    frontier: Frontier,
    presence: Presence,
    spider: Any,
    events: Events,
) -> int:
    if spider is None:
        events({"event": "error", "message": "The crawler could not be started; see the log."})
        return 1
    if spider.error is not None:
        events({"event": "error", "message": str(spider.error)})
        return 1
    frontier.release()
    counts = frontier.counts()
    waiting = counts["waiting"] + counts["leased"]
    if waiting == 0:
        for lost in look_back(database, crawl.id, spider.store):
            said = {"url": lost.url, "reason": lost.reason, "detail": lost.detail}
            events({"event": "refused", **said})
    state = "finished" if waiting == 0 else "limited" if spider.limited else "stopped"
    if waiting == 0 or presence.others() == 0:
        Crawls(database).set_state(crawl.id, FINISHED if state == "finished" else STOPPED)
    events({"event": "end", "state": state, "waiting": waiting, "pages": counts["done"]})
    return 0


@contextlib.contextmanager
def _alone(database: Database, name: str) -> Iterator[None]:
    """Hold a named lock, for which another process gets some seconds."""
    patience = time.monotonic() + LOCK_PATIENCE
    with contextlib.ExitStack() as stack:
        while True:
            try:
                stack.enter_context(database.exclusive(name))
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
    # Everything is written and closed; taking a reactor apart would cost half a second more.
    os._exit(main())
