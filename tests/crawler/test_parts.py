"""The small parts: scope, sitemaps, sites.toml, the folder server, the report."""

import gzip
import io
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from crawler import sitemaps
from crawler.errors import CrawlError, SitesError
from crawler.failures import _REASONS, RefusedError, explain
from crawler.options import CrawlOptions, check_seeds, crawl_name
from crawler.progress import CrawlProgress
from crawler.report import REPAIRS, CrawlFailure, CrawlReport, repair
from crawler.scope import Scope
from crawler.settings import scrapy_settings
from crawler.sites import EXAMPLE, read_sites, write_example


def test_scope():
    seeds = ("https://docs.site.test/guide/start",)
    host = Scope(seeds, CrawlOptions())
    assert host.admits("http://www.docs.site.test/x#y") == "http://www.docs.site.test/x"
    assert host.admits("https://site.test/") is None
    for name in ("logo.PNG", "all.tar.gz", "talk.mp4", "site.css", "set.woff2"):
        assert host.admits(f"https://docs.site.test/{name}") is None
    # What ends like other files may be a page, or a document that is read.
    for name in ("Node.js", "Robots.txt", "package.json", "manual.pdf", "plan.docx", "book.epub"):
        assert host.admits(f"https://docs.site.test/{name}")
    assert host.admits("javascript:void(0)") is None
    prefix = Scope(seeds, CrawlOptions(scope="prefix"))
    assert prefix.admits("https://docs.site.test/guide/next")
    assert prefix.admits("https://docs.site.test/guidelines") is None
    patterns = Scope(seeds, CrawlOptions(scope="any", allow=("/a/",), deny=("old",)))
    assert patterns.admits("http://elsewhere.test/a/b")
    assert patterns.admits("http://elsewhere.test/a/old") is None
    assert patterns.admits("http://elsewhere.test/b/") is None


def test_the_name_of_a_crawl_ignores_speed_but_not_scope():
    seeds = check_seeds(["http://a.test/", "b.test"])
    name = crawl_name(seeds, CrawlOptions())
    assert name == crawl_name(reversed(seeds), CrawlOptions(delay=3, max_pages=7, workers=2))
    assert name != crawl_name(seeds, CrawlOptions(scope="any"))
    assert name != crawl_name(seeds[:1], CrawlOptions())


def test_options_travel_as_json():
    options = CrawlOptions(allow=("a",), proxy="http://127.0.0.1:1", delay=0.5)
    assert CrawlOptions.from_json(options.json()) == options
    with pytest.raises(CrawlError, match="dealy"):
        CrawlOptions.from_json({"dealy": 1})


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"allow": "/docs/"}, "allow must be a list of texts"),
        ({"deny": [1]}, "deny must be a list of texts"),
        ({"headers": "X-Token: hunter2"}, "headers must be a list of texts"),
        ({"max_pages": "10"}, "max_pages must be a whole number"),
        ({"max_pages": 1.5}, "max_pages must be a whole number"),
        ({"max_pages": True}, "max_pages must be a whole number"),
        ({"delay": "1"}, "delay must be a number"),
        ({"robots": "no"}, "robots must be true or false"),
        ({"scope": ["host"]}, "scope must be a text"),
        ({"cookies": 3}, "cookies must be a text"),
        ({"max_depth": -1}, "max_depth is -1; give zero or a number above it"),
        ({"delay": -0.5}, "delay is -0.5; give zero"),
        ({"delay": float("nan")}, "delay is nan; give zero"),
        ({"retries": -1}, "retries is -1"),
        ({"timeout": float("inf")}, "timeout is inf; give a number above zero"),
    ],
)
def test_a_value_that_is_none_for_its_setting_is_one_sentence(tmp_path, values, said):
    with pytest.raises(CrawlError, match=said) as caught:
        CrawlOptions.from_json(values)
    assert "hunter2" not in str(caught.value)


