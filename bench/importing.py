"""Import made-up pages in a process of its own: `python -m bench.importing HOME START STOP`.

It prints one JSON object: pages a second while they were stored, without the making of them, for
the whole and for its last tenth; the letters of a text; and the most memory it had, in MB.
"""

import json
import resource
import sys
import time
from pathlib import Path

from store.database import open_database
from store.pages import PageStore

from .manypages import pages

BATCH = 500
"""Pages a transaction, as the crawl has them at its fastest."""


def main(home: str, start: int, stop: int) -> dict[str, float]:
    """Store the pages from `start` to before `stop`."""
    taken, letters, counted = [], 0, []
    with open_database(Path(home)) as database:
        store = PageStore(database)
        for at in range(start, stop, BATCH):
            batch = list(pages(at, min(stop, at + BATCH)))
            letters += sum(len(page.text) for page in batch)
            began = time.perf_counter()
            store.add(batch)
            taken.append(time.perf_counter() - began)
            counted.append(len(batch))
    last = max(1, len(taken) // 10)
    return {
        "rate": sum(counted) / sum(taken),
        "last": sum(counted[-last:]) / sum(taken[-last:]),
        "letters": letters / (stop - start),
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
