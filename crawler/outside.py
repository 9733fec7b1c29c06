"""A resolver that keeps a crawl away from this machine and its network.

The address is judged that the connection is then made to, so that a name which is another one a
moment later gains nothing. It judges no names: the gate does, before anything is looked up.
"""

from collections.abc import Sequence
from typing import Any, Self
from urllib.parse import urlsplit
from urllib.request import getproxies

from scrapy.resolver import CachingThreadedResolver
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

from .inside import is_inside
from .options import CrawlOptions

ADMITTED = "HOSTS_INSIDE"
"""The setting of the crawling process that names the hosts which may be inside all the same."""


def admitted(options: CrawlOptions) -> list[str]:
    """Return the hosts that may be inside: the known ones, and the proxies to go through."""
    proxies = [options.proxy or "", *getproxies().values()]
    hosts = (urlsplit(proxy if "//" in proxy else f"//{proxy}").hostname for proxy in proxies)
    known = [name for host in options.inside or () for name in (host, f"www.{host}")]
    return [*known, *filter(None, hosts)]


class OutsideResolver(CachingThreadedResolver):
    """Looks names up as Scrapy does, but finds no address for a host that is inside."""

    admitted: frozenset[str] = frozenset()

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> Self:
        """Scrapy's way to make a resolver."""
        resolver = super().from_crawler(crawler, reactor)
        resolver.admitted = frozenset(crawler.settings.getlist(ADMITTED))
        return resolver

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> "Deferred[str]":  # noqa: N802
        """See Twisted's IResolverSimple."""
        return super().getHostByName(name, timeout).addCallback(self._outside, name)

    def _outside(self, address: str, name: str) -> str:
        if name.lower() not in self.admitted and is_inside(address):
            raise DNSLookupError(f"{name} is {address}, which is inside")
        return address
