"""Damaged and hostile archives of every format: none may crash, escape or be half imported.

`python -m bench.archives --count 1000` makes a small archive of each format (`bench.making`),
damages copies of it (`bench.damaging`), adds those that are hostile by design, and imports each in
a process of its own, which is watched: it may end in a report or in one of the importers' errors,
writes nothing outside its home, and what it stored must be whole and what its journal says.
"""

import argparse
import faulthandler
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .damaging import damaged
from .hostile_archives import HOSTILE
from .making import MAKERS
from .peaks import peak_mb
from .scratch import ROOT, scratch

PAGES = 12
SEED = 7
PATIENCE = 120.0
"""Seconds after which an import is taken for one that never ends."""
MEGABYTES = 1500
"""The most memory that the importing process may take."""


@dataclass(slots=True)
class Outcome:
    """What became of the archives: how many, and each that went wrong, in a sentence."""

    tried: int = 0
    wrong: list[str] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)
    unforeseen: Counter[str] = field(default_factory=Counter)
    megabytes: int = 0
    slowest: float = 0.0

    def said(self) -> str:
        """Say it in a line."""
        ends = ", ".join(f"{count} {state}" for state, count in self.states.most_common())
        odd = f"; {sum(self.unforeseen.values())} by an unforeseen error" if self.unforeseen else ""
        return (
            f"{self.tried} archives: {ends}{odd}; at most {self.megabytes} MB, the slowest took "
            f"{self.slowest:.1f} s; {len(self.wrong)} went wrong"
        )


def run(count: int, seed: int = SEED, formats: Iterable[str] = ()) -> Outcome:
    """Import so many damaged archives, and every hostile one, of `formats` (empty: all)."""
    from store.database import open_database

    chosen = [name for name in MAKERS if not formats or _format(name) in formats]
    hostile = [name for name in HOSTILE if not formats or _format(name) in formats]
    outcome = Outcome()
    with scratch("mut-") as root:
        home, seeds, work = (root / name for name in ("home", "seeds", "work"))
        for folder in (home, seeds, work):
            folder.mkdir()
        for name in chosen:
            (seeds / name).mkdir()
            MAKERS[name](seeds / name, PAGES)
        with open_database(home) as database:
            begin = 0
            jobs = [f"h:{name}" for name in hostile]
            jobs += [f"m:{chosen[number % len(chosen)]}" for number in range(count)]
            while begin < len(jobs):
                begin = _batch(database.url, root, jobs, begin, seed, outcome)
    return outcome


