"""`python -m bench.accept`: run the check of every promise and print a row each with its figure.

It works in a temporary folder, stops every database that it started, and exits with 1 when a
promise is not kept. A promise that is still owed is named with `--owed`: it is measured and
printed, and breaks the run only when it is kept after all, so that it is struck off. `--clone` adds
what starts from a fresh clone (some ten minutes).
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace

from ..scratch import scratch
from . import (
    clone,
    demo,
    docs,
    evidence,
    hostile,
    importing,
    kills,
    loop,
    recorded,
    repeats,
    replays,
    researcher,
    retrieval,
    sealed,
    speed,
    visiting,
)
from .check import Check, Outcome, perform
from .stage import Stage

CHECKS: tuple[Check, ...] = (
    *clone.CHECKS,
    *demo.CHECKS,
    *evidence.CHECKS,
    *researcher.CHECKS,
    *docs.CHECKS,
    *hostile.CHECKS,
    *importing.CHECKS,
    *replays.CHECKS,
    *recorded.CHECKS,
    *loop.CHECKS,
    *repeats.CHECKS,
    *sealed.CHECKS,
    *retrieval.CHECKS,
    *visiting.CHECKS,
    *speed.CHECKS,
    *kills.CHECKS,
)
KILLS = "APPLIANCE_KILLS"
QUESTIONS = "APPLIANCE_QUESTIONS"
QUERIES = "APPLIANCE_QUERIES"
SIZES, FULL = "APPLIANCE_SIZES", "full"


def main(arguments: list[str] | None = None, checks: Sequence[Check] = CHECKS) -> int:
    """Run the chosen checks; returns 1 when one of them fails."""
    parser = argparse.ArgumentParser(prog="python -m bench.accept", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="ROW", help="run these rows alone")
    parser.add_argument("--clone", action="store_true", help="also clone, build and test afresh")
    parser.add_argument(
        "--owed", action="append", default=[], metavar="ROW", help="a promise not kept yet"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--list", action="store_true", help="list the rows and run none")
    chosen = parser.parse_args(arguments)
    known = [check.name for check in checks]
    if unknown := [name for name in [*chosen.names, *chosen.owed] if name not in known]:
        parser.error(f"there is no row {unknown[0]!r}; the rows are: {', '.join(known)}")
    if chosen.list:
        print("\n".join(f"{check.name:<15} {check.promise}" for check in checks))
        return 0
    outcomes: list[Outcome] = []
    with scratch() as root:
        stage = Stage(
            root,
            int(os.environ.get(KILLS, "10")),
            chosen.clone,
            int(os.environ.get(QUESTIONS, "300")),
            int(os.environ.get(QUERIES, "1000")),
            os.environ.get(SIZES, FULL) == FULL,
        )
        for check in checks:
            if chosen.names and check.name not in chosen.names:
                continue
            outcome = perform(check, stage)
            outcomes.append(_owed(outcome) if check.name in chosen.owed else outcome)
            if not chosen.json:
                print(_line(outcomes[-1]), flush=True)
    failed = [outcome.name for outcome in outcomes if outcome.state == "FAIL"]
    if chosen.json:
        rows = [asdict(outcome) for outcome in outcomes]
        print(json.dumps({"ok": not failed, "rows": rows}, indent=2, ensure_ascii=False))
    else:
        passed = sum(outcome.state == "pass" for outcome in outcomes)
        owed = sum(outcome.state == "owed" for outcome in outcomes)
        skipped = len(outcomes) - passed - len(failed) - owed
        print(f"\n{passed} kept, {len(failed)} broken, {owed} owed, {skipped} not run")
    return 1 if failed else 0


def _owed(outcome: Outcome) -> Outcome:
    """An owed promise that is measured and not kept is no news; one kept must be struck off."""
    if outcome.state == "FAIL" and outcome.measured:
        return replace(outcome, state="owed")
    if outcome.state == "pass":
        return replace(outcome, state="FAIL", figure=f"kept now, strike it off: {outcome.figure}")
    return outcome


def _line(outcome: Outcome) -> str:
    return (
        f"{outcome.state:<8} {outcome.name:<15} {outcome.promise}\n"
        f"{'':<24} {outcome.figure} [{outcome.seconds:.0f} s]"
    )


if __name__ == "__main__":
    sys.exit(main())
