"""What a site wants to see before it answers: cookies, headers, a login, a client certificate.

Secrets are named (a file, a variable of the environment) and read here, in the crawling process
alone. Each request is stripped of everything of the kind and given what belongs to its own origin,
so that a redirect takes nothing along. It knows nothing about what is fetched.
"""

import base64
import os
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from store.urls import canonical

from .cookies import Cookie, read_cookies
from .errors import AccessError
from .options import CrawlOptions

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_PORTS = {"http": 80, "https": 443}

Origin = tuple[str, str, int]


def origin(url: str) -> Origin:
    """Return (scheme, host, port) of an http(s) address."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)


def known_origins(seeds: Iterable[str]) -> set[Origin]:
    """Return where secrets belong: the origins of the seeds, and https for http."""
    found = {origin(canonical(seed)) for seed in seeds}
    return found | {("https", name, 443) for _, name, port in found if port == 80}


class Access:
    """What each address may be asked with, for a crawl that starts from `seeds`.

    Headers and the login belong to the origins of the seeds, and to https on the same host where a
    seed says http; a cookie belongs where its file says. Raises AccessError, which names the file
    or the variable and never what is in it.
    """

    def __init__(self, seeds: Iterable[str], options: CrawlOptions) -> None:
        self._origins = known_origins(seeds)
        self._headers = [_header(line) for line in options.headers]
        if options.login is not None:
            login = _variable(options.login, "the login")
            if ":" not in login:
                raise AccessError(
                    f"The variable {options.login} holds no login; write it as name:password."
                )
            coded = base64.b64encode(login.encode("utf-8")).decode("ascii")
            self._headers.append(("Authorization", f"Basic {coded}"))
        self._cookies: list[Cookie] = (
            [] if options.cookies is None else read_cookies(options.cookies)
        )
        self.managed = {name.lower() for name, _ in self._headers}
        self.managed |= {"cookie", "authorization"}

    def owns(self, url: str) -> bool:
        """True if headers and the login belong to where `url` leads."""
        return origin(url) in self._origins

    def headers(self, url: str) -> dict[str, str]:
        """Return what to ask `url` with."""
        found = dict(self._headers) if self.owns(url) else {}
        if cookie := "; ".join(f"{one.name}={one.value}" for one in self._cookies_for(url)):
            found["Cookie"] = cookie
        return found

    def _cookies_for(self, url: str) -> list[Cookie]:
        """The cookies that belong there, those of longer paths first."""
        fitting = [one for one in self._cookies if one.fits(url)]
        return sorted(fitting, key=lambda one: -len(one.path))


class AccessMiddleware:
    """Gives every request, robots.txt and redirects included, what its own origin wants."""

    def __init__(self, access: Access) -> None:
        self._access = access

    @classmethod
    def from_crawler(cls, crawler: Any) -> "AccessMiddleware":
        """Scrapy's way to make a middleware."""
        return cls(crawler.spider.access)

    def process_request(self, request: Any) -> None:
        """Strip what was meant for another origin, and add what is meant for this one."""
        for name in self._access.managed:
            request.headers.pop(name, None)
        for name, value in self._access.headers(request.url).items():
            request.headers[name] = value


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    name = name.strip()
    if not colon or not _HEADER.match(name):
        raise AccessError(
            "A header is not of the form Name: value; write it as --header 'X-Token: ${TOKEN}'."
        )
    value = _VARIABLE.sub(lambda found: _variable(found[1], f"the header {name}"), value).strip()
    if "\r" in value or "\n" in value or not value.isprintable():
        raise AccessError(f"The value of the header {name} has more than one line; correct it.")
    return name, value


def _variable(name: str, what: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise AccessError(f"The variable {name} for {what} is not set; set it in the environment.")
    return value
