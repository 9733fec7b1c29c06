"""A run on disk: `runs/<id>/run.jsonl`, append-only, first the manifest, then events.

Every line is flushed to disk before the loop goes on, so a run that is killed holds all that had
happened; a torn last line is dropped when it is read, and cut off before the run goes on. Who
writes to a run holds a lock on its file. This module knows the shape of a run, not what the events
mean: showing, replaying and judging are functions of what it returns.
"""

import errno
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from store.digest import sync_folder

from .errors import HomeUnusable, RunBusy, RunError

FORMAT = 2
READABLE = (1, 2)
"""Every format that was ever written; docs/runs.md says what each added."""
FILE = "run.jsonl"

Event = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Run:
    """A run as read back. `torn` says that its last line was incomplete and was dropped."""

    id: str
    manifest: Mapping[str, object]
    events: tuple[Event, ...]
    torn: bool = field(default=False)

    @property
    def in_force(self) -> tuple[Event, ...]:
        """The events that count: each `resume` says how many of those before it do."""
        kept: list[Event] = []
        for event in self.events:
            if event.get("type") == "resume":
                del kept[int(str(event["keep"])) :]
            kept.append(event)
        return tuple(kept)

    def all(self, kind: str) -> list[Event]:
        """The events of one type that are in force, in order."""
        return [event for event in self.in_force if event.get("type") == kind]

    def last(self, kind: str) -> Event | None:
        """The last event of one type, or None."""
        found = self.all(kind)
        return found[-1] if found else None

    @property
    def format(self) -> int:
        """The format that it was written in."""
        return int(str(self.manifest.get("format", 0)))

    @property
    def purged(self) -> "tuple[Event, ...]":
        """What was taken out of it since: one event a purge."""
        return tuple(self.all("purged"))

    @property
    def question(self) -> str:
        """The question that was asked."""
        return str(self.manifest.get("question", ""))

    @property
    def outcome(self) -> str:
        """`answered`, `abstained`, `no-answer`, or `unfinished` for a run without an end."""
        end = self.last("end")
        return str(end["outcome"]) if end else "unfinished"

    @property
    def answer(self) -> str:
        """The answer given, or an empty string."""
        answer = self.last("answer")
        return str(answer["text"]) if answer else ""


class RunWriter:
    """Appends to a new run. Use as a context manager; each `add` is on disk when it returns."""

    def __init__(self, runs: Path, manifest: Mapping[str, object], run_id: str = "") -> None:
        self.id = run_id or new_run_id()
        self.folder = runs / self.id
        try:
            self.folder.mkdir(mode=0o700, parents=True)
            self._file = os.open(
                self.folder / FILE,
                os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC,
                0o600,
            )
            _lock(self._file, self.id)
        except OSError as error:
            raise HomeUnusable(
                f"the run cannot be written to {runs} ({error.strerror}); make room there"
            ) from error
        self.add({"type": "manifest", "format": FORMAT, "run": self.id, **manifest})
        sync_folder(self.folder)
        sync_folder(runs)

    @classmethod
    def resume(cls, runs: Path, run_id: str) -> "RunWriter":
        """Open a run to append to it, without the torn line that a kill may have left at its end.

        Read it with `read_run` before. Raises RunError for a run that is unknown or damaged, and
        RunBusy when another process is writing to it.
        """
        run = read_run(runs, run_id)
        writer = cls.__new__(cls)
        writer.id, writer.folder = run.id, runs / run.id
        try:
            writer._file = _open_locked(writer.folder / FILE, run.id, os.O_APPEND)
        except OSError as error:
            raise HomeUnusable(
                f"the run {run.id} cannot be written ({error.strerror}); mend its rights"
            ) from error
        _cut_tail(writer._file)
        return writer

    def add(self, event: Event) -> None:
        """Append one event and flush it to disk; HomeUnusable when the disk is full."""
        line = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        before = os.fstat(self._file).st_size
        try:
            written = os.write(self._file, line)
            if written != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self._file)
        except OSError as error:
            # Half a line in the middle would make the whole run unreadable once there is room.
            os.ftruncate(self._file, before)
            raise HomeUnusable(
                f"the run {self.id} cannot be written ({error.strerror}); make room, then ask again"
            ) from error

    def __enter__(self) -> "RunWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._file)


def _lock(file: int, run_id: str) -> None:
    """Take the lock on a run's file, which the kernel drops with its holder."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise RunBusy(
            f"the run {run_id} is being written by another process; wait until it has ended"
        ) from None


def _open_locked(path: Path, run_id: str, flags: int = 0) -> int:
    """Open a run's file with the lock on it."""
    file = os.open(path, os.O_RDWR | os.O_CLOEXEC | flags)
    try:
        _lock(file, run_id)
        if os.fstat(file).st_ino != os.stat(path).st_ino:
            # Replaced between the two steps: what we hold is no longer the run.
            raise RunBusy(f"the run {run_id} was rewritten just now; run the command again")
    except BaseException:
        os.close(file)
        raise
    return file


