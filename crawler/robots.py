"""robots.txt, obeyed without a race: nothing goes to a host before its rules are known.

A downloader middleware in place of Scrapy's own, which lets the third and every later request to
a host through while robots.txt is still on its way (its waiters share one Deferred, and the first
of them consumes the result). Here every request awaits the same task. Rules follow RFC 9309: no
robots.txt (4xx) allows everything, a failing server (5xx) nothing. It knows nothing about pages.
"""

import asyncio
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from store.urls import host as host_of

from .failures import NotOursError, RefusedError, explain

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

MAX_RULES = 512_000
MAX_DELAY = 30.0


class Rules:
    """What one host allows; `refusal` is set where nothing may be asked of it at all."""

    def __init__(self, text: str = "", refusal: RefusedError | None = None) -> None:
        from protego import Protego

        self.refusal = refusal
        self._parser = Protego.parse(text)

    def allows(self, url: str, agent: str) -> bool:
        """True if a crawler called `agent` may fetch `url`."""
        return bool(self._parser.can_fetch(url, agent))

    def delay(self, agent: str) -> float:
        """Seconds that the host asks for between two requests, 30 at most; 0 if it asks none."""
        return min(float(self._parser.crawl_delay(agent) or 0.0), MAX_DELAY)

    @property
    def sitemaps(self) -> list[str]:
        """The sitemaps that the file names."""
        return list(self._parser.sitemaps)


class RobotsMiddleware:
    """Refuses, with reason `robots`, what a host's robots.txt forbids."""

    def __init__(self, crawler: "Crawler") -> None:
        self._crawler = crawler
        self._agent: str = crawler.settings.get("ROBOTSTXT_USER_AGENT")
        self._rules: dict[tuple[str, str], asyncio.Task[Rules]] = {}

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> "RobotsMiddleware":
        """Scrapy's way to make a middleware."""
        return cls(crawler)

    async def process_request(self, request: "Request") -> None:
        """Hold `request` until its host's rules are known; raise RefusedError if they forbid it."""
        if request.meta.get("dont_obey_robotstxt"):
            return
        parts = urlsplit(request.url)
        key = (parts.scheme, parts.netloc)
        task = self._rules.get(key)
        if task is None:
            task = asyncio.ensure_future(self._ask(request, key))
            self._rules[key] = task
        # One request that is cancelled must not take the rules away from the others.
        rules = await asyncio.shield(task)
        if rules.refusal is not None:
            raise RefusedError(rules.refusal.reason, rules.refusal.detail)
        if not rules.allows(request.url, self._agent):
            raise RefusedError("robots", f"robots.txt of {parts.netloc} forbids it")
        if delay := rules.delay(self._agent):
            await self._slow_down(request, delay)

    async def _ask(self, request: "Request", key: tuple[str, str]) -> Rules:
        """Fetch the rules while no other process asks this host, who may want long pauses."""
        spider: Any = self._crawler.spider
        name = host_of(request.url)
        try:
            if hasattr(spider, "hold") and not await spider.hold(name):
                raise NotOursError(f"another process asks {name} now")
            rules = await self._fetch(request, f"{key[0]}://{key[1]}/robots.txt")
        except BaseException:
            del self._rules[key]
            raise
        if hasattr(spider, "share") and not rules.delay(self._agent):
            await spider.share(name)
        return rules

    async def _fetch(self, request: "Request", url: str) -> Rules:
        from scrapy import Request
        from scrapy.http.request import NO_CALLBACK

        meta: dict[str, Any] = {"dont_obey_robotstxt": True, "download_maxsize": MAX_RULES}
        for name in ("proxy", "download_timeout", "download_slot"):
            if name in request.meta:
                meta[name] = request.meta[name]
        engine = self._crawler.engine
        assert engine is not None
        ask = Request(url, callback=NO_CALLBACK, meta=meta, priority=1000, dont_filter=True)
        try:
            response = await engine.download_async(ask)
        except Exception as error:
            reason, detail = explain(error)
            logger.info("robots.txt at %s: %s", url, detail)
            if reason in ("too-large", "redirect-loop", "off-site", "not-http"):
                return Rules()
            return Rules(refusal=RefusedError(reason, detail))
        if 500 <= response.status < 600 or response.status == 429:
            detail = f"{url} answers {response.status}, so nothing may be fetched there now"
            return Rules(refusal=RefusedError("robots", detail))
        if not 200 <= response.status < 300:
            return Rules()
        rules = Rules(response.body.decode("utf-8", errors="replace"))
        spider: Any = self._crawler.spider
        if rules.sitemaps and hasattr(spider, "found_sitemaps"):
            spider.found_sitemaps(rules.sitemaps)
        return rules

    async def _slow_down(self, request: "Request", delay: float) -> None:
        request.meta["autothrottle_dont_adjust_delay"] = True
        name = host_of(request.url)
        spider: Any = self._crawler.spider
        if hasattr(spider, "hold") and not await spider.hold(name, delay):
            raise NotOursError(f"another process asks {name} now")
        engine: Any = self._crawler.engine
        engine.downloader.slow_down(request.meta.get("download_slot", name), delay)
