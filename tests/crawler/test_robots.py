"""robots.txt: the race in Scrapy's own middleware, and its fix."""

import json
import subprocess
import sys
from itertools import pairwise

from crawler.options import CrawlOptions
from store.database import Database

from .processes import report_of, start

STOCK = {
    "DOWNLOADER_MIDDLEWARES": {
        "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": 100,
        "crawler.gate.Gate": 50,
    }
}


QUICK = CrawlOptions(sitemaps=False, max_depth=0, retries=0, timeout=5, workers=1)


def crawl_with(
    database: Database,
    seeds: list[str],
    settings: dict[str, object],
    options: CrawlOptions = QUICK,
) -> None:
    """Run the crawling process with other Scrapy settings than ours."""
    job = {
        "database": database.url,
        "seeds": seeds,
        "options": options.json(),
        "settings": settings,
    }
    child = subprocess.Popen(
        [sys.executable, "-m", "crawler.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None
    with child:
        child.stdin.write(json.dumps(job) + "\n")
        child.stdin.flush()
        assert child.stdout is not None
        events = child.stdout.read()
    assert '"end"' in events


def asked_for_secrets(site) -> int:
    return sum(path.startswith("/secret/") for path, _ in site.asked())


def test_no_request_overtakes_robots_txt_and_with_scrapys_own_middleware_some_do(database, serve):
    site = serve(robots="slow")
    seeds = [f"{site.url}/secret/{number}" for number in range(12)]
    crawl_with(database, seeds, {})
    assert asked_for_secrets(site) == 0
    # The twin: without our middleware the same requests go out, so the test can fail.
    twin = serve(robots="slow")
    seeds = [f"{twin.url}/secret/{number}" for number in range(12)]
    crawl_with(database, seeds, STOCK)
    assert asked_for_secrets(twin) > 0


def test_two_processes_read_robots_txt_one_after_the_other_and_before_anything_else(
    database, serve
):
    site = serve(robots="slow")
    seeds = [f"{site.url}/page/1", *(f"{site.url}/secret/{number}" for number in range(12))]
    options = CrawlOptions(sitemaps=False, max_depth=0, retries=0, timeout=5, workers=1)
    two = [start(database, seeds, options) for _ in range(2)]
    reports = [report_of(process) for process in two]
    assert asked_for_secrets(site) == 0
    assert sum(report["refused"].get("robots", 0) for report in reports) == 12
    rules = [(came, began) for _, path, came, began in site.times() if path == "/robots.txt"]
    assert 1 <= len(rules) <= 2
    assert all(later[0] >= earlier[1] for earlier, later in pairwise(rules))
    assert site.times()[0][1] == "/robots.txt"
    assert [path for path, _ in site.asked()].count("/page/1") == 1
