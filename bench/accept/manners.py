"""What a server sees of two crawling processes on one database: nothing asked for twice, no host
asked faster than it may be, and nothing asked for before its robots.txt has been read.

Each row has its twin: crawls that promise nothing of it, in which the same diary shows it.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from store.database import open_database
from store.pages import PageStore

from ..many_hosts import ROBOTS, SECRET, ManyHosts, Visit
from ..scratch import COMMAND, ROOT, run, surroundings
from .check import Check, demand
from .stage import Stage

DELAY = 0.25
HOSTS, FEW_HOSTS = 48, 12
PAGES, FEW_PAGES = 12, 8
SLOW = 0.4
"""Seconds that a robots.txt takes, which is when requests may overtake it."""
SECRETS = 12
STOCK = {
    "DOWNLOADER_MIDDLEWARES": {
        "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": 100,
        "crawler.gate.Gate": 50,
    }
}
"""Scrapy's own middleware in the place of ours: the first requests overtake robots.txt."""


def two_crawls(stage: Stage) -> str:
    """Two processes crawl many hosts with pauses, and the server's diary is read."""
    hosts, pages = (HOSTS, PAGES) if stage.full else (FEW_HOSTS, FEW_PAGES)
    home, seeds = _home(stage, "pauses", [f"http://h{n}.test/page/0" for n in range(hosts)])
    with ManyHosts(pages, delay=0.05).serving() as site:
        shares = _two(home, seeds, site, "--delay", str(DELAY))
    demand(sum(shares) == hosts * pages, f"{sum(shares)} of {hosts * pages} pages")
    # So few hosts may be done before the second process has begun.
    demand(min(shares) > 0 or not stage.full, "one of the two did nothing")
    again, hasty = asked_twice(site.diary), asked_in_haste(site.diary, DELAY)
    demand(not again, f"asked for twice: {again[:3]}")
    demand(not hasty, f"{len(hasty)} requests before the host's pause was over: {hasty[:3]}")
    with ManyHosts(pages).serving() as twin:
        for name in ("one", "other"):
            _done(_crawl(seeds, twin, "--delay", "0", "--collection", name), home)
    noticed = len(asked_twice(twin.diary)), len(asked_in_haste(twin.diary, DELAY))
    demand(min(noticed) > 0, "of two crawls that do not share, nothing is noticed either")
    return (
        f"{len(site.diary):,} requests to {hosts} hosts by two processes ({shares[0]} and "
        f"{shares[1]} pages): none twice, none within {DELAY} s of an answer; of two crawls apart "
        f"and without pauses {noticed[0]:,} and {noticed[1]:,} are noticed"
    )


def robots_first(stage: Stage) -> str:
    """Two processes begin with what a slow robots.txt forbids; then one with Scrapy's own way."""
    hosts = (HOSTS if stage.full else FEW_HOSTS) // 4
    paths = ["/page/0", *(f"{SECRET}{number}" for number in range(SECRETS))]
    wanted = [f"http://h{host}.test{path}" for host in range(hosts) for path in paths]
    home, seeds = _home(stage, "robots", wanted)
    with ManyHosts(1, slow=SLOW).serving() as site:
        stored = _two(home, seeds, site, "--max-depth", "0")
    early = overtaking(site.diary)
    demand(not early, f"{len(early)} requests overtook robots.txt: {early[:3]}")
    demand(not forbidden(site.diary), f"forbidden and asked for: {forbidden(site.diary)[:3]}")
    demand(sum(stored) == hosts, f"{sum(stored)} of {hosts} pages")
    with open_database(home) as database:
        named = sum(one.reason == "robots" for one in PageStore(database).failures())
        demand(named == hosts * SECRETS, f"{named} of {hosts * SECRETS} are named as forbidden")
        with ManyHosts(1, slow=SLOW).serving() as twin:
            _with_scrapys_own(database.url, wanted, twin)
    noticed = len(forbidden(twin.diary))
    demand(noticed > 0, "with Scrapy's own middleware none is asked for either")
    return (
        f"of {hosts * SECRETS} forbidden addresses of {hosts} hosts two processes asked for none, "
        f"and for nothing before a robots.txt of {SLOW} s; Scrapy's own middleware for {noticed}"
    )


def asked_twice(diary: Sequence[Visit]) -> list[str]:
    """The pages that were asked for more than once."""
    asked = Counter(visit.host + visit.path for visit in diary if visit.path != ROBOTS)
    return [page for page, count in asked.items() if count > 1]


def asked_in_haste(diary: Sequence[Visit], pause: float) -> list[str]:
    """What was asked for before the pause after the answer before was over."""
    found, answered = [], dict[str, float]()
    for visit in sorted(diary, key=lambda visit: visit.came):
        if visit.came - answered.get(visit.host, visit.came - pause) < pause:
            found.append(visit.host + visit.path)
        answered[visit.host] = max(visit.answered, answered.get(visit.host, 0.0))
    return found


def overtaking(diary: Sequence[Visit]) -> list[str]:
    """What was asked for before the host's robots.txt had been answered."""
    read = {visit.host: visit.answered for visit in reversed(diary) if visit.path == ROBOTS}
    return [
        visit.host + visit.path
        for visit in diary
        if visit.path != ROBOTS and visit.came < read.get(visit.host, visit.came + 1)
    ]


def forbidden(diary: Sequence[Visit]) -> list[str]:
    """What robots.txt forbids and was asked for."""
    return [visit.host + visit.path for visit in diary if visit.path.startswith(SECRET)]


def _home(stage: Stage, name: str, seeds: Sequence[str]) -> tuple[Path, Path]:
    home = stage.root / name
    home.mkdir()
    listed = stage.root / f"{name}.txt"
    listed.write_text("\n".join(seeds) + "\n")
    # The server is there before two start it at once, and waits for neither.
    open_database(home).close()
    return home, listed


def _crawl(seeds: Path, site: ManyHosts, *more: str) -> list[str]:
    return [COMMAND, "crawl", "--json", "--seeds", str(seeds), "--proxy", site.address, *more]


def _two(home: Path, seeds: Path, site: ManyHosts, *more: str) -> list[int]:
    """Run the same crawl twice at once; return the pages of each."""
    words = _crawl(seeds, site, *more)
    both = [
        subprocess.Popen(
            words, cwd=ROOT, env=surroundings(home), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    said = [process.communicate(timeout=300) for process in both]
    for process, (_, complaint) in zip(both, said, strict=True):
        demand(process.returncode == 0, f"a crawl ended so: {complaint.strip()[-200:]}")
    return [sum(one["pages_new"] for one in json.loads(out)) for out, _ in said]


def _done(words: list[str], home: Path) -> None:
    done = run(words, home, timeout=300)
    demand(done.code == 0, done.last_words())


def _with_scrapys_own(database: str, seeds: Sequence[str], site: ManyHosts) -> None:
    from crawler.options import CrawlOptions

    options = CrawlOptions(
        sitemaps=False, max_depth=0, retries=0, proxy=site.address, collection="stock"
    )
    job = {
        "database": database, "seeds": list(seeds), "options": options.json(), "settings": STOCK
    }  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-m", "crawler.child"], cwd=ROOT, env=surroundings(),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as child:  # fmt: skip
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(json.dumps(job) + "\n")
        child.stdin.flush()
        said = child.stdout.read()
    demand('"end"' in said, f"the twin did not end: {said.strip()[-200:]}")


CHECKS = (
    Check("two crawls", "two processes ask for nothing twice and keep every pause", two_crawls),
    Check("robots race", "no request overtakes robots.txt, with two processes", robots_first),
)
