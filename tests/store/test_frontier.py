"""The frontier: every address once, to one worker at a time, and none lost."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from store.crawls import Crawls
from store.database import Database
from store.errors import CrawlError
from store.frontier import Frontier

LONG = 3600.0


@pytest.fixture
def frontier(database: Database) -> Frontier:
    return Frontier(database, Crawls(database).begin("web", {}).id)


def seeds(*names: str, priority: int = 0) -> list[tuple[str, int, int, str | None]]:
    return [(f"https://example.org/{name}", 0, priority, None) for name in names]


def test_an_address_is_added_once_in_any_spelling(frontier: Frontier) -> None:
    assert frontier.add([*seeds("a", "b"), *seeds("a")]) == 2
    assert frontier.add([("http://www.example.org/a/#x", 3, 9, None), *seeds("c")]) == 1
    assert frontier.add([("mailto:me@example.org", 0, 0, None), ("", 0, 0, None)]) == 0
    assert frontier.counts() == {"waiting": 3, "leased": 0, "done": 0, "refused": 0}


def test_order_is_priority_then_arrival(frontier: Frontier) -> None:
    frontier.add(seeds("z", "y", "x"))
    frontier.add([("https://example.org/first", 2, 5, "https://example.org/z\0")])
    entries = frontier.lease(10, LONG)
    assert [entry.url.rpartition("/")[2] for entry in entries] == ["first", "z", "y", "x"]
    first = entries[0]
    assert (first.depth, first.priority, first.referrer, first.attempts) == (
        2,
        5,
        "https://example.org/z",
        1,
    )


def test_a_large_addition_keeps_its_order(frontier: Frontier) -> None:
    names = [str(number) for number in range(2500)]
    assert frontier.add(seeds(*names)) == 2500
    assert [entry.url.rpartition("/")[2] for entry in frontier.lease(2500, LONG)] == names


def test_the_ways_of_an_entry(frontier: Frontier) -> None:
    frontier.add(seeds("done", "refused", "released", "waiting"))
    done, refused, released = frontier.lease(3, LONG)
    frontier.done([done.id])
    frontier.refuse(refused.id, "robots")
    frontier.release([done.id, refused.id, released.id])
    assert frontier.counts() == {"waiting": 2, "leased": 0, "done": 1, "refused": 1}
    assert frontier.refusals() == {"robots": 1}
    assert [entry.attempts for entry in frontier.lease(9, LONG)] == [2, 1]
    assert frontier.lease(9, LONG) == []
    frontier.done([])
    assert frontier.release_all() == 2
    assert frontier.counts()["waiting"] == 2


def test_a_lease_ends_by_the_clock_of_the_database(frontier: Frontier) -> None:
    frontier.add(seeds("a"))
    (entry,) = frontier.lease(1, -1.0)
    assert [again.id for again in frontier.lease(1, LONG)] == [entry.id]
    assert frontier.lease(1, LONG) == [], "the twin: a lease that has not ended is kept"


def test_two_crawls_are_apart(database: Database, frontier: Frontier) -> None:
    other = Frontier(database, Crawls(database).begin("other", {}).id)
    frontier.add(seeds("a"))
    assert other.lease(1, LONG) == []
    assert other.add(seeds("a")) == 1
    (mine,) = frontier.lease(1, LONG)
    other.done([mine.id])
    assert frontier.counts()["leased"] == 1


def test_workers_share_without_overlap(frontier: Frontier) -> None:
    frontier.add(seeds(*(str(number) for number in range(300))))
    taken: list[int] = []

    def work() -> None:
        while entries := frontier.lease(7, LONG):
            taken.extend(entry.id for entry in entries)
            # Links that others find too, and a few that are new.
            frontier.add(seeds("0", "1", f"new-{entries[0].id % 5}"))
            frontier.done([entry.id for entry in entries])

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == frontier.counts()["done"]
    assert frontier.counts()["done"] == 305
    assert frontier.counts()["waiting"] == frontier.counts()["leased"] == 0


_WORKER = """
import sys
from store.database import Database
from store.frontier import Frontier
frontier = Frontier(Database(sys.argv[1]), int(sys.argv[2]))
while entries := frontier.lease(3, 3600):
    frontier.done([entries[0].id])
    print(entries[0].id, flush=True)
"""


@pytest.mark.kill
def test_a_killed_worker_s_leases_are_taken_up(frontier: Frontier, database: Database) -> None:
    frontier.add(seeds(*(str(number) for number in range(5000))))
    command = [sys.executable, "-c", _WORKER, database.url, str(frontier.crawl_id)]
    worker = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    said = [int(worker.stdout.readline()) for _ in range(5)]
    os.kill(worker.pid, signal.SIGKILL)
    said += [int(line) for line in worker.stdout if line.endswith("\n")]
    worker.wait()
    worker.stdout.close()
    assert frontier.release_all() >= 2 * len(said)
    counts = frontier.counts()
    assert sum(counts.values()) == 5000
    assert 0 <= counts["done"] - len(said) <= 1
    assert counts["leased"] == 0


def test_crawls_are_found_again(database: Database) -> None:
    crawls = Crawls(database)
    assert crawls.latest() is None
    first = crawls.begin("web", {"depth": 3, "sites": ["https://example.org/"]})
    second = crawls.begin("docs", {})
    assert crawls.get(first.id) == first
    assert first.settings == {"depth": 3, "sites": ["https://example.org/"]}
    assert (first.state, first.ended_at) == ("running", None)
    assert crawls.latest() == second
    assert crawls.latest("web") == first
    crawls.set_state(first.id, "finished")
    assert crawls.get(first.id).ended_at is not None
    assert crawls.latest("web", unfinished=True) is None
    crawls.set_state(first.id, "running")
    assert crawls.latest("web", unfinished=True) == first
    assert crawls.list() == [first, second]
    with pytest.raises(CrawlError, match="no crawl number 99"):
        crawls.get(99)
    with pytest.raises(CrawlError, match="no crawl number 99"):
        crawls.set_state(99, "stopped")
    with pytest.raises(ValueError, match="never 'lost'"):
        crawls.set_state(first.id, "lost")