def test_values_that_fit_their_settings():
    right = {"allow": ["/docs/"], "max_pages": 10, "delay": 1, "max_depth": 0, "retries": 0}
    options = CrawlOptions.from_json(right | {"robots": False, "delay": 0})
    assert (options.allow, options.max_depth, options.delay) == (("/docs/",), 0, 0)


def test_politeness_away_from_this_machine_and_none_on_it():
    away = scrapy_settings(["https://site.test/"], CrawlOptions())
    assert (away["DOWNLOAD_DELAY"], away["AUTOTHROTTLE_ENABLED"]) == (0.5, True)
    here = scrapy_settings(["http://127.0.0.1:80/"], CrawlOptions())
    assert (here["DOWNLOAD_DELAY"], here["AUTOTHROTTLE_ENABLED"]) == (0.0, False)
    assert scrapy_settings(["http://127.0.0.1/"], CrawlOptions(delay=2.0))["DOWNLOAD_DELAY"] == 2.0
    # No server of Scrapy's own listens, whatever its defaults are.
    assert not here["TELNETCONSOLE_ENABLED"]
    assert not here["REMOTE_CONTROL_ENABLED"]


def test_sitemaps():
    body = b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url><loc> /a </loc></url></urlset>"
    expected = sitemaps.Sitemap(pages=("http://s.test/a",))
    assert sitemaps.read(body, "http://s.test/sitemap.xml") == expected
    assert sitemaps.read(gzip.compress(body), "http://s.test/sitemap.xml.gz") == expected
    index = b"<sitemapindex><sitemap><loc>http://s.test/1.xml</loc></sitemap></sitemapindex>"
    assert sitemaps.read(index, "http://s.test/").sitemaps == ("http://s.test/1.xml",)
    assert (
        sitemaps.read(b"http://s.test/x\nhttp://s.test/y", "http://s.test/").pages[1].endswith("y")
    )
    for bad in (
        b"",
        b"<html><body>no</body></html>",
        b"\x1f\x8bbroken",
        b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><urlset><url><loc>&b;</loc></url></urlset>",
    ):
        found = sitemaps.read(bad, "http://s.test/")
        assert found is None or not any("root:" in page for page in found.pages)


def test_sites_toml(tmp_path):
    path = tmp_path / "sites.toml"
    with pytest.raises(SitesError, match="There is no file"):
        read_sites(path)
    write_example(path)
    assert path.read_text() == EXAMPLE
    with pytest.raises(SitesError, match="lists no site"):
        read_sites(path)
    path.write_text(
        '[defaults]\ndelay = 1.0\n[[site]]\nurls = ["http://a.test/x/"]\nscope = "prefix"\n'
        '[[site]]\nurls = ["http://b.test/"]\n'
    )
    first, second = read_sites(path, max_pages=5)
    assert first.seeds == ("http://a.test/x/",)
    assert (first.options.scope, first.options.delay, first.options.max_pages) == ("prefix", 1.0, 5)
    assert second.options.scope == "host"
    for text, said in (
        ("[[site]]\nurl = 'x'\n", "no urls"),
        ("[[site]]\nurls = ['ftp://x.test/']\n", "not a web address"),
        ("[[site]]\nurls = ['http://x.test']\nspeed = 3\n", "speed"),
        ("[[site]]\nurls = ['http://x.test']\nallow = '/docs/'\n", "allow must be a list of texts"),
        ("[defaults]\nmax_pages = '9'\n[[site]]\nurls = ['x.test']\n", "must be a whole number"),
        ("[[sites]]\n", "sites"),
        ("[[site\n", "not valid TOML"),
    ):
        path.write_text(text)
        with pytest.raises(SitesError, match=said):
            read_sites(path)


