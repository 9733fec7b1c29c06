"""From a fresh clone: `make demo` from nothing, again, and `make test`."""

import subprocess
from pathlib import Path

from ..scratch import ROOT, Done, run
from .check import Check, CheckFailed, NotRun, demand, under
from .stage import Stage

MINUTES = 12


def from_nothing(stage: Stage) -> str:
    """`git clone` into an empty folder and `make demo`."""
    clone = _clone(stage)
    done = _make(clone, "demo")
    demand(done.code == 0, done.last_words())
    demand("Answer: " in done.out, "there is no answer on standard output")
    return under(done.seconds, MINUTES * 60)


def second_time(stage: Stage) -> str:
    """`make demo` again in the same clone."""
    done = _make(_clone(stage), "demo")
    demand(done.code == 0, done.last_words())
    return under(done.seconds, 20)


def tests(stage: Stage) -> str:
    """`make test` in the same clone."""
    done = _make(_clone(stage), "test")
    lines = done.out.strip().splitlines() or [done.last_words()]
    demand(done.code == 0, lines[-1])
    return lines[-1].strip("= ")


def _clone(stage: Stage) -> Path:
    if not stage.clone:
        raise NotRun("run with --clone")
    clone: Path = stage.once("clone", lambda: _fresh(stage.root / "clone"))
    return clone


def _fresh(folder: Path) -> Path:
    done = subprocess.run(
        ["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(folder)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    if done.returncode:
        raise CheckFailed(f"git clone: {done.stderr.strip()}")
    return folder


def _make(clone: Path, target: str) -> Done:
    # The launcher on the PATH is the user's own and is left as it is.
    quiet = {"APPLIANCE_NO_LINK": "1"}
    return run(["make", target], cwd=clone, timeout=MINUTES * 60, environment=quiet)


CHECKS = (
    Check("clone", f"`git clone` and `make demo` from nothing in {MINUTES} minutes", from_nothing),
    Check("clone again", "`make demo` in the clone takes under 20 s", second_time),
    Check("clone tests", "`make test` passes in the same clone", tests),
)
