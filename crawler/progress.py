"""The progress of a crawl as one line on standard error. It knows events, and nothing else."""

import sys
from types import TracebackType
from typing import Any, TextIO

MOST_ERRORS = 3
"""Kinds of errors that the line names one by one."""


class CrawlProgress:
    """A progress bar to hand to `crawl` as its `progress`; use it as a context manager.

    The total grows as links are found. On anything but a terminal it draws nothing, and `quiet`
    turns it off.
    """

    def __init__(self, quiet: bool = False, stream: TextIO | None = None) -> None:
        from tqdm import tqdm

        stream = stream or sys.stderr
        self._bar = tqdm(
            desc="crawl",
            unit="page",
            total=0,
            file=stream,
            disable=quiet or not stream.isatty(),
            dynamic_ncols=True,
            smoothing=0.1,
        )

    def __call__(self, event: dict[str, Any]) -> None:
        """Show one event."""
        if event["event"] == "start" and event.get("resumed"):
            joined = event.get("joined")
            self._bar.set_postfix_str("beside other processes" if joined else "resumed")
        if event["event"] != "progress":
            return
        pages = event["new"] + event["changed"] + event["unchanged"]
        seen = pages + event["refused"]
        self._bar.total = seen + event["waiting"] + event["leased"]
        self._bar.n = seen
        self._bar.set_postfix_str(_figures(event), refresh=False)
        self._bar.refresh()

    def close(self) -> None:
        """Leave the bar as it stands and go to the next line."""
        self._bar.close()

    def __enter__(self) -> "CrawlProgress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _figures(event: dict[str, Any]) -> str:
    """The queue, what was stored, and the commonest errors by kind."""
    parts = [
        f"queue {event['waiting']:,}",
        f"{event['new']:,} new",
        f"{event['changed']:,} changed",
    ]
    reasons = sorted(event["reasons"].items(), key=lambda item: (-item[1], item[0]))
    errors = [f"{count:,} {reason}" for reason, count in reasons[:MOST_ERRORS]]
    rest = sum(count for _, count in reasons[MOST_ERRORS:])
    if rest:
        errors.append(f"{rest:,} others")
    return ", ".join([*parts, *(["errors: " + ", ".join(errors)] if errors else [])])
