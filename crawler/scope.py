"""Which addresses belong to a crawl. It knows the seeds and the patterns, and fetches nothing."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from store.errors import UrlError
from store.urls import canonical

from .options import CrawlOptions

# Endings of pictures, styles, fonts, media, archives and programs: asking for them would waste a
# request. Names of pages end like other files (/wiki/Node.js); of those the answer's type decides.
_FILES = re.compile(
    r"\.(png|jpe?g|gif|svg|webp|ico|bmp|tiff?|css|woff2?|ttf|eot|otf|"
    r"mp[34]|m4[av]|avi|mov|mkv|webm|ogg|oga|ogv|wav|flac|"
    r"zip|gz|tgz|bz2|xz|zst|7z|rar|tar|deb|rpm|exe|msi|dmg|iso|img|whl|jar|apk)$",
    re.IGNORECASE,
)


class Scope:
    """Decides about links: `admits(url)` is the canonical address to follow, or None."""

    def __init__(self, seeds: Iterable[str], options: CrawlOptions) -> None:
        self._kind = options.scope
        self._authorities = {authority(seed) for seed in seeds}
        self._prefixes = tuple(authority(seed) + _folder(seed) for seed in seeds)
        self._allow = [re.compile(pattern) for pattern in options.allow]
        self._deny = [re.compile(pattern) for pattern in options.deny]

    def admits(self, url: str) -> str | None:
        """Return the canonical form of a link that this crawl follows, None for any other."""
        try:
            url = canonical(url)
        except UrlError:
            return None
        if not self.holds(url) or _FILES.search(urlsplit(url).path):
            return None
        if self._allow and not any(pattern.search(url) for pattern in self._allow):
            return None
        if any(pattern.search(url) for pattern in self._deny):
            return None
        return url

    def holds(self, url: str) -> bool:
        """True if `url` lies on the hosts (or below the folders) that the crawl keeps to."""
        if not url.startswith(("http://", "https://")):
            return False
        if self._kind == "host":
            return authority(url) in self._authorities
        if self._kind == "prefix":
            return (authority(url) + urlsplit(url).path).startswith(self._prefixes)
        return True

    def is_near(self, url: str) -> bool:
        """True if `url` is on a host of the crawl, below whichever folder: a sitemap may be."""
        if not url.startswith(("http://", "https://")):
            return False
        return self._kind == "any" or authority(url) in self._authorities


def authority(url: str) -> str:
    """Return host and port of a canonical URL, without `www.`."""
    return urlsplit(url).netloc.removeprefix("www.")


def _folder(url: str) -> str:
    return urlsplit(url).path.rpartition("/")[0] + "/"
