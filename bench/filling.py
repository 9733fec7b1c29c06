"""Import made-up pages in a process of its own: `python -m bench.filling HOME START STOP`.

It prints one JSON object: pages a second while they were stored, without the making of them, and
the processor time of a page, each for the whole and for the last tenth; the letters of a text; and
the most memory that the process had, in MB. It knows nothing of what is measured afterwards.
"""

import json
import os
import sys
import time
from pathlib import Path

from store.database import Database, open_database
from store.pages import PageStore

from .manypages import pages
from .peaks import peak_mb

BATCH = 500
"""Pages a transaction, as the crawl has them at its fastest."""


def main(home: str, start: int, stop: int) -> dict[str, float]:
    """Store the pages from `start` to before `stop`."""
    taken: list[tuple[int, float, float]] = []
    letters = 0
    with open_database(Path(home)) as database:
        store = PageStore(database)
        for at in range(start, stop, BATCH):
            batch = list(pages(at, min(stop, at + BATCH)))
            letters += sum(len(page.text) for page in batch)
            worked, began = time.process_time() + _server(database), time.perf_counter()
            store.add(batch)
            seconds = time.perf_counter() - began
            worked = time.process_time() + _server(database) - worked
            taken.append((len(batch), seconds, worked))
    last = taken[-max(1, len(taken) // 10) :]
    return {
        "rate": _sum(taken, 0) / _sum(taken, 1),
        "last": _sum(last, 0) / _sum(last, 1),
        "work": 1e6 * _sum(taken, 2) / _sum(taken, 0),
        "last_work": 1e6 * _sum(last, 2) / _sum(last, 0),
        "letters": letters / (stop - start),
        "memory": float(peak_mb()),
    }


def _sum(taken: list[tuple[int, float, float]], column: int) -> float:
    return sum(row[column] for row in taken)


def _server(database: Database) -> float:
    """Processor seconds of the server's process behind the connection that is lent next."""
    with database.read() as connection:
        stat = Path(f"/proc/{connection.info.backend_pid}/stat").read_text()
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
