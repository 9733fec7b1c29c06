"""Extraction in processes of its own, because it holds the interpreter for tens of milliseconds.

A worker lives no longer than the process that started it, spends no more than `kinds.patience` on a
page, and may crash on one without losing the others. Its caller waits in an event loop (`extract`)
or in a thread (`submit`, `finish`). It knows nothing about where pages come from.
"""

import asyncio
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from datetime import datetime
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from store.digest import sha256

from .bounds import bound_memory, bound_time
from .extract import Refusal
from .finish import Unfinished, finish_page
from .kinds import PAGE_SECONDS, patience, read

if TYPE_CHECKING:
    from store.page import PageVersion

logger = logging.getLogger(__name__)

Given = TypeVar("Given")


class Job(NamedTuple):
    """One document to read, as it travels to a worker."""

    body: bytes
    headers: Mapping[str, str]
    url: str
    fetched_at: datetime
    status: int
    source: str
    max_bytes: int


class Pending:
    """What a worker is doing; `result` waits for it."""

    def __init__(self, pool: "ExtractionPool", work: Any, given: Any) -> None:
        self._pool, self._work, self._given = pool, work, given
        self._future: Future[Any] | None = pool.send(work, given)

    def result(self) -> Any:
        """Return what the worker made of it; a Refusal where it dies on that even when alone.

        A worker that dies takes along what stood in the same pool, so each of those is done once
        more, by itself: which page is to blame does not hang on its neighbours.
        """
        try:
            if self._future is not None:
                return self._future.result()
        except BrokenProcessPool:
            self._pool.mend()
        try:
            return self._pool.alone(self._work, self._given)
        except BrokenProcessPool:
            return CRASHED


CRASHED = Refusal("crashed", "the extraction process died on it twice")


class ExtractionPool:
    """Runs `extract` in `workers` processes; `None` means one core fewer than there are."""

    def __init__(self, workers: int | None, max_bytes: int) -> None:
        self._workers = workers or max(1, cores() - 1)
        self._max_bytes = max_bytes
        self._pool = self._make()

    async def extract(
        self, body: bytes, headers: dict[str, str], url: str, fetched_at: datetime, status: int
    ) -> "PageVersion | Refusal":
        """Return what `extract` makes of a response; a page that kills its worker is refused."""
        job = Job(body, headers, url, fetched_at, status, "crawl", self._max_bytes)
        loop = asyncio.get_running_loop()
        for _ in range(2):
            pool = self._pool
            try:
                return await loop.run_in_executor(pool, _work, job)
            except BrokenProcessPool:
                # Whichever page it was, the others that were inside with it get a second try.
                if self._pool is pool:
                    logger.warning("an extraction process died; starting another")
                    self._pool = self._make()
        return CRASHED

    @property
    def workers(self) -> int:
        """How many processes there are."""
        return self._workers

    def submit(
        self,
        body: bytes,
        headers: Mapping[str, str],
        url: str,
        fetched_at: datetime,
        status: int = 200,
        source: str = "",
    ) -> Pending:
        """Begin to extract a document; `result()` gives a PageVersion or a Refusal."""
        job = Job(body, headers, url, fetched_at, status, source, self._max_bytes)
        return Pending(self, _work, job)

    def finish(self, pages: "Sequence[Unfinished]") -> Pending:
        """Begin to tell what pages lack that came as text; `result()` gives a list of a
        PageVersion or a Refusal for each, in their order.
        """
        return Pending(self, _finish, list(pages))

    def send(self, work: Any, given: Any) -> "Future[Any] | None":
        """Hand work to the workers; None where they have just died."""
        try:
            return self._pool.submit(work, given)
        except BrokenProcessPool:
            return None

    def mend(self) -> None:
        """Start new workers where the present ones have died."""
        if self._pool._broken:
            logger.warning("an extraction process died; starting another")
            self._pool = self._make()

    def alone(self, work: Any, given: Any) -> Any:
        """Do work in a process of its own; raises BrokenProcessPool where that dies."""
        pool = self._make(1)
        try:
            return pool.submit(work, given).result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """End the workers; what they were doing is lost."""
        processes = list((self._pool._processes or {}).values())
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()

    def _make(self, workers: int = 0) -> ProcessPoolExecutor:
        # Not fork: the reactor and its threads are running by the time a pool is made again.
        workers = workers or self._workers
        pool = ProcessPoolExecutor(
            workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(os.getpid(),),
        )
        for _ in range(workers):
            pool.submit(_ready)
        return pool


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _begin(parent: int) -> None:
    """Make this worker quiet, mortal and ready."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    threading.Thread(target=_die_with, args=(parent,), daemon=True).start()
    import trafilatura  # noqa: F401  (the import is the slow part of the first page)

    bound_memory()


def _die_with(parent: int) -> None:
    # A killed parent closes no queue that its workers also hold; only their parent's number tells.
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _ready() -> None:
    """Nothing: the call makes the pool start its processes."""


class _TooSlow(BaseException):
    """Raised by the alarm; no `except Exception` of a library may swallow it."""


def _alarm(number: int, frame: FrameType | None) -> None:
    raise _TooSlow


def _work(job: Job) -> "PageVersion | Refusal":
    found = _bounded(_extract, job, job.url, patience(job.body))
    return found if isinstance(found, Refusal) else replace(found, capture=sha256(job.body))


def _finish(pages: "list[Unfinished]") -> "list[PageVersion | Refusal]":
    return [_bounded(finish_page, given, given.page.url) for given in pages]


def _extract(job: Job) -> "PageVersion | Refusal":
    return read(
        job.body,
        job.headers,
        job.url,
        job.fetched_at,
        job.status,
        job.source,
        max_bytes=job.max_bytes,
    )


def _bounded(
    work: "Callable[[Given], PageVersion | Refusal]",
    given: Given,
    url: str,
    seconds: float = PAGE_SECONDS,
) -> "PageVersion | Refusal":
    """Do `work` in bounded time; whatever goes wrong with it is a refusal."""
    signal.signal(signal.SIGALRM, _alarm)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    bound_time(2 * seconds)
    try:
        return work(given)
    except _TooSlow:
        return Refusal("too-slow", f"it could not be read in {seconds:.0f} seconds")
    except MemoryError:
        return Refusal("too-complex", "reading it takes more memory than one page may have")
    except Exception as error:  # a page must never stop a crawl
        logger.debug("extraction of %s failed", url, exc_info=True)
        return Refusal("unreadable", f"the extractor failed on it ({type(error).__name__})")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        bound_time(0)
