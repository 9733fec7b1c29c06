"""What a crawl makes of `rel=canonical`: an address by which a page is found, where that is safe."""

from crawler.options import CrawlOptions
from crawler.run import crawl
from store.database import Database
from store.pages import PageStore

QUICK = {"timeout": 5.0, "retries": 0, "workers": 1, "sitemaps": False}
HOST = "http://mobile.almanac.org"


def led(store: PageStore, url: str) -> str | None:
    """The title of the page that an address leads to by an alias alone."""
    return next(
        (
            page.title
            for page in store.current()
            if store.leads_to(url, page.url) and page.url != url
        ),
        None,
    )


def test_a_declared_address_leads_to_its_page_only_where_that_is_safe(
    database: Database, serve
) -> None:
    site = serve()
    options = CrawlOptions(proxy=site.url, allow=("/claims/", "/page/1"), max_depth=1, **QUICK)
    crawl(database, [f"{HOST}/claims/", f"{HOST}/page/1"], options)
    store = PageStore(database)
    titles = {page.title for page in store.current()}
    assert titles >= {"Claims", "Page 1", "print", "list-1", "list-2", "home-1", "foreign", "two"}
    assert led(store, f"{HOST}/claims/article") == "print"
    assert led(store, "http://almanac.org/claims/owned") == "owner", "one owner, two hosts"
    # Nobody gets what several claim that differ, or all name, or another site, or a page has.
    assert led(store, f"{HOST}/claims/list") is None
    assert led(store, f"{HOST}/") is None
    assert led(store, "http://other.test/article") is None
    taken = store.resolve(f"{HOST}/page/1")
    assert taken is not None
    assert taken.title == "Page 1"
    assert led(store, f"{HOST}/page/1") is None
    # A page that names two, or whose readers do, names none.
    for name in ("second", "third", "commented"):
        assert led(store, f"{HOST}/claims/{name}") is None
    assert len(store.alias_targets()) == 2
    before = store.alias_targets()
    # Crawled again it is the same.
    crawl(database, [f"{HOST}/claims/", f"{HOST}/page/1"], options)
    assert store.alias_targets() == before
    assert store.verify() == []
