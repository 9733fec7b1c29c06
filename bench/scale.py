"""The store at 100,000 pages and a million: import, look-ups, suggestions, disk, memory.

`APPLIANCE_BENCH_PAGES=100000,1000000` sets the two sizes; `APPLIANCE_BENCH_HOME` names a folder
that is kept, so that a later run measures its pages and imports none (docs/scale.md).
"""

import contextlib
import json
import os
import random
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from store.database import Database, open_database
from store.pages import PageStore
from store.urls import canonical

from .manypages import address
from .measures import percentile
from .misses import KINDS, missed
from .rows import Row, median_ms, rate_row, shortest_ms, time_row
from .scratch import ROOT, scratch, surroundings

SIZES, KEPT = "APPLIANCE_BENCH_PAGES", "APPLIANCE_BENCH_HOME"
SMALL, FULL = (2_000, 10_000), (100_000, 1_000_000)
LOOKUPS, MISSES, PASSES = 1_000, 200, 5
LOOKUP_MS, MISS_MS = 0.2, 5.0
LINEAR, SUBLINEAR = 0.8, 0.5
"""Of the rate of an import, and of the speed of a look-up."""
FOUND = {"misspelled": 0.9, "misspelled elsewhere": 0.8}
"""The least share of addresses whose page is named among the five."""
_PARTS = """
SELECT pg_relation_size('page') + pg_relation_size('page_version'),
       pg_indexes_size('page') + pg_indexes_size('page_version'),
       pg_total_relation_size(reltoastrelid)
FROM pg_class WHERE oid = 'page_version'::regclass
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """A store of so many pages: rates in pages/s, processor time in microseconds a page, other
    times in milliseconds, memory in MB, sizes in bytes a page.
    """

    pages: int
    rate: float
    last: float
    work: float
    last_work: float
    letters: float
    memory: float
    found: tuple[float, float]
    """p50 and p95 of a look-up by URL."""
    bare: float
    misses: dict[str, tuple[float, float, float]]
    """Of each kind p50, p95, and the share whose page is among the five that are named."""
    parts: tuple[float, float, float]
    """Tables, indexes, and what PostgreSQL keeps apart from its row (TOAST)."""


def rows(full: bool) -> Iterator[Row]:
    """Measure both sizes, each on the same database, the smaller one first."""
    given = os.environ.get(SIZES)
    few, many = sorted(map(int, given.split(","))) if given else FULL if full else SMALL
    with _home() as home:
        small, large = _measured(home, 0, few), _measured(home, few, many)
    # What a few seconds say of growth is noise.
    big = many >= FULL[0]
    at = f"of {large.pages:,} pages"
    yield rate_row(
        f"import, the last {(many - few) // 10:,} {at}", large.last, "pages/s",
        f"the first {few:,}", small.rate, LINEAR if big else None,
    )  # fmt: skip
    yield time_row(
        f"processor time of a page's import, the same {at}", large.last_work, "us",
        f"the first {few:,}", small.work,
    )  # fmt: skip
    yield time_row(
        f"memory of an import {at}", large.memory, "MB", f"of {few:,}", small.memory, 0.8
    )
    yield time_row(
        f"find a page by its URL {at}, p50", large.found[0], "ms",
        "a prepared SELECT by primary key, p50", large.bare, most=LOOKUP_MS,
    )  # fmt: skip
    yield time_row(
        f"find a page by its URL {at}, p95", large.found[1], "ms", f"of {few:,}", small.found[1]
    )
    yield time_row(
        f"find a page by its URL {at}, p50, growth", large.found[0], "ms", f"of {few:,}",
        small.found[0], SUBLINEAR,
    )  # fmt: skip
    for kind in KINDS:
        now, before = large.misses[kind], small.misses[kind]
        name = f"nearest pages, {kind}, {at}"
        yield time_row(f"{name}, p50", now[0], "ms", f"of {few:,}", before[0])
        yield time_row(f"{name}, p95", now[1], "ms", f"of {few:,}", before[1], most=MISS_MS)
        if before[2]:
            said = f"{name}: the page meant is named"
            yield rate_row(said, now[2], "", "all", 1, FOUND.get(kind))
    whole = sum(large.parts)
    yield time_row(f"bytes a page on disk {at}", whole, "B", "letters of its text", large.letters)
    for part, size in zip(("tables", "indexes", "apart (TOAST)"), large.parts, strict=True):
        yield time_row(f"bytes a page: {part}", size, "B", "all of it", whole)


@contextlib.contextmanager
def _home() -> Iterator[Path]:
    if kept := os.environ.get(KEPT):
        Path(kept).mkdir(parents=True, exist_ok=True)
        yield Path(kept)
        return
    with scratch() as home:
        yield home


def _measured(home: Path, start: int, stop: int) -> Measured:
    """Import the pages up to `stop` and measure; what a kept home has noted is taken from there."""
    imported, note = home / f"import-{stop}.json", home / f"scale-{stop}.json"
    if note.exists():
        return _read(note)
    if not imported.exists():
        words = [sys.executable, "-m", "bench.filling", home, start, stop]
        done = subprocess.run(
            [str(word) for word in words], cwd=ROOT, env=surroundings(), capture_output=True,
            text=True, check=True,
        )  # fmt: skip
        imported.write_text(done.stdout)
    with open_database(home) as database:
        with database.read() as connection:
            # As the server does by itself some minutes after an import.
            connection.execute("VACUUM (ANALYZE) page, page_version")
            parts = connection.execute(_PARTS).fetchone() or (0, 0, 0)
        found, bare = _look_ups(database, stop)
        measured = Measured(
            pages=stop, **json.loads(imported.read_text()), found=found, bare=bare,
            misses=_suggestions(database, stop),
            parts=(parts[0] / stop, parts[1] / stop, parts[2] / stop),
        )  # fmt: skip
    note.write_text(json.dumps(asdict(measured)))
    return measured


def _read(note: Path) -> Measured:
    held = json.loads(note.read_text())
    misses = {kind: tuple(figures) for kind, figures in held.pop("misses").items()}
    found, parts = tuple(held.pop("found")), tuple(held.pop("parts"))
    return Measured(**held, found=found, parts=parts, misses=misses)


def _look_ups(database: Database, pages: int) -> tuple[tuple[float, float], float]:
    """Pages drawn from all, each asked for a second time: p50, p95; and the bare p50, as warm."""
    numbers = random.Random(3).sample(range(pages), min(LOOKUPS, pages // 2))
    asked = [address(number) for number in numbers]
    store = PageStore(database)
    shortest_ms(store.resolve, asked)
    canonical.cache_clear()  # as a new process has it
    taken = shortest_ms(store.resolve, asked)
    query = "SELECT title, body, outlinks FROM page_version WHERE id = %s"
    with database.read() as connection:
        ids = [page.version_id for page in map(store.resolve, asked) if page is not None]
        bare = median_ms(
            lambda key: connection.execute(query, (key,), prepare=True).fetchone(), ids
        )
    return (statistics.median(taken), percentile(taken, 0.95)), bare


def _suggestions(database: Database, pages: int) -> dict[str, tuple[float, float, float]]:
    """Of each kind of address that is not stored: p50, p95, and the share of pages named."""
    store, measured = PageStore(database), {}
    for kind in KINDS:
        asked = missed(kind, MISSES, pages)
        taken = shortest_ms(store.nearest, [url for url, _ in asked], PASSES)
        named = sum(
            meant in [url for url, _ in store.nearest(wrong)] for wrong, meant in asked if meant
        )
        measured[kind] = statistics.median(taken), percentile(taken, 0.95), named / len(asked)
    return measured
