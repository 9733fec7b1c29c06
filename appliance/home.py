"""Where the appliance keeps its things: one folder, found by one rule for make and for the command.

The rule: `$APPLIANCE_HOME`; else `data/` of the checkout the command is typed in, or beside an
`appliance.toml` of a folder above; else the platform's user data folder. This module only finds
and names folders; what is in them belongs to the packages that write them.
"""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .errors import HomeBusy, HomeUnusable

DISTRIBUTION = "deep-research-appliance"


@dataclass(frozen=True, slots=True)
class Home:
    """The home folder and the names of what is in it."""

    root: Path

    @property
    def settings(self) -> Path:
        """The settings file of this home."""
        return self.root / "appliance.toml"

    @property
    def runs(self) -> Path:
        """One folder a run, each with a `run.jsonl`."""
        return self.root / "runs"

    @property
    def snapshots(self) -> Path:
        """Which frozen indexes each named snapshot keeps."""
        return self.root / "snapshots"

    @property
    def receipts(self) -> Path:
        """What was purged, and when."""
        return self.root / "receipts"

    @property
    def opened(self) -> Path:
        """Pages that were written as HTML to be looked at."""
        return self.root / "opened"

    @property
    def models(self) -> Path:
        """The registry of local weights."""
        return self.root / "models"

    @property
    def encoders(self) -> Path:
        """Encoders and rerankers made ready for queries."""
        return self.root / "encoders"

    @property
    def logs(self) -> Path:
        """Logs of the child processes."""
        return self.root / "logs"

    def create(self) -> "Home":
        """Make the folder (0700) if it is not there; HomeUnusable when it cannot be written."""
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in (self.runs, self.models, self.logs):
                folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise HomeUnusable(
                f"the home folder {self.root} cannot be written ({error.strerror}); "
                "make room or set APPLIANCE_HOME to a folder of yours"
            ) from error
        return self

    @contextmanager
    def writer(self, verb: str) -> Iterator[None]:
        """Hold the home's writer lock while `verb` changes the index; HomeBusy when it is taken."""
        with writer_lock(self.root / f"{verb}.lock", verb):
            yield


@contextmanager
def writer_lock(path: Path, verb: str) -> Iterator[None]:
    """Hold an exclusive lock on `path`, which the kernel drops when the process ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise HomeBusy(
                f"another `appliance {verb}` (pid {holder}) is writing to {path.parent}; "
                "wait until it has finished"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def find_home(
    environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> tuple[Home, Path | None]:
    """Return the home and the project's own settings file beside it, if there is one.

    `environment` and `folder` default to those of the process.
    """
    environment = os.environ if environment is None else environment
    folder = Path.cwd() if folder is None else folder
    named = environment.get("APPLIANCE_HOME")
    if named:
        return Home(Path(named).expanduser().absolute()), None
    for place in (folder, *folder.parents):
        settings = place / "appliance.toml"
        if settings.is_file():
            return Home(place / "data"), settings
        if is_checkout(place):
            return Home(place / "data"), None
    import platformdirs

    return Home(platformdirs.user_data_path("appliance")), None


def is_checkout(folder: Path) -> bool:
    """True when `folder` is the top of a checkout of this project."""
    try:
        head = (folder / "pyproject.toml").read_text("utf-8")[:2000]
    except OSError:
        return False
    return f'name = "{DISTRIBUTION}"' in head
