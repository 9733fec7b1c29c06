"""kill -9 in the middle of a crawl: nothing lost, nothing doubled, and it goes on, or the other of
two processes goes on at once.
"""

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from crawler.options import CrawlOptions
from crawler.run import crawl
from store.database import Database
from store.pages import PageStore

from .processes import children, report_of, start

KILLS = int(os.environ.get("APPLIANCE_KILLS", "10"))
IN_FLIGHT = 0.8
"""The share of the kills that must hit a process at work; of fewer than ten it is not judged."""
OPTIONS = CrawlOptions(sitemaps=False, retries=0, workers=1, concurrency=2)
PAGES = 60
landed: dict[str, list[bool]] = {"alone": [], "of two": []}


def pages(database: Database, url: str) -> dict[str, str]:
    found = [(page.url.removeprefix(url), page.digest) for page in PageStore(database).current()]
    assert len(found) == len(dict(found))
    return dict(found)


def rows(database: Database, query: str) -> list[tuple]:
    with psycopg.connect(database.url) as connection:
        return connection.execute(query.encode()).fetchall()


@pytest.fixture(scope="module")
def undisturbed(
    cluster_url: str, template_database: str, serve_all_along: Any
) -> Iterator[dict[str, Any]]:
    """How long the crawl takes, from its first request on, when left alone; and its pages."""
    name = f"undisturbed_{os.getpid()}"
    with psycopg.connect(cluster_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database}".encode())
    site = serve_all_along(pages=PAGES, delay=0.02)
    with Database(cluster_url.replace("@/postgres?", f"@/{name}?")) as database:
        process = start(database, [site.url + "/page/1"], OPTIONS, ready=True)
        began = time.monotonic()
        report_of(process)
        seconds = time.monotonic() - began
        found = pages(database, site.url)
        assert len(found) == PAGES
        yield {"seconds": seconds, "pages": found}


def strike(process: Any, moment: float, undisturbed: dict[str, Any], alone: bool) -> bool:
    """Kill a crawl at that share of its duration, or its crawling process `alone`; return whether
    it was at work. One that had ended tells how fast the machine is now.
    """
    began = time.monotonic()
    family = children(process.pid)
    deadline = began + moment * undisturbed["seconds"]
    while time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.005)
    hit = process.poll() is None
    if not hit:
        undisturbed["seconds"] = min(undisturbed["seconds"], time.monotonic() - began)
    elif alone:
        for pid in family:
            os.kill(pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait(30)
    process.stdout.close()
    return hit


def check(database: Database, site: Any, undisturbed: dict[str, Any]) -> None:
    """The state is that of a crawl that was left alone, and nothing is held by the dead."""
    assert pages(database, site.url) == undisturbed["pages"]
    # One page and one version each, and no lease is left behind.
    assert rows(database, "SELECT count(*), count(DISTINCT page_id) FROM page_version") == [
        (PAGES, PAGES)
    ]
    assert rows(database, "SELECT DISTINCT state FROM frontier") == [("done",)]
    # Of each crawl, if the first one had ended before the kill.
    counted = rows(database, "SELECT DISTINCT sum(pages)::int FROM crawl_host GROUP BY crawl_id")
    assert counted == [(PAGES,)]
    assert PageStore(database).verify() == []


@pytest.mark.kill
@pytest.mark.parametrize("number", range(KILLS))
def test_a_kill_loses_nothing(database, serve, undisturbed, number):
    site = serve(pages=PAGES, delay=0.02)
    process = start(database, [site.url + "/page/1"], OPTIONS, ready=True)
    moment = random.Random(number).random()
    landed["alone"].append(strike(process, moment, undisturbed, alone=number % 2 == 1))
    acknowledged = pages(database, site.url)
    report = crawl(database, [site.url + "/page/1"], OPTIONS)
    assert report.waiting == 0
    assert acknowledged.items() <= pages(database, site.url).items()
    check(database, site, undisturbed)


@pytest.mark.kill
@pytest.mark.parametrize("number", range(KILLS))
def test_one_of_two_is_killed_and_the_other_goes_on(database, serve, undisturbed, number):
    site = serve(pages=PAGES, delay=0.02)
    survivor = start(database, [site.url + "/page/1"], OPTIONS)
    victim = start(database, [site.url + "/page/1"], OPTIONS, ready=True)
    moment = random.Random(1000 + number).random()
    landed["of two"].append(strike(victim, moment / 2, undisturbed, alone=number % 2 == 1))
    assert report_of(survivor)["waiting"] == 0
    # Where the survivor had ended before the victim began, the victim began anew.
    if rows(database, "SELECT count(*) FROM crawl WHERE state <> 'finished'") != [(0,)]:
        crawl(database, [site.url + "/page/1"], OPTIONS)
    check(database, site, undisturbed)


@pytest.mark.kill
def test_most_kills_hit_a_process_at_work():
    for way, hits in landed.items():
        if len(hits) >= 10:
            assert sum(hits) >= IN_FLIGHT * len(hits), f"{way}: {sum(hits)} of {len(hits)}"


@pytest.mark.kill
def test_no_process_outlives_its_killed_parent(database, serve):
    site = serve(pages=PAGES, delay=0.2)
    process = start(database, [site.url + "/page/1"], OPTIONS)
    family: list[int] = []
    patience = time.monotonic() + 60
    while len(family) < 2 and time.monotonic() < patience:
        # The crawling process, then its extraction workers.
        family = [pid for child in children(process.pid) for pid in (child, *children(child))]
        time.sleep(0.05)
    assert len(family) >= 2
    process.kill()
    process.wait(10)
    while any(Path(f"/proc/{pid}").exists() for pid in family) and time.monotonic() < patience:
        time.sleep(0.1)
    assert not [pid for pid in family if Path(f"/proc/{pid}").exists()]
    process.stdout.close()


def test_an_interrupted_crawl_writes_what_it_has_and_goes_on_later(database, serve):
    site = serve(pages=PAGES, delay=0.1)
    process = start(database, [site.url + "/page/1"], OPTIONS)
    patience = time.monotonic() + 60
    while PageStore(database).count() == 0 and time.monotonic() < patience:
        time.sleep(0.1)
    family = children(process.pid)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) != 0
    process.stdout.close()
    assert not [pid for pid in family if Path(f"/proc/{pid}").exists()]
    stored = PageStore(database).count()
    assert 0 < stored < PAGES
    # What it had fetched is written: nothing that was answered before is asked for again.
    report = crawl(database, [site.url + "/page/1"], OPTIONS)
    assert report.resumed
    assert (report.pages_new, report.unchanged) == (PAGES - stored, 0)
