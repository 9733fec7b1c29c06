"""Whether searching is still as good as it was: `python -m bench.quality [SET …]`, `make quality`.

The floors in `quality.json` hold for data with the digests that stand beside them; other data are
refused by name, never passed over. The demo corpus is always measured, the sets of the measuring
data where they are (`APPLIANCE_SHARED`, or `../shared/data`). It judges figures and takes none.
"""

import argparse
import json
import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from indexer.errors import IndexerError
from store.database import open_database
from store.digest import blake_json, sha256_file, write_atomic
from store.errors import StoreError
from store.pages import PageStore
from store.urls import url_hash

from .beir import RELEVANT, SUPPORT, Collection, Topic, bare, read
from .errors import BenchError, FloorsError
from .renaming.almanac import RenamingError, home
from .retrieval import Report, measure
from .rows import table
from .scratch import QUESTIONS, ROOT, scratch
from .stored import Setting, Stored, stored

FLOORS = Path(__file__).with_name("quality.json")
DEMO = "demo"
SLACK = 0.01
"""How far below what was measured a floor is written."""
HEADS = ("set", "measure", "figure", "floor", "target", "met")


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure beside its floor. `target` is what is wanted of it, where that is known."""

    set: str
    measure: str
    figure: float
    floor: float
    target: float | None

    @property
    def held(self) -> bool:
        """True when the figure is not below its floor."""
        return self.figure >= self.floor

    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        said = "NO" if not self.held else "yes" if self.reaches else "not the target"
        target = "" if self.target is None else f"{self.target:.3f}"
        return (
            self.set, self.measure, f"{self.figure:.4f}", f"{self.floor:.3f}", target, said
        )  # fmt: skip

    @property
    def reaches(self) -> bool:
        """True when the figure is not below its target, or has none."""
        return self.target is None or self.figure >= self.target


def read_floors(path: Path = FLOORS) -> dict[str, dict[str, Any]]:
    """Return the sets by name. Raises FloorsError when the file cannot be read."""
    try:
        sets: dict[str, dict[str, Any]] = json.loads(path.read_text("utf-8"))["sets"]
        for one in sets.values():
            if not (one["data"] and one["floors"]):
                raise KeyError("data or floors")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise FloorsError(
            f"The floors in {path} cannot be read ({error}): take the file from version control."
        ) from error
    return sets


def shared() -> Path:
    """Return where the measuring data would be."""
    return Path(os.environ.get("APPLIANCE_SHARED") or ROOT.parent / "shared" / "data")


def folder_of(name: str, held: Mapping[str, Any], data: Path) -> Path:
    """Return the folder of a set's data."""
    return QUESTIONS.parent if name == DEMO else data / str(held["folder"])


def digests(folder: Path, names: Sequence[str]) -> dict[str, str]:
    """Return the tagged digest of each file, or of all files below a name that ends in `/`.

    What is not there has the digest "" instead.
    """
    found = {}
    for name in names:
        path = folder / name
        if name.endswith("/"):
            files = sorted(file for file in path.rglob("*.md") if file.is_file())
            found[name] = blake_json([[str(f.relative_to(path)), sha256_file(f)] for f in files])
        else:
            found[name] = sha256_file(path) if path.is_file() else ""
    return found


def check_data(name: str, held: Mapping[str, Any], folder: Path) -> None:
    """Raise FloorsError unless the data are those that the floors were written for."""
    found = digests(folder, list(held["data"]))
    for file, wanted in held["data"].items():
        if found[file] != wanted:
            has = found[file] or "no such file"
            raise FloorsError(
                f"The floors of {name} hold for other data: {folder / file} has {has} instead of "
                f"{wanted}; bring those data back, or measure these and write floors for them with "
                f"python -m bench.quality {name} --write."
            )


