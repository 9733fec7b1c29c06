"""Extraction in processes of its own, because it holds the interpreter for tens of milliseconds.

A worker lives no longer than the process that started it, spends no more than `PATIENCE` on a page,
and may crash on one without losing the others. It knows nothing about where pages come from.
"""

import asyncio
import logging
import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from types import FrameType
from typing import TYPE_CHECKING

from .bounds import bound_memory, bound_time
from .extract import Refusal, extract

if TYPE_CHECKING:
    from store.page import PageVersion

logger = logging.getLogger(__name__)

PATIENCE = 30.0
"""Seconds that one page may take; the slowest honest page seen (2.5 MB of links) took 2.4."""


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
        job = (body, headers, url, fetched_at, status, self._max_bytes)
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
        return Refusal("crashed", "the extraction process died on it twice")

    def close(self) -> None:
        """End the workers; what they were doing is lost."""
        processes = list((self._pool._processes or {}).values())
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()

    def _make(self) -> ProcessPoolExecutor:
        # Not fork: the reactor and its threads are running by the time a pool is made again.
        pool = ProcessPoolExecutor(
            self._workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(os.getpid(),),
        )
        for _ in range(self._workers):
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


def _work(job: tuple[bytes, dict[str, str], str, datetime, int, int]) -> "PageVersion | Refusal":
    body, headers, url, fetched_at, status, max_bytes = job
    signal.signal(signal.SIGALRM, _alarm)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    bound_time()
    try:
        return extract(body, headers, url, fetched_at, status, max_bytes=max_bytes)
    except _TooSlow:
        return Refusal("too-slow", f"it could not be read in {PATIENCE:.0f} seconds")
    except MemoryError:
        return Refusal("too-complex", "reading it takes more memory than one page may have")
    except Exception as error:  # a page must never stop a crawl
        logger.debug("extraction of %s failed", url, exc_info=True)
        return Refusal("unreadable", f"the extractor failed on it ({type(error).__name__})")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        bound_time(0)
