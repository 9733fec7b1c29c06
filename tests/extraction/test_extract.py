"""Bytes to pages: titles, links, character sets, refusals, determinism."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from extraction.charset import decode
from extraction.extract import Refusal, extract
from store.page import PageVersion

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
GOLDEN = Path(__file__).with_name("golden")
PROSE = "The ferry crosses the strait four times a day, and twice on Sundays in winter. "


def read(body, url="http://site.test/a/page.html", kind="text/html", **headers):
    data = body if isinstance(body, bytes) else body.encode()
    return extract(data, {"content-type": kind} | headers, url, NOW)


def page(body, **options) -> PageVersion:
    result = read(body, **options)
    assert isinstance(result, PageVersion), result
    return result


def test_the_title_is_never_empty():
    body = f"<p>{PROSE}</p>"
    assert page(f"<title>  Ferry\n times </title>{body}").title == "Ferry times"
    assert page(f"<title> </title><h1>Ferries</h1>{body}").title == "Ferries"
    assert page(f"<title></title>{body}").title == "a/page.html"
    assert page(body, url="http://site.test/").title == "site.test"
    assert page(f"<svg><title>icon</title></svg><h1>Ferries</h1>{body}").title == "Ferries"


def test_the_main_heading_stands_in_the_text_exactly_once():
    for heading in (
        "<h1>Ferries</h1>",
        "<header><h1>Ferries</h1></header>",
        "<h1><a href='/'>Ferries</a></h1>",
    ):
        text = page(
            f"<body>{heading}<main><p>{PROSE}</p><h2>Winter</h2><p>{PROSE}</p></main></body>"
        ).text
        assert text.startswith("# Ferries\n")
        assert text.count("Ferries") == 1
        assert "## Winter" in text


def test_links_are_absolute_and_base_counts():
    found = page(
        f'<base href="/other/"><main><p>{PROSE}<a href="x.html#part">There</a> and <a href="#here">here</a>, '
        f'<a href="mailto:a@b.test">mail</a>, <a href="javascript:go()">go</a>.</p></main>'
    )
    assert "[There](http://site.test/other/x.html)" in found.text
    assert [link.url for link in found.outlinks] == ["http://site.test/other/x.html"]
    assert "javascript" not in found.text


def test_a_list_of_links_survives_in_the_content_and_not_in_the_navigation():
    rivers = "".join(f'<li><a href="/river/{n}">River {n}</a></li>' for n in range(30))
    kept = page(f"<main><h1>List of rivers</h1><p>{PROSE}</p><ul>{rivers}</ul></main>")
    assert "[River 29](http://site.test/river/29)" in kept.text
    dropped = page(f"<nav><ul>{rivers}</ul></nav><h1>Ferries</h1><p>{PROSE * 4}</p>")
    assert "River" not in dropped.text
    assert len(dropped.outlinks) == 30


def test_dates_languages_and_sites():
    meta = '<meta property="article:published_time" content="2021-03-04T10:00:00Z"><meta property="og:site_name" content="The Strait">'
    found = page(f'<html lang="en-GB"><head>{meta}</head><body><p>{PROSE}</p></body></html>')
    assert (found.published, found.lang, found.site) == (date(2021, 3, 4), "en", "The Strait")
    ld = '<script type="application/ld+json">{"@graph":[{"datePublished":"2019-12-31"}]}</script>'
    assert page(f"{ld}<p>{PROSE}</p>").published == date(2019, 12, 31)
    assert page(f"<p>In 2012-08-03 it began. {PROSE}</p>").published is None
    spanish = (
        "El transbordador cruza el estrecho cuatro veces al día, y dos los domingos de invierno. "
    )
    assert page(f"<p>{spanish * 3}</p>").lang == "es"
    # A template's lang="en" on a Chinese page is not believed.
    assert (
        page(
            '<html lang="en"><p>' + "渡轮每天四次横渡海峡,冬季的星期日两次。" * 4 + "</p></html>"
        ).lang
        == "zh"
    )


@pytest.mark.parametrize(
    ("data", "kind", "expected"),
    [
        ("Crème brûlée".encode(), "text/html; charset=utf-8", "Crème brûlée"),
        ("Crème brûlée".encode("latin-1"), "text/html; charset=utf-8", "Crème brûlée"),
        ("Crème brûlée".encode(), "text/html; charset=iso-8859-1", "Crème brûlée"),
        ("Crème brûlée".encode(), "text/html", "Crème brûlée"),
        ("“smart” – quotes".encode("cp1252"), "text/html; charset=iso-8859-1", "“smart” – quotes"),
        ("杭州湾跨海大桥".encode("gb2312"), "text/html; charset=GBK", "杭州湾跨海大桥"),
        (
            '<meta charset="shift_jis">瀬戸大橋'.encode("cp932"),
            "text/html",
            '<meta charset="shift_jis">瀬戸大橋',
        ),
        ("\ufeffŁódź".encode("utf-16-le"), "text/html", "Łódź"),
        (b"\xef\xbb\xbfLodz", "text/html; charset=latin-1", "Lodz"),
        (
            "Москва-река впадает в Оку, а та в Волгу".encode("koi8-r"),
            "text/html; charset=koi8-r",
            "Москва-река впадает в Оку, а та в Волгу",
        ),
        (
            b"cut " * 200 + "é".encode()[:1],
            "text/html; charset=utf-8",
            "cut " * 200 + "\ufffd",
        ),
    ],
)
def test_charsets(data, kind, expected):
    assert decode(data, kind) == expected


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        (b"", "text/html", "empty"),
        (b"  \n ", "text/html", "empty"),
        (b"%PDF-1.7 ...", "text/html", "binary"),
        (bytes(range(256)) * 10, "text/html", "binary"),
        (b"<p>" + b"a" * 10_000_001, "text/html", "too-large"),
        (b"<p>short</p>", "text/html", "too-short"),
        (b"<html><body><script>let a = 1</script></body></html>", "text/html", "no-text"),
        (PROSE.encode(), "text/plain", "not-html"),
        (PROSE.encode(), "text/html", "not-html"),
        (b"<p></p>" * 260_000, "text/html", "too-complex"),
    ],
)
def test_refusals(body, kind, reason):
    result = read(body, kind=kind)
    assert isinstance(result, Refusal)
    assert result.reason == reason
    assert result.detail


def test_a_refused_page_still_gives_its_links():
    result = read('<p><a href="/next">go</a></p>')
    assert isinstance(result, Refusal)
    assert [link.url for link in result.outlinks] == ["http://site.test/next"]
    result = read('<meta http-equiv="Refresh" content="0; URL=new.html"><p>moved</p>')
    assert [link.url for link in result.outlinks] == ["http://site.test/a/new.html"]


def test_hostile_markup_ends():
    for body in (
        "<div>" * 100_000 + PROSE,
        "<table><tr><td>" * 2_000 + PROSE,
        "<p>" + "[" * 100_000 + PROSE,
        "<p>" + "<b><i>" * 20_000 + PROSE,
        f"<p>{PROSE}</p>" + "<a href='http://[bad'>x</a>" * 2_000,
        f"<p>{PROSE}\x00\ud800</p>".encode("utf-8", "surrogatepass"),
        "<pre>" + "<span>x</span>\n" * 20_000 + "</pre>" + f"<p>{PROSE}</p>",
    ):
        result = read(body)
        assert isinstance(result, PageVersion | Refusal)


def test_the_same_bytes_give_the_same_page_in_every_process():
    code = (
        "import sys; from datetime import datetime, UTC; from extraction.extract import extract;"
        "body = open(sys.argv[1], 'rb').read();"
        "page = extract(body, {'content-type': 'text/html'}, 'http://site.test/a', datetime(2026, 1, 1, tzinfo=UTC));"
        "print(page.digest, hash(page.outlinks) and [link.url for link in page.outlinks], page.lang)"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code, str(GOLDEN / "article.html")],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1


def test_small_markup_keeps_its_words():
    text = page(
        f"<main><h1>H</h1><p>{PROSE} Opened on <time datetime='1890-03-04'>4 March 1890</time>; it "
        "weighs 10<sup>3</sup> t and drinks H<sub>2</sub>O<sup>[1]</sup>.</p>"
        "<figure><img src='a.png'><figcaption>The ferry in 1901, from the north</figcaption></figure></main>"
    ).text
    assert "on 4 March 1890; it weighs 10³ t and drinks H2O[1]." in text
    assert "The ferry in 1901, from the north" in text


def test_a_table_without_a_head_is_still_a_table():
    rows = "<tr><td>Length</td><td>412 m</td></tr><tr><td>Width</td><td>9 m</td></tr>"
    head = "<thead><tr><th></th><th></th></tr></thead>"
    text = page(
        f"<main><h1>H</h1><p>{PROSE}</p><table>{head}{rows}</table><p>{PROSE}</p></main>"
    ).text
    assert "| | |\n|---|---|\n| Length | 412 m |\n| Width | 9 m |\n\n" in text
    assert (
        page(f"<main><h1>H</h1><p>{PROSE}</p><pre>| a |\n| b |</pre></main>").text.count("---") == 0
    )
