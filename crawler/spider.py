"""The spider: leases addresses from the frontier, fetches them, and puts down what became of each.

Scrapy's own queue holds only what is leased, so a kill at any moment costs no address. Every lease
ends in exactly one outcome. It knows nothing about how a page is extracted or written.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable
from time import monotonic
from typing import Any

import scrapy
from scrapy import Request, signals
from scrapy.exceptions import CloseSpider
from scrapy.http import Response
from twisted.python.failure import Failure

from extraction.pool import ExtractionPool
from store.crawlers import LIFE, Presence, reap
from store.database import Database
from store.errors import StoreError
from store.frontier import Entry, Frontier
from store.pages import PageStore
from store.urls import host

from .access import Access
from .failures import NotOursError, RedirectedError, RefusedError, explain
from .options import SITEMAP, SITEMAP_PRIORITY, CrawlOptions
from .pipeline import Outcome, Pipeline
from .reading import Reader
from .report import CrawlFailure
from .requests import Requests
from .scope import Scope
from .settings import manners
from .tls import Policy

logger = logging.getLogger(__name__)

TICK = 0.25
BEAT = LIFE / 6

Event = Callable[[dict[str, Any]], None]


class FrontierSpider(scrapy.Spider):
    """Crawls until the frontier is empty or `max_pages` are there, beside others like it."""

    name = "frontier"

    def __init__(
        self,
        seeds: tuple[str, ...],
        options: CrawlOptions,
        database: Database,
        presence: Presence,
        pool: ExtractionPool,
        event: Event,
        access: Access,
        tls: Policy | None,
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        self.scope = Scope(seeds, options)
        self.inside = options.inside
        self.access = access
        self.tls = tls
        self.error: StoreError | None = None
        self.limited = False
        self._options = options
        self._database = database
        self._presence = presence
        self.store = PageStore(database, options.collection)
        self._frontier = Frontier(database, presence.crawl_id, presence.id)
        self.pipeline = Pipeline(self.store, self._frontier)
        self._pool = pool
        self._reader = Reader(self.scope, options, self.store, pool)
        self._event = event
        self._manners = manners(seeds, options)
        self._requests = Requests(options)
        self._window = 2 * options.concurrency + 32
        self._flying: dict[int, str] = {}
        self._held: dict[str, float] = {}
        self._tasks: set[asyncio.Future[None]] = set()
        self._wake = asyncio.Event()
        self._counted: dict[str, int] = {}
        self._count_after = 0.0

    @classmethod
    def from_crawler(cls, crawler: Any, *args: Any, **kwargs: Any) -> "FrontierSpider":
        """Scrapy's way to make a spider."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.dropped, signal=signals.request_dropped)
        crawler.signals.connect(spider.finish, signal=signals.spider_closed)
        return spider

    async def start(self) -> AsyncIterator[Request]:
        """Yield a request for every address, as leases and room allow, and write what came back."""
        heart = asyncio.ensure_future(self._live())
        try:
            while True:
                if self.error is not None:
                    raise self.error
                if self.pipeline.due:
                    await self._flush()
                room = self._window - len(self._flying)
                hungry = room > 0 and len(self._flying) < self._window // 2
                leased = await asyncio.to_thread(self._lease, room) if hungry else []
                for request in leased:
                    yield request
                if not leased and not self._flying:
                    if self.pipeline.pending:
                        # What is still to be written may hold the only links that lead on.
                        await self._flush()
                        continue
                    if await self._nothing_left():
                        self.limited = True
                        break
                elif not leased and self.pipeline.pending and len(self._flying) < 4:
                    await self._flush()
                    continue
                await self._wait()
        except StoreError as error:
            self.error = error
            raise CloseSpider("store") from error
        finally:
            heart.cancel()

    async def parse(self, response: Response, **_: Any) -> None:
        """Make an outcome of one response."""
        entry: Entry = response.meta["entry"]
        try:
            outcome = await self._reader.read(entry, response)
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
        error = failure.value or RuntimeError("no reason")
        if isinstance(error, NotOursError):
            self._give_back(entry, request)
        elif isinstance(error, RedirectedError):
            self._settle(self._reader.moved(entry, request, error.target))
        else:
            self._settle(self._reader.failure(entry, *explain(error), request=request))

    def dropped(self, request: Request) -> None:
        """A request that Scrapy would not queue must not stay leased for ever."""
        if "entry" in request.meta:
            entry: Entry = request.meta["entry"]
            self._settle(self._reader.failure(entry, "error", "it could not be queued"))

    def found_sitemaps(self, urls: list[str]) -> None:
        """Queue the sitemaps that a robots.txt names."""
        if self._options.sitemaps and self._options.max_depth != 0:
            found = [(u, 0, SITEMAP_PRIORITY, SITEMAP) for u in urls if self.scope.is_near(u)]
            self._later(asyncio.to_thread(self._frontier.add, found))

    async def hold(self, name: str, pause: float = 0.0) -> bool:
        """True if this process, and no other, may ask the host `name`, every `pause` seconds."""
        pause = max(pause, self._manners.pause)
        if self._held.get(name) != pause:
            if not await asyncio.to_thread(self._presence.hold, name, pause):
                return False
            self._held[name] = pause
        return True

    async def share(self, name: str) -> None:
        """Let other processes ask a host that wants no pauses."""
        if not self._manners.hold and self._held.pop(name, None) is not None:
            await asyncio.to_thread(self._presence.let_go, [name])

    async def may_ask(self) -> None:
        """Return while the leases of this process are surely its own; raise NotOursError once
        they are lost.
        """
        while not self._presence.is_safe:
            if self.error is not None:
                raise NotOursError("this process has lost its leases")
            await asyncio.sleep(TICK)

    async def follow(self, request: Request, url: str) -> None:
        """Take over the lease of the address to which `request` was redirected.

        Raises RedirectedError where it is on another host or known to this crawl already.
        """
        entry: Entry = request.meta["entry"]
        here = host(url) == entry.host
        if here and entry.referrer != SITEMAP:
            key = await asyncio.to_thread(self._frontier.claim, url, entry)
        if not here or (entry.referrer != SITEMAP and key is None):
            if await asyncio.to_thread(self.store.leads_to, url, entry.url):
                raise RefusedError("redirect-loop", "it redirects in a circle")
            raise RedirectedError(url)
        if entry.referrer != SITEMAP:
            request.meta["claimed"] = (*request.meta.get("claimed", ()), key)
        known = (await asyncio.to_thread(self.store.conditions, [url])).get(url)
        if known is not None:
            request.meta["stored"] = True
        self._requests.condition(request, known)

    async def finish(self) -> None:
        """Write what is left and end the workers; called when the spider closes."""
        self._pool.close()
        if self.error is None:
            try:
                if self.pipeline.pending:
                    await self._flush()
                await asyncio.to_thread(self._presence.let_go, list(self._held), self._pauses())
            except StoreError as error:
                self.error = error

    def _lease(self, room: int) -> list[Request]:
        each = self._manners.each
        flying = Counter(self._flying.values())
        full = [name for name, count in flying.items() if each is not None and count >= each]
        entries = self._frontier.lease(room, self._manners, full)
        if self._manners.hold:
            engine: Any = self.crawler.engine
            for entry in entries:
                self._held.setdefault(entry.host, self._manners.pause)
                if entry.pause > self._manners.pause:  # of whoever asked it before
                    engine.downloader.slow_down(entry.host, entry.pause)
        busy = {*flying, *(entry.host for entry in entries)}
        if idle := [name for name in self._held if name not in busy]:
            self._presence.let_go(idle, self._pauses())
            for name in idle:
                del self._held[name]
        known = self.store.conditions([entry.url for entry in entries])
        for entry in entries:
            self._flying[entry.id] = entry.host
        return [
            self._requests.of(entry, known.get(entry.url), self.parse, self.failed)
            for entry in entries
        ]

    def _give_back(self, entry: Entry, request: Request) -> None:
        """Let another process have an address of a host that this one may not ask."""
        ids = [entry.id, *request.meta.get("claimed", ())]

        async def release() -> None:
            try:
                await asyncio.to_thread(self._frontier.release, ids)
            finally:
                self._flying.pop(entry.id, None)
                self._wake.set()

        self._later(release())

    def _later(self, act: Any) -> None:
        """Run in the background; a database that is lost ends the crawl."""

        async def guarded() -> None:
            try:
                await act
            except StoreError as error:
                self.error = error

        task = asyncio.ensure_future(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _settle(self, outcome: Outcome) -> None:
        self._flying.pop(outcome.entry.id, None)
        self.pipeline.put(outcome)
        self._wake.set()

    async def _live(self) -> None:
        """Say again and again that this process lives, and notice which others do not."""
        while self.error is None:
            await asyncio.sleep(BEAT)
            try:
                await asyncio.to_thread(self._presence.beat, self._pauses())
                await asyncio.to_thread(reap, self._database, self._presence.id)
            except StoreError as error:
                self.error = error
                self._wake.set()
            except Exception:
                logger.exception("the sign of life failed")
                self.error = StoreError("An error inside the crawler ended it; see the log.")
                self._wake.set()

    def _pauses(self) -> dict[str, float]:
        """The pause that each held host wants now, AutoThrottle's included."""
        slots = self.crawler.engine.downloader.slots if self.crawler.engine else {}
        return {
            name: max(pause, slot.delay if (slot := slots.get(name)) is not None else 0.0)
            for name, pause in list(self._held.items())
        }

    async def _nothing_left(self) -> bool:
        """True if neither this process nor another one has anything more to fetch."""
        rest = await asyncio.to_thread(self._frontier.rest, self._manners.per_host)
        most = self._manners.max_pages
        full = most is not None and rest.pages >= most
        if rest.leased == 0 and (full or not rest.reachable):
            return True
        if rest.leased:
            await asyncio.to_thread(reap, self._database, self._presence.id)
        return False

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
        counts = await self._counts()
        self._event(
            {
                "event": "progress",
                "new": tally.new,
                "changed": tally.changed,
                "unchanged": tally.unchanged,
                "gone": tally.gone,
                "refused": sum(tally.refused.values()),
                "reasons": dict(tally.refused),
                "waiting": counts["waiting"],
                "leased": counts["leased"],
            }
        )

    async def _counts(self) -> dict[str, int]:
        """The size of the queue; of a long one it is counted less often."""
        if monotonic() >= self._count_after:
            began = monotonic()
            self._counted = await asyncio.to_thread(self._frontier.counts)
            self._count_after = monotonic() + 20 * (monotonic() - began)
        return self._counted

    async def _wait(self) -> None:
        self._wake.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), TICK)
