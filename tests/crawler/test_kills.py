"""kill -9 in the middle of a crawl: nothing lost, nothing doubled, and it goes on."""

import contextlib
import json
import os
import signal
import subprocess
import sys
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

KILLS = int(os.environ.get("APPLIANCE_KILLS", "3"))
OPTIONS = CrawlOptions(sitemaps=False, retries=0, workers=1, concurrency=2)
PAGES = 60
CRAWL = """
import json, sys
from crawler.options import CrawlOptions
from crawler.run import crawl
job = json.loads(sys.stdin.readline())
crawl(job["database"], job["seeds"], CrawlOptions.from_json(job["options"]))
"""


def start(database: Database, url: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", CRAWL],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdin is not None
    job = {"database": database.url, "seeds": [url + "/page/1"], "options": OPTIONS.json()}
    process.stdin.write(json.dumps(job) + "\n")
    process.stdin.close()
    return process


def children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


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
    """How long the crawl takes when left alone, and the pages that it stores."""
    name = f"undisturbed_{os.getpid()}"
    with psycopg.connect(cluster_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database}".encode())
    site = serve_all_along(pages=PAGES, delay=0.02)
    with Database(cluster_url.replace("@/postgres?", f"@/{name}?")) as database:
        began = time.monotonic()
        process = start(database, site.url)
        assert process.wait(120) == 0
        seconds = time.monotonic() - began
        found = pages(database, site.url)
        assert len(found) == PAGES
        yield {"seconds": seconds, "pages": found}


@pytest.mark.kill
@pytest.mark.parametrize("number", range(KILLS))
def test_a_kill_loses_nothing(database, serve, undisturbed, number):
    site = serve(pages=PAGES, delay=0.02)
    process = start(database, site.url)
    # Uniformly over the measured duration; every other time the crawling process itself.
    time.sleep(undisturbed["seconds"] * (number + 0.5) / KILLS)
    if number % 2 == 0:
        process.kill()
    elif process.poll() is None:
        for pid in children(process.pid):
            # On a machine that has grown faster meanwhile, the last points may come after the end.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    process.wait(30)
    report = crawl(database, [site.url + "/page/1"], OPTIONS)
    assert report.waiting == 0
    assert pages(database, site.url) == undisturbed["pages"]
    # One page and one version each, and no lease is left behind.
    assert rows(database, "SELECT count(*), count(DISTINCT page_id) FROM page_version") == [
        (PAGES, PAGES)
    ]
    crawl_states = rows(database, "SELECT DISTINCT state FROM frontier")
    assert crawl_states == [("done",)]
    assert PageStore(database).verify() == []


@pytest.mark.kill
def test_no_process_outlives_its_killed_parent(database, serve):
    site = serve(pages=PAGES, delay=0.2)
    process = start(database, site.url)
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


def test_an_interrupted_crawl_writes_what_it_has_and_goes_on_later(database, serve):
    site = serve(pages=PAGES, delay=0.1)
    process = start(database, site.url)
    patience = time.monotonic() + 60
    while PageStore(database).count() == 0 and time.monotonic() < patience:
        time.sleep(0.1)
    family = children(process.pid)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) != 0
    assert not [pid for pid in family if Path(f"/proc/{pid}").exists()]
    stored = PageStore(database).count()
    assert 0 < stored < PAGES
    # What it had fetched is written: nothing that was answered before is asked for again.
    report = crawl(database, [site.url + "/page/1"], OPTIONS)
    assert report.resumed
    assert (report.pages_new, report.unchanged) == (PAGES - stored, 0)
