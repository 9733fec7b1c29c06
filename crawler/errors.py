"""The errors of crawler. Every message is one sentence that names the repair.

CrawlError
├── SeedError         an address that cannot start a crawl
├── SitesError        a sites.toml that cannot be read
├── AccessError       cookies, a login, a header or a certificate that cannot be used
├── NothingStoredError     a crawl that ended without a single page; carries its report
└── ChildError        the crawling process failed or was stopped
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .report import CrawlReport


class CrawlError(Exception):
    """Something about a crawl that the user can repair."""


class SeedError(CrawlError):
    """An address that cannot start a crawl: not http(s), no host, or excluded by the options."""


class SitesError(CrawlError):
    """A `sites.toml` that is missing, malformed or names an unknown setting."""


class AccessError(CrawlError):
    """A file or variable with which a site is to be asked, and that cannot be used."""


class NothingStoredError(CrawlError):
    """A crawl that ended without a single page; `report` says what became of every address."""

    def __init__(self, message: str, report: CrawlReport) -> None:
        super().__init__(message)
        self.report = report


class ChildError(CrawlError):
    """The crawling process ended before its work was done; what it stored is kept."""
