"""`python -m bench`: every speed that the documents claim, beside a baseline of the same run.

Small sizes by default (under a minute); `--full` for larger ones. It judges nothing: whether a
promise is kept is for `python -m bench.accept`.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict

from . import (
    crawling,
    encoding,
    engine,
    extracting,
    frozen,
    importing,
    looping,
    papers,
    scale,
    searching,
    starting,
    storing,
)
from .rows import Row, table

GROUPS: dict[str, Callable[[bool], Iterator[Row]]] = {
    "starting": starting.rows,
    "storing": storing.rows,
    "scale": scale.rows,
    "searching": searching.rows,
    "frozen": frozen.rows,
    "encoding": encoding.rows,
    "engine": engine.rows,
    "loop": looping.rows,
    "crawling": crawling.rows,
    "extracting": extracting.rows,
    "papers": papers.rows,
    "importing": importing.rows,
}
HEADS = ("row", "figure", "baseline", "figure", "ratio", "target", "met")


def main(arguments: list[str] | None = None) -> int:
    """Measure the chosen groups and print the table; exit code 0 unless a measurement failed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=", ".join(GROUPS))
    parser.add_argument("--full", action="store_true", help="larger sizes (some minutes)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args(arguments)
    if unknown := sorted(set(chosen.groups) - set(GROUPS)):
        parser.error(f"there is no group {unknown[0]!r}; choose from {', '.join(GROUPS)}")
    found: list[Row] = []
    for name in chosen.groups or GROUPS:
        print(f"bench: {name}", file=sys.stderr, flush=True)
        found.extend(GROUPS[name](chosen.full))
    if chosen.json:
        print(json.dumps([asdict(row) for row in found], indent=2))
    else:
        print(table([_cells(row) for row in found], HEADS))
    return 0


def _cells(row: Row) -> tuple[str, ...]:
    met = "" if row.met is None else "yes" if row.met else "NO"
    return (
        row.name,
        _amount(row.figure, row.unit),
        row.baseline,
        _amount(row.baseline_figure, row.unit),
        f"{row.ratio:.3g}",
        row.target,
        met,
    )


def _amount(figure: float, unit: str) -> str:
    digits = 0 if unit == "tokens" or figure >= 100 else 2
    return f"{figure:,.{digits}f} {unit}"


if __name__ == "__main__":
    sys.exit(main())
