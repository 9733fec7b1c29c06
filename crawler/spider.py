"""The spider: leases addresses from the frontier, fetches them, and puts down what became of each.

Scrapy's own queue holds only what is leased, so a kill at any moment costs no address. Every lease
ends in exactly one outcome. It knows nothing about how a page is extracted or written.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

import scrapy
from scrapy import Request, signals
from scrapy.exceptions import CloseSpider
from scrapy.http import Response
from twisted.python.failure import Failure

from store.errors import StoreError
from store.frontier import Entry, Frontier
from store.page import Outlink
from store.pages import PageStore
from store.urls import canonical, url_hash

from . import sitemaps
from .extract import Refusal
from .failures import explain
from .options import CrawlOptions, is_loopback
from .pipeline import Found, Outcome, Pipeline
from .pool import ExtractionPool
from .report import CrawlFailure
from .scope import Scope

logger = logging.getLogger(__name__)

SITEMAP = "sitemap:"
"""The referrer of an address that is to be read as a sitemap."""
SITEMAP_PRIORITY = 1000
LEASE_SECONDS = 900.0
TICK = 0.25

Event = Callable[[dict[str, Any]], None]


def first_links(seeds: tuple[str, ...], options: CrawlOptions) -> list[Found]:
    """Return what a frontier begins with: the seeds, and where their hosts keep a sitemap."""
    found: list[Found] = [(seed, 0, 0, None) for seed in seeds]
    if options.sitemaps:
        places = {urljoin(seed, "/sitemap.xml") for seed in seeds}
        found += [(place, 0, SITEMAP_PRIORITY, SITEMAP) for place in sorted(places)]
    return found


class FrontierSpider(scrapy.Spider):
    """Crawls until the frontier is empty or `max_pages` are there."""

    name = "frontier"

    def __init__(
        self,
        seeds: tuple[str, ...],
        options: CrawlOptions,
        store: PageStore,
        frontier: Frontier,
        pool: ExtractionPool,
        event: Event,
        already: int = 0,
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        self.scope = Scope(seeds, options)
        self.inside = options.inside
        self.pipeline = Pipeline(store, frontier)
        self.error: StoreError | None = None
        self.limited = False
        self._options = options
        self._store = store
        self._frontier = frontier
        self._pool = pool
        self._event = event
        self._already = already
        self._window = 2 * options.concurrency + 32
        self._flying: set[int] = set()
        self._reached: set[bytes] = set()
        self._wake = asyncio.Event()

    @classmethod
    def from_crawler(cls, crawler: Any, *args: Any, **kwargs: Any) -> "FrontierSpider":
        """Scrapy's way to make a spider."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.dropped, signal=signals.request_dropped)
        crawler.signals.connect(spider.finish, signal=signals.spider_closed)
        return spider

    async def start(self) -> AsyncIterator[Request]:
        """Yield a request for every address, as leases and room allow, and write what came back."""
        try:
            while True:
                if self.pipeline.due:
                    await self._flush()
                room = self._room()
                hungry = room > 0 and len(self._flying) < self._window // 2
                leased = await self._lease(room) if hungry else []
                for request in leased:
                    yield request
                if not leased and not self._flying:
                    if self.pipeline.pending:
                        # What is still to be written may hold the only links that lead on.
                        await self._flush()
                        continue
                    break
                if not leased and self.pipeline.pending and len(self._flying) < 4:
                    await self._flush()
                    continue
                await self._wait()
        except StoreError as error:
            self.error = error
            raise CloseSpider("store") from error

    async def parse(self, response: Response, **_: Any) -> None:
        """Make an outcome of one response."""
        entry: Entry = response.meta["entry"]
        try:
            outcome = await self._read(entry, response)
        except StoreError as error:
            self.error = error
            raise CloseSpider("store") from error
        except Exception as error:
            logger.exception("handling %s failed", response.url)
            detail = f"an error inside the crawler ({type(error).__name__})"
            outcome = Outcome(entry, failure=CrawlFailure(entry.url, "error", detail))
        self._settle(outcome)

    def failed(self, failure: Failure) -> None:
        """Make an outcome of a request that got no response."""
        request: Request = failure.request  # type: ignore[attr-defined]
        entry: Entry = request.meta["entry"]
        reason, detail = explain(failure.value or RuntimeError("no reason"))
        self._settle(self._failure(entry, reason, detail))

    def dropped(self, request: Request) -> None:
        """A request that Scrapy would not queue must not stay leased for ever."""
        if "entry" in request.meta:
            self._settle(self._failure(request.meta["entry"], "error", "it could not be queued"))

    def found_sitemaps(self, urls: list[str]) -> None:
        """Queue the sitemaps that a robots.txt names."""
        if self._options.sitemaps:
            self._frontier.add([(url, 0, SITEMAP_PRIORITY, SITEMAP) for url in urls])

    async def finish(self) -> None:
        """Write what is left and end the workers; called when the spider closes."""
        self._pool.close()
        if self.error is None and self.pipeline.pending:
            try:
                await self._flush()
            except StoreError as error:
                self.error = error

    def _room(self) -> int:
        room = self._window - len(self._flying)
        if self._options.max_pages is None:
            return room
        pages = self._already + self.pipeline.tally.pages + self.pipeline.pending_pages
        left = self._options.max_pages - pages
        if left <= 0:
            self.limited = True
        return max(0, min(room, left - len(self._flying)))

    async def _lease(self, room: int) -> list[Request]:
        return await asyncio.to_thread(self._lease_now, room)

    def _lease_now(self, room: int) -> list[Request]:
        requests = []
        for entry in self._frontier.lease(room, LEASE_SECONDS):
            self._flying.add(entry.id)
            requests.append(self._request(entry))
        return requests

    def _request(self, entry: Entry) -> Request:
        meta: dict[str, Any] = {"entry": entry}
        if self._options.proxy is not None:
            meta["proxy"] = self._options.proxy
        elif is_loopback(entry.url):
            # A proxy of the environment cannot reach this machine's own loopback.
            meta["proxy"] = None
        headers = {}
        if entry.referrer == SITEMAP:
            meta |= {"sitemap": True, "download_maxsize": sitemaps.MAX_BYTES}
        elif not self._options.restart:
            etag, last_modified = self._store.headers(entry.url) or (None, None)
            if etag:
                headers["If-None-Match"] = etag
            if last_modified:
                headers["If-Modified-Since"] = last_modified
        return Request(
            entry.url,
            callback=self.parse,
            errback=self.failed,
            headers=headers,
            meta=meta,
            priority=entry.priority,
            dont_filter=True,
        )

    async def _read(self, entry: Entry, response: Response) -> Outcome:
        if entry.referrer == SITEMAP:
            return self._read_sitemap(entry, response)
        if response.status == 304:
            kept = await asyncio.to_thread(self._store.resolve, response.url)
            return Outcome(
                entry, unchanged=True, links=self._links(entry, kept.outlinks if kept else ())
            )
        if response.status != 200:
            detail = f"the server answers {response.status}"
            return self._failure(entry, f"http-{response.status}", detail)
        url = canonical(response.url)
        key = url_hash(url)
        if key in self._reached:
            for earlier in response.meta.get("redirect_urls", ()):
                self._alias(earlier, url)
            return Outcome(entry)
        self._reached.add(key)
        headers = {
            name.decode("latin-1").lower(): b", ".join(values).decode("latin-1")
            for name, values in response.headers.items()
        }
        result = await self._pool.extract(
            response.body, headers, url, datetime.now(UTC), response.status
        )
        if isinstance(result, Refusal):
            self._reached.discard(key)
            refused = self._failure(entry, result.reason, result.detail)
            return replace(refused, links=self._links(entry, result.outlinks))
        seen = (*response.meta.get("redirect_urls", ()), *result.aliases)
        aliases = {canonical(one): None for one in seen if url_hash(one) != key}
        page = replace(result, aliases=tuple(aliases))
        return Outcome(entry, page=page, links=self._links(entry, page.outlinks))

    def _read_sitemap(self, entry: Entry, response: Response) -> Outcome:
        sitemap = sitemaps.read(response.body, response.url) if response.status == 200 else None
        if sitemap is None:
            return Outcome(entry)
        links: list[Found] = [
            (url, 0, SITEMAP_PRIORITY, SITEMAP)
            for url in sitemap.sitemaps
            if self.scope.holds(url) and entry.depth < 3
        ]
        for url in sitemap.pages:
            if (admitted := self.scope.admits(url)) is not None:
                links.append((admitted, 1, -1, entry.url))
        return Outcome(entry, links=tuple(links))

    def _links(self, entry: Entry, outlinks: tuple[Outlink, ...]) -> tuple[Found, ...]:
        depth = entry.depth + 1
        if self._options.max_depth is not None and depth > self._options.max_depth:
            return ()
        admitted = {self.scope.admits(link.url): None for link in outlinks}
        return tuple((url, depth, -depth, entry.url) for url in admitted if url is not None)

    def _failure(self, entry: Entry, reason: str, detail: str) -> Outcome:
        if entry.referrer == SITEMAP:
            return Outcome(entry)  # that a site has no sitemap is no news
        return Outcome(entry, failure=CrawlFailure(entry.url, reason, detail))

    def _alias(self, url: str, target: str) -> None:
        if url_hash(url) != url_hash(target):
            self._store.add_alias(url, target)

    def _settle(self, outcome: Outcome) -> None:
        self._flying.discard(outcome.entry.id)
        self.pipeline.put(outcome)
        self._wake.set()

    async def _flush(self) -> None:
        failures = await asyncio.to_thread(self.pipeline.flush)
        for failure in failures:
            self._event(
                {
                    "event": "refused",
                    "url": failure.url,
                    "reason": failure.reason,
                    "detail": failure.detail,
                }
            )
        tally = self.pipeline.tally
        counts = await asyncio.to_thread(self._frontier.counts)
        self._event(
            {
                "event": "progress",
                "new": tally.new,
                "changed": tally.changed,
                "unchanged": tally.unchanged,
                "refused": sum(tally.refused.values()),
                "waiting": counts["waiting"],
                "leased": counts["leased"],
            }
        )

    async def _wait(self) -> None:
        self._wake.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), TICK)
