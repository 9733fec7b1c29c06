"""The options of a crawl as Scrapy settings, with everything set that Scrapy leaves open.

It knows names of settings and nothing else; the twin in the tests swaps one middleware here.
"""

import importlib.metadata
from collections.abc import Iterable
from typing import Any

from store.hosts import Manners
from store.urls import host

from .options import CrawlOptions, is_loopback
from .pacing import LONGEST_PAUSE

PRODUCT = "deep-research-appliance"
POLITE_DELAY = 0.5
AHEAD = 3
"""Addresses of a host with pauses that a process leases at once: more would only wait."""


def user_agent(options: CrawlOptions) -> str:
    """Return the name under which the crawl shows itself."""
    if options.user_agent:
        return options.user_agent
    try:
        version = importlib.metadata.version(PRODUCT)
    except importlib.metadata.PackageNotFoundError:
        version = "0"
    return f"{PRODUCT}/{version}"


def pause(seeds: Iterable[str], options: CrawlOptions) -> float:
    """Return the seconds between two requests to one host that is no loopback one."""
    if options.delay is not None:
        return options.delay
    local = all(is_loopback(seed) for seed in seeds) or (
        options.proxy is not None and is_loopback(options.proxy)
    )
    return 0.0 if local else POLITE_DELAY


def manners(seeds: Iterable[str], options: CrawlOptions) -> Manners:
    """Return how the frontier is to give out addresses."""
    rest = pause(seeds, options)
    return Manners(
        hold=rest > 0,
        pause=rest,
        each=AHEAD if rest > 0 else None,
        max_pages=options.max_pages,
        per_host=options.per_host_pages,
    )


def scrapy_settings(seeds: Iterable[str], options: CrawlOptions) -> dict[str, Any]:
    """Return the settings of the crawling process."""
    seeds = list(seeds)
    delay = pause(seeds, options)
    # A host with a pause is asked for one thing at a time.
    per_host = 1 if delay else options.per_host or options.concurrency
    agent = user_agent(options)
    middlewares: dict[str, int | None] = {
        "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
        "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
        "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
        "crawler.gate.Gate": 50,
        # Behind whatever else sets headers, and where every request passes.
        "crawler.access.AccessMiddleware": 900,
    }
    if options.robots:
        middlewares["crawler.robots.RobotsMiddleware"] = 100
    away: dict[str, Any] = {}
    if options.inside is not None:
        from .outside import ADMITTED, admitted

        away = {"DNS_RESOLVER": "crawler.outside.OutsideResolver", ADMITTED: admitted(options)}
    return away | {
        "USER_AGENT": agent,
        "ROBOTSTXT_USER_AGENT": agent.split("/")[0],
        "ROBOTSTXT_OBEY": options.robots,
        "DOWNLOADER_MIDDLEWARES": middlewares,
        "DOWNLOAD_DELAY": delay,
        "DOWNLOAD_SLOTS": {
            host(seed): {"delay": 0.0, "concurrency": options.per_host or options.concurrency}
            for seed in seeds
            if is_loopback(seed) and delay and options.delay is None
        },
        "DOWNLOAD_DELAY_JITTER": 0.0,
        "DOWNLOADER": "crawler.pacing.PacedDownloader",
        "AUTOTHROTTLE_ENABLED": delay > 0,
        "AUTOTHROTTLE_START_DELAY": delay,
        "AUTOTHROTTLE_MAX_DELAY": LONGEST_PAUSE,
        "CONCURRENT_REQUESTS": options.concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": per_host,
        "DOWNLOAD_TIMEOUT": options.timeout,
        "DOWNLOAD_MAXSIZE": options.max_bytes,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_FAIL_ON_DATALOSS": True,
        "DOWNLOAD_HANDLERS": {
            "https": "crawler.tls.Handler",
            **dict.fromkeys(("file", "ftp", "s3", "data")),
        },
        "RETRY_ENABLED": options.retries > 0,
        "RETRY_TIMES": options.retries,
        "REDIRECT_MAX_TIMES": 10,
        # A page that reloads itself is a page; where a <meta> leads is one of its links.
        "METAREFRESH_ENABLED": False,
        "HTTPERROR_ALLOW_ALL": True,
        "COOKIES_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        # On by default since Scrapy 2.19: a server that runs Python code sent to it.
        "REMOTE_CONTROL_ENABLED": False,
        # Scrapy starts as many tasks for every answer, to handle items: there are none.
        "CONCURRENT_ITEMS": 1,
        # It reads the source of each callback, to warn its author.
        "WARN_ON_GENERATOR_RETURN_VALUE": False,
        "DUPEFILTER_CLASS": "scrapy.dupefilters.BaseDupeFilter",
        "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
        "LOG_ENABLED": False,
        "LOG_INSTALL_ROOT_HANDLER": False,
        "LOGSTATS_INTERVAL": 0,
        "CLOSESPIDER_ERRORCOUNT": 0,
        "MEMUSAGE_ENABLED": False,
    }
