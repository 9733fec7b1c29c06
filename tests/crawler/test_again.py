"""Crawls that are given again: which pages are asked for once more, and which are marked as gone."""

import pytest

from crawler.options import CrawlOptions
from crawler.run import crawl
from store.pages import PageStore

QUICK = {"timeout": 5, "retries": 0, "workers": 1, "sitemaps": False}


@pytest.mark.parametrize("old", [404, 302], ids=["its old name is gone too", "its old name leads"])
def test_a_page_behind_a_redirect_is_asked_for_again_and_marked_when_it_is_gone(
    database, serve, old
):
    site = serve()
    start = [site.url + "/page/1", site.url + "/old"]
    options = CrawlOptions(max_depth=0, **QUICK)
    crawl(database, start, options)
    store, new = PageStore(database), site.url + "/new"
    assert store.resolve(site.url + "/old").url == new
    if old == 404:
        site.get("/__answers/404/old")
    # The twin: while it is there, it is asked for and not marked.
    asked = [path for path, _ in site.asked()].count("/new")
    crawl(database, start, options)
    assert [path for path, _ in site.asked()].count("/new") == asked + 1
    assert store.gone([new]) == {}
    site.get("/__answers/410/new")
    report = crawl(database, start, options)
    assert set(store.gone([new])) == {new}
    assert report.gone == 1
    assert "http-410" not in report.refused


def test_a_page_of_another_crawl_that_a_redirect_leads_to_is_marked_when_it_is_gone(
    database, serve
):
    site = serve()
    new = site.url + "/new"
    options = CrawlOptions(max_depth=0, **QUICK)
    crawl(database, [new], options)
    site.get("/__answers/410/new")
    report = crawl(database, [site.url + "/page/1", site.url + "/old"], options)
    assert (report.gone, report.refused) == (1, {"gone": 1})
    assert set(PageStore(database).gone([new, site.url + "/page/1"])) == {new}


@pytest.mark.parametrize("status", [500, 403])
def test_one_bad_day_of_a_server_costs_no_page_that_nothing_links_to(database, serve, status):
    site = serve(pages=3)
    options = CrawlOptions(allow=("/page/", "/nothing"), **QUICK)
    crawl(database, [site.url + "/page/1"], options)
    site.get("/__unlink")
    site.get(f"/__answers/{status}/page/3")
    report = crawl(database, [site.url + "/page/1"], options)
    assert report.refused == {f"http-{status}": 1}
    site.get("/__answers/200/page/3")
    report = crawl(database, [site.url + "/page/1"], options)
    assert (report.pages, report.refused) == (3, {})
