"""Intranet sites: what they are shown, and that nobody else is shown it."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from crawler.access import Access
from crawler.errors import AccessError, ChildError, CrawlError, NothingStoredError, SeedError
from crawler.options import CrawlOptions, check_seeds
from crawler.run import crawl
from store.pages import PageStore

from .intranet import Authority, Intranet

SECRETS = ("hunter2", "c29tZW9uZTpodW50ZXIy", "token-5f2a", "cookie-77b1")
QUICK: dict[str, Any] = {"timeout": 5, "retries": 0, "workers": 1, "sitemaps": False}


@pytest.fixture
def authority(tmp_path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def two(authority) -> Iterator[tuple[Intranet, Intranet]]:
    """The site that is crawled, one page of which leads to the other site."""
    certificate = authority.issue("server", "localhost", "127.0.0.1")
    other = Intranet(certificate, authority.path, {"/stolen": "Elsewhere."})
    pages = {
        "/": '<a href="/away">away</a> <a href="/docs/a">a</a>',
        "/docs/a": "Only for the staff.",
        "/away": f"https://127.0.0.1:{other.port}/stolen",
    }
    own = Intranet(certificate, authority.path, pages, wants="x-token")
    yield own, other
    own.close()
    other.close()


def test_a_site_is_shown_everything_and_a_redirect_takes_nothing_along(
    database, two, authority, tmp_path, monkeypatch, caplog
):
    own, other = two
    cookies = tmp_path / "cookies.txt"
    cookies.write_text(
        "# Netscape HTTP Cookie File\n"
        "localhost\tFALSE\t/\tTRUE\t0\tsession\tcookie-77b1\n"
        "#HttpOnly_localhost\tFALSE\t/docs\tTRUE\t4102444800\tdeep\tyes\n"
        "elsewhere.test\tTRUE\t/\tFALSE\t0\tother\tno\n"
    )
    monkeypatch.setenv("WIKI_LOGIN", "someone:hunter2")
    monkeypatch.setenv("WIKI_TOKEN", "token-5f2a")
    options = CrawlOptions(
        scope="any",
        cookies=str(cookies),
        headers=("X-Token: ${WIKI_TOKEN}",),
        login="WIKI_LOGIN",
        client_cert=str(authority.issue("crawler")),
        ca=str(authority.path),
        **QUICK,
    )
    events: list[dict[str, Any]] = []
    with caplog.at_level(logging.DEBUG):
        report = crawl(database, [f"https://localhost:{own.port}/"], options, events.append)
    stored = {page.url for page in PageStore(database).current()}
    assert stored == {
        f"https://localhost:{own.port}/",
        f"https://localhost:{own.port}/docs/a",
        f"https://127.0.0.1:{other.port}/stolen",
    }
    assert {row["path"] for row in own.shown} == {"/robots.txt", "/", "/docs/a", "/away"}
    for row in own.shown:
        assert row["x-token"] == "token-5f2a"
        assert row["authorization"] == "Basic c29tZW9uZTpodW50ZXIy"
        assert row["certificate"] == "crawler"
        assert (
            row["cookie"] == ("deep=yes; " if "docs" in row["path"] else "") + "session=cookie-77b1"
        )
    # The other site saw none of it, though the redirect led there.
    assert {row["path"] for row in other.shown} == {"/robots.txt", "/stolen"}
    for row in other.shown:
        assert not {"x-token", "authorization", "cookie"} & set(row)
        assert row["certificate"] is None
    # Nothing of it is written down anywhere.
    written = [str(report), str(events), caplog.text]
    with database.read() as connection:
        for (table,) in connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        ).fetchall():
            written.append(str(connection.execute(f'SELECT * FROM "{table}"'.encode()).fetchall()))
    assert not [secret for secret in SECRETS if secret in "".join(written)]
    assert "X-Token" in "".join(written), "the twin: the names are there"


def test_without_its_authority_a_server_is_not_believed(database, two):
    own, _ = two
    seeds = [f"https://localhost:{own.port}/"]
    with pytest.raises(NothingStoredError, match=r"certificate.*--ca") as caught:
        crawl(database, seeds, CrawlOptions(**QUICK))
    assert caught.value.report.refused == {"certificate": 1}
    assert own.shown == []
    # The twin: told to believe anybody, it gets as far as the login.
    with pytest.raises(NothingStoredError, match=r"http-401.*--login"):
        crawl(database, seeds, CrawlOptions(insecure=True, **QUICK))
    assert own.shown


def test_a_certificate_for_another_host_is_not_believed(database, authority):
    site = Intranet(authority.issue("other", "other.test"), authority.path, {"/": "Hello."})
    try:
        with pytest.raises(NothingStoredError, match="certificate"):
            crawl(
                database,
                [f"https://localhost:{site.port}/"],
                CrawlOptions(ca=str(authority.path), **QUICK),
            )
    finally:
        site.close()


def test_secrets_belong_to_the_seeds_origins(monkeypatch):
    monkeypatch.setenv("LOGIN", "a:b")
    access = Access(["http://wiki/x", "https://docs.test:8443/"], CrawlOptions(login="LOGIN"))
    for url in ("http://wiki/y", "https://wiki/", "https://docs.test:8443/z"):
        assert access.headers(url) == {"Authorization": "Basic YTpi"}
    for url in (
        "http://wiki:8080/",
        "https://docs.test/",
        "http://docs.test:8443/",
        "http://wiki.test/",
    ):
        assert access.headers(url) == {}


def test_cookies_go_where_their_file_says(tmp_path):
    file = tmp_path / "cookies.txt"
    file.write_text(
        "# Netscape HTTP Cookie File\n"
        ".site.test\tTRUE\t/\tFALSE\t0\twide\t1\n"
        "site.test\tFALSE\t/a\tTRUE\t0\tnarrow\t2\n"
        "wiki\tFALSE\t/\tFALSE\t0\tshort\t3\n"
        "site.test\tFALSE\t/\tFALSE\t1000\told\t4\n"
    )
    access = Access(["https://site.test/"], CrawlOptions(cookies=str(file)))

    def cookie(url: str) -> str | None:
        return access.headers(url).get("Cookie")

    assert cookie("https://site.test/") == "wide=1"
    assert cookie("http://deep.site.test/a") == "wide=1"
    assert cookie("https://site.test/a/b") == "narrow=2; wide=1"
    assert cookie("http://site.test/a/b") == "wide=1"
    assert cookie("https://site.test/ab") == "wide=1"
    assert cookie("http://wiki/page") == "short=3"
    assert cookie("https://notsite.test/") is None


def test_a_cookie_without_a_value_may_lack_its_column(tmp_path):
    file = tmp_path / "cookies.txt"
    good = "site.test\tFALSE\t/\tFALSE\t0\tname\t1\n"
    file.write_text(
        "# Netscape HTTP Cookie File\n" + good + "site.test\tFALSE\t/\tFALSE\t0\tflag\n"
    )
    access = Access(["https://site.test/"], CrawlOptions(cookies=str(file)))
    assert access.headers("https://site.test/")["Cookie"] == "name=1; flag="
    # The twins: fewer columns, a time that is none; each names its line and not what is in it.
    for bad in ("site.test\tFALSE\t/\tFALSE\thunter2\n", good.replace("\t0\t", "\thunter2\t")):
        file.write_text("# Netscape HTTP Cookie File\n" + good + bad)
        with pytest.raises(AccessError, match="Line 3 of the cookies file") as caught:
            Access(["https://site.test/"], CrawlOptions(cookies=str(file)))
        assert "hunter2" not in str(caught.value)


def test_what_cannot_be_used_is_named_without_what_is_in_it(database, tmp_path, monkeypatch):
    broken = tmp_path / "broken.pem"
    broken.write_text("hunter2")
    old = tmp_path / "old.txt"
    old.write_text("# Netscape HTTP Cookie File\na.test\tFALSE\t/\tFALSE\t1000\told\thunter2\n")
    monkeypatch.setenv("BAD_LOGIN", "hunter2")
    monkeypatch.delenv("UNSET", raising=False)
    for options, said in (
        ({"cookies": str(tmp_path / "none")}, "cannot be read"),
        ({"cookies": str(broken)}, "Netscape form"),
        ({"cookies": str(old)}, "no cookie that is still good"),
        ({"login": "UNSET"}, "UNSET for the login is not set"),
        ({"login": "BAD_LOGIN"}, "name:password"),
        ({"headers": ("X-A: ${UNSET}",)}, "UNSET for the header X-A is not set"),
        ({"headers": ("hunter2",)}, "Name: value"),
        ({"headers": ("X-A: hunter2\r\nX-B: c",)}, "more than one line"),
    ):
        with pytest.raises(AccessError, match=said) as caught:
            Access(["https://a.test/"], CrawlOptions(**options))
        assert "hunter2" not in str(caught.value)
    for options, said in (
        ({"ca": str(broken)}, "authority .* cannot be read"),
        ({"client_cert": str(broken)}, "not in PEM form"),
        ({"client_cert": str(tmp_path / "none")}, "cannot be read"),
    ):
        with pytest.raises(ChildError, match=said) as failed:
            crawl(database, ["https://a.test/"], CrawlOptions(**options))
        assert "hunter2" not in str(failed.value)
    with pytest.raises(CrawlError, match="insecure would give"):
        CrawlOptions(insecure=True, login="LOGIN")
    with pytest.raises(SeedError, match="--login") as seeded:
        check_seeds(["https://me:hunter2@a.test/"])
    assert "hunter2" not in str(seeded.value)
    assert check_seeds(["https://a.test/@me", "b.test"])
    record = CrawlOptions(proxy="http://me:hunter2@proxy.test:8080").record()
    assert record["proxy"] == "http://proxy.test:8080"
