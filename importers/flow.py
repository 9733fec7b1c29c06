"""The flow of one import: items through extraction, and in batches into the store.

A batch is its pages, its refusals and its line in the journal in one transaction. While one is
being stored the next is being read. It knows neither formats nor how an import begins or ends.
"""

import logging
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC
from itertools import islice
from pathlib import Path
from time import monotonic

from extraction.pool import ExtractionPool
from store.ages import Stored, newer
from store.database import Database
from store.errors import UrlError
from store.imports import Job, More, Refused, advance
from store.page import PageVersion
from store.pages import PageStore
from store.urls import canonical
from store.writing import AddReport

from .base import Alias, Document, Importer, Item
from .errors import DamagedError, ImporterError
from .names import shown
from .options import ImportOptions, Moment, Progress, Stop
from .position import Position
from .reading import Known, Result, Same, read_items
from .report import ImportReport

logger = logging.getLogger(__name__)

BATCH_PAGES = 500
BATCH_ITEMS = 5000
BATCH_LETTERS = 8_000_000
LONGEST_WAIT = 2.0
EXAMPLES = 3
"""Of each reason, how many refusals the report names."""
TICK = 0.2


@dataclass(slots=True)
class Batch:
    """Results that are stored together; `items` says how many things they come from."""

    pages: list[PageVersion] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    aliases: list[tuple[str, str]] = field(default_factory=list)
    same: list[Same] = field(default_factory=list)
    items: int = 0
    letters: int = 0
    since: float = field(default_factory=monotonic)

    def put(self, result: Result) -> None:
        """Take the next result."""
        self.items += 1
        if isinstance(result, Refused):
            self.refused.append(result)
        elif isinstance(result, Alias):
            self.aliases.append((result.url, result.target))
        elif isinstance(result, Same):
            self.same.append(result)
        else:
            self.pages.append(result)
            self.letters += len(result.text)

    def seen(self) -> tuple[tuple[str, str], ...]:
        """The addresses of all that stands there, readable or not, with the digests of what is
        stored.
        """
        refused = [(one.url, "") for one in self.refused if one.url and _is_address(one.url)]
        pages = [(page.url, page.capture) for page in self.pages]
        same = [(one.url, one.capture) for one in self.same]
        return tuple(dict.fromkeys([*pages, *same, *refused]))

    @property
    def full(self) -> bool:
        """True once it is large or old enough to be stored."""
        return (
            len(self.pages) >= BATCH_PAGES
            or self.items >= BATCH_ITEMS
            or self.letters >= BATCH_LETTERS
            or monotonic() - self.since >= LONGEST_WAIT
        )


