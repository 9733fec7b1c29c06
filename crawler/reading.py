"""From a response to an outcome: a page, an unchanged page, a list of addresses, a named failure.

It knows neither leases nor how anything is written.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from scrapy import Request
from scrapy.http import Response

from extraction.extract import Refusal
from extraction.pool import ExtractionPool
from store.frontier import Entry
from store.page import Outlink
from store.pages import PageStore
from store.urls import canonical, url_hash

from . import feeds, sitemaps
from .gate import type_of
from .options import SITEMAP, SITEMAP_PRIORITY, CrawlOptions
from .pipeline import GONE, Found, Outcome
from .report import CrawlFailure
from .scope import Scope

VANISHED = (404, 410)


class Reader:
    """Reads responses for a crawl with this scope."""

    def __init__(
        self, scope: Scope, options: CrawlOptions, store: PageStore, pool: ExtractionPool
    ) -> None:
        self._scope = scope
        self._options = options
        self._store = store
        self._pool = pool

    async def read(self, entry: Entry, response: Response) -> Outcome:
        """Return the outcome of the address of `entry`, for which `response` came."""
        if entry.referrer == SITEMAP:
            return self._read_sitemap(entry, response)
        if response.status == 304:
            kept = await asyncio.to_thread(self._store.resolve, response.url)
            if kept is None:
                detail = "the server calls a page unchanged that was never fetched"
                return self.failure(entry, "http-304", detail, response.request)
            return Outcome(
                entry,
                unchanged=kept.url,
                links=self._links(entry, kept.outlinks),
                moved=_moves(response.meta.get("redirect_urls", ()), response.url),
                claimed=response.meta.get("claimed", ()),
            )
        if response.status != 200:
            detail = f"the server answers {response.status}"
            if response.status in VANISHED and "stored" in response.meta:
                failed = self.failure(
                    entry, GONE, f"{detail}; the stored page is kept", response.request
                )
                # Whatever is stored of the way that led here leads to no page any more.
                way = (entry.url, *response.meta.get("redirect_urls", ()), response.url)
                return replace(failed, gone=tuple(dict.fromkeys(map(canonical, way))))
            return self.failure(entry, f"http-{response.status}", detail, response.request)
        if "download_stopped" in response.flags:
            # By the gate: of what has no body nothing else can be said.
            detail = f"it is {type_of(response.headers)}"
            return self.failure(entry, "not-html", detail, response.request)
        if entry.referrer is None and (listed := self._listed(entry, response)) is not None:
            return listed
        url = canonical(response.url)
        key = url_hash(url)
        headers = {
            name.decode("latin-1").lower(): b", ".join(values).decode("latin-1")
            for name, values in response.headers.items()
        }
        result = await self._pool.extract(
            response.body, headers, url, datetime.now(UTC), response.status
        )
        if isinstance(result, Refusal):
            refused = self.failure(entry, result.reason, result.detail, response.request)
            return replace(refused, links=self._links(entry, result.outlinks))
        seen = (*response.meta.get("redirect_urls", ()), *result.aliases)
        aliases = {canonical(one): None for one in seen if url_hash(one) != key}
        page = replace(result, aliases=tuple(aliases))
        return Outcome(
            entry,
            page=page,
            links=self._links(entry, page.outlinks),
            claimed=response.meta.get("claimed", ()),
        )

    def _listed(self, entry: Entry, response: Response) -> Outcome | None:
        """What a seed leads to that is no page but a list of pages: a feed or a sitemap."""
        found = feeds.read(response.body, response.url)
        if found is not None:
            links = self._entries(entry, found)
            return Outcome(entry, links=links, claimed=response.meta.get("claimed", ()))
        if sitemaps.looks_like_one(response.body):
            outcome = self._read_sitemap(entry, response)
            return replace(outcome, claimed=response.meta.get("claimed", ()))
        return None

    def _read_sitemap(self, entry: Entry, response: Response) -> Outcome:
        sitemap = sitemaps.read(response.body, response.url) if response.status == 200 else None
        if sitemap is None:
            return Outcome(entry)
        links: list[Found] = [
            (url, entry.depth + 1, SITEMAP_PRIORITY, SITEMAP)
            for url in sitemap.sitemaps
            if self._scope.is_near(url) and entry.depth < 3
        ]
        return Outcome(entry, links=(*links, *self._entries(entry, sitemap.pages)))

    def _entries(self, entry: Entry, urls: Iterable[str]) -> tuple[Found, ...]:
        """What a list names is one link away from the start."""
        if self._options.max_depth == 0:
            return ()
        admitted = {self._scope.admits(url): None for url in urls}
        return tuple((url, 1, -1, entry.url) for url in admitted if url is not None)

    def _links(self, entry: Entry, outlinks: tuple[Outlink, ...]) -> tuple[Found, ...]:
        depth = entry.depth + 1
        if self._options.max_depth is not None and depth > self._options.max_depth:
            return ()
        admitted = {self._scope.admits(link.url): None for link in outlinks}
        return tuple((url, depth, -depth, entry.url) for url in admitted if url is not None)

    def failure(
        self, entry: Entry, reason: str, detail: str, request: Request | None = None
    ) -> Outcome:
        """Return the outcome of an address that gives no page, for a reason."""
        claimed = request.meta.get("claimed", ()) if request is not None else ()
        if entry.referrer == SITEMAP:
            return Outcome(entry, claimed=claimed)  # that a site has no sitemap is no news
        return Outcome(entry, failure=CrawlFailure(entry.url, reason, detail), claimed=claimed)

    def moved(self, entry: Entry, request: Request, target: str) -> Outcome:
        """Return that of a redirect to what is fetched for itself: a name of that page."""
        links: tuple[Found, ...] = ((target, entry.depth, entry.priority, entry.referrer),)
        moved = _moves(request.meta.get("redirect_urls", ()) or (entry.url,), target)
        return Outcome(
            entry,
            links=links,
            moved=() if entry.referrer == SITEMAP else moved,
            claimed=request.meta.get("claimed", ()),
        )


def _moves(names: Iterable[str], target: str) -> tuple[tuple[str, str], ...]:
    """Redirects as (name, target); another spelling of the target needs none."""
    goal = url_hash(target)
    return tuple((name, target) for name in names if url_hash(name) != goal)
