"""Whole crawls of a real server that misbehaves."""

import socket

import pytest

from crawler.errors import ChildError, CrawlError, NothingStoredError, SeedError
from crawler.options import CrawlOptions
from crawler.run import crawl
from store.database import Database
from store.pages import PageStore

QUICK = {"timeout": 1.5, "retries": 0, "workers": 1}


def stored(database: Database) -> dict[str, str]:
    return {page.url: page.digest for page in PageStore(database).current()}


def test_a_misbehaving_site_gives_its_pages_and_a_name_for_every_failure(database, serve):
    site = serve()
    events = []
    report = crawl(
        database, [site.url], CrawlOptions(max_depth=5, max_bytes=200_000, **QUICK), events.append
    )
    pages = {page.url.removeprefix(site.url): page for page in PageStore(database).current()}
    numbered = {f"/page/{number}" for number in range(1, 13)}
    endless = {f"/endless/{number}" for number in range(5)}
    others = ["/", "/lonely", "/latin1", "/gbk", "/dup", "/canonical", "/based/", "/elsewhere/goal"]
    assert set(pages) == numbered | endless | set(others)
    failed = {one.url.removeprefix(site.url): one.reason for one in report.failures}
    assert failed == {
        "/loop/a": "redirect-loop",
        "/chain/0": "redirect-loop",
        "/missing": "http-404",
        "/error": "http-500",
        "/drip": "timeout",
        "/secret/x": "robots",
        "/secret/y": "robots",
        "/huge": "too-large",
        "/binary": "binary",
        "/empty": "empty",
        "/cut": "cut-off",
        "/away": "off-site",
        "/stale": "not-html",
        "/script.js": "not-html",
    }
    kept = {one.url.removeprefix(site.url): one.reason for one in PageStore(database).failures()}
    assert kept == failed
    assert report.pages_new == len(pages) == 25
    assert all(page.capture and page.source == "crawl" for page in pages.values())
    assert report.state == "finished"
    assert "brûlée" in pages["/latin1"].text
    assert pages["/gbk"].title == "杭州湾跨海大桥"
    assert pages["/gbk"].lang == "zh"
    assert all(page.title for page in pages.values())
    assert events[0]["event"] == "start"
    assert events[-1]["event"] == "end"
    # A redirect and a declared canonical address lead to the page.
    store = PageStore(database)
    assert store.resolve(site.url + "/redirect").url == site.url + "/page/1"
    assert store.resolve(site.url + "/proper-name").url == site.url + "/canonical"
    assert "25 pages" in report.lines()[0]
    # What robots.txt forbids was never asked for; its twin below shows that asking is seen.
    assert not [path for path, _ in site.asked() if path.startswith("/secret/")]


def test_robots_can_be_ignored_on_ones_own_site(database, serve):
    site = serve()
    options = CrawlOptions(robots=False, max_depth=1, allow=("/secret/",), sitemaps=False, **QUICK)
    crawl(database, [site.url], options)
    assert site.url + "/secret/x" in stored(database)


def test_a_finished_crawl_is_fetched_again_and_unmodified_pages_keep_their_version(database, serve):
    site = serve()
    options = CrawlOptions(allow=("/page/",), **QUICK)
    first = crawl(database, [site.url + "/page/1"], options)
    before = stored(database)
    again = crawl(database, [site.url + "/page/1"], options)
    assert (first.pages_new, again.pages_new, again.unchanged) == (12, 0, 12)
    assert stored(database) == before
    assert ("/page/7", '"/page/7-1"') in site.asked()
    site.get("/__version/2")
    changed = crawl(database, [site.url + "/page/1"], options)
    assert (changed.pages_new, changed.pages_changed, changed.unchanged) == (0, 12, 0)
    assert PageStore(database).count() == 12


def test_a_page_that_vanished_is_marked_and_kept_and_comes_back(database, serve):
    site = serve()
    options = CrawlOptions(allow=("/page/",), **QUICK)
    start = [site.url + "/page/1"]
    seven = site.url + "/page/7"
    crawl(database, start, options)
    before = stored(database)
    site.get("/__gone/7")
    store = PageStore(database)
    for run in range(2):
        report = crawl(database, start, options)
        assert (report.gone, report.refused, report.unchanged) == (1, {"gone": 1}, 11)
        assert "1 stored page no longer on the web" in " ".join(report.lines())
        assert stored(database) == before, "nothing of it is lost"
        assert store.resolve(seven).gone_at is not None
        assert set(store.gone(list(before))) == {seven}
        assert store.failures() == []
        if run == 0:
            since = store.resolve(seven).gone_at
    assert store.resolve(seven).gone_at == since, "it says since when"
    # Seen again, unchanged; then away again, and back with another text.
    site.get("/__gone/7")
    assert crawl(database, start, options).unchanged == 12
    assert store.gone(list(before)) == {}
    site.get("/__gone/7")
    crawl(database, start, options)
    site.get("/__gone/7")
    site.get("/__version/2")
    assert crawl(database, start, options).pages_changed == 12
    assert store.resolve(seven).gone_at is None
    assert store.verify() == []


def test_a_page_that_nothing_links_to_any_more_is_asked_for_again(database, serve):
    site = serve(pages=3)
    options = CrawlOptions(sitemaps=False, allow=("/page/", "/nothing"), **QUICK)
    crawl(database, [site.url + "/page/1"], options)
    site.get("/__unlink")
    site.get("/__gone/3")
    report = crawl(database, [site.url + "/page/1"], options)
    assert (report.gone, report.pages) == (1, 2)