def _cut_tail(file: int) -> None:
    """Cut off what follows the last newline: a line that was not whole when its writer died."""
    size = os.fstat(file).st_size
    kept = size
    while kept:
        step = min(kept, 1 << 16)
        place = os.pread(file, step, kept - step).rfind(b"\n")
        kept -= step if place < 0 else step - place - 1
        if place >= 0:
            break
    if kept < size:
        os.ftruncate(file, kept)
        os.fsync(file)


@contextmanager
def locked_run(runs: Path, run_id: str) -> Iterator[Path]:
    """Keep writers away from a run while its file is read and replaced; yields its path.

    Raises RunBusy when somebody writes to it now.
    """
    path = runs / run_id / FILE
    file = _open_locked(path, run_id)
    try:
        yield path
    finally:
        os.close(file)


def remove_run(runs: Path, run_id: str) -> None:
    """Remove a run with all that is in its folder; RunBusy while it is written."""
    with locked_run(runs, run_id):
        # Aside first, so that a removal that is killed leaves no half of a run.
        aside = runs / f".removed-{run_id}"
        shutil.rmtree(aside, ignore_errors=True)
        os.rename(runs / run_id, aside)
        sync_folder(runs)
        shutil.rmtree(aside, ignore_errors=True)


def new_run_id(now: datetime | None = None) -> str:
    """A new id: the UTC time to a ten-thousandth of a second, so that ids sort by age, and two
    random hex digits.
    """
    now = now or datetime.now(UTC)
    return f"{now:%Y%m%d-%H%M%S}-{now.microsecond // 100:04d}{secrets.token_hex(1)}"


def read_run(runs: Path, run_id: str) -> Run:
    """Read a run by id, by an unambiguous beginning of it, or `last`; RunError names the repair."""
    folder = find_run(runs, run_id)
    try:
        lines = (folder / FILE).read_bytes().split(b"\n")
    except OSError as error:
        raise RunError(
            f"the run {folder.name} has no readable run.jsonl; remove the folder {folder}"
        ) from error
    # A whole file ends with a newline; what follows the last one is the torn tail.
    torn = bool(lines.pop())
    events = []
    for number, line in enumerate(lines, 1):
        try:
            event = json.loads(line)
            if not isinstance(event, dict):
                raise ValueError("an event is a JSON object")
        except ValueError as error:
            raise RunError(
                f"line {number} of run {folder.name} is damaged; restore {folder} from a backup"
            ) from error
        events.append(event)
    if not events or events[0].get("type") != "manifest":
        raise RunError(f"the run {folder.name} has no manifest; it was ended before it began")
    if events[0].get("format") not in READABLE:
        raise RunError(
            f"the run {folder.name} has format {events[0].get('format')}, and this version reads "
            f"{' and '.join(map(str, READABLE))}; use the version that wrote it"
        )
    return Run(folder.name, events[0], tuple(events[1:]), torn)


def find_run(runs: Path, run_id: str) -> Path:
    """Return the folder of a run; RunError when none or several match."""
    names = run_ids(runs)
    if run_id == "last" and names:
        return runs / names[-1]
    found = [name for name in names if name == run_id] or [
        name for name in names if run_id and name.startswith(run_id)
    ]
    if len(found) == 1:
        return runs / found[0]
    if found:
        raise RunError(f"{run_id!r} is the beginning of {len(found)} runs; give more of the id")
    raise RunError(f"there is no run {run_id!r} in {runs}; see: appliance runs list")


def run_ids(runs: Path) -> list[str]:
    """The ids of all runs, oldest first."""
    if not runs.is_dir():
        return []
    return sorted(
        entry.name
        for entry in runs.iterdir()
        if not entry.name.startswith(".") and (entry / FILE).is_file()
    )


def read_manifest(runs: Path, run_id: str) -> Event | None:
    """Return the first line of a run, or None where it cannot be read; the rest is not read."""
    try:
        with (runs / run_id / FILE).open("rb") as file:
            event = json.loads(file.readline())
    except (OSError, ValueError):
        return None
    return event if isinstance(event, dict) and event.get("type") == "manifest" else None


def read_runs(runs: Path) -> Iterator[Run]:
    """All runs that can be read, newest first."""
    for name in reversed(run_ids(runs)):
        try:
            yield read_run(runs, name)
        except RunError:
            continue
