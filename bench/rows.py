"""A measured row, and the plain helpers that measure. It knows nothing of what is measured."""

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One figure beside a baseline of the same run.

    `ratio` says how many times better than the baseline the figure is: above 1 is better for a
    time as for a rate. `target` is a sentence and `met` whether the figure keeps it; None where
    the row is information.
    """

    name: str
    figure: float
    unit: str
    baseline: str
    baseline_figure: float
    ratio: float
    target: str = ""
    met: bool | None = None


def rate_row(
    name: str, figure: float, unit: str, baseline: str, against: float, least: float | None = None
) -> Row:
    """A row whose figure is better when it is higher; `least` is the smallest ratio wanted."""
    return _row(name, figure, unit, baseline, against, figure / against, least)


def time_row(
    name: str,
    figure: float,
    unit: str,
    baseline: str,
    against: float,
    least: float | None = None,
    most: float | None = None,
) -> Row:
    """A row whose figure is better when it is lower; `most` bounds the figure itself."""
    row = _row(name, figure, unit, baseline, against, against / figure, least)
    if most is None:
        return row
    return Row(
        row.name, row.figure, row.unit, row.baseline, row.baseline_figure, row.ratio,
        f"at most {most:g} {unit}", figure <= most,
    )  # fmt: skip


def _row(
    name: str,
    figure: float,
    unit: str,
    baseline: str,
    against: float,
    ratio: float,
    least: float | None,
) -> Row:
    target = "" if least is None else f"ratio at least {least:g}"
    met = None if least is None else ratio >= least
    return Row(name, figure, unit, baseline, against, ratio, target, met)


def seconds(act: Callable[[], object]) -> float:
    """Wall seconds of one call."""
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def best(act: Callable[[], object], times: int) -> float:
    """The shortest of `times` calls, in seconds: what the machine can do when it is left alone."""
    return min(seconds(act) for _ in range(times))


def median_ms(act: Callable[[Any], object], inputs: Iterable[Any]) -> float:
    """The median call over `inputs`, in milliseconds."""
    taken = []
    for value in inputs:
        started = time.perf_counter()
        act(value)
        taken.append(time.perf_counter() - started)
    return statistics.median(taken) * 1000


def shortest_ms(
    act: Callable[[Any], object], inputs: Sequence[Any], passes: int = 1
) -> list[float]:
    """The shortest call for each of `inputs` in so many passes over all, in milliseconds."""
    taken = [seconds(partial(act, value)) for value in inputs]
    for _ in range(passes - 1):
        taken = [min(t, seconds(partial(act, v))) for t, v in zip(taken, inputs, strict=True)]
    return [1000 * each for each in taken]


def table(rows: Sequence[Sequence[str]], heads: Sequence[str]) -> str:
    """Plain columns, as wide as what they hold."""
    every = [tuple(heads), *(tuple(row) for row in rows)]
    widths = [max(len(row[i]) for row in every) for i in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in every
    )
