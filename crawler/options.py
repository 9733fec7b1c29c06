"""What a crawl may do, as one frozen value: scope, politeness, limits.

It is handed in, travels to the crawling process as JSON, and is part of a crawl's name. It knows
nothing about how any of it is done.
"""

import dataclasses
import math
import re
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Union, get_args, get_origin
from urllib.parse import urljoin, urlsplit

from store.digest import blake_json
from store.errors import UrlError
from store.urls import canonical

from .errors import CrawlError, SeedError

LOOPBACK = re.compile(r"(localhost|.*\.localhost|127(\.\d{1,3}){3}|\[?::1\]?)$")
_LOGIN = re.compile(r"https?://[^/?#]*@", re.IGNORECASE)
SITEMAP = "sitemap:"
"""The referrer of an address that is to be read as a sitemap."""
SITEMAP_PRIORITY = 1000
_SCOPES = ("host", "prefix", "any")


@dataclass(frozen=True, slots=True)
class CrawlOptions:
    """The settings of one crawl; times are in seconds, sizes in bytes.

    scope        `host`: only pages of the seeds' hosts; `prefix`: only below the seeds' folders;
                 `any`: follow links anywhere (give `max_pages` or `max_depth`)
    allow, deny  regular expressions searched in a URL; a link must match one of `allow` (if any)
                 and none of `deny`
    delay        pause between the end of an answer and the next request to that host; None: none
                 for loopback hosts, elsewhere half a second; AutoThrottle makes it longer when a
                 server slows down. A host with a pause is asked for one thing at a time
    per_host     requests at once to a host without pauses; None: `concurrency`
    max_pages    pages of the whole crawl, over all processes; `per_host_pages` of each host
    workers      extraction processes; None: one core fewer than there are, at least one
    proxy        address of an HTTP proxy through which everything is fetched
    cookies      a file of cookies in the Netscape form; each is sent where the file says
    headers      `Name: value` lines for the seeds' own hosts; `${NAME}` in a value stands for a
                 variable of the environment
    login        the variable of the environment that holds `name:password`, for the same hosts
    client_cert  the certificate to show to them, with its key in the same file or `client_key`
    ca           certificate authorities to believe besides the system's
    insecure     believe any certificate; not together with anything secret
    restart      forget the frontier of an earlier, unfinished crawl of the same name
    inside       None: any host may be fetched from; else no host that is, or resolves to, an
                 address of this machine or a private network, but these
    """

    collection: str = "web"
    scope: str = "host"
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    max_pages: int | None = None
    per_host_pages: int | None = None
    max_depth: int | None = None
    max_bytes: int = 10_000_000
    concurrency: int = 16
    per_host: int | None = None
    delay: float | None = None
    timeout: float = 30.0
    retries: int = 2
    robots: bool = True
    sitemaps: bool = True
    proxy: str | None = None
    cookies: str | None = None
    headers: tuple[str, ...] = ()
    login: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    ca: str | None = None
    insecure: bool = False
    user_agent: str | None = None
    workers: int | None = None
    restart: bool = False
    inside: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot work, by a CrawlError that names the setting."""
        for field in dataclasses.fields(self):
            if not _fits(getattr(self, field.name), field.type):
                # Without the value, which may be a secret.
                raise CrawlError(f"{field.name} must be {_described(field.type)}; correct it.")
        if self.scope not in _SCOPES:
            raise CrawlError(f"scope is “{self.scope}”; write one of {', '.join(_SCOPES)}.")
        for pattern in (*self.allow, *self.deny):
            try:
                re.compile(pattern)
            except re.error as error:
                raise CrawlError(
                    f"The pattern “{pattern}” is not a regular expression ({error}); correct it."
                ) from None
        for name in (
            "max_pages",
            "per_host_pages",
            "max_bytes",
            "concurrency",
            "per_host",
            "workers",
            "timeout",
        ):
            if (value := getattr(self, name)) is not None and not 0 < value < math.inf:
                raise CrawlError(f"{name} is {value}; give a number above zero.")
        for name in ("max_depth", "delay", "retries"):
            if (value := getattr(self, name)) is not None and not 0 <= value < math.inf:
                raise CrawlError(f"{name} is {value}; give zero or a number above it.")
        if self.proxy and not self.proxy.startswith(("http://", "https://")):
            raise CrawlError(f"The proxy “{self.proxy}” must start with http://.")
        if self.insecure and self.secret:
            raise CrawlError(
                "insecure would give cookies, headers, login or certificate to whoever answers; "
                "name the authority that signed the server's certificate with ca instead."
            )

    @property
    def secret(self) -> bool:
        """True if something secret is sent."""
        return bool(self.cookies or self.headers or self.login or self.client_cert)

    def json(self) -> dict[str, Any]:
        """Return the options as plain JSON values."""
        return {
            field.name: list(value) if isinstance(value, tuple) else value
            for field in dataclasses.fields(self)
            for value in (getattr(self, field.name),)
        }

    def record(self) -> dict[str, Any]:
        """Return what of the options may be kept: `json` without anything secret."""
        values = self.json()
        values["headers"] = [line.partition(":")[0].strip() for line in self.headers]
        if self.proxy is not None:
            parts = urlsplit(self.proxy)
            values["proxy"] = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "CrawlOptions":
        """Rebuild options from `json()`; an unknown name, or a value that is none for it, raises
        CrawlError.
        """
        known = {field.name for field in dataclasses.fields(cls)}
        if unknown := sorted(set(values) - known):
            raise CrawlError(
                f"“{unknown[0]}” is no setting of a crawl; the settings are {', '.join(known)}."
            )
        made: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
        return cls(**made)


_WORDS: Mapping[Any, str] = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    tuple: "a list of texts",
}


def _fits(value: Any, kind: Any) -> bool:
    """True if `value` may be that of a field of the type `kind`."""
    if get_origin(kind) in (types.UnionType, Union):
        return any(_fits(value, one) for one in get_args(kind))
    if get_origin(kind) is tuple:
        return isinstance(value, tuple) and all(isinstance(one, str) for one in value)
    if kind is float:
        kind = (int, float)
    # True is an int to Python, and a mistake in a file.
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _described(kind: Any) -> str:
    """Name a field's type for people; None is what stands where nothing was written."""
    kinds = get_args(kind) if get_origin(kind) in (types.UnionType, Union) else (kind,)
    return _WORDS[next(get_origin(one) or one for one in kinds if one is not types.NoneType)]


