"""An import from its beginning to its end: what is imported, from where on, and what came of it.

Killed anywhere, the same import goes on after the last batch that was stored; whatever was under
way is read again. It knows no format and no command line.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import Self

from extraction.pool import ExtractionPool
from store.database import Database
from store.imports import DAMAGED, FINISHED, RUNNING, STOPPED, Imports, Job

from .base import Importer
from .flow import Flow
from .folder import MAX_DEPTH
from .formats import detect, importer
from .names import shown
from .options import ImportOptions, Moment, Progress, Stop
from .report import ImportReport

__all__ = ["ImportOptions", "Moment", "Progress", "Session", "Stop", "fingerprint", "run_import"]

_ENDS = {"finished": FINISHED, "damaged": DAMAGED}


class Session:
    """Imports one path after another with the same options and the same extraction processes.

    `database` may be None with `dry_run` alone; a `pool` that is given is not ended. Use it as a
    context manager.
    """

    def __init__(
        self,
        database: Database | None,
        options: ImportOptions | None = None,
        pool: ExtractionPool | None = None,
    ) -> None:
        self._database = database
        self._options = options or ImportOptions()
        self._pool, self._lent = pool, pool is not None

    def run(
        self, path: Path, progress: Progress | None = None, stop: Stop | None = None
    ) -> ImportReport:
        """Import one file or folder and say what came of it.

        `stop` is asked between items; once it says True what is under way is stored, and the same
        import goes on there later. What cannot be read on from some place is a report of the state
        `damaged`: what came before stays stored.

        Raises UnknownFormatError, BusyError where another process imports the same path, and the
        store's DatabaseError.
        """
        options = self._options
        reader = importer(options.format) if options.format else detect(path)
        if options.dry_run:
            return self._flow(path, reader, None, progress, stop).go(self._workers())
        assert self._database is not None
        place = shown(path.resolve())
        journal = Imports(self._database, options.collection)
        with self._database.exclusive(f"import {options.collection} {place}"):
            found, print_ = journal.find(place), fingerprint(path)
            same = found is not None and (found.print, found.format) == (print_, reader.NAME)
            if found is not None and same and found.state == FINISHED and not options.again:
                return ImportReport(
                    shown(path), reader.NAME, "known", rejects=found.rejects, earlier=found.pages
                )
            if found is None or not same or found.state == FINISHED:
                job = journal.begin(place, print_, reader.NAME)
            else:
                job = found
                journal.set_state(job.id, RUNNING)
            flow = self._flow(path, reader, job, progress, stop)
            if path.is_dir() and not options.again:
                flow.known = journal.captures(job)
            report = flow.go(self._workers())
            if path.is_dir() and report.state == "finished":
                report = replace(report, gone=journal.mark_gone(job, flow.source))
            journal.set_state(job.id, _ENDS.get(report.state, STOPPED))
        return report

    def close(self) -> None:
        """End the extraction processes."""
        if self._pool is not None and not self._lent:
            self._pool.close()
            self._pool = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _workers(self) -> ExtractionPool:
        if self._pool is None:
            self._pool = ExtractionPool(self._options.workers, self._options.max_bytes)
        return self._pool

    def _flow(
        self,
        path: Path,
        reader: Importer,
        job: Job | None,
        progress: Progress | None,
        stop: Stop | None,
    ) -> Flow:
        database = self._database
        return Flow(database, path, reader, self._options, job, progress, stop or (lambda: False))


def run_import(
    database: Database | None,
    path: Path,
    options: ImportOptions | None = None,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> ImportReport:
    """Import one path as `Session.run` does, with extraction processes of its own."""
    with Session(database, options) as session:
        return session.run(path, progress, stop)


def fingerprint(path: Path) -> str:
    """Return what tells the content of a path from another: sizes and times, without reading it.

    The time of the last change of rights and names is in it, so that what could not be read and now
    can is seen. Raises OSError where the path itself cannot be looked at.
    """
    found = path.stat()
    if not stat.S_ISDIR(found.st_mode):
        return f"{found.st_size}:{found.st_mtime_ns}:{found.st_ctime_ns}"
    state = blake2b(digest_size=16)
    for line in sorted(_lines(os.fsencode(path), b"", 0)):
        state.update(line)
    return f"folder:{state.hexdigest()}"


def _lines(folder: bytes, inside: bytes, depth: int) -> Iterator[bytes]:
    """A line for everything in a folder that the walk through it meets, whatever it is."""
    try:
        with os.scandir(folder) as found:
            entries = list(found)
    except OSError as error:
        yield b"%s\0unreadable %d\n" % (inside, error.errno or 0)
        return
    for entry in entries:
        name = inside + b"/" + entry.name
        try:
            facts = entry.stat(follow_symlinks=False)
            target = os.readlink(entry.path) if stat.S_ISLNK(facts.st_mode) else b""
        except OSError:  # it went away meanwhile, and the next look says so
            continue
        if stat.S_ISDIR(facts.st_mode):
            # The times of a folder change with what is in it, and that has lines of its own.
            yield b"%s\0%d\n" % (name, facts.st_mode)
            if not entry.name.startswith(b".") and depth < MAX_DEPTH:
                yield from _lines(entry.path, name, depth + 1)
            continue
        numbers = (facts.st_mode, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
        if stat.S_ISLNK(facts.st_mode):
            broken = b"" if os.path.exists(entry.path) else b"broken"
            numbers, target = (facts.st_mode, 0, 0, 0), target + b"\0" + broken
        yield b"%s\0%d %d %d %d\0%s\n" % (name, *numbers, target)
