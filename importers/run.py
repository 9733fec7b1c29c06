"""One import: the items of a path through extraction into the store, in batches.

A batch is its pages, its refusals and its line in the journal in one transaction. Killed anywhere,
the same import goes on after the last batch that was stored; whatever was under way is read again.
While one batch is being stored the next is being read. It knows no format and no command line.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from time import monotonic

from extraction.extract import MAX_BYTES
from extraction.pool import ExtractionPool
from store.database import Database
from store.imports import DAMAGED, FINISHED, STOPPED, Imports, Job, Refused, advance
from store.page import PageVersion
from store.pages import PageStore
from store.writing import AddReport

from .base import Importer, Item
from .errors import DamagedError, ImporterError
from .formats import detect, importer
from .position import Position
from .reading import Result, read_items
from .report import ImportReport

logger = logging.getLogger(__name__)

BATCH_PAGES = 500
BATCH_ITEMS = 5000
BATCH_LETTERS = 8_000_000
LONGEST_WAIT = 2.0
EXAMPLES = 3
"""Of each reason, how many refusals the report names."""
TICK = 0.2


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How to import: into which `collection`, as which `format` (empty: it is detected).

    `limit` is the most pages to store in this run; `again` reads what was imported before;
    `dry_run` stores nothing. `workers` are extraction processes (None: one core fewer than there
    are), `max_bytes` the largest document.
    """

    collection: str = "web"
    format: str = ""
    limit: int | None = None
    again: bool = False
    dry_run: bool = False
    workers: int | None = None
    max_bytes: int = MAX_BYTES


@dataclass(frozen=True, slots=True)
class Moment:
    """How far an import is: bytes of the file read, of how many; pages and refusals so far."""

    path: Path
    read: int
    size: int
    pages: int
    refused: int
    skipping: bool = False


Progress = Callable[[Moment], None]
Stop = Callable[[], bool]


def run_import(
    database: Database | None,
    path: Path,
    options: ImportOptions | None = None,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> ImportReport:
    """Import one file or folder and say what came of it.

    `database` may be None with `dry_run` alone. `stop` is asked between items; once it says True
    what is under way is stored, and the same import goes on there later. What cannot be read on
    from some place is a report of the state `damaged`: what came before stays stored.

    Raises UnknownFormatError, BusyError where another process imports the same path, and the
    store's DatabaseError.
    """
    options = options or ImportOptions()
    reader = importer(options.format) if options.format else detect(path)
    with ExitStack() as stack:
        job = None
        if not options.dry_run:
            assert database is not None
            place = str(path.resolve())
            stack.enter_context(database.exclusive(f"import {options.collection} {place}"))
            journal = Imports(database, options.collection)
            job = journal.find(place)
            print_ = fingerprint(path)
            same = job is not None and (job.print, job.format) == (print_, reader.NAME)
            if job is not None and same and job.state == FINISHED and not options.again:
                return ImportReport(str(path), reader.NAME, "known", rejects=job.rejects)
            if job is None or not same or (options.again and job.state == FINISHED):
                job = journal.begin(place, print_, reader.NAME)
            else:
                journal.set_state(job.id, "running")
        pool = ExtractionPool(options.workers, options.max_bytes)
        stack.callback(pool.close)
        run = _Run(database, path, reader, options, job, progress, stop or (lambda: False))
        report = run.go(pool)
        if job is not None:
            states = {"finished": FINISHED, "damaged": DAMAGED}
            journal.set_state(job.id, states.get(report.state, STOPPED))
    return report


def fingerprint(path: Path) -> str:
    """Return what tells the content of a path from another: sizes and times, without reading it."""
    if not path.is_dir():
        found = path.stat()
        return f"{found.st_size}:{found.st_mtime_ns}"
    from hashlib import blake2b

    state = blake2b(digest_size=16)
    for each in sorted(path.rglob("*")):
        if each.is_file():
            found = each.stat()
            line = f"{each.relative_to(path)}\0{found.st_size}\0{found.st_mtime_ns}\n"
            state.update(line.encode("utf-8", "surrogateescape"))
    return f"folder:{state.hexdigest()}"


@dataclass(slots=True)
class _Batch:
    """Results that are stored together; `items` says how many things they come from."""

    pages: list[PageVersion] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    items: int = 0
    letters: int = 0
    since: float = field(default_factory=monotonic)

    def put(self, result: Result) -> None:
        self.items += 1
        if isinstance(result, Refused):
            self.refused.append(result)
        else:
            self.pages.append(result)
            self.letters += len(result.text)

    @property
    def full(self) -> bool:
        return (
            len(self.pages) >= BATCH_PAGES
            or self.items >= BATCH_ITEMS
            or self.letters >= BATCH_LETTERS
            or monotonic() - self.since >= LONGEST_WAIT
        )


class _Run:
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
        self._path, self._reader, self._options = path, reader, options
        self._job, self._progress, self._stop = job, progress, stop
        self._before = job.items if job is not None else 0
        self._rejects = Counter(job.rejects if job is not None else {})
        self._examples: dict[str, list[Refused]] = {}
        self._position = Position(path)
        self._ticked = 0.0
        self._pages = 0
        self._refused = 0
        self._added = AddReport()

    def go(self, pool: ExtractionPool) -> ImportReport:
        began, state, error = monotonic(), "finished", ""
        with ThreadPoolExecutor(1, "import-writer") as writer:
            waiting: Future[None] | None = None
            batch = _Batch()
            results = read_items(self._items(), pool)
            try:
                for result in results:
                    batch.put(result)
                    self._count(result)
                    if batch.full:
                        waiting = self._hand_over(writer, waiting, batch)
                        batch = _Batch()
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
            for _ in islice(items, self._before):
                self._tell(skipping=True)
                if self._stop():
                    return
            yield from items
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

    def _hand_over(
        self, writer: ThreadPoolExecutor, waiting: Future[None] | None, batch: _Batch
    ) -> Future[None]:
        if waiting is not None:
            waiting.result()
        return writer.submit(self._write, batch, dict(self._rejects))

    def _write(self, batch: _Batch, rejects: dict[str, int]) -> None:
        if self._store is None or self._job is None or not batch.items:
            return
        source = f"{self._reader.NAME}:{self._path.name}"
        gone = [(page.url, page.gone_at) for page in batch.pages if page.gone_at is not None]
        also = advance(self._job, batch.items, batch.refused, rejects, source, gone)
        self._added += self._store.add(batch.pages, also)
        self._job = replace(self._job, items=self._job.items + batch.items)

    def _count(self, result: Result) -> None:
        if isinstance(result, Refused):
            self._refused += 1
            self._rejects[result.reason] += 1
            shown = self._examples.setdefault(result.reason, [])
            if len(shown) < EXAMPLES:
                shown.append(result)
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
        return ImportReport(
            path=str(self._path),
            format=self._reader.NAME,
            state=("damaged" if error else "dry") if dry else state,
            new=self._pages if dry else self._added.new,
            changed=self._added.changed,
            unchanged=self._added.unchanged,
            rejects=dict(self._rejects),
            examples=tuple(one for shown in self._examples.values() for one in shown),
            seconds=seconds,
            before=self._before,
            bytes=self._position.size,
            error=error,
        )
