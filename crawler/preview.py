"""A crawl that stores nothing: what would be asked for first, and what robots.txt says to it.

Only robots.txt and sitemaps are fetched, through the same middlewares as in a crawl. Which links
the pages hold only a crawl can say. It knows nothing of the store.
"""

from collections.abc import AsyncIterator, Callable
from typing import Any

import scrapy
from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from . import sitemaps
from .access import Access
from .failures import RefusedError, explain
from .options import SITEMAP, CrawlOptions, first_links, is_loopback
from .scope import Scope
from .tls import Policy

FETCH = "fetch"
MOST_LOOKED_AT = 10_000
"""Addresses of sitemaps whose verdicts are found out; more are counted only."""
_DEEPEST = 3

Event = Callable[[dict[str, Any]], None]


class Verdicts:
    """The middleware behind robots.txt: what has come so far would be fetched, and is not."""

    def __init__(self, crawler: Any) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Any) -> "Verdicts":
        """Scrapy's way to make a middleware."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Raise RefusedError for what is only asked about, or leads out of the crawl."""
        if "about" in request.meta:
            raise RefusedError(FETCH, "")
        if request.meta.get("redirect_urls") and not self._crawler.spider.scope.is_near(
            request.url
        ):
            raise RefusedError("off-site", f"it redirects to {request.url}")


class PreviewSpider(scrapy.Spider):
    """Reads the robots.txt and the sitemaps of the seeds' hosts."""

    name = "preview"

    def __init__(
        self,
        seeds: tuple[str, ...],
        options: CrawlOptions,
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
        self._seeds = seeds
        self._options = options
        self._event = event
        self._met: set[str] = set()
        self._looked_at = 0
        self._named: list[str] = []

    async def start(self) -> AsyncIterator[Request]:
        """Yield a question about each seed, and a request for each sitemap."""
        for url, _, _, referrer in first_links(self._seeds, self._options):
            yield self._sitemap(url, 0) if referrer == SITEMAP else self._about(url, "")

    def found_sitemaps(self, urls: list[str]) -> None:
        """Remember the sitemaps that a robots.txt names; its host's first answer asks for them."""
        if self._options.sitemaps and self._options.max_depth != 0:
            self._named += [url for url in urls if self.scope.is_near(url)]

    def listed(self, response: Response) -> Any:
        """Say what a sitemap lists, and ask about it."""
        depth = response.meta["depth_of_sitemap"]
        found = sitemaps.read(response.body, response.url) if response.status == 200 else None
        if found is not None:
            self._event(
                {
                    "event": "sitemap",
                    "url": response.url,
                    "pages": len(found.pages),
                    "sitemaps": len(found.sitemaps),
                }
            )
            for url in found.sitemaps if depth < _DEEPEST else ():
                if self.scope.is_near(url) and url not in self._met:
                    yield self._sitemap(url, depth + 1)
            for url in found.pages:
                if (admitted := self.scope.admits(url)) is None:
                    self._verdict(url, response.url, "scope", "outside scope, allow and deny")
                elif admitted not in self._met and self._looked_at < MOST_LOOKED_AT:
                    self._met.add(admitted)
                    self._looked_at += 1
                    yield self._about(admitted, response.url)
        yield from self._rest()

    def answered(self, failure: Failure) -> Any:
        """Say what would become of an address."""
        request: Request = failure.request  # type: ignore[attr-defined]
        reason, detail = explain(failure.value or RuntimeError("no reason"))
        if "about" in request.meta:
            self._verdict(request.url, request.meta["about"], reason, detail)
        yield from self._rest()

    def _rest(self) -> Any:
        named, self._named = self._named, []
        for url in named:
            if url not in self._met:
                yield self._sitemap(url, 0)

    def _verdict(self, url: str, listed_by: str, verdict: str, why: str) -> None:
        self._event(
            {"event": "verdict", "url": url, "from": listed_by, "verdict": verdict, "why": why}
        )

    def _about(self, url: str, listed_by: str) -> Request:
        return self._request(url, {"about": listed_by})

    def _sitemap(self, url: str, depth: int) -> Request:
        self._met.add(url)
        meta = {"depth_of_sitemap": depth, "download_maxsize": sitemaps.MAX_BYTES}
        return self._request(url, meta)

    def _request(self, url: str, meta: dict[str, Any]) -> Request:
        if self._options.proxy is not None:
            meta["proxy"] = self._options.proxy
        elif is_loopback(url):
            meta["proxy"] = None
        return Request(
            url, callback=self.listed, errback=self.answered, meta=meta, dont_filter=True
        )
