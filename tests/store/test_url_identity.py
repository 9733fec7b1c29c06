"""One page under every spelling: whatever way an address is written, it has one identity or leads
to the stored one, and no text breaks anything but with a UrlError.
"""

import contextlib
import string
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from store.claims import may_claim
from store.errors import UrlError
from store.urls import (
    TRACKING_NAMES,
    TRACKING_PREFIXES,
    aliases,
    canonical,
    host,
    identity,
    url_hash,
    words,
)

WIKI = "https://en.wikipedia.org/wiki/"

# What the design, the protocol and the docs call the same page: asked, and how it is stored.
SAME = {
    "scheme": ("http://example.org/a", "https://example.org/a"),
    "scheme in capitals": ("HTTPS://example.org/a", "https://example.org/a"),
    "no scheme": ("example.org/a", "https://example.org/a"),
    "scheme of the page": ("//example.org/a", "https://example.org/a"),
    "www": ("https://www.example.org/a", "https://example.org/a"),
    "host in capitals": ("https://EXAMPLE.org/a", "https://example.org/a"),
    "host with a last dot": ("https://example.org./a", "https://example.org/a"),
    "host in its own letters": ("https://bücher.de/a", "https://xn--bcher-kva.de/a"),
    "user and password": ("https://me:it@example.org/a", "https://example.org/a"),
    "default port": ("http://example.org:80/a", "https://example.org:443/a"),
    "trailing slash": ("https://example.org/a/", "https://example.org/a"),
    "front page": ("https://example.org", "https://example.org/"),
    "fragment": ("https://example.org/a#top", "https://example.org/a"),
    "fragment of text": ("https://example.org/a#:~:text=b", "https://example.org/a"),
    "tracking alone": ("https://example.org/a?utm_source=x&gclid=1", "https://example.org/a"),
    "tracking among others": (
        "https://example.org/a?utm_medium=y&id=3&fbclid=z",
        "https://example.org/a?id=3",
    ),
    "tracking in capitals": ("https://example.org/a?UTM_Source=x", "https://example.org/a"),
    "empty query": ("https://example.org/a?", "https://example.org/a"),
    "dot segments": ("https://example.org/b/../a/./", "https://example.org/a"),
    "letters coded in vain": ("https://example.org/%61%2Db", "https://example.org/a-b"),
    "small hexadecimal": ("https://example.org/caf%c3%a9", "https://example.org/caf%C3%A9"),
    "letters not coded": ("https://example.org/café", "https://example.org/caf%C3%A9"),
    "space": ("https://example.org/a b", "https://example.org/a%20b"),
    "stray percent sign": ("https://example.org/100%", "https://example.org/100%25"),
    "room around it": ("  https://example.org/a\n", "https://example.org/a"),
}
LEADS = {
    "mobile host": ("https://m.example.org/a", "https://example.org/a"),
    "mobile host, named so": ("https://mobile.example.org/a", "https://example.org/a"),
    "desktop host": ("https://example.org/a", "https://m.example.org/a"),
    "mobile Wikipedia": ("https://en.m.wikipedia.org/wiki/Oar", f"{WIKI}Oar"),
    "desktop Wikipedia": (f"{WIKI}Oar", "https://en.m.wikipedia.org/wiki/Oar"),
    "guessed title": (f"{WIKI}oar river", f"{WIKI}Oar_river"),
    "title with plus signs": (f"{WIKI}Oar+river", f"{WIKI}Oar_river"),
    "title as a query": ("https://en.wikipedia.org/w/index.php?title=Oar", f"{WIKI}Oar"),
    "old revision": ("https://en.wikipedia.org/w/index.php?title=Oar&oldid=3", f"{WIKI}Oar"),
    "title with brackets": (f"{WIKI}Oar_%28river%29", f"{WIKI}Oar_(river)"),
    "title in other letters": (
        "https://zh.wikipedia.org/zh-hans/北京",
        "https://zh.wikipedia.org/wiki/%E5%8C%97%E4%BA%AC",
    ),
    "letters in parts": ("https://example.org/cafe%CC%81", "https://example.org/caf%C3%A9"),
    "index.html": ("https://example.org/a/index.html", "https://example.org/a/"),
    "index.php": ("https://example.org/index.php", "https://example.org/"),
    "folder": ("https://example.org/a/", "https://example.org/a/index.html"),
    "page without .html": ("https://example.org/a", "https://example.org/a.html"),
    "page with .html": ("https://example.org/a.html", "https://example.org/a"),
    "amp": ("https://example.org/a/amp", "https://example.org/a"),
    "full stop behind it": ("https://example.org/a.", "https://example.org/a"),
    "brackets around it": ("(https://example.org/a)", "https://example.org/a"),
    "Markdown around it": ("<https://example.org/a>", "https://example.org/a"),
    "quotation marks": ("“https://example.org/a”", "https://example.org/a"),
    "comma coded": ("https://example.org/?q=a%2Cb", "https://example.org/?q=a,b"),
}
# As near as these are, they are other pages.
OTHERS = [
    ("https://example.org/A", "https://example.org/a"),
    ("https://example.org/a?id=1", "https://example.org/a"),
    ("https://example.org/a?b=1&c=2", "https://example.org/a?c=2&b=1"),
    ("https://example.org/a%2Fb", "https://example.org/a/b"),
    ("https://example.org/?q=a%26b", "https://example.org/?q=a&b"),
    ("https://example.org:8080/a", "https://example.org/a"),
    ("https://en.wikipedia.org/wiki/Oar", "https://de.wikipedia.org/wiki/Oar"),
    ("https://sub.example.org/a", "https://example.org/a"),
    ("https://example.com/a", "https://example.org/a"),
    ("file:///a", "https://a/"),
]


