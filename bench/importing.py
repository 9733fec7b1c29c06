"""Importing: pages a second into the store beside reading and extracting the same file without one.

The baseline is `--dry-run`, the same readers and extraction processes without a database. Rounds
alternate, and the best of each counts. `python -m bench.importing --rows 1000000` measures what
memory an import of so many rows takes beside one of a tenth of them.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from extraction.pool import ExtractionPool
from importers.run import ImportOptions, Session
from store.database import open_database

from . import archived
from .making import MAKERS, text
from .peaks import peak_mb
from .rows import Row, rate_row, table
from .scratch import ROOT, scratch

LEAST = 0.9
"""The share of reading plus extraction that an import must reach."""
ROUNDS = 3
MEASURED: dict[str, tuple[int, float | None]] = {
    "jsonl": (3000, LEAST),
    "parquet": (3000, None),
    "mediawiki": (1500, None),
}
"""Formats with a row of their own: pages (ten times as many with `--full`), and the share that is
promised, if one is.
"""
MOST_GROWTH = 1.5
"""Times the memory that ten times the rows may take."""


def rows(full: bool) -> Iterator[Row]:
    """Measure each format on a private PostgreSQL made for it."""
    for name, (count, least) in MEASURED.items():
        yield measured(name, count * (10 if full else 1), least)
    yield from archived.rows(full)


def measured(name: str, count: int, least: float | None = None, rounds: int = ROUNDS) -> Row:
    """Import an archive of one format, with and without a database."""
    pool = ExtractionPool(None, 10_000_000)
    try:
        with scratch() as root, open_database(root / "home") as database:
            path = MAKERS[name](root, count)
            Session(None, ImportOptions(dry_run=True, limit=200), pool).run(path)
            read, stored = 0.0, 0.0
            for number in range(rounds):
                dry = Session(None, ImportOptions(dry_run=True), pool).run(path)
                wet = Session(database, ImportOptions(f"round{number}"), pool).run(path)
                if not dry.pages == wet.new == count:
                    raise RuntimeError(f"{name}: {dry.pages} and {wet.new} pages of {count}")
                read = max(read, dry.pages / dry.seconds)
                stored = max(stored, wet.new / wet.seconds)
    finally:
        pool.close()
    return rate_row(
        f"import {name}", stored, "pages/s", "reading and extraction alone", read, least
    )


def memory(count: int) -> int:
    """Return the peak, in megabytes, of a process that imports so many rows."""
    with scratch() as root, open_database(root / "home") as database:
        path = root / "rows.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for number in range(count):
                row = {
                    "id": number,
                    "lang": "en",
                    "title": f"Row {number}",
                    "text": text(number, 2),
                }
                file.write(json.dumps(row) + "\n")
        done = subprocess.run(
            [sys.executable, "-m", "bench.importing", "--child", database.url, str(path)],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        stored, peak = map(int, done.stdout.split())
    if stored != count:
        raise RuntimeError(f"{stored} of {count} rows were stored")
    return peak


def _child(url: str, path: str) -> None:
    from store.database import Database

    with Database(url) as database, Session(database) as session:
        report = session.run(Path(path))
    print(report.new, peak_mb())


def main(arguments: list[str] | None = None) -> int:
    """Measure the memory, or with no rows given the speeds."""
    parser = argparse.ArgumentParser(prog="python -m bench.importing", description=__doc__)
    parser.add_argument("--rows", type=int, help="measure the memory of an import of so many rows")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.child:
        _child(*chosen.child)
        return 0
    if not chosen.rows:
        found = list(rows(False))
        print(
            table(
                [
                    (
                        row.name,
                        f"{row.figure:,.0f}",
                        f"{row.baseline_figure:,.0f}",
                        f"{row.ratio:.3f}",
                    )
                    for row in found
                ],
                ("row", "pages/s", "without a database", "ratio"),
            )
        )
        return int(any(row.met is False for row in found))
    few, many = memory(chosen.rows // 10), memory(chosen.rows)
    grown = many / few
    print(
        f"{chosen.rows:,} rows: {many} MB at the most; a tenth of them: {few} MB "
        f"({grown:.2f} times)"
    )
    return int(grown > MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
