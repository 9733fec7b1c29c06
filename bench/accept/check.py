"""What a check is, and how one is run: an act that returns a figure or says why it failed.

It knows no promise; those are in the files beside it.
"""

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from .stage import Stage

State = Literal["pass", "FAIL", "not run", "owed"]


class CheckFailed(Exception):
    """The promise is not kept; the message says in one line what was found instead."""


class NotRun(Exception):
    """The check was not asked for; the message says how to ask."""


@dataclass(frozen=True, slots=True)
class Check:
    """One promise: a short name, the promise in words, and the act that returns its figure.

    The act raises CheckFailed when the promise is broken; any other error breaks it too.
    """

    name: str
    promise: str
    act: "Callable[[Stage], str]"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A check that was run, with its figure or reason, and the seconds that it took."""

    name: str
    promise: str
    state: State
    figure: str
    seconds: float
    measured: bool = True
    """False when the check itself broke, so that there is no figure to judge."""


def perform(check: Check, stage: "Stage") -> Outcome:
    """Run one check; whatever goes wrong in it is its outcome and never an exception."""
    started = time.perf_counter()
    state: State = "pass"
    measured = True
    try:
        figure = check.act(stage)
    except NotRun as reason:
        state, figure = "not run", str(reason)
    except CheckFailed as reason:
        state, figure = "FAIL", str(reason)
    except subprocess.TimeoutExpired as late:
        command = late.cmd if isinstance(late.cmd, str) else " ".join(map(str, late.cmd))
        measured = False
        state, figure = "FAIL", f"no end after {late.timeout:.0f} s: {_short(command)}"
    except Exception as error:
        measured = False
        state, figure = "FAIL", f"{type(error).__name__}: {_short(str(error))}"
    return Outcome(
        check.name, check.promise, state, figure, time.perf_counter() - started, measured
    )


def demand(kept: bool, found: str) -> None:
    """Raise CheckFailed with what was found unless the promise is `kept`."""
    if not kept:
        raise CheckFailed(found)


def under(figure: float, limit: float, what: str = "") -> str:
    """The figure in seconds beside its limit; CheckFailed when it is not below."""
    said = f"{figure:.2f} s (under {limit:g} s){what}"
    demand(figure < limit, said)
    return said


def _short(text: str, letters: int = 200) -> str:
    text = " ".join(text.replace(str(Path.cwd()), ".").split())
    return text if len(text) <= letters else text[: letters - 1] + "…"