def test_the_folder_server(tmp_path):
    (tmp_path / "index.html").write_text("<p>hello</p>")
    (tmp_path / "empty").mkdir()
    server = subprocess.Popen(
        [sys.executable, "-m", "crawler.serve_folder", str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with server:
        url = server.stdout.readline().strip()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(url, timeout=10) as answer:
                assert answer.read() == b"<p>hello</p>"
                assert answer.headers["Content-Type"] == "text/html"
                modified = answer.headers["Last-Modified"]
            request = urllib.request.Request(url, headers={"If-Modified-Since": modified})
            with pytest.raises(urllib.error.HTTPError) as caught:
                opener.open(request, timeout=10)
            assert caught.value.code == 304
            caught.value.close()
            with pytest.raises(urllib.error.HTTPError) as caught:
                opener.open(url + "empty/", timeout=10)
            assert caught.value.code == 404
            caught.value.close()
        finally:
            server.stdin.close()
            assert server.wait(10) == 0


def test_the_folder_server_names_a_missing_folder(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "crawler.serve_folder", str(tmp_path / "none")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "There is no folder" in done.stderr


def test_the_report_reads_well():
    failures = tuple(
        CrawlFailure(f"http://a.test/{n}", "http-404", "the server answers 404") for n in range(12)
    )
    report = CrawlReport(5, 1, 2, {"http-404": 12}, failures, 3, 4.0, "limited", False)
    lines = report.lines()
    assert lines[0] == "8 pages in 4.0 s (2.0 a second): 5 new, 1 changed, 2 unchanged."
    assert lines[1] == "12 addresses gave no page: 12 http-404."
    assert "and 2 more" in lines[-2]
    assert "3 addresses are still waiting" in lines[-1]
    assert report.json()["refused"] == {"http-404": 12}
    assert lines[2].endswith("(the server answers 404; check the address)")
    one = CrawlReport(1, 0, 0, {"http-404": 1}, failures[:1], 1, 4.0, "limited", False).lines()
    assert one[0].startswith("1 page in 4.0 s")
    assert one[1] == "1 address gave no page: 1 http-404."
    assert "1 address is still waiting" in one[-1]


def test_the_words_of_a_crawl_are_documented_and_have_repairs():
    words = {"refused", "fetch-error", "error", "not-http", "inside", "http-304", "crashed"}
    words |= {reason for _, reason, _ in _REASONS} | set(REPAIRS)
    text = (Path(__file__).parents[2] / "docs" / "crawling.md").read_text()
    table = text[text.index("| reason | |") :]
    # Of what a server answers the table has a pattern.
    named = {word for word in words if not word.startswith("http-4")}
    assert {word for word in named if f"`{word}`" not in table} == set()
    for reason in ("http-500", "http-503", "http-599", "empty", "cut-off", "http-304", "crashed"):
        assert repair(reason), reason
    assert repair("no-such-word") is None
    lines = CrawlReport(
        1,
        0,
        0,
        {"http-500": 1},
        (CrawlFailure("http://a.test/", "http-500", "it answers 500"),),
        0,
        1.0,
        "finished",
        False,
    ).lines()
    assert lines[2].endswith("(it answers 500; the fault is its server's; run it again later)")


def test_failures_are_named():
    class ConnectionRefusedError(Exception):
        pass

    assert explain(ConnectionRefusedError())[0] == "unreachable"
    assert explain(RefusedError("robots", "no")) == ("robots", "no")
    assert explain(ValueError("odd")) == ("fetch-error", "ValueError: odd")


def test_progress_draws_on_a_terminal_only():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    event = {
        "event": "progress",
        "new": 3,
        "changed": 1,
        "unchanged": 0,
        "refused": 2,
        "reasons": {"robots": 1, "http-404": 1},
        "waiting": 4,
        "leased": 0,
    }
    for stream, drawn in ((Terminal(), True), (io.StringIO(), False)):
        with CrawlProgress(stream=stream) as progress:
            progress({"event": "start", "resumed": True, "waiting": 1})
            progress(event)
        for said in ("6/10", "queue 4, 3 new, 1 changed, errors: 1 http-404, 1 robots"):
            assert (said in stream.getvalue()) is drawn