def judge(name: str, held: Mapping[str, Any], figures: Mapping[str, float]) -> list[Measured]:
    """Put each floor beside its figure.

    Raises FloorsError for a floor that was never measured and for one without a figure.
    """
    targets = held.get("targets", {})
    if unwritten := [key for key, floor in held["floors"].items() if floor is None]:
        raise FloorsError(
            f"{name} has no floor for {unwritten[0]} yet: measure it and write one with "
            f"python -m bench.quality {name} --write."
        )
    if missing := sorted(held["floors"].keys() - figures.keys()):
        raise FloorsError(
            f"{name} has a floor for {missing[0]}, which is not measured there: write floors anew "
            f"with python -m bench.quality {name} --write."
        )
    return [
        Measured(name, key, figures[key], float(floor), targets.get(key))
        for key, floor in held["floors"].items()
    ]


def below(figure: float) -> float:
    """Return the floor that is written for a figure."""
    return math.floor((figure - SLACK) * 1000) / 1000


def measured(name: str, folder: Path) -> Report:
    """Measure one set with BM25 through the product's own path."""
    if name == DEMO:
        with almanac() as (collection, kept):
            return measure(collection, kept, Setting())[0]
    collection = read(folder)
    with stored(collection) as kept:
        return measure(collection, kept, Setting())[0]


@contextmanager
def almanac() -> Iterator[tuple[Collection, Stored]]:
    """Crawl and index the demo corpus; yields its questions as a collection, and the home."""
    topics, pages = [], {}
    for line in QUESTIONS.read_text("utf-8").split("\n"):
        value = json.loads(line) if line.strip() else {}
        if value.get("pages"):
            topics.append(Topic(value["id"], value["question"]))
            pages[value["id"]] = {bare(f"http://almanac.test{page}"): 1 for page in value["pages"]}
    collection = Collection(
        DEMO, QUESTIONS, QUESTIONS, None, tuple(topics), {RELEVANT: pages, SUPPORT: pages}, True
    )
    with scratch() as root:
        home(root)
        with open_database(root) as database:
            kept = Stored(root, database, {})
            for page in PageStore(database).current():
                kept.names[url_hash(page.url)] = page.url
                kept.languages[page.lang] += 1
            yield collection, kept


def main(arguments: list[str] | None = None) -> int:
    """Measure the sets and print them; 1 when a floor is broken or a set is refused."""
    parser = argparse.ArgumentParser(prog="python -m bench.quality", description=__doc__)
    parser.add_argument("sets", nargs="*", metavar="SET", help="default: all that are there")
    parser.add_argument("--floors", type=Path, default=FLOORS, help="another file of floors")
    parser.add_argument("--write", action="store_true", help="write floors for what is there now")
    parser.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args(arguments)
    try:
        sets = read_floors(chosen.floors)
    except FloorsError as error:
        return _refused(str(error))
    if unknown := sorted(set(chosen.sets) - sets.keys()):
        parser.error(f"there is no set {unknown[0]!r}; choose from {', '.join(sets)}")
    rows: list[Measured] = []
    failed = 0
    for name in chosen.sets or sets:
        folder = folder_of(name, sets[name], shared())
        if not folder.is_dir() and not (chosen.sets or os.environ.get("APPLIANCE_SHARED")):
            _say(f"{name} is left out: {folder} is not there")
            continue
        try:
            if not chosen.write:
                check_data(name, sets[name], folder)
            _say(name)
            figures = measured(name, folder).measures
            if chosen.write:
                sets[name]["data"] = digests(folder, list(sets[name]["data"]))
                sets[name]["floors"] = {key: below(figures[key]) for key in sets[name]["floors"]}
            rows += judge(name, sets[name], figures)
        except (BenchError, IndexerError, StoreError, RenamingError) as error:
            failed += _refused(str(error))
    if chosen.write and not failed:
        text = json.dumps({"sets": sets}, indent=2, ensure_ascii=False) + "\n"
        write_atomic(chosen.floors, text.encode(), 0o644)
    if chosen.json:
        print(json.dumps([{**asdict(row), "held": row.held} for row in rows], indent=1))
    else:
        print(table([row.cells() for row in rows], HEADS))
    return 1 if failed or not all(row.held for row in rows) else 0


def _say(words: str) -> None:
    print(f"bench.quality: {words}", file=sys.stderr, flush=True)


def _refused(words: str) -> int:
    _say(words)
    return 1


if __name__ == "__main__":
    sys.exit(main())
