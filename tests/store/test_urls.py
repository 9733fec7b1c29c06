"""URLs: one address, however it is written."""

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from store.errors import UrlError
from store.urls import aliases, canonical, host, identity, url_hash, words


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("HTTP://Example.ORG", "http://example.org/"),
        ("https://example.org:443/a", "https://example.org/a"),
        ("http://example.org:8080/a", "http://example.org:8080/a"),
        ("https://example.org/a#part", "https://example.org/a"),
        ("https://example.org/a/", "https://example.org/a/"),
        ("https://example.org/%7euser/%c3%a9", "https://example.org/~user/%C3%A9"),
        ("https://example.org/café bar", "https://example.org/caf%C3%A9%20bar"),
        ("https://example.org/100%", "https://example.org/100%25"),
        ("https://example.org/a%2Fb", "https://example.org/a%2Fb"),
        ("https://example.org/a/./b/../c", "https://example.org/a/c"),
        ("https://example.org/../..", "https://example.org/"),
        ("https://example.org/a?utm_source=x&id=3&fbclid=y", "https://example.org/a?id=3"),
        ("https://example.org/a?utm_source=x", "https://example.org/a"),
        ("https://example.org/a?b=1&a=2", "https://example.org/a?b=1&a=2"),
        ("https://me:secret@example.org/", "https://example.org/"),
        ("https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"),
        ("https://[::1]:8000/x", "https://[::1]:8000/x"),
        ("//example.org/a", "https://example.org/a"),
        ("en.wikipedia.org/wiki/Danube", "https://en.wikipedia.org/wiki/Danube"),
        ("127.0.0.1:8000/a", "https://127.0.0.1:8000/a"),
        ("  https://example.org/a \n", "https://example.org/a"),
        ("file:///srv/a b.html", "file:///srv/a%20b.html"),
        ("URN:isbn:9780131103627", "urn:isbn:9780131103627"),
    ],
)
def test_canonical(written: str, expected: str) -> None:
    assert canonical(written) == expected


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "   ",
        "hello world",
        "Danube",
        "http://",
        "https:///path",
        "https://exa mple.org/",
        "https://example.org:99999/",
        "https://example.org:port/",
        "http://[::1/",
        "mailto:me@example.org",
        "javascript:alert(1)",
        "urn:",
        f"https://{'a' * 300}.org/",
        "https://..",
        "https://example.org/\ud800",
        "https://example.org/" + "a" * 9000,
    ],
)
def test_garbage_is_refused_with_a_repair(garbage: str) -> None:
    with pytest.raises(UrlError, match="write it in full, for example https://"):
        canonical(garbage)


@pytest.mark.parametrize(
    "other",
    [
        "http://example.org/a",
        "https://www.example.org/a/",
        "HTTPS://EXAMPLE.org:443/a?utm_campaign=z#top",
    ],
)
def test_one_page_one_hash(other: str) -> None:
    assert url_hash(other) == url_hash("https://example.org/a")
    assert len(url_hash(other)) == 16


@pytest.mark.parametrize(
    "other",
    ["https://example.org/A", "https://example.org/a?x=1", "https://example.com/a", "file:///a"],
)
def test_another_page_another_hash(other: str) -> None:
    assert url_hash(other) != url_hash("https://example.org/a")


_URLS = st.builds(
    "{}://{}{}{}{}".format,
    st.sampled_from(["http", "https", "HTTPS", "ftp", "urn"]),
    st.sampled_from(
        ["example.org", "www.Example.org:80", "m.a.b", "bücher.de", "u@h.x:81", "[::1]"]
    ),
    st.text(max_size=30).map(lambda text: "/" + text),
    st.sampled_from(["", "?", "?utm_source=1", "?a=%zz&b", "?a=1&&gclid=2"]),
    st.sampled_from(["", "#x", "#"]),
)


@given(_URLS | st.text(max_size=60))
@example("https://example.org/%2525")
@example("https://example.org/a%%41")
@example("https://example.org/..%2e/")
def test_canonical_twice_is_canonical_once(url: str) -> None:
    try:
        once = canonical(url)
    except UrlError:
        return
    assert canonical(once) == once
    assert identity(once) == identity(url)
    assert url_hash(once) == url_hash(url)
    assert once.isprintable() or not once.isascii()


@given(_URLS | st.text(max_size=60))
def test_aliases_are_canonical_and_other_pages(url: str) -> None:
    found = aliases(url)
    assert len({identity(other) for other in found}) == len(found)
    for other in found:
        assert canonical(other) == other
        # The words around an address may be no address themselves.
        with contextlib.suppress(UrlError):
            assert url_hash(other) != url_hash(url)


@pytest.mark.parametrize(
    ("asked", "stored"),
    [
        ("https://en.m.wikipedia.org/wiki/Danube", "https://en.wikipedia.org/wiki/Danube"),
        ("https://en.wikipedia.org/wiki/Danube", "https://en.m.wikipedia.org/wiki/Danube"),
        ("https://m.example.org/a", "https://example.org/a"),
        (
            "https://en.wikipedia.org/wiki/river danube",
            "https://en.wikipedia.org/wiki/River_danube",
        ),
        (
            "https://en.wikipedia.org/w/index.php?title=Danube&oldid=3",
            "https://en.wikipedia.org/wiki/Danube",
        ),
        ("https://example.org/docs/index.html", "https://example.org/docs/"),
        ("https://example.org/docs", "https://example.org/docs/index.html"),
        ("(https://example.org/a).", "https://example.org/a"),
        ("“https://example.org/a”", "https://example.org/a"),
    ],
)
def test_aliases_reach_the_stored_spelling(asked: str, stored: str) -> None:
    assert identity(stored) in {identity(other) for other in aliases(asked)}


def test_host_and_words() -> None:
    assert host("https://www.Example.org:8080/x") == "example.org"
    assert host("urn:isbn:1") == ""
    assert words("https://en.wikipedia.org/wiki/Danube_%C3%89cole") == [
        "wikipedia",
        "danube",
        "école",
    ]


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        (
            "https://en.wikipedia.org/wiki/Mercury_(planet)",
            "en.m.wikipedia.org/wiki/Mercury_%28planet%29",
        ),
        (
            "https://en.wikipedia.org/wiki/Mercury_%28planet%29",
            "http://en.wikipedia.org/wiki/Mercury_(planet)/",
        ),
        ("https://a.example/it%27s%2C-now", "https://www.a.example/it's,-now#top"),
        ("https://a.example/caf%C3%A9", "https://a.example/cafe%CC%81"),
        ("https://a.example/?q=a,b", "https://a.example/?q=a%2Cb"),
        (
            "https://zh.wikipedia.org/wiki/%E5%8C%97%E4%BA%AC",
            "https://zh.m.wikipedia.org/zh-hans/北京",
        ),
        ("https://news.example/story", "https://news.example/story/amp"),
    ],
)
def test_other_codings_and_hosts_are_tried(stored: str, asked: str) -> None:
    assert url_hash(stored) in {url_hash(asked), *map(url_hash, aliases(asked))}


@pytest.mark.parametrize("asked", ["https://a.example/a/b", "https://a.example/?q=a&b"])
def test_what_changes_the_meaning_stays_coded(asked: str) -> None:
    stored = asked.replace("a/b", "a%2Fb").replace("a&b", "a%26b")
    assert url_hash(stored) not in {url_hash(asked), *map(url_hash, aliases(asked))}
