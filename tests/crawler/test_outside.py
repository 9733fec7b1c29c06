"""A crawl that must stay outside asks no host of this machine, by whatever way it is led there."""

from dataclasses import replace

import pytest

from crawler.errors import NothingStoredError
from crawler.options import CrawlOptions
from crawler.outside import ADMITTED, admitted
from crawler.run import crawl
from crawler.settings import scrapy_settings

from .test_robots import crawl_with

QUICK = CrawlOptions(sitemaps=False, max_depth=0, retries=0, timeout=5, workers=1, inside=())
NO_GATE = {"DOWNLOADER_MIDDLEWARES": {"crawler.gate.Gate": None}}


def named(site, name: str) -> str:
    return site.url.replace("127.0.0.1", name) + "/page/1"


@pytest.mark.parametrize("name", ["127.0.0.1", "127.1", "0x7f.0.0.1", "localhost"])
def test_no_host_inside_is_asked_and_the_gate_says_so(database, serve, name):
    site = serve()
    with pytest.raises(NothingStoredError, match="is this machine or its network"):
        crawl(database, [named(site, name)], QUICK)
    assert site.asked() == []
    # The twin: a known host is asked, and so is any when the crawl may go everywhere.
    assert crawl(database, [named(site, name)], replace(QUICK, inside=(name,))).pages
    assert crawl(database, [named(site, name)], replace(QUICK, inside=None)).pages
    assert site.asked()


def test_a_name_that_resolves_inside_is_not_connected_to(database, serve):
    # Without the gate, so that only the resolver is in the way: it sees what a name leads to.
    site = serve()
    crawl_with(database, [named(site, "localhost")], NO_GATE, QUICK)
    assert site.asked() == []
    crawl_with(database, [named(site, "localhost")], NO_GATE, replace(QUICK, inside=None))
    assert site.asked()


def test_a_redirect_does_not_lead_inside(database, serve):
    site = serve()
    start = [site.url + "/away"]
    options = replace(QUICK, scope="any", inside=("127.0.0.1",), robots=False)
    with pytest.raises(NothingStoredError, match="localhost is this machine"):
        crawl(database, start, options)


def test_the_proxies_that_were_chosen_may_be_inside(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://proxy.lan:3128")
    options = replace(QUICK, inside=("a.lan",), proxy="http://127.0.0.1:1")
    assert set(admitted(options)) >= {"a.lan", "www.a.lan", "127.0.0.1", "proxy.lan"}
    assert ADMITTED in scrapy_settings(["http://a.lan/"], options)
    assert ADMITTED not in scrapy_settings(["http://a.lan/"], CrawlOptions())
