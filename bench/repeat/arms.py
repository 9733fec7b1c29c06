"""`python -m bench.repeat.arms FOLDER DATA`: both arms over made-up vectors, one JSON line a query.

DATA holds vectors as whole numbers (`record`), so that every process starts from the same ones; the
index in FOLDER is written by `--build`. Clusters overlap, so that lists and candidates matter.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indexer.encoders.base import QueryVectors, Term, Vectors
from indexer.frozen import FrozenIndex, FrozenPage, FrozenPassage, compiled, publish, write
from indexer.frozen.clusters import DENSE_SCALE, quantise

from ..vectors import SIZE, Made
from .processors import dispatched

if TYPE_CHECKING:
    from numpy.typing import NDArray

PASSAGES = 6_000
"""Enough for lists of the size that calibration leaves some unread."""
RESULTS = 10
CEILING = 4.0
HEADER: dict[str, Any] = {
    "encoder": {"name": "made", "digest": ""},
    "chunker": "",
    "uses_rarity": True,
}


def record(path: Path, queries: int, passages: int = PASSAGES) -> None:
    """Write the vectors of a made-up corpus and of so many queries to `path`, as integers."""
    import numpy as np

    made = Made("overlapping", passages)
    vectors = [vector for batch in made.batches() for vector in batch]
    asked = made.queries(queries)
    np.savez(
        path,
        dense=quantise(np.stack([v.dense for v in vectors if v.dense is not None])),
        sparse=np.array([json.dumps(list(v.sparse.items())) for v in vectors]),
        query=quantise(np.stack([q.dense for q in asked if q.dense is not None])),
        terms=np.array([json.dumps([[t.ids[0], t.weight] for t in q.terms]) for q in asked]),
    )


def main(arguments: list[str] | None = None) -> int:
    """Write the index where it is asked for, search it, and print what was found."""
    import numpy as np

    parser = argparse.ArgumentParser(prog="python -m bench.repeat.arms", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--build", action="store_true", help="write the index first")
    chosen = parser.parse_args(arguments)
    # A reader of an index of this size would leave the compiled loops alone.
    compiled.KERNELS_FROM = 0
    data = np.load(chosen.data)
    if chosen.build:
        _build(chosen.folder, data["dense"], data["sparse"])
    index = FrozenIndex.open(chosen.folder)
    index.prepare()
    lines = []
    for row, terms in zip(data["query"], data["terms"], strict=True):
        words = tuple(Term((key,), weight) for key, weight in json.loads(str(terms)))
        vectors = QueryVectors((row / DENSE_SCALE).astype(np.float32), words)
        found = index.found(vectors, index.best_pages(vectors, RESULTS))
        assert found.dense is not None
        lines.append(json.dumps([found.pages, found.sparse.tolist(), found.dense.tolist()]))
    lists = index.manifest.values["lists"]
    header = {
        "index": index.digest,
        "loops": compiled.NAME in sys.modules,
        "lists": lists["probes"] < lists["lists"] or lists["fetch"] < index.passages,
        **dispatched(),
    }
    print(json.dumps(header))
    print("\n".join(lines))
    return 0


def _build(folder: Path, dense: "NDArray[Any]", sparse: "NDArray[Any]") -> None:
    import numpy as np

    compiled.warm(folder / compiled.FOLDER)
    count = len(dense)
    pages = [FrozenPage(f"https://made.test/{n:06}", "", "made.test", "", n) for n in range(count)]
    passages = [FrozenPassage(n, n, 0, 1) for n in range(count)]
    batch = [
        Vectors((row / DENSE_SCALE).astype(np.float32), {int(k): w for k, w in json.loads(str(s))})
        for row, s in zip(dense, sparse, strict=True)
    ]
    publish(folder, write(folder, HEADER, pages, passages, [batch], SIZE, CEILING))


if __name__ == "__main__":
    sys.exit(main())
