"""What a crawl starts from: feeds, sitemaps, lists of seeds; and what a dry run says of it."""

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from crawler import feeds
from crawler.errors import SeedError
from crawler.options import CrawlOptions
from crawler.run import crawl, preview
from crawler.sites import read_seeds, read_sites
from store.pages import PageStore

QUICK = {"timeout": 5, "retries": 0, "workers": 1}
_TEXT = "The harbour master keeps a list of every ship that came in since the war, and its cargo."
Serve = Callable[[dict[str, tuple[str, bytes | str]]], str]


@pytest.fixture
def serve_these() -> Iterator[Serve]:
    """Serve a dict of path → (content type, body, with HOST for the address); the rest is 404."""
    servers = []

    def serve(pages: dict[str, tuple[str, bytes | str]]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind, body = pages.get(self.path, ("", b""))
                host = f"http://127.0.0.1:{self.server.server_address[1]}"
                if isinstance(body, str):
                    body = body.replace("HOST", host).encode()
                elif body:
                    body = gzip.compress(body.replace(b"HOST", host.encode()))
                self.send_response(200 if kind else 404)
                self.send_header("Content-Type", kind or "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def page(name: str, links: str = "") -> tuple[str, str]:
    return "text/html", f"<title>{name}</title><h1>{name}</h1><p>{_TEXT} {name}</p>{links}"


RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>t</title><link>HOST/</link>
<item><title>A</title><link>HOST/a</link></item>
<item><title>B</title><guid>HOST/b</guid></item>
<item><title>C</title><guid isPermaLink="false">HOST/c</guid></item></channel></rss>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
xmlns="http://purl.org/rss/1.0/"><channel/><item><link> HOST/a </link></item></rdf:RDF>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><link href="HOST/"/><entry>
<link rel="self" href="HOST/x"/><link href="/a"/></entry><entry><id>1</id></entry>
<entry><link rel="alternate" href="b?c=1&amp;d"/></entry></feed>"""
JSON_FEED = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "items": [{"url": "HOST/a"}, {"external_url": "HOST/b"}, {"id": 3}, 4, {"url": 5}],
    }
)


def test_feeds():
    def read(text: str | bytes) -> tuple[str, ...] | None:
        return feeds.read(text.encode() if isinstance(text, str) else text, "http://s.test/f/")

    assert read(RSS.replace("HOST", "http://s.test")) == ("http://s.test/a", "http://s.test/b")
    assert read(RDF.replace("HOST", "http://s.test")) == ("http://s.test/a",)
    assert read(ATOM) == ("http://s.test/a", "http://s.test/f/b?c=1&d")
    assert read("\ufeff" + JSON_FEED.replace("HOST", "")) == ("http://s.test/a", "http://s.test/b")
    assert read('<rss version="2.0"><channel></channel></rss>') == ()
    for other in (
        "",
        "words",
        "{",
        '{"version": 1, "items": []}',
        "[" * 100_000,
        "<html><body><p>rss</p></body></html>",
        "<urlset></urlset>",
        b"\x00\x01",
    ):
        assert read(other) is None
    bomb = "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><rss><channel><item><link>&b;</link></item></channel></rss>"
    assert not any("root:" in link for link in read(bomb) or ())


def test_the_entries_of_a_feed_are_followed(database, serve_these):
    pages = {
        "/feed.xml": ("application/rss+xml", RSS),
        "/json": ("application/feed+json", JSON_FEED),
        "/a": page("a", '<a href="/further">further</a>'),
        "/b": page("b"),
        "/further": page("further"),
    }
    site = serve_these(pages)
    report = crawl(database, [site + "/feed.xml"], CrawlOptions(max_depth=1, **QUICK))
    assert {found.url for found in PageStore(database).current()} == {site + "/a", site + "/b"}
    assert report.failures == ()
    # Without the bound, as far as the scope reaches; and JSON is a feed too.
    crawl(database, [site + "/json"], CrawlOptions(collection="other", **QUICK))
    assert PageStore(database, "other").count() == 3


def test_sitemaps_are_found_packed_nested_and_by_robots_txt(database, serve_these):
    urlset = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>HOST/{}</loc></url></urlset>'
    index = "<sitemapindex>" + "".join(
        f"<sitemap><loc>{place}</loc></sitemap>"
        for place in ("HOST/one.xml.gz", "http://elsewhere.test/x.xml")
    )
    pages = {
        "/robots.txt": ("text/plain", "Sitemap: HOST/named.xml\nUser-agent: *\nDisallow: /no"),
        "/sitemap.xml": ("application/xml", index + "</sitemapindex>"),
        "/one.xml.gz": ("application/gzip", urlset.format("packed").encode()),
        "/named.xml": ("text/xml", urlset.format("named")),
        "/seeded.xml": ("text/xml", urlset.format("seeded") + urlset.format("no")),
        "/": page("home"),
    }
    pages |= {f"/{name}": page(name) for name in ("packed", "named", "seeded", "no")}
    site = serve_these(pages)
    report = crawl(database, [site + "/"], CrawlOptions(**QUICK))
    found = {one.url.removeprefix(site) for one in PageStore(database).current()}
    assert found == {"/", "/packed", "/named"}
    assert report.failures == ()
    crawl(
        database, [site + "/seeded.xml"], CrawlOptions(collection="other", sitemaps=False, **QUICK)
    )
    assert [one.url for one in PageStore(database, "other").current()] == [site + "/seeded"]
    # A dry run says the same, and asks for no page.
    looked = preview([site + "/", site + "/no"], CrawlOptions(deny=("packed",), **QUICK))
    verdicts = {one.url.removeprefix(site): one.verdict for one in looked.verdicts}
    assert verdicts == {"/": "fetch", "/no": "robots", "/packed": "scope", "/named": "fetch"}
    assert sorted(url.removeprefix(site) for url, _ in looked.sitemaps) == [
        "/named.xml",
        "/one.xml.gz",
        "/sitemap.xml",
    ]
    assert [row["url"].removeprefix(site) for row in looked.json()["seeds"]] == ["/", "/no"]
    lines = "\n".join(looked.lines())
    assert "2 seeds: 1 would be fetched." in lines
    assert "robots.txt of" in lines


def test_a_dry_run_asks_for_no_page(serve):
    site = serve()
    looked = preview([site.url + "/page/1", site.url + "/redirect"], CrawlOptions(**QUICK))
    assert {path for path, _ in site.asked()} == {"/robots.txt", "/sitemap.xml", "/map.xml"}
    assert [one.verdict for one in looked.verdicts if not one.listed_by] == ["fetch", "fetch"]
    assert {one.url: one.verdict for one in looked.verdicts if one.listed_by} == {
        site.url + "/lonely": "fetch",
        site.url + "/secret/y": "robots",
    }


def test_lists_of_seeds(tmp_path):
    path = tmp_path / "seeds.txt"
    path.write_text("\ufeff# ours\n\nhttps://a.test/x#part\n  https://b.test/ \n#https://c.test/\n")
    assert read_seeds(path) == ["https://a.test/x#part", "https://b.test/"]
    path.write_text("# nothing\n")
    with pytest.raises(SeedError, match="names no address"):
        read_seeds(path)
    with pytest.raises(SeedError, match="cannot be read"):
        read_seeds(tmp_path / "none")
    path.write_bytes(b"\xff\xfehttps")
    with pytest.raises(SeedError, match="UTF-8"):
        read_seeds(path)
    path.write_text("https://a.test/\n")
    sites = tmp_path / "sites.toml"
    sites.write_text(
        'defaults.ca = "ca.pem"\n[[site]]\nseeds = "seeds.txt"\nurls = ["https://b.test/"]\n'
        'cookies = "/c.txt"\nheaders = {X-A = "${A}"}\n'
    )
    (site,) = read_sites(sites)
    assert site.seeds == ("https://b.test/", "https://a.test/")
    assert site.options.ca == str(tmp_path / "ca.pem")
    assert (site.options.cookies, site.options.headers) == ("/c.txt", ("X-A: ${A}",))
