"""Scrapy's downloader with pauses that a server can count on: a host that has one is asked for one
thing at a time, and the pause begins when the answer has come, not when it was asked for.

So however slow this machine or the network is, two requests to a host are never nearer to each
other than its pause. A server that answers 429 or 503 is given longer ones. It knows nothing about
which addresses are asked for.
"""

import asyncio
import logging
from time import monotonic
from typing import Any

from scrapy import Request
from scrapy.core.downloader import Downloader
from scrapy.http import Response

logger = logging.getLogger(__name__)

LONGEST_PAUSE = 30.0
OVERLOADED = (429, 503)


class PacedDownloader(Downloader):
    """The setting `DOWNLOADER`; at most `CONCURRENT_REQUESTS` are under way at once."""

    def __init__(self, crawler: Any) -> None:
        super().__init__(crawler)
        total = self.total_concurrency
        # Requests that wait for their host must not keep those for other hosts from starting.
        self.total_concurrency = 0
        self.handlers: Any = _Paced(self, self.handlers, total)

    def slow_down(self, name: str, pause: float) -> None:
        """Ask the host `name` at most once every `pause` seconds from now on."""
        slot = self.slots.get(name)
        if slot is None:  # it is made with the host's first request
            self.per_slot_settings[name] = {"delay": pause, "concurrency": 1}
        elif slot.delay < pause:
            slot.delay = pause
            slot.concurrency = 1


class _Paced:
    """The handlers that send requests, and the clock of each host's pause."""

    def __init__(self, downloader: PacedDownloader, handlers: Any, total: int) -> None:
        self._downloader = downloader
        self._handlers = handlers
        self._room = asyncio.Semaphore(total)

    async def download_request_async(self, request: Request) -> Response:
        """Send one request when this process may, and begin its host's pause with the answer."""
        name = request.meta.get("download_slot", "")
        try:
            async with self._room:
                # While it waited, its work may have been given to another process.
                spider = self._downloader.crawler.spider
                if spider is not None and hasattr(spider, "may_ask"):
                    await spider.may_ask()
                response: Response = await self._handlers.download_request_async(request)
        finally:
            if (slot := self._downloader.slots.get(name)) is not None:
                slot.lastseen = monotonic()
        if response.status in OVERLOADED and slot is not None:
            pause = min(max(retry_after(response), 2 * slot.delay, 1.0), LONGEST_PAUSE)
            logger.info("%s answers %d; pausing %.1f s", name, response.status, pause)
            self._downloader.slow_down(name, pause)
        return response


def retry_after(response: Response) -> float:
    """Return the seconds that the server asks to wait, 0 where it names none."""
    value = (response.headers.get(b"Retry-After") or b"").strip()
    return float(value) if value.isdigit() else 0.0
