"""The frozen index on made-up vectors: hybrid speed and recall, cold and in four processes, beside
Milvus Lite on the same data.

`APPLIANCE_BENCH_PASSAGES` sets the sizes ("100000,1000000"); Milvus is asked at the sizes that it
takes without an hour's patience. `python -m bench.frozen ROOT KIND PASSAGES ACT` is what the fresh
processes run.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .rows import Row, rate_row, shortest_ms, time_row
from .scratch import ROOT, scratch
from .vectors import SIZE, Made

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from indexer.encoders.base import QueryVectors
    from indexer.frozen import FrozenIndex

SIZES = "APPLIANCE_BENCH_PASSAGES"
SMALL, FULL = (6_000,), (100_000, 1_000_000)
MILVUS = (10_000, 100_000)
PAGE = 4
"""Passages a page."""
DENSE, SPARSE = 0.6, 0.4
BEST = 10
PASSES = 5
"""Times that a warm query is asked, of the frozen index as of Milvus; its shortest counts."""
SHORTEST = f"shortest of {PASSES}"
TARGETS = {
    ("clustered", 100_000): 4.0,
    ("clustered", 1_000_000): 8.0,
    ("overlapping", 100_000): 25.0,
    ("overlapping", 1_000_000): 25.0,
}
"""Milliseconds wanted of a hybrid query, p50."""


def rows(full: bool) -> Iterator[Row]:
    """Freeze, ask, compare with scoring everything, then Milvus Lite."""
    wanted = os.environ.get(SIZES, "")
    sizes = tuple(int(part) for part in wanted.split(",") if part) or (FULL if full else SMALL)
    asked = 100 if full else 20
    against: dict[int, float] = {}
    for count in MILVUS:
        if count <= max(sizes):
            with scratch() as home:
                against[count] = _milvus(home, Made("clustered", count), asked)
    if not against:
        with scratch() as home:
            against[1_000] = _milvus(home, Made("clustered", 1_000), asked)
    for count in sizes:
        for kind in ("clustered", "overlapping"):
            with scratch() as root:
                yield from _measured(root, Made(kind, count), asked, full, against)


def _measured(
    root: Path, made: Made, asked: int, full: bool, against: dict[int, float]
) -> Iterator[Row]:
    name = f"{made.passages:,} {made.kind}"
    started = time.perf_counter()
    freeze(root, made)
    print(f"bench: frozen {name} in {time.perf_counter() - started:.0f} s", file=sys.stderr)
    cold = _child(root, made, "cold", asked)
    warm = _child(root, made, "warm", asked)
    nearest = max((n for n in against if n <= made.passages), default=min(against))
    most = TARGETS.get((made.kind, made.passages))
    yield time_row(
        f"hybrid p50, {SHORTEST}, {name}", warm["p50"], "ms",
        f"Milvus Lite, {SHORTEST}, {nearest:,} clustered", against[nearest], most=most,
    )  # fmt: skip
    for beside, figure in sorted(against.items()):
        if beside != nearest and made.kind == "clustered":
            yield time_row(
                f"hybrid p50, {SHORTEST}, {name}", warm["p50"], "ms",
                f"Milvus Lite, {SHORTEST}, {beside:,} clustered", figure,
            )  # fmt: skip
    yield time_row(f"hybrid p95, {SHORTEST}, {name}", warm["p95"], "ms", "its p50", warm["p50"])
    yield Row(
        f"recall@{BEST}, {name}", warm["recall"], "", "scoring every passage", 1.0,
        warm["recall"], "at least 0.98", warm["recall"] >= 0.98,
    )  # fmt: skip
    yield time_row(f"scoring every passage, {name}", warm["plain"], "ms", "hybrid p50", warm["p50"])
    yield time_row(f"cold p99, {name}", cold["p99"], "ms", "warm p50", warm["p50"], most=150)
    yield time_row(f"open, {name}", cold["open"], "s", "import numpy", cold["numpy"], most=0.2)
    memory = cold["private"]
    yield time_row(
        f"private memory, {name}", memory, "MB", "after import numpy", cold["bare"], most=500
    )
    if made.kind == "clustered":
        one, four = _together(root, made, 1, full), _together(root, made, 4, full)
        yield rate_row(
            f"four processes, {name}", four, "queries/s", "one process", one,
            1.7 if full else None,
        )  # fmt: skip


def freeze(root: Path, made: Made) -> None:
    """Freeze a made-up corpus below `root`, as indexing would."""
    from indexer.frozen import FrozenPage, FrozenPassage, publish, write
    from indexer.frozen.write import warm

    pages = [
        FrozenPage(f"https://bench.test/{i:07}", "", "bench.test", "en", i + 1)
        for i in range(-(-made.passages // PAGE))
    ]
    passages = [
        FrozenPassage(i, i // PAGE, i % PAGE * 100, i % PAGE * 100 + 99)
        for i in range(made.passages)
    ]
    header = {"encoder": {"name": "made"}, "chunker": "", "uses_rarity": False}
    publish(root, write(root, header, pages, passages, made.batches(), SIZE, 4.0))
    warm(root, made.passages)


def hybrid(index: "FrozenIndex", query: "QueryVectors") -> list[int]:
    """The ten best pages of both arms, each divided by its best score."""
    import numpy as np

    found = index.found(query, index.best_pages(query, 100))
    assert found.dense is not None
    scores = DENSE * _share(found.dense) + SPARSE * _share(found.sparse)
    best = np.maximum.reduceat(scores, found.first[:-1])
    order = np.argsort(-best, kind="stable")[:BEST]
    return [found.pages[at] for at in order]


def plainly(index: "FrozenIndex", query: "QueryVectors") -> list[int]:
    """The same from the scores of all passages."""
    import numpy as np

    assert query.dense is not None
    dense, sparse = index.dense_scores(query.dense), index.sparse_scores(query.terms)
    scores = DENSE * _share(dense) + SPARSE * _share(sparse)
    best = np.maximum.reduceat(scores, index.column("page_first")[:-1])
    return [int(page) for page in np.argsort(-best, kind="stable")[:BEST]]


def _share(scores: "NDArray[Any]") -> "NDArray[np.float64]":
    import numpy as np

    shared: NDArray[np.float64] = np.maximum(scores, 0) / max(1, int(scores.max(initial=0)))
    return shared


def _milvus(home: Path, made: Made, asked: int) -> float:
    """Milliseconds of Milvus Lite's own hybrid search: the median of each query's shortest."""
    from pymilvus import AnnSearchRequest, WeightedRanker

    from indexer.milvus import VectorStore

    with VectorStore(home / "milvus") as store:
        store.prepare("made", SIZE)
        at = 0
        for batch in made.batches():
            store.upsert("made", list(range(at, at + len(batch))), batch)
            at += len(batch)
        store.flush("made")

        def search(query: "QueryVectors") -> None:
            terms = {term.ids[0]: term.weight for term in query.terms}
            requests = [
                AnnSearchRequest([query.dense], "dense", {"metric_type": "IP"}, limit=100),
                AnnSearchRequest([terms], "sparse", {"metric_type": "IP"}, limit=100),
            ]
            store._client.hybrid_search(
                "made", requests, WeightedRanker(DENSE, SPARSE), limit=BEST
            )  # fmt: skip

        queries = made.queries(min(asked, 40))
        search(queries[0])
        return statistics.median(shortest_ms(search, queries, PASSES))


def _child(root: Path, made: Made, act: str, asked: int) -> dict[str, float]:
    """What a fresh process measures."""
    done = _start(root, made, act, asked)
    out, _ = done.communicate()
    if done.returncode:
        raise RuntimeError(f"bench.frozen {act} failed")
    found: dict[str, float] = json.loads(out)
    return found


def _start(root: Path, made: Made, act: str, asked: int) -> "subprocess.Popen[str]":
    words = [sys.executable, "-m", "bench.frozen", root, made.kind, made.passages, act, asked]
    return subprocess.Popen(
        [str(word) for word in words],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )


def _together(root: Path, made: Made, processes: int, full: bool) -> float:
    """Queries a second of so many processes that search at the same time."""
    children = [_start(root, made, "rate", 20 if full else 4) for _ in range(processes)]
    for child in children:
        assert child.stdout is not None
        child.stdout.readline()
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    total = 0.0
    for child in children:
        out, _ = child.communicate()
        total += float(json.loads(out)["rate"])
    return total


def _run(root: Path, made: Made, act: str, asked: int) -> dict[str, float]:
    started = time.perf_counter()
    import numpy as np

    numpy = time.perf_counter() - started
    bare = _private()
    from indexer.frozen import FrozenIndex

    if act == "cold":
        _forget(root)
    started = time.perf_counter()
    index = FrozenIndex.open(root)
    opened = time.perf_counter() - started
    queries = made.queries(max(asked, 20))
    index.prepare()
    if act == "rate":
        return _rate(index, queries, asked / 4)
    if act == "warm":
        for query in queries:
            hybrid(index, query)
    taken = shortest_ms(partial(hybrid, index), queries, PASSES if act == "warm" else 1)
    facts = {"open": opened, "numpy": numpy, "bare": bare, "private": _private()}
    facts |= {f"p{at}": float(np.percentile(taken, at)) for at in (50, 95, 99)}
    if act == "warm":
        some = queries[:20]
        started = time.perf_counter()
        exact = [plainly(index, query) for query in some]
        facts["plain"] = (time.perf_counter() - started) * 1000 / len(some)
        same = [len(set(hybrid(index, q)) & set(e)) for q, e in zip(some, exact, strict=True)]
        facts["recall"] = sum(same) / sum(len(e) for e in exact)
    return facts


def _rate(index: "FrozenIndex", queries: "list[QueryVectors]", seconds: float) -> dict[str, float]:
    for query in queries:
        hybrid(index, query)
    print("ready", flush=True)
    sys.stdin.readline()
    done, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        hybrid(index, queries[done % len(queries)])
        done += 1
    return {"rate": done / (time.perf_counter() - started)}


def _forget(root: Path) -> None:
    """Drop the files of an index from the page cache."""
    for path in root.rglob("*"):
        if path.is_file() and "kernels" not in path.parts:
            descriptor = os.open(path, os.O_RDONLY)
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def _private() -> float:
    """Megabytes of this process's memory that no file backs."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    _, _root, _kind, _count, _act, _asked = sys.argv
    print(json.dumps(_run(Path(_root), Made(_kind, int(_count)), _act, int(_asked))))
