"""The proof that searches repeat: what is searched, in which ways, and what is compared.

A *way* is an encoder on the demo corpus through the whole product, or both arms alone over made-up
vectors. `Proof` writes what all processes start from and then only starts processes.
"""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from indexer.frozen.files import CURRENT
from store.database import open_database
from store.pages import PageStore

from . import arms
from .corpus import almanac
from .processes import Printed, hash_seeds, search
from .queries import queries

BM25, DENSE, ARMS = "BM25", "dense", "arms"
WAYS = (BM25, DENSE, ARMS)
_OPTIONS = {BM25: ("--encoder", "lexical"), DENSE: ("--encoder", "hashed", "--small")}


@dataclass(frozen=True, slots=True)
class Proof:
    """What is searched: a home with pages, a list of queries, and made-up vectors."""

    root: Path
    count: int

    @property
    def home(self) -> Path:
        """The home that holds the pages."""
        return self.root / "home"

    def index(self, way: str, name: str = "usual") -> Path:
        """Return the folder that holds an index and nothing else."""
        return self.root / way / name

    def once(
        self, way: str, name: str, environment: Mapping[str, str] | None = None, *, build: bool
    ) -> Printed:
        """Search in one fresh process; `build` makes the index of that name first."""
        # What only searches reads the usual index.
        index = self.index(way, name if build else "usual")
        index.mkdir(parents=True, exist_ok=True)
        return self._search(way, index, name, environment, ("--build",) if build else ())

    def _search(
        self,
        way: str,
        index: Path,
        name: str,
        environment: Mapping[str, str] | None = None,
        step: Sequence[str] = (),
    ) -> Printed:
        words: list[str | Path] = [*step]
        if way == ARMS:
            words += [index, self.root / "vectors.npz"]
            return search("bench.repeat.arms", words, name, environment)
        words += [self.home, self.root / "queries.json", "--index", index, *_OPTIONS[way]]
        return search("bench.repeat.searches", words, name, environment)

    def fresh(self, way: str, processes: int = 3) -> list[Printed]:
        """Search in so many fresh processes, the first of which builds the index."""
        first, *others = hash_seeds(processes)
        found = [self.once(way, "usual", first, build=True)]
        with ThreadPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:
            tasks = [
                pool.submit(self.once, way, f"process {number}", seed, build=False)
                for number, seed in enumerate(others, 2)
            ]
            return [*found, *(task.result() for task in tasks)]

    def rebuilt(self, way: str) -> Printed:
        """Search an index that was made again from PostgreSQL alone, in a process of its own."""
        return self.once(way, "rebuilt", build=True)

    def altered(self, way: str, name: str = "altered") -> Printed:
        """Search a copy of the usual index in which the last bit of each impact is another."""
        import numpy as np

        copy = self.index(way, name)
        shutil.copytree(self.index(way), copy)
        root = copy if way == ARMS else copy / "frozen"
        path = root / (root / CURRENT).read_text().strip() / "posting_impact.npy"
        np.save(path, np.load(path) ^ 1)
        return self._search(way, copy, name)


def prepared(root: Path, count: int, every: int = 1, ways: Sequence[str] = WAYS) -> Proof:
    """Store the demo corpus, or every so manieth page, and write `count` queries on it.

    The pages' database outlives the call, as that of any home does.
    """
    proof = Proof(root, count)
    proof.home.mkdir(parents=True)
    if ARMS in ways:
        arms.record(root / "vectors.npz", count)
    with open_database(proof.home) as database:
        store = PageStore(database)
        store.add(almanac(every))
        asked = queries(list(store.current()), count)
    (root / "queries.json").write_text(json.dumps(asked), "utf-8")
    return proof
