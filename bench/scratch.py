"""Temporary homes and the `appliance` command run in them; whatever was started is stopped."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMMAND = str(Path(sys.executable).with_name("appliance"))
"""The installed console script of this environment."""
QUESTIONS = ROOT / "appliance" / "demo" / "questions.jsonl"


@dataclass(frozen=True, slots=True)
class Done:
    """A command that has ended: exit code, both streams, and wall seconds."""

    code: int
    out: str
    err: str
    seconds: float

    def last_words(self) -> str:
        """The last line it said, for a row that has to tell why."""
        lines = (self.err.strip() or self.out.strip()).splitlines()
        return lines[-1] if lines else f"exit code {self.code} without a word"


@contextmanager
def scratch(prefix: str = "app-") -> Iterator[Path]:
    """A short temporary folder; every private PostgreSQL below it is stopped before it goes."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        yield folder
    finally:
        stop_databases(folder)
        shutil.rmtree(folder, ignore_errors=True)


def stop_databases(folder: Path) -> None:
    """Stop the private PostgreSQL of every home in `folder`, itself included."""
    from store.cluster import Cluster

    for data in {*folder.glob("postgres/data"), *folder.glob("**/postgres/data")}:
        Cluster(data.parent).stop()


def run(
    words: Sequence[str | Path],
    home: Path | None = None,
    *,
    cwd: Path | None = None,
    timeout: float = 120,
    environment: Mapping[str, str] | None = None,
) -> Done:
    """Run a command with `home` as its APPLIANCE_HOME and no other APPLIANCE_* variable."""
    started = time.perf_counter()
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd or ROOT,
        env=surroundings(home, environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr, time.perf_counter() - started)


def surroundings(
    home: Path | None = None, environment: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The environment of a command: ours without APPLIANCE_*, and `home`."""
    given = {name: value for name, value in os.environ.items() if not name.startswith("APPLIANCE_")}
    if home is not None:
        given["APPLIANCE_HOME"] = str(home)
    return {**given, **(environment or {})}


def appliance(home: Path | None, *words: str | Path, timeout: float = 120) -> Done:
    """Run one verb."""
    return run([COMMAND, *words], home, timeout=timeout)