def test_max_pages_stops_and_raising_it_goes_on(database, serve):
    site = serve(pages=30)
    start = [site.url + "/page/1"]
    first = crawl(database, start, CrawlOptions(max_pages=7, sitemaps=False, **QUICK))
    assert (first.pages, first.state) == (7, "limited")
    assert first.waiting > 0
    second = crawl(database, start, CrawlOptions(sitemaps=False, **QUICK))
    assert second.resumed
    assert PageStore(database).count() == 30
    asked = [path for path, _ in site.asked() if path.startswith("/page/")]
    assert len(asked) == len(set(asked)) == 30


def test_the_pages_of_a_host_are_bounded_and_asked_for_again(database, serve):
    site = serve(pages=30)
    start = ["http://a.test/page/1", "http://b.test/page/1"]
    quick = {"sitemaps": False, "proxy": site.url} | QUICK
    for bound, new, unchanged in ((3, 6, 0), (3, 0, 6), (5, 4, 0)):
        report = crawl(database, start, CrawlOptions(per_host_pages=bound, **quick))
        assert (report.pages_new, report.unchanged, report.state) == (new, unchanged, "limited")
        hosts = [url.split("/")[2] for url in stored(database)]
        assert hosts.count("a.test") == hosts.count("b.test") == bound


def test_scope_depth_and_patterns(database, serve):
    site = serve()
    options = CrawlOptions(max_depth=2, deny=("/page/[35]",), sitemaps=False, **QUICK)
    crawl(database, [site.url + "/page/1"], options)
    numbers = sorted(int(url.rsplit("/", 1)[1]) for url in stored(database))
    assert numbers == [1, 2, 4]


def test_a_proxy_gives_a_loopback_server_a_stable_name(database):
    import threading
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    asked = []

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            found = self.path == "http://almanac.test/"
            body = b"<title>Almanac</title><h1>Almanac</h1><p>Rivers and bridges, in plain words, of every land.</p>"
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        options = CrawlOptions(proxy=f"http://127.0.0.1:{server.server_address[1]}", **QUICK)
        crawl(database, ["http://almanac.test/"], options)
    finally:
        server.shutdown()
        server.server_close()
    assert list(stored(database)) == ["http://almanac.test/"]
    assert "http://almanac.test/robots.txt" in asked


def test_redirects_between_hosts_are_fetched_once_and_circles_are_named(database, serve):
    site = serve()
    seeds = ["http://a.test/across", "http://b.test/page/1", "http://a.test/swing/1"]
    options = CrawlOptions(proxy=site.url, max_depth=0, **QUICK)
    report = crawl(database, seeds, options)
    store = PageStore(database)
    assert list(stored(database)) == ["http://b.test/page/1"]
    assert store.resolve("http://a.test/across").url == "http://b.test/page/1"
    # Of a circle neither address gives a page, and each is named.
    assert report.refused == {"redirect-loop": 2}
    kept = {one.url: one.reason for one in store.failures()}
    assert kept == dict.fromkeys(
        ["http://a.test/swing/1", "http://b.test/swing/1"], "redirect-loop"
    )
    asked = [(name, path) for name, path, *_ in site.times() if path != "/robots.txt"]
    assert len(asked) == len(set(asked)) == 4


def test_each_address_that_redirects_to_a_failure_is_named(database, serve):
    site = serve()
    moved = [f"{site.url}/broken/{number}" for number in range(6)]
    report = crawl(database, [site.url + "/page/1", *moved], CrawlOptions(max_depth=0, **QUICK))
    assert report.pages == 1
    assert {one.url for one in report.failures} >= set(moved)
    assert report.refused == {"http-500": len(report.failures)}
    kept = {one.url: one.reason for one in PageStore(database).failures()}
    assert kept == {one.url: "http-500" for one in report.failures}


def test_nothing_stored_is_an_error_that_says_why(database, serve):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        with pytest.raises(NothingStoredError, match=r"could not be reached.*connection refused"):
            crawl(database, [address], CrawlOptions(**QUICK))
    with pytest.raises(NothingStoredError, match="robots"):
        crawl(database, [serve(robots="all").url], CrawlOptions(**QUICK))
    with pytest.raises(NothingStoredError, match="robots"):
        crawl(database, [serve(robots="broken").url], CrawlOptions(**QUICK))
    with pytest.raises(NothingStoredError, match=r"404.*check the address") as caught:
        crawl(database, [serve().url + "/missing"], CrawlOptions(sitemaps=False, **QUICK))
    assert caught.value.report.refused == {"http-404": 1}
    options = CrawlOptions(sitemaps=False, max_bytes=200_000, **QUICK)
    with pytest.raises(NothingStoredError, match=r"too-large: .*; give a larger --max-bytes if"):
        crawl(database, [serve().url + "/huge"], options)
    # A 404 for robots.txt allows everything, whatever its body says.
    assert crawl(database, [serve(robots="none").url + "/page/1"], CrawlOptions(**QUICK)).pages


def test_seeds_that_cannot_start_a_crawl(database):
    for seed in ("ftp://example.org/a", "mailto:me@example.org", "", "http://"):
        with pytest.raises(SeedError):
            crawl(database, [seed])
    with pytest.raises(SeedError):
        crawl(database, [])
    with pytest.raises(CrawlError, match="not a regular expression"):
        CrawlOptions(deny=("(",))


def test_a_database_that_is_gone_is_an_error_not_a_hang(serve):
    with pytest.raises(ChildError, match="database"):
        crawl("postgresql://nobody@/none?host=/nonexistent", [serve().url], CrawlOptions(**QUICK))