def crawl_name(seeds: Iterable[str], options: CrawlOptions) -> str:
    """Return the digest that names a crawl: its seeds and what decides which pages it reaches.

    Speed, politeness and how many pages are left out, so that changing them resumes the same crawl.
    """
    return blake_json(
        {
            "seeds": sorted(set(seeds)),
            "collection": options.collection,
            "scope": options.scope,
            "allow": sorted(options.allow),
            "deny": sorted(options.deny),
            "max_depth": options.max_depth,
            "robots": options.robots,
            "sitemaps": options.sitemaps,
        }
    )


def first_links(
    seeds: tuple[str, ...], options: CrawlOptions
) -> list[tuple[str, int, int, str | None]]:
    """Return what a frontier begins with: the seeds, and where their hosts keep a sitemap."""
    found: list[tuple[str, int, int, str | None]] = [(seed, 0, 0, None) for seed in seeds]
    if options.sitemaps and options.max_depth != 0:
        places = {urljoin(seed, "/sitemap.xml") for seed in seeds}
        found += [(place, 0, SITEMAP_PRIORITY, SITEMAP) for place in sorted(places)]
    return found


def check_seeds(seeds: Iterable[str]) -> tuple[str, ...]:
    """Return the canonical seeds, each once; raise SeedError for one that cannot start a crawl."""
    checked: dict[str, None] = {}
    for seed in seeds:
        if _LOGIN.match(seed.strip()):
            raise SeedError(
                "A starting address holds a name or a password; leave it out, put name:password "
                "into a variable of the environment and name that with --login."
            )
        try:
            url = canonical(seed)
        except UrlError as error:
            raise SeedError(str(error)) from None
        if not url.startswith(("http://", "https://")):
            raise SeedError(
                f"“{seed}” is not a web address; give one that starts with http:// or https://."
            )
        checked[url] = None
    if not checked:
        raise SeedError("There is no address to crawl; give at least one URL.")
    return tuple(checked)


def is_loopback(url: str) -> bool:
    """True if `url` names this machine without asking a name server."""
    return bool(LOOPBACK.match(urlsplit(url).hostname or ""))
