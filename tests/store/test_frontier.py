"""The frontier: every address once, to one worker at a time, and none lost."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from store.crawlers import present, reap
from store.crawls import Crawls
from store.database import Database
from store.errors import CrawlError, LeaseLostError
from store.frontier import Frontier
from store.hosts import Manners


@pytest.fixture
def frontier(database: Database) -> Frontier:
    return Frontier(database, Crawls(database).begin("web", {}).id)


def seeds(*names: str, priority: int = 0) -> list[tuple[str, int, int, str | None]]:
    return [(f"https://example.org/{name}", 0, priority, None) for name in names]


def test_an_address_is_added_once_in_any_spelling(frontier: Frontier) -> None:
    assert frontier.add([*seeds("a", "b"), *seeds("a")]) == 2
    assert frontier.add([("http://www.example.org/a/#x", 3, 9, None), *seeds("c")]) == 1
    assert frontier.add([("mailto:me@example.org", 0, 0, None), ("", 0, 0, None)]) == 0
    assert frontier.counts() == {"waiting": 3, "leased": 0, "done": 0, "passed": 0, "refused": 0}


def test_order_is_priority_then_arrival(frontier: Frontier) -> None:
    frontier.add(seeds("z", "y", "x"))
    frontier.add([("https://example.org/first", 2, 5, "https://example.org/z\0")])
    entries = frontier.lease(10)
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
    assert [entry.url.rpartition("/")[2] for entry in frontier.lease(2500)] == names


def test_the_ways_of_an_entry(frontier: Frontier) -> None:
    frontier.add(seeds("done", "refused", "passed", "released", "waiting"))
    done, refused, passed, released = frontier.lease(4)
    assert frontier.settle([done.id], [passed.id], [(refused.id, "robots")]) == 3
    frontier.release([done.id, refused.id, passed.id, released.id])
    assert frontier.counts() == {"waiting": 2, "leased": 0, "done": 1, "passed": 1, "refused": 1}
    assert frontier.refusals() == {"robots": 1}
    assert [entry.attempts for entry in frontier.lease(9)] == [2, 1]
    assert frontier.lease(9) == []
    assert frontier.settle() == 0
    assert frontier.release() == 2
    assert frontier.counts()["waiting"] == 2


def test_a_redirect_is_followed_by_whoever_is_first(database: Database, frontier: Frontier) -> None:
    frontier.add(seeds("a", "b"))
    a, b = frontier.lease(2)
    claimed = frontier.claim("https://example.org/target", a)
    assert claimed is not None
    assert frontier.claim("http://www.example.org/target/", b) is None
    assert frontier.claim("https://example.org/b", a) is None
    frontier.release()
    assert "https://example.org/target" in [entry.url for entry in frontier.lease(9)]


def test_a_lease_lasts_as_long_as_its_process(database: Database, frontier: Frontier) -> None:
    frontier.add(seeds("a", "b"))
    with present(database, frontier.crawl_id) as one:
        mine = Frontier(database, frontier.crawl_id, one.id)
        (entry,) = mine.lease(1)
        assert reap(database) == 0
        assert frontier.counts()["leased"] == 1
        one.beat()
        # Of another process, it is not for this one to end.
        assert frontier.settle([entry.id]) == 0
        assert one.others() == 0
    assert frontier.counts() == {"waiting": 2, "leased": 0, "done": 0, "passed": 0, "refused": 0}


def test_a_process_that_gives_no_sign_is_taken_for_dead(
    database: Database, frontier: Frontier
) -> None:
    frontier.add(seeds("a"))
    with (
        present(database, frontier.crawl_id, life=0.0) as one,
        present(database, frontier.crawl_id) as other,
    ):
        Frontier(database, frontier.crawl_id, one.id).lease(1)
        assert reap(database, other.id) == 1
        (entry,) = Frontier(database, frontier.crawl_id, other.id).lease(1)
        with pytest.raises(LeaseLostError, match="away for longer"):
            one.beat()
        # The twin: what the other has taken over is no longer the first one's to end.
        assert Frontier(database, frontier.crawl_id, one.id).settle([entry.id]) == 0
        assert reap(database, one.id) == 0


def test_a_host_is_asked_by_one_process_and_then_rests(
    database: Database, frontier: Frontier
) -> None:
    polite = Manners(hold=True, pause=3600.0, each=2)
    frontier.add(seeds("a", "b", "c"))
    frontier.add([("https://other.test/", 0, 0, None)])
    with present(database, frontier.crawl_id) as one, present(database, frontier.crawl_id) as two:
        first = Frontier(database, frontier.crawl_id, one.id)
        second = Frontier(database, frontier.crawl_id, two.id)
        taken = first.lease(2, polite)
        assert [entry.host for entry in taken] == ["example.org"] * 2
        assert first.lease(9, polite, full=["example.org", "other.test"]) == []
        assert [entry.host for entry in second.lease(9, polite)] == ["other.test"]
        assert second.lease(9, polite) == []
        # Without manners, what somebody holds is left alone all the same.
        assert second.lease(9) == []
        assert not two.hold("example.org")
        assert one.hold("example.org", 3600.0)
        first.release()
        one.let_go(["example.org"])
        assert second.lease(9, polite) == [], "its pause lasts"
        assert not two.hold("example.org")
    with database.raw() as connection:
        connection.execute("UPDATE host SET free_at = now()")
    assert len(frontier.lease(9)) == 4


def test_processes_share_the_hosts_fairly(database: Database, frontier: Frontier) -> None:
    polite = Manners(hold=True, pause=0.0, each=1)
    frontier.add([(f"https://h{n}.test/{m}", 0, 0, None) for n in range(6) for m in range(3)])
    with present(database, frontier.crawl_id) as one:
        first = Frontier(database, frontier.crawl_id, one.id)
        taken = first.lease(99, polite)
        assert len(taken) == 6, "alone, it has them all"
        with present(database, frontier.crawl_id) as two:
            second = Frontier(database, frontier.crawl_id, two.id)
            assert second.lease(99, polite) == []
            first.settle([entry.id for entry in taken])
            again = {entry.host for entry in first.lease(99, polite)}
            assert len(again) == 3
            one.let_go([entry.host for entry in taken if entry.host not in again])
            rest = {entry.host for entry in second.lease(99, polite)}
            assert len(rest) == 3
            assert not again & rest


def test_pages_are_counted_over_all_processes(database: Database, frontier: Frontier) -> None:
    frontier.add(seeds(*"abcdef"))
    frontier.add([(f"https://other.test/{name}", 0, 0, None) for name in "abc"])
    bounded = Manners(max_pages=5, per_host=3)
    entries = frontier.lease(99, bounded)
    hosts = [entry.host for entry in entries]
    assert len(hosts) == 5
    assert max(hosts.count(name) for name in hosts) == 3
    assert frontier.lease(99, bounded) == []
    # One gives no page, so there is room for another one.
    frontier.settle(done=[entry.id for entry in entries[1:]], refused=[(entries[0].id, "robots")])
    (last,) = frontier.lease(99, bounded)
    frontier.settle(done=[last.id])
    assert frontier.lease(99, bounded) == []
    assert frontier.rest().pages == 5
    assert frontier.rest().reachable
    assert len(frontier.lease(99)) == 3


def test_a_host_that_ran_dry_is_found_again(frontier: Frontier) -> None:
    frontier.add(seeds("a"))
    (entry,) = frontier.lease(9)
    assert frontier.lease(9) == []
    assert not frontier.rest().reachable
    frontier.add(seeds("b"))
    assert frontier.rest().reachable
    (second,) = frontier.lease(9)
    frontier.settle([entry.id])
    assert frontier.lease(9) == []
    frontier.release([second.id])
    assert len(frontier.lease(9)) == 1


def test_a_crawl_asks_again_for_what_gave_a_page(database: Database, frontier: Frontier) -> None:
    frontier.add(seeds("page", "gone", "refused", "passed", "waiting"))
    page, gone, refused, passed = frontier.lease(4)
    frontier.settle([page.id], [passed.id], [(gone.id, "gone"), (refused.id, "robots")])
    later = Frontier(database, Crawls(database).begin("web", {}).id)
    assert later.inherit(frontier.crawl_id, "web") == 2
    assert {entry.url.rpartition("/")[2] for entry in later.lease(9)} == {"page", "gone"}
    # One queue is enough, and taking it over again adds nothing.
    assert sum(frontier.counts().values()) == 0
    assert later.inherit(frontier.crawl_id, "web") == 0


def test_two_crawls_are_apart(database: Database, frontier: Frontier) -> None:
    other = Frontier(database, Crawls(database).begin("other", {}).id)
    frontier.add(seeds("a"))
    assert other.lease(1) == []
    assert other.add(seeds("a")) == 1
    (mine,) = frontier.lease(1)
    other.settle([mine.id])
    assert frontier.counts()["leased"] == 1


def test_workers_share_without_overlap(frontier: Frontier) -> None:
    frontier.add(seeds(*(str(number) for number in range(300))))
    taken: list[int] = []

    def work() -> None:
        while entries := frontier.lease(7):
            taken.extend(entry.id for entry in entries)
            # Links that others find too, and a few that are new.
            frontier.add(seeds("0", "1", f"new-{entries[0].id % 5}"))
            frontier.settle([entry.id for entry in entries])

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
from store.crawlers import present
from store.database import Database
from store.frontier import Frontier
database = Database(sys.argv[1])
with present(database, int(sys.argv[2])) as presence:
    frontier = Frontier(database, int(sys.argv[2]), presence.id)
    while entries := frontier.lease(3):
        frontier.settle([entries[0].id])
        print(entries[0].id, flush=True)
"""


@pytest.mark.kill
def test_a_killed_worker_s_leases_are_taken_up(frontier: Frontier, database: Database) -> None:
    frontier.add(seeds(*(str(number) for number in range(5000))))
    command = [sys.executable, "-c", _WORKER, database.url, str(frontier.crawl_id)]
    worker = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    said = [int(worker.stdout.readline()) for _ in range(5)]
    assert reap(database) == 0
    os.kill(worker.pid, signal.SIGKILL)
    said += [int(line) for line in worker.stdout if line.endswith("\n")]
    worker.wait()
    worker.stdout.close()
    patience = time.monotonic() + 20
    while reap(database) == 0 and time.monotonic() < patience:
        time.sleep(0.05)
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