def _older(page: PageVersion, than: Stored, place: str) -> Refused:
    detail = (
        f"it is of {page.fetched_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC, and the stored page, from "
        f"{than.source or 'elsewhere'}, of {than.fetched_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    )
    return Refused(place, "older", detail, page.url)


def _is_address(url: str) -> bool:
    try:
        return bool(canonical(url))
    except UrlError:
        return False


class Flow:
    """One run over one path."""

    def __init__(
        self,
        database: Database | None,
        path: Path,
        reader: Importer,
        options: ImportOptions,
        job: Job | None,
        progress: Progress | None,
        stop: Stop,
    ) -> None:
        self._store = (
            PageStore(database, options.collection)
            if database is not None and not options.dry_run
            else None
        )
        self._database = database
        self._path, self._reader, self._options = path, reader, options
        self._job, self._progress, self._stop = job, progress, stop
        self.source = f"{reader.NAME}:{shown(path.resolve().name)}"
        self._before = job.items if job is not None else 0
        self._earlier = job.pages if job is not None else 0
        self._rejects = Counter(job.rejects if job is not None else {})
        self._examples: dict[str, list[Refused]] = {}
        self._position = Position(path)
        self._ticked = 0.0
        self._pages = 0
        self._refused = 0
        self._aliases = 0
        self._same = 0
        self._older: list[Refused] = []
        self.known: Known = {}
        self._added = AddReport()

    def go(self, pool: ExtractionPool) -> ImportReport:
        """Read and store to the end, the limit, the damage or the stop, and say how it went."""
        began, state, error = monotonic(), "finished", ""
        with ThreadPoolExecutor(1, "import-writer") as writer:
            waiting: Future[None] | None = None
            batch = Batch()
            results = read_items(self._items(), pool, self.known)
            try:
                for result in results:
                    batch.put(result)
                    self._count(result)
                    if batch.full:
                        waiting = self._hand_over(writer, waiting, batch)
                        batch = Batch()
                    if self._options.limit is not None and self._pages >= self._options.limit:
                        state = "limited"
                        break
                    if self._stop():
                        state = "stopped"
                        break
                else:
                    state = "stopped" if self._stop() else "finished"
            except ImporterError as damage:
                state, error = "damaged", str(damage)
            waiting = self._hand_over(writer, waiting, batch)
            waiting.result()
        self._tell(last=True)
        return self._report("dry" if self._options.dry_run else state, error, monotonic() - began)

    def _items(self) -> Iterator[Item]:
        """The items after those that are stored; whatever a reader trips over becomes damage."""
        items = self._reader.items(self._path)
        try:
            for item in islice(items, self._before):
                self._pass(item)
                self._tell(skipping=True)
                if self._stop():
                    return
            for item in items:
                self._pass(item)
                yield item
        except (ImporterError, KeyboardInterrupt, GeneratorExit):
            raise
        except OSError as error:
            raise DamagedError(
                f"{self._path} could not be read on ({error.strerror or error}); what came before "
                "is stored, so mend the file or its disk and run the same command again."
            ) from error
        except Exception as error:  # an archive must never stop the others of the command
            logger.debug("the importer failed on %s", self._path, exc_info=True)
            raise DamagedError(
                f"{self._path} could not be read on: the {self._reader.NAME} reader failed "
                f"({type(error).__name__}: {error}); what came before is stored, so check the file."
            ) from error

    def _pass(self, item: Item) -> None:
        if isinstance(item, Document):
            self._position.passed(len(item.body))

    def _hand_over(
        self, writer: ThreadPoolExecutor, waiting: Future[None] | None, batch: Batch
    ) -> Future[None]:
        if waiting is not None:
            waiting.result()
        return writer.submit(self._write, batch, dict(self._rejects))

    def _write(self, batch: Batch, rejects: dict[str, int]) -> None:
        if self._store is None or self._job is None or not batch.items:
            return
        kept, older = self._newest(batch.pages)
        rejects["older"] = rejects.get("older", 0) + len(self._older)
        gone = [(page.url, page.gone_at) for page in kept if page.gone_at is not None]
        seen = replace(batch, pages=kept).seen() if self._path.is_dir() else ()
        seen += tuple((one.url, "") for one in older) if seen else ()
        refused, aliases = tuple(batch.refused), tuple(batch.aliases)
        more = More(refused, aliases, tuple(gone), seen, len(batch.same))
        counts = {reason: count for reason, count in rejects.items() if count}
        also = advance(self._job, batch.items, more, counts, self.source)
        self._added += self._store.add(kept, also)
        self._same += len(batch.same)
        self._job = replace(self._job, items=self._job.items + batch.items)

    def _newest(self, pages: list[PageVersion]) -> tuple[list[PageVersion], list[Refused]]:
        """The pages of a batch without those that are older than the stored ones, and these."""
        assert self._database is not None
        found = newer(self._database, self._options.collection, pages)
        kept = [page for at, page in enumerate(pages) if at not in found]
        older = [_older(pages[at], than, shown(self._path.name)) for at, than in found.items()]
        self._older += older
        return kept, older

    def _count(self, result: Result) -> None:
        if isinstance(result, Refused):
            self._refused += 1
            self._rejects[result.reason] += 1
            shown = self._examples.setdefault(result.reason, [])
            if len(shown) < EXAMPLES:
                shown.append(result)
        elif isinstance(result, Alias):
            self._aliases += 1
        else:
            self._pages += 1
        self._tell()

    def _tell(self, skipping: bool = False, last: bool = False) -> None:
        if self._progress is None:
            return
        now = monotonic()
        if not last and now - self._ticked < TICK:
            return
        self._ticked = now
        read = self._position.size if last else self._position.read()
        self._progress(
            Moment(self._path, read, self._position.size, self._pages, self._refused, skipping)
        )

    def _report(self, state: str, error: str, seconds: float) -> ImportReport:
        dry = self._options.dry_run
        examples = [*self._examples.values(), self._older[:EXAMPLES]]
        return ImportReport(
            path=shown(self._path),
            format=self._reader.NAME,
            state=("damaged" if error else "dry") if dry else state,
            new=self._pages if dry else self._added.new,
            changed=self._added.changed,
            unchanged=self._added.unchanged + self._same,
            aliases=self._aliases,
            rejects=dict(self._rejects + Counter({"older": len(self._older)})),
            examples=tuple(one for shown in examples for one in shown),
            seconds=seconds,
            before=self._before,
            earlier=self._earlier,
            bytes=self._position.size,
            error=error,
        )
