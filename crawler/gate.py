"""The gate before the downloader: which hosts are asked, which redirects are followed, and which
bodies are read.

It knows the scope of the crawl and the frontier through the spider, and nothing about pages.
"""

from typing import Any

from scrapy import Request, signals
from scrapy.exceptions import StopDownload
from scrapy.http import Headers

from extraction.extract import HTML_TYPES
from extraction.kinds import DOCX, EPUB, PDF, PPTX, TYPES, XLSX
from store.errors import UrlError
from store.urls import canonical, host, url_hash

from .failures import RefusedError
from .inside import is_inside

LIST_TYPES = frozenset(
    {"application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json"}
    | {"application/xml", "text/xml", "application/json", "application/x-gzip", "application/gzip"}
)
"""What a feed or a sitemap comes as."""
DOCUMENT_TYPES = frozenset(
    name for name, kind in TYPES.items() if kind in (PDF, DOCX, PPTX, XLSX, EPUB)
)
"""What a document comes as that is worth reading on the web; plain text is not."""


class Gate:
    """Follows redirects inside the scope, never in circles and never to what is fetched anyway;
    leaves unread what is neither HTML nor a document.
    """

    def __init__(self, crawler: Any) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Any) -> "Gate":
        """Scrapy's way to make a middleware."""
        gate = cls(crawler)
        crawler.signals.connect(gate.headers_received, signal=signals.headers_received)
        return gate

    async def process_request(self, request: Request) -> None:
        """Raise RefusedError for a host inside or a redirect that leaves the crawl or comes back,
        RedirectedError for one to an address that is, was or will be fetched for itself.
        """
        self._stay_outside(request)
        earlier = request.meta.get("redirect_urls")
        if not earlier or "entry" not in request.meta or request.meta.get("retry_times"):
            return
        try:
            url = canonical(request.url)
        except UrlError as error:
            raise RefusedError("bad-redirect", str(error)) from None
        if url in {canonical(one) for one in earlier}:
            raise RefusedError("redirect-loop", "it redirects in a circle")
        spider = self._crawler.spider
        if not spider.scope.holds(url):
            raise RefusedError(
                "off-site", f"it redirects to {url}, which is not part of this crawl"
            )
        # To another spelling of the same page, the frontier's lease holds.
        if url_hash(url) not in {url_hash(one) for one in earlier}:
            await spider.follow(request, url)

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
        """Stop a download whose header says that it is no page, before its body comes; the reader
        refuses it by its type.
        """
        entry = request.meta.get("entry")
        if entry is None or request.meta.get("sitemap"):
            return
        kind = type_of(headers)
        if kind in LIST_TYPES and entry.referrer is None:
            return
        if kind not in HTML_TYPES and kind not in DOCUMENT_TYPES:
            raise StopDownload(fail=False)


def type_of(headers: Headers) -> str:
    """Return the content type that a response names, in lower case and without parameters."""
    named = headers.get(b"Content-Type") or b""
    return named.decode("latin-1").split(";")[0].strip().lower()
