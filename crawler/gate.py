"""The gate before the downloader: which hosts are asked, which redirects are followed, and which
bodies are read.

It knows the scope of the crawl through the spider, and nothing about pages.
"""

from typing import Any

from scrapy import Request, signals
from scrapy.exceptions import StopDownload
from scrapy.http import Headers

from store.errors import UrlError
from store.urls import canonical, host

from .extract import HTML_TYPES
from .failures import RefusedError
from .inside import is_inside


class Gate:
    """Follows redirects inside the scope, never in circles; leaves what is no HTML unread."""

    def __init__(self, crawler: Any) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Any) -> "Gate":
        """Scrapy's way to make a middleware."""
        gate = cls(crawler)
        crawler.signals.connect(gate.headers_received, signal=signals.headers_received)
        return gate

    def process_request(self, request: Request) -> None:
        """Raise RefusedError for a host inside, or a redirect that leaves or comes back."""
        self._stay_outside(request)
        earlier = request.meta.get("redirect_urls")
        if not earlier or "entry" not in request.meta:
            return
        try:
            url = canonical(request.url)
        except UrlError as error:
            raise RefusedError("bad-redirect", str(error)) from None
        if url in {canonical(one) for one in earlier}:
            raise RefusedError("redirect-loop", "it redirects in a circle")
        if not self._crawler.spider.scope.holds(url):
            raise RefusedError(
                "off-site", f"it redirects to {url}, which is not part of this crawl"
            )

    def _stay_outside(self, request: Request) -> None:
        known = self._crawler.spider.inside
        if known is None:
            return
        try:
            name = host(request.url)
        except UrlError as error:
            raise RefusedError("bad-redirect", str(error)) from None
        if name not in known and is_inside(name):
            raise RefusedError("inside", f"{name} is this machine or its network")

    def headers_received(self, headers: Headers, request: Request) -> None:
        """Stop a download whose header says that it is no page, before its body comes."""
        entry = request.meta.get("entry")
        if entry is None or request.meta.get("sitemap"):
            return
        kind = (headers.get(b"Content-Type") or b"").decode("latin-1").split(";")[0].strip().lower()
        if kind not in HTML_TYPES:
            raise StopDownload(fail=False)
