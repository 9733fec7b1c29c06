"""A leased address as a request: through which proxy, how large, and on which conditions.

It sends nothing, and knows nothing about logins, pauses or what comes back.
"""

from collections.abc import Callable
from typing import Any

from scrapy import Request

from store.frontier import Entry

from . import sitemaps
from .options import SITEMAP, CrawlOptions, is_loopback

Validators = tuple[str | None, str | None]
"""The ETag and the Last-Modified that a page came with."""


class Requests:
    """Makes the requests of one crawl."""

    def __init__(self, options: CrawlOptions) -> None:
        self._options = options

    def of(
        self,
        entry: Entry,
        known: Validators | None,
        callback: Callable[..., Any],
        errback: Callable[..., Any],
    ) -> Request:
        """Return the request for an address; `known` is of the version that is stored."""
        meta: dict[str, Any] = {"entry": entry, "download_slot": entry.host}
        if self._options.proxy is not None:
            meta["proxy"] = self._options.proxy
        elif is_loopback(entry.url):
            # A proxy of the environment cannot reach this machine's own loopback.
            meta["proxy"] = None
        if entry.referrer == SITEMAP:
            meta |= {"sitemap": True, "download_maxsize": sitemaps.MAX_BYTES}
        elif known is not None:
            meta["stored"] = True
        request = Request(
            entry.url,
            callback=callback,
            errback=errback,
            meta=meta,
            priority=entry.priority,
            dont_filter=True,
        )
        if entry.referrer != SITEMAP:
            self.condition(request, known)
        return request

    def condition(self, request: Request, known: Validators | None) -> None:
        """Ask for the page only if it is another than the one that is stored."""
        etag, last_modified = known or (None, None)
        for name, value in (("If-None-Match", etag), ("If-Modified-Since", last_modified)):
            request.headers.pop(name, None)
            if value and not self._options.restart:
                request.headers[name] = value