def _batch(url: str, root: Path, jobs: list[str], begin: int, seed: int, outcome: Outcome) -> int:
    """Let a child import the jobs from `begin` on; return the first that it did not get to."""
    home = root / "home"
    before = _listing(root, home)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(home)}
    job = {"url": url, "root": str(root), "jobs": jobs, "begin": begin, "seed": seed}
    child = subprocess.Popen(
        [sys.executable, "-m", "bench.archives", "--child"], env=environment, cwd=root / "work",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(json.dumps(job))
    child.stdin.close()
    at, ended = begin, True
    for line in child.stdout:
        said = json.loads(line)
        if "begin" in said:
            at, ended = said["begin"], False
        else:
            ended = True
            _take(said, jobs[said["end"]], outcome)
    code = child.wait()
    child.stdout.close()
    if not ended:
        outcome.tried += 1
        outcome.wrong.append(f"{at} ({jobs[at]}): the importing process ended with {code}")
    outside = _listing(root, home) - before
    if outside:
        outcome.wrong.append(f"written outside the home: {sorted(outside)[:5]}")
    if ended and at < len(jobs) - 1:
        raise RuntimeError(f"the child ended with {code} between two archives")
    return at + 1


def _take(said: dict[str, Any], job: str, outcome: Outcome) -> None:
    outcome.tried += 1
    outcome.states[said["state"]] += 1
    outcome.megabytes = max(outcome.megabytes, said["megabytes"])
    outcome.slowest = max(outcome.slowest, said["seconds"])
    for wrong in said["wrong"]:
        outcome.wrong.append(f"{said['end']} ({job}, {said['kind']}): {wrong}")
    if said["unforeseen"]:
        outcome.unforeseen[said["unforeseen"]] += 1
    if said["megabytes"] > MEGABYTES:
        outcome.wrong.append(f"{said['end']} ({job}): {said['megabytes']} MB of memory")


def _listing(root: Path, home: Path) -> set[str]:
    """Every file below `root` but those in the home and the archives themselves."""
    inside = (home, root / "work", root / "seeds")
    found = {str(path) for path in root.rglob("*") if not any(map(path.is_relative_to, inside))}
    return found | {str(path) for path in root.parent.glob("*escaped*")}


def _format(name: str) -> str:
    return name.partition(" ")[0].partition(".")[0]


def child() -> None:
    """Import the archives of the job on standard input, a line before and after each."""
    from extraction.pool import ExtractionPool
    from store.database import Database

    job = json.load(sys.stdin)
    root, jobs = Path(job["root"]), job["jobs"]
    written: list[str] = []
    _watch_writes(root, written)
    pool = ExtractionPool(1, 10_000_000)
    with Database(job["url"]) as database:
        for number in range(job["begin"], len(jobs)):
            print(json.dumps({"begin": number}), flush=True)
            faulthandler.dump_traceback_later(PATIENCE, exit=True)
            path, kind = _archive(root, jobs[number], number, job["seed"])
            written.clear()
            began = time.monotonic()
            said = _import(database, pool, path, _format(jobs[number][2:]), number)
            said["wrong"] += [f"it wrote {name}" for name in sorted(set(written))]
            peak = peak_mb()
            facts = {"end": number, "kind": kind, "megabytes": peak}
            seconds = {"seconds": time.monotonic() - began}
            print(json.dumps(said | facts | seconds), flush=True)
            for each in path.parent.iterdir():
                each.unlink()
    faulthandler.cancel_dump_traceback_later()
    pool.close()


def _archive(root: Path, job: str, number: int, seed: int) -> tuple[Path, str]:
    folder = root / "work" / str(number)
    folder.mkdir()
    if job.startswith("h:"):
        return HOSTILE[job[2:]](folder), "hostile"
    (honest,) = (root / "seeds" / job[2:]).iterdir()
    data, kind = damaged(honest.read_bytes(), seed * 1_000_003 + number)
    path = folder / honest.name
    path.write_bytes(data)
    return path, kind


def _import(database: Any, pool: Any, path: Path, format: str, number: int) -> dict[str, Any]:
    """Import one archive into a collection of its own and compare what is stored."""
    from importers.errors import ImporterError
    from importers.run import ImportOptions, Session
    from store.imports import Imports
    from store.pages import PageStore

    name = f"m{number}"
    said: dict[str, Any] = {"wrong": [], "unforeseen": "", "state": "unknown"}
    # Every second one is read as what it was, though its beginning may no longer say so.
    options = ImportOptions(name, format=format if number % 2 else "", workers=1)
    try:
        report = Session(database, options, pool).run(path)
    except ImporterError:
        return said
    except Exception as error:
        said["wrong"].append(f"{type(error).__name__}: {error}"[:300])
        return said
    said["state"] = report.state
    if "reader failed" in report.error:
        said["unforeseen"] = report.error.rpartition("reader failed")[2][:100]
    store, job = PageStore(database, name), Imports(database, name).find(str(path.resolve()))
    stored = list(store.current())
    if store.verify():
        said["wrong"].append("verify finds damage")
    if len({page.url for page in stored}) != len(stored):
        said["wrong"].append("a page is stored twice")
    if job is None:
        said["wrong"].append("it has no journal")
    elif (job.new, sum(job.rejects.values())) != (report.new, sum(report.rejects.values())):
        said["wrong"].append("the journal says other numbers than the report")
    elif job.new != len(stored):
        said["wrong"].append(f"{len(stored)} pages are stored, the journal says {job.new}")
    return said


def _watch_writes(root: Path, written: list[str]) -> None:
    """Note each file that this process opens for writing outside of its home."""
    home = str(root / "home")
    fine = (home, str(root / "work"), "/dev/", "/proc/self/")

    def hook(event: str, given: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(given[0], str | bytes):
            mode, flags = given[1], given[2]
            writing = (isinstance(mode, str) and any(letter in mode for letter in "wax+")) or (
                mode is None and isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR)
            )
            path = os.path.abspath(os.fsdecode(given[0]))
            if writing and not path.startswith(fine) and "__pycache__" not in path:
                written.append(path)
        elif event in ("os.mkdir", "os.rename", "os.symlink", "os.link"):
            path = os.path.abspath(os.fsdecode(given[-3 if event == "os.rename" else 0]))
            if not path.startswith(fine) and "__pycache__" not in path:
                written.append(path)

    sys.addaudithook(hook)


def main(arguments: list[str] | None = None) -> int:
    """Import damaged archives; 1 when one went wrong."""
    parser = argparse.ArgumentParser(prog="python -m bench.archives", description=__doc__)
    parser.add_argument("--count", type=int, default=100, help="damaged archives")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--format", action="append", default=[], help="of these formats alone")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.child:
        child()
        return 0
    outcome = run(chosen.count, chosen.seed, chosen.format)
    print(outcome.said())
    for why, count in outcome.unforeseen.most_common(20):
        print(f"  unforeseen, {count} times: {why}")
    for wrong in outcome.wrong:
        print(f"  {wrong}")
    return int(bool(outcome.wrong))


if __name__ == "__main__":
    sys.exit(main())
