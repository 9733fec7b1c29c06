"""Two crawling processes on one database: no address twice, no host faster than it may be asked,
and what a killed one leaves is finished by the other.
"""

import os
import signal
import time
from collections import Counter

import pytest

from crawler.errors import ChildError
from crawler.options import CrawlOptions
from crawler.run import crawl
from store.database import Database
from store.pages import PageStore

from .processes import children, report_of, start

HOSTS, PAGES, DELAY = 16, 4, 0.25


def polite(site, **more) -> CrawlOptions:
    """Every host has pauses, and the proxy makes a server be many hosts."""
    settings = {"delay": DELAY, "sitemaps": False, "retries": 0, "workers": 1, "concurrency": 1}
    return CrawlOptions(**(settings | {"proxy": site.url} | more))


def twice(site) -> list[tuple[str, str]]:
    """The pages that were asked for more than once."""
    asked = Counter((name, path) for name, path, *_ in site.times() if path != "/robots.txt")
    return [page for page, count in asked.items() if count > 1]


def hasty(site, pause: float) -> list[tuple[str, str]]:
    """The requests that came before their host's pause after the answer before was over."""
    found, answered = [], {}
    for name, path, came, began in site.times():
        if came - answered.get(name, came - pause) < pause:
            found.append((name, path))
        answered[name] = max(began, answered.get(name, began))
    return found


def wait_for(condition) -> None:
    patience = time.monotonic() + 60
    while not condition() and time.monotonic() < patience:
        time.sleep(0.05)
    assert condition()


def states(database: Database) -> set[str]:
    with database.read() as connection:
        rows = connection.execute("SELECT DISTINCT state FROM frontier").fetchall()
    return {row[0] for row in rows}


def test_two_processes_share_the_hosts_and_keep_the_pauses(database, serve):
    site = serve(pages=PAGES, delay=0.3)
    seeds = [f"http://h{number}.test/page/1" for number in range(HOSTS)]
    two = [start(database, seeds, polite(site)) for _ in range(2)]
    reports = [report_of(process) for process in two]
    assert PageStore(database).count() == HOSTS * PAGES
    assert sum(report["pages_new"] for report in reports) == HOSTS * PAGES
    assert min(report["pages_new"] for report in reports) > 0
    assert sorted(report["joined"] for report in reports) == [False, True]
    assert twice(site) == []
    assert hasty(site, DELAY) == []
    assert states(database) == {"done"}
    # The twins: without pauses, and in crawls of their own, both are noticed.
    again = serve(pages=PAGES)
    hurried = polite(again, delay=0.0, collection="other")
    others = [start(database, seeds[:2], hurried), start(database, seeds[:3], hurried)]
    for process in others:
        report_of(process)
    assert len(twice(again)) > 0
    assert len(hasty(again, DELAY)) > 0


def test_a_pause_that_robots_txt_asks_for_holds_over_both(database, serve):
    site = serve(pages=6, robots="pause")
    options = polite(site, delay=0.0)
    two = [start(database, ["http://slow.test/page/1"], options) for _ in range(2)]
    reports = [report_of(process) for process in two]
    assert sum(report["pages_new"] for report in reports) == 6
    assert twice(site) == []
    assert hasty(site, 0.3) == []


def test_two_processes_share_a_host_that_wants_no_pauses(database, serve):
    site = serve(pages=60, delay=0.3)
    options = CrawlOptions(sitemaps=False, retries=0, workers=1, concurrency=1, max_pages=50)
    two = [start(database, [site.url + "/page/1"], options) for _ in range(2)]
    reports = [report_of(process) for process in two]
    assert sum(report["pages_new"] for report in reports) == PageStore(database).count() == 50
    assert twice(site) == []
    assert {report["state"] for report in reports} == {"limited"}


def test_a_server_that_is_busy_is_given_the_time_it_asks_for(database, serve):
    site = serve(pages=4, busy=True)
    report = crawl(database, ["http://busy.test/page/1"], polite(site, delay=0.0, retries=2))
    assert report.pages == 4
    times = site.times()
    (refused,) = [n for n, (_, path, *_) in enumerate(times) if path == "/page/2"][:1]
    waits = [came - times[n][3] for n, (_, _, came, _) in enumerate(times[refused + 1 :], refused)]
    assert len(waits) == 3
    assert min(waits) >= 1.0


def test_the_time_that_a_server_asks_for_binds_the_next_process_too(database, serve):
    site = serve(pages=2, busy=True)
    start = ["http://busy.test/page/1"]
    options = {"delay": 0.05, "max_depth": 1}
    assert crawl(database, start, polite(site, **options)).refused == {"http-429": 1}
    before = len(site.times())
    crawl(database, start, polite(site, collection="other", **options))
    (_, _, _, answered), (_, path, came, _) = site.times()[before : before + 2]
    assert path == "/page/1"
    # It asked for a second; a good answer, that of robots.txt, halves what is left of that.
    assert came - answered >= 0.45


@pytest.mark.kill
@pytest.mark.parametrize("alone", [True, False], ids=["the crawling process", "its parent"])
def test_one_of_two_is_killed_and_the_other_finishes_everything(database, serve, alone):
    site = serve(pages=40, delay=0.3)
    options = CrawlOptions(sitemaps=False, retries=0, workers=1, concurrency=2)
    seeds = [site.url + "/page/1"]
    # At once, so that on a busy machine the first has not ended before the second begins.
    first, second = (start(database, seeds, options) for _ in range(2))
    for process in (first, second):
        assert process.stdout.readline() == "ready\n"
    victim = children(first.pid)[0] if alone else first.pid
    os.kill(victim, signal.SIGKILL)
    first.wait(30)
    first.stdout.close()
    report = report_of(second)
    assert (report["waiting"], report["state"]) == (0, "finished")
    store = PageStore(database)
    assert store.count() == 40
    assert store.verify() == []
    assert states(database) == {"done"}
    with database.read() as connection:
        assert connection.execute("SELECT count(*) FROM crawler").fetchone() == (0,)
        assert connection.execute("SELECT count(holder) FROM host").fetchone() == (0,)


def test_a_process_whose_session_ends_stops_asking_at_once(database, serve):
    site = serve(pages=60, delay=0.1)
    options = CrawlOptions(sitemaps=False, retries=0, workers=1, concurrency=1)
    seeds = [site.url + "/page/1"]
    process = start(database, seeds, options, ready=True)
    wait_for(lambda: len(site.asked()) > 5)
    with database.read() as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
            "AND classid = 1095779152 AND granted AND pid <> pg_backend_pid()"
        ).fetchall()
    assert ended == [(True,)]
    # To others it is dead now, so whatever it still asked for would be asked for twice.
    report = crawl(database, seeds, options)
    assert process.wait(60) != 0
    process.stdout.close()
    assert (report.waiting, PageStore(database).count()) == (0, 60)
    # What was under way at that moment may be asked for once more; nothing else.
    assert len(twice(site)) <= 2
    assert states(database) == {"done"}


def test_the_queue_of_a_crawl_that_runs_cannot_be_forgotten(database, serve):
    site = serve(pages=20, delay=0.3)
    options = CrawlOptions(sitemaps=False, retries=0, workers=1, concurrency=1)
    process = start(database, [site.url + "/page/1"], options, ready=True)
    try:
        with pytest.raises(ChildError, match="Another process works on this crawl"):
            crawl(database, [site.url + "/page/1"], CrawlOptions(sitemaps=False, restart=True))
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        process.stdout.close()
