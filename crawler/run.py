"""One crawl from the outside: start the crawling process, relay its events, return a report.

The process is another one because Scrapy's reactor can be started only once, and because a crawl
that dies must not take its caller along. This module knows nothing about fetching.
"""

import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable
from pathlib import Path
from time import monotonic
from typing import IO, Any

from store.database import Database

from .errors import ChildError, NothingStoredError
from .options import CrawlOptions, check_seeds
from .report import CrawlFailure, CrawlReport, Preview, Verdict, repair

logger = logging.getLogger(__name__)

STOP_PATIENCE = 15.0

Progress = Callable[[dict[str, Any]], None]


def crawl(
    db: Database | str,
    seeds: Iterable[str],
    options: CrawlOptions | None = None,
    progress: Progress | None = None,
) -> CrawlReport:
    """Crawl from `seeds` into the store `db` (a database or its URL) until nothing is left.

    `progress` is called with each event, a dict whose "event" is `start`, `progress`, `refused`
    or `end`. An unfinished crawl of the same seeds and settings is taken up where it ended; a
    finished one is fetched again, and what the servers call unmodified keeps its version.

    Raises SeedError for an address that cannot start a crawl, NothingStoredError if not one page
    could be had, ChildError if the crawling process failed. After KeyboardInterrupt the crawl can
    be resumed.
    """
    options = options or CrawlOptions()
    checked = check_seeds(seeds)
    job = {
        "database": db if isinstance(db, str) else db.url,
        "seeds": checked,
        "options": options.json(),
        "verbose": logger.isEnabledFor(logging.INFO),
    }
    began = monotonic()
    gathered = _Gathered(progress)
    code, said = _run(job, gathered)
    if gathered.error is not None:
        raise ChildError(gathered.error)
    if code != 0 or gathered.end is None:
        last = said[-1].strip() if said else "it said nothing"
        raise ChildError(
            f"The crawling process ended with code {code} ({last}); what was stored is kept, "
            "run the same command to go on."
        )
    report = gathered.report(monotonic() - began)
    if gathered.end["pages"] == 0 and report.gone == 0:
        raise NothingStoredError(_nothing(report, checked), report)
    return report


def preview(
    seeds: Iterable[str], options: CrawlOptions | None = None, progress: Progress | None = None
) -> Preview:
    """Say what a crawl from `seeds` would ask for first; only robots.txt and sitemaps are fetched.

    Raises SeedError and ChildError as `crawl` does.
    """
    options = options or CrawlOptions()
    job = {
        "dry": True,
        "seeds": check_seeds(seeds),
        "options": options.json(),
        "verbose": logger.isEnabledFor(logging.INFO),
    }
    gathered = _Gathered(progress)
    code, said = _run(job, gathered)
    if code != 0 or gathered.error is not None:
        last = gathered.error or (said[-1].strip() if said else "it said nothing")
        raise ChildError(last if gathered.error else f"The looking process ended ({last}).")
    return Preview(tuple(gathered.verdicts), tuple(gathered.sitemaps))


class _Gathered:
    """The events of one crawl, added up."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self.last: dict[str, Any] = {}
        self.failures: list[CrawlFailure] = []
        self.verdicts: list[Verdict] = []
        self.sitemaps: list[tuple[str, int]] = []
        self.end: dict[str, Any] | None = None
        self.error: str | None = None
        self.resumed = False
        self.joined = False

    def take(self, event: dict[str, Any]) -> None:
        kind = event["event"]
        if kind == "log":
            logging.getLogger(event["logger"]).log(event["level"], "%s", event["message"])
            return
        if kind == "error":
            self.error = event["message"]
        elif kind == "start":
            self.resumed = event["resumed"]
            self.joined = event["joined"]
        elif kind == "progress":
            self.last = event
        elif kind == "refused":
            self.failures.append(CrawlFailure(event["url"], event["reason"], event["detail"]))
        elif kind == "verdict":
            found = (event["url"], event["from"], event["verdict"], event["why"])
            self.verdicts.append(Verdict(*found))
        elif kind == "sitemap":
            self.sitemaps.append((event["url"], event["pages"]))
        elif kind == "end":
            self.end = event
        if self._progress is not None:
            self._progress(event)

    def report(self, seconds: float) -> CrawlReport:
        assert self.end is not None
        return CrawlReport(
            pages_new=self.last.get("new", 0),
            pages_changed=self.last.get("changed", 0),
            unchanged=self.last.get("unchanged", 0),
            refused=dict(Counter(failure.reason for failure in self.failures)),
            failures=tuple(self.failures),
            waiting=self.end["waiting"],
            seconds=seconds,
            state=self.end["state"],
            resumed=self.resumed,
            gone=self.last.get("gone", 0),
            joined=self.joined,
        )


def _run(job: dict[str, Any], gathered: _Gathered) -> tuple[int, list[str]]:
    """Run the child to its end; return its exit code and the last lines of its standard error."""
    child = subprocess.Popen(
        [sys.executable, "-m", "crawler.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Where this package lies, it may not be installed; and Ctrl-C must reach us alone.
        env=_environment(),
        start_new_session=True,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stderr is not None
    tail: deque[str] = deque(maxlen=20)
    reader = threading.Thread(target=_drain, args=(child.stderr, tail), daemon=True)
    reader.start()
    try:
        child.stdin.write(json.dumps(job) + "\n")
        child.stdin.flush()
        for line in child.stdout:
            gathered.take(json.loads(line))
        code = child.wait()
    except BaseException:
        _stop(child, gathered)
        raise
    finally:
        for stream in (child.stdin, child.stdout):
            with contextlib.suppress(BrokenPipeError):
                stream.close()
        reader.join(timeout=2)
        child.stderr.close()
    for line in tail:
        logger.debug("crawling process: %s", line.rstrip())
    return code, [line for line in tail if line.strip()]


def _environment() -> dict[str, str]:
    root = str(Path(__file__).resolve().parent.parent)
    known = os.environ.get("PYTHONPATH")
    return os.environ | {"PYTHONPATH": root + (os.pathsep + known if known else "")}


def _drain(stream: IO[str], tail: "deque[str]") -> None:
    with contextlib.suppress(ValueError):  # closed while reading
        tail.extend(stream)


def _stop(child: subprocess.Popen[str], gathered: _Gathered) -> None:
    """Let the child write what it has, but not for long."""
    child.terminate()
    try:
        child.wait(STOP_PATIENCE)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        child.kill()
        child.wait()


def _nothing(report: CrawlReport, seeds: tuple[str, ...]) -> str:
    """One sentence that says why nothing was stored, and what to do."""
    failures = {failure.url: failure for failure in report.failures}
    first = next((failures[seed] for seed in seeds if seed in failures), None)
    first = first or next(iter(report.failures), None)
    if first is None:
        return f"Nothing was stored: {seeds[0]} gave no page; check the address."
    others = len(report.failures) - 1
    more = f", and {others:,} more addresses gave no page either" if others else ""
    if first.reason == "unreachable":
        why = f"{first.url} could not be reached ({first.detail})"
    else:
        why = f"{first.url} was refused ({first.reason}: {first.detail})"
    what = repair(first.reason) or "give another address"
    return f"Nothing was stored: {why}{more}; {what}."