def reached(asked: str) -> set[bytes]:
    """Every identity under which a visit looks for a page."""
    found = set(map(url_hash, aliases(asked)))
    with contextlib.suppress(UrlError):
        found.add(url_hash(asked))
    return found


@pytest.mark.parametrize(("asked", "stored"), SAME.values(), ids=SAME)
def test_the_same_page_has_one_identity(asked: str, stored: str) -> None:
    assert identity(asked) == identity(stored)
    assert url_hash(asked) == url_hash(stored)


@pytest.mark.parametrize(("asked", "stored"), LEADS.values(), ids=LEADS)
def test_other_spellings_lead_to_the_stored_one(asked: str, stored: str) -> None:
    assert url_hash(stored) in reached(asked)


@pytest.mark.parametrize(("asked", "stored"), OTHERS)
def test_other_pages_are_not_taken_for_it(asked: str, stored: str) -> None:
    assert url_hash(stored) not in reached(asked)


@pytest.mark.parametrize("name", [*sorted(TRACKING_NAMES), *(f"{x}z" for x in TRACKING_PREFIXES)])
def test_every_tracking_parameter_is_left_out(name: str) -> None:
    for query in (f"{name}=1", f"{name}", f"a=1&{name}=x&b=2"):
        kept = "?a=1&b=2" if "&" in query else ""
        assert canonical(f"https://example.org/?{query}") == f"https://example.org/{kept}"
    assert canonical(f"https://example.org/?x{name}=1").endswith(f"?x{name}=1")


_LETTERS = string.ascii_letters + string.digits + "-._~éßЖ北"
_SEGMENT = st.text(_LETTERS, min_size=1, max_size=8).filter(lambda text: text.strip("."))
_HOSTS = st.sampled_from(["example.org", "a.b.example.co.uk", "bücher.de", "xn--bcher-kva.de"])


@st.composite
def addresses(draw: st.DrawFn) -> str:
    """An ordinary address, in full and without ornament."""
    path = "/".join(draw(st.lists(_SEGMENT, min_size=1, max_size=4)))
    names = draw(st.lists(st.sampled_from(["id", "page", "q"]), unique=True, max_size=2))
    query = "&".join(f"{name}={draw(_SEGMENT)}" for name in names)
    return f"https://{draw(_HOSTS)}/{path}" + (f"?{query}" if query else "")


def _parts(url: str) -> tuple[str, str, str]:
    rest = url.removeprefix("https://")
    where, _, path = rest.partition("/")
    path, mark, query = path.partition("?")
    return where, path, mark + query


def _dotted(url: str) -> str:
    where, path, query = _parts(url)
    return f"https://{where}/x/../{path.replace('/', '/./')}{query}"


def _coded(url: str) -> str:
    where, path, query = _parts(url)
    every = "".join(c if c == "/" else "".join(f"%{b:02x}" for b in c.encode()) for c in path)
    return f"https://{where}/{every}{query}"


