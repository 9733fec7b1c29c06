"""From outcomes to the database, in batches, in the one order in which a kill loses nothing.

An outcome is what became of one address of the frontier. A batch is written as: pages, failures,
newly found links, and last of all the leases of its addresses are ended. Killed anywhere in
between, the addresses are leased again, and writing a page a second time changes nothing. It knows
nothing about fetching or extraction.
"""

import contextlib
import threading
from dataclasses import dataclass, field
from time import monotonic

from store.errors import UrlError
from store.frontier import Entry, Frontier
from store.page import PageVersion
from store.pages import PageStore

from .report import CrawlFailure

BATCH = 100
GONE = "gone"
"""The reason of an address whose stored page its server no longer has."""
LONGEST_WAIT = 2.0

Found = tuple[str, int, int, str | None]
"""A link for the frontier: url, depth, priority, referrer."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one leased address: a page, an unchanged page, a failure, or nothing to keep.

    `links` go to the frontier with it. `unchanged` is the address of a page that is as it was
    stored, `gone` are those of pages that their server no longer has; `moved` are redirects, and
    `claimed` the leases taken along the way to its end. Nothing to keep is a sitemap, a feed, or
    a redirect to what is fetched for itself.
    """

    entry: Entry
    page: PageVersion | None = None
    unchanged: str | None = None
    failure: CrawlFailure | None = None
    gone: tuple[str, ...] = ()
    links: tuple[Found, ...] = ()
    moved: tuple[tuple[str, str], ...] = ()
    claimed: tuple[int, ...] = ()

    @property
    def is_page(self) -> bool:
        """True if a page stands behind the address."""
        return self.page is not None or self.unchanged is not None


@dataclass(slots=True)
class Tally:
    """What this run has written so far."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    refused: dict[str, int] = field(default_factory=dict)

    @property
    def pages(self) -> int:
        """Pages seen alive in this run."""
        return self.new + self.changed + self.unchanged


class Pipeline:
    """Collects outcomes (in the event loop's thread) and writes them (in any one thread)."""

    def __init__(self, store: PageStore, frontier: Frontier) -> None:
        self.tally = Tally()
        self._store = store
        self._frontier = frontier
        self._waiting: list[Outcome] = []
        self._since = 0.0
        self._writing = threading.Lock()

    def put(self, outcome: Outcome) -> None:
        """Take an outcome; it counts as done only after a later `flush`."""
        if not self._waiting:
            self._since = monotonic()
        self._waiting.append(outcome)

    @property
    def pending(self) -> int:
        """Outcomes that wait to be written."""
        return len(self._waiting)

    @property
    def due(self) -> bool:
        """True once a batch is full, or its oldest outcome has waited long enough."""
        if len(self._waiting) >= BATCH:
            return True
        return bool(self._waiting) and monotonic() - self._since >= LONGEST_WAIT

    def flush(self) -> list[CrawlFailure]:
        """Write everything that was put before this call; return the failures among it.

        Raises the store's DatabaseError, and then all of it is written by the next call.
        """
        # A flush that was cancelled goes on in its thread; the next one waits for it.
        with self._writing:
            return self._write(self._waiting[:])

    def _write(self, batch: list[Outcome]) -> list[CrawlFailure]:
        if not batch:
            return []
        added = self._store.add([one.page for one in batch if one.page is not None])
        self._store.mark_seen([one.unchanged for one in batch if one.unchanged is not None])
        self._store.mark_gone([url for one in batch for url in one.gone])
        for alias, target in (pair for one in batch for pair in one.moved):
            self._store.add_alias(alias, target)
        failures = [one.failure for one in batch if one.failure is not None]
        for failure in failures:
            if failure.reason != GONE:  # its page is there
                self._keep(failure)
        self._frontier.add([link for one in batch for link in one.links])
        self._settle(batch)
        # Outcomes put by the other thread meanwhile stand behind the batch.
        del self._waiting[: len(batch)]
        self._since = monotonic()
        self._count(batch, added.new, added.changed, added.unchanged)
        return failures

    def _settle(self, batch: list[Outcome]) -> None:
        done = [one.entry.id for one in batch if one.is_page]
        refused = [
            (key, one.failure.reason)
            for one in batch
            if one.failure is not None
            for key in (one.entry.id, *one.claimed)
        ]
        passed = [one.entry.id for one in batch if not one.is_page and one.failure is None]
        passed += [key for one in batch if one.failure is None for key in one.claimed]
        self._frontier.settle(done, passed, refused)

    def _keep(self, failure: CrawlFailure) -> None:
        with contextlib.suppress(UrlError):  # the store cannot name it; the report still does
            self._store.fail(failure.url, failure.reason, failure.detail, "crawl")

    def _count(self, batch: list[Outcome], new: int, changed: int, unchanged: int) -> None:
        tally = self.tally
        tally.new += new
        tally.changed += changed
        tally.unchanged += unchanged + sum(one.unchanged is not None for one in batch)
        for one in batch:
            if one.failure is not None:
                reason = one.failure.reason
                tally.gone += reason == GONE
                tally.refused[reason] = tally.refused.get(reason, 0) + 1
