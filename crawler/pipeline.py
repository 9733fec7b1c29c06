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
LONGEST_WAIT = 2.0

Found = tuple[str, int, int, str | None]
"""A link for the frontier: url, depth, priority, referrer."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one leased address: a page, an unchanged page, a failure, or nothing to keep.

    `links` go to the frontier with it. Nothing to keep is a sitemap, or an address that turned out
    to be a page already fetched.
    """

    entry: Entry
    page: PageVersion | None = None
    unchanged: bool = False
    failure: CrawlFailure | None = None
    links: tuple[Found, ...] = ()


@dataclass(slots=True)
class Tally:
    """What this run has written so far."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
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
    def pending_pages(self) -> int:
        """Pages among them."""
        return sum(1 for one in self._waiting if one.page is not None or one.unchanged)

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
        failures = [one.failure for one in batch if one.failure is not None]
        for failure in failures:
            self._keep(failure)
        self._frontier.add([link for one in batch for link in one.links])
        self._frontier.done([one.entry.id for one in batch if one.failure is None])
        for one in batch:
            if one.failure is not None:
                self._frontier.refuse(one.entry.id, one.failure.reason)
        # Outcomes put by the other thread meanwhile stand behind the batch.
        del self._waiting[: len(batch)]
        self._since = monotonic()
        self._count(batch, added.new, added.changed, added.unchanged)
        return failures

    def _keep(self, failure: CrawlFailure) -> None:
        with contextlib.suppress(UrlError):  # the store cannot name it; the report still does
            self._store.fail(failure.url, failure.reason, failure.detail, "crawl")

    def _count(self, batch: list[Outcome], new: int, changed: int, unchanged: int) -> None:
        tally = self.tally
        tally.new += new
        tally.changed += changed
        tally.unchanged += unchanged + sum(1 for one in batch if one.unchanged)
        for one in batch:
            if one.failure is not None:
                reason = one.failure.reason
                tally.refused[reason] = tally.refused.get(reason, 0) + 1