def _at_host(change: Callable[[str], str]) -> Callable[[str], str]:
    return lambda url: f"https://{change(_parts(url)[0])}/{''.join(_parts(url)[1:])}"


def _with_query(url: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}utm_source=z&fbclid=%C3"


def _ahead(url: str) -> str:
    where, path, query = _parts(url)
    return f"https://{where}/{path}?gclid=1&{query[1:]}"


DRESSES: dict[str, Callable[[str], str]] = {
    "www": _at_host(lambda name: f"www.{name}"),
    "capitals": _at_host(str.swapcase),
    "port": _at_host(lambda name: f"{name}:443"),
    "user": _at_host(lambda name: f"me:it@{name}"),
    "dots": _dotted,
    "coded": _coded,
    "tracked": _with_query,
    "tracked ahead": _ahead,
}
LAST: dict[str, Callable[[str], str]] = {
    "nothing": lambda url: url,
    "http": lambda url: url.replace("https://", "http://", 1).replace(":443/", ":80/", 1),
    "no scheme": lambda url: url.replace("https:", "", 1),
    "fragment": lambda url: f"{url}#part?x=1",
    "room": lambda url: f"\n {url}\t",
    "SCHEME": lambda url: url.replace("https", "HTTPS", 1),
}


def _host_dresses_once(names: list[str]) -> bool:
    return names.index("user") > names.index("www") if {"user", "www"} <= set(names) else True


@settings(deadline=None)
@given(
    addresses(),
    st.lists(st.sampled_from(sorted(DRESSES)), unique=True, max_size=4).filter(_host_dresses_once),
    st.sampled_from(sorted(LAST)),
)
def test_an_address_in_any_dress_is_the_same_page(url: str, dress: list[str], last: str) -> None:
    worn = url
    for name in dress:
        worn = DRESSES[name](worn)
    worn = LAST[last](worn)
    assert identity(worn) == identity(url)
    assert url_hash(worn) == url_hash(canonical(worn))
    if not url.endswith("."):  # which may be that of a sentence, or the address's own
        assert reached(worn) == reached(url)


@settings(deadline=None)
@given(addresses(), st.sampled_from(["m", "mobile", "(", "index", "amp", "slash"]))
def test_what_leads_to_a_page_leads_there_in_any_form(url: str, form: str) -> None:
    where, path, query = _parts(url)
    asked = {
        "m": f"http://m.{where}/{path}{query}",
        "mobile": f"https://mobile.{where}/{path}/{query}",
        "(": f"({url}).",
        "index": f"https://www.{where}/{path}/index.html",
        "amp": f"https://{where}/{path}/amp{query}",
        "slash": f"{where}/{path}/{query}",
    }[form]
    stored = url.partition("?")[0] if form == "index" else url
    if form == "(" and stored != stored.strip("<>\"'`()[]{}.,;:!"):
        return  # whose the full stop is nobody can tell
    assert url_hash(stored) in reached(asked)


_HOSTILE = st.text(
    st.sampled_from([*"htps:/?#[]@%.0aZ9 \t\n\0\\\"'<>{}|^`&=;+~-_", "é", "ß", "\ud800", "\udfff"])
    | st.characters(),
    max_size=60,
)
_HEADS = st.sampled_from(["", "http://", "https://", "//", "https://[", "https://x@", "file:", "%"])


@settings(max_examples=400, deadline=None)
@given(st.builds(str.__add__, _HEADS, _HOSTILE), _HOSTILE)
@example("https://[::1%25eth0]/", "")
@example("https://a.org:٣/", "")
@example("https://ａ.org／b", "")
@example("https://\u2100.org/", "")
@example("https://xn--.org/", "")
@example("http://[v1.x]/", "")
@example("https://" + "a." * 200 + "org/", "")
@example("https://a.org/" + "../" * 2000, "")
@example("https://a.org/" + "%25" * 2700, "")
@example("https://a.org/?" + "&" * 8000, "")
def test_hostile_text_raises_a_url_error_or_nothing(text: str, other: str) -> None:
    words(text)
    for one in aliases(text):
        assert canonical(one) == one
    try:
        plain = canonical(text)
    except UrlError:
        return
    assert canonical(plain) == plain
    assert identity(plain) == identity(text)
    assert len(url_hash(text)) == 16
    assert plain.encode("utf-8")
    host(text)
    with contextlib.suppress(UrlError):
        may_claim(text, other)
    assert not may_claim(text, plain)
