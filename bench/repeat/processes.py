"""Fresh processes that search, and whether they found the same: no process trusts another's word.

A comparison that never saw lists, compiled loops or a lesser instruction set proves nothing about
them, so what each process used is part of what is told.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import BenchError
from ..scratch import ROOT, run

TIMEOUT = 1200.0


class RepeatError(BenchError):
    """A process failed, or did not do what was asked of it."""


@dataclass(frozen=True, slots=True)
class Printed:
    """What one process printed: how it searched, and a line for each query."""

    name: str
    header: Mapping[str, Any]
    lines: tuple[str, ...]

    @property
    def hits(self) -> int:
        """How many pages were found for all queries (of `searches`)."""
        return sum(len(json.loads(line)[1]) for line in self.lines)


def search(
    module: str,
    words: Sequence[str | Path],
    name: str,
    environment: Mapping[str, str] | None = None,
) -> Printed:
    """Run `python -m MODULE WORDS…` and return what it printed. Raises RepeatError."""
    done = run(
        [sys.executable, "-W", "ignore", "-m", module, *words],
        cwd=ROOT, timeout=TIMEOUT, environment=environment,
    )  # fmt: skip
    if done.code:
        raise RepeatError(f"{module} ({name}): {done.last_words()}")
    header, *lines = done.out.splitlines()
    return Printed(name, json.loads(header), tuple(lines))


def hash_seeds(count: int = 3) -> list[dict[str, str]]:
    """Return environments in which the order of a set is another one each time."""
    return [{"PYTHONHASHSEED": str(number + 1)} for number in range(count)]


def differences(one: Printed, other: Printed) -> list[str]:
    """Return a sentence for each way in which two processes did not find the same."""
    found = []
    if one.header["index"] != other.header["index"]:
        found.append(f"{other.name} has another index than {one.name}")
    if len(one.lines) != len(other.lines):
        found.append(f"{other.name} has {len(other.lines)} answers, {one.name} {len(one.lines)}")
    wrong = [
        n for n, pair in enumerate(zip(one.lines, other.lines, strict=False)) if len({*pair}) > 1
    ]
    if wrong:
        first = wrong[0]
        found.append(
            f"{len(wrong)} of {len(one.lines)} queries differ in {other.name}, the first is number "
            f"{first + 1}: {_place(one.lines[first], other.lines[first])}"
        )
    return found


def _place(one: str, other: str) -> str:
    at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    return f"“{one[max(0, at - 20) : at + 30]}” and “{other[max(0, at - 20) : at + 30]}”"


def unreduced(usual: Printed, lesser: Printed) -> list[str]:
    """Return the libraries that used in `lesser` what they use in `usual`."""
    names = ("faiss", "numpy", "openblas", "numba", "logarithm")
    return [name for name in names if usual.header[name] == lesser.header[name]]
