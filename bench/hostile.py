"""Pages that mean harm or are merely broken, made from a seed: what a crawl of the open web meets.

`page(number)` is always the same. `KINDS` are wrong in their bytes; `WRONGS` are right in their
bytes and wrong in how they are sent, which `bench.hostile_server` does. Beside each kind stands
what may come of it: `page`, or the reasons for which it may be refused.
"""

import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass

PROSE = (
    "The lighthouse keeper wrote down the wind, the tide and the colour of the evening sky in "
    "a ledger that nobody was ever going to read. "
)
PAGE = "page"
_FINE = frozenset((PAGE,))
_HUGE = frozenset((PAGE, "too-large", "too-complex"))
_THIN = frozenset((PAGE, "no-text", "too-short", "navigation-only", "too-complex", "not-html"))
_BYTES = frozenset((PAGE, "binary", "bad-charset", "no-text", "too-short", "not-html"))
_EMPTY = frozenset(("no-text", "too-complex"))
_MENU = frozenset(("navigation-only", "too-complex"))
_REPEATS = (30, 30, 300, 300, 300, 3_000, 3_000, 3_000, 30_000, 30_000, 100_000, 400_000)


@dataclass(frozen=True, slots=True)
class Hostile:
    """One hostile page: how it is called, its bytes, the character set that its header names (none
    if empty), how it is sent, and what may come of it.
    """

    kind: str
    body: bytes
    charset: str = "utf-8"
    sending: str = "plainly"
    may: frozenset[str] = _FINE


Make = Callable[[random.Random, int], str | bytes]


def _text(inside: str) -> str:
    return f"<html><head><title>Hostile</title></head><body><p>{PROSE * 3}</p>{inside}"


def _links(chance: random.Random, count: int) -> str:
    return _text("".join(f'<a href="/l/{chance.random()}">link {n}</a> ' for n in range(count)))


def _links_in_links(_: random.Random, count: int) -> str:
    return _text("".join(f'<a href="/l/{n}">x ' for n in range(count)))


def _menu(_: random.Random, count: int) -> str:
    return "<ul>" + "".join(f'<li><a href="/l/{n}">to {n}</a>' for n in range(count))


def _attributes(_: random.Random, count: int) -> str:
    return f"<p {' '.join(f'a{n}=1' for n in range(count))}>{PROSE * 3}"


def _entities(_: random.Random, count: int) -> str:
    bomb = "".join(f'<!ENTITY b{n} "{f"&b{n - 1};" * 10}">' for n in range(1, 10))
    return f'<?xml version="1.0"?><!DOCTYPE h [{bomb}]><html><body><p>{"&b9;" * count}{PROSE * 3}'


def _surrogates(_: random.Random, count: int) -> bytes:
    return _text("\ud800x\udfff" * count).encode("utf-8", "surrogatepass")


def _cut(chance: random.Random, count: int) -> bytes:
    whole = _text(f"<p>{'Größe und Länge – 長さ。' * count}</p></body></html>").encode()
    return whole[: chance.randint(len(whole) // 2, len(whole))]


def _noise(chance: random.Random, count: int) -> bytes:
    return b"<html><body><p>" + chance.randbytes(count)


def _flipped(chance: random.Random, count: int) -> bytes:
    body = bytearray(_text(f"<table><tr><td>{PROSE}</td></tr></table>" * (count // 30)).encode())
    for _ in range(max(3, len(body) // 200)):
        body[chance.randrange(len(body))] = chance.randrange(256)
    return bytes(body)


def _soup(chance: random.Random, count: int) -> str:
    tags = [
        "div",
        "p",
        "table",
        "tr",
        "td",
        "ul",
        "li",
        "b",
        "i",
        "a",
        "h2",
        "pre",
        "form",
        "main",
        "article",
        "script",
        "svg",
        "math",
    ]
    pieces = (f"<{chance.choice(('', '/'))}{chance.choice(tags)}>w{n} " for n in range(count))
    return _text("".join(pieces))


def _repeated(of: str) -> Make:
    return lambda _, count: _text(of * count)


KINDS: dict[str, tuple[Make, frozenset[str]]] = {
    "deep": (lambda _, n: "<div>" * n + PROSE * 3, _THIN),
    "deep inline": (lambda _, n: "<p>" + "<b><i><font>" * n + PROSE * 3, _THIN),
    "deep tables": (lambda _, n: "<table><tr><td>" * n + PROSE * 3, _THIN),
    "deep lists": (lambda _, n: "<ul><li>x" * n + PROSE * 3, _THIN),
    "deep list, closed": (lambda _, n: _text(("<ul><li>x" * 50 + "</ul>" * 50) * (n // 50)), _HUGE),
    "never closed": (lambda _, n: f"<p>{PROSE}<b>{PROSE}<i>" * min(n, 3000), _THIN),
    "soup of tags": (_soup, _THIN),
    "many elements": (_repeated("<p>x"), _HUGE),
    "many breaks": (_repeated("<br>"), _HUGE),
    "many comments": (_repeated("<!-- c -->"), _HUGE),
    "comment without an end": (lambda _, n: _text("<!-- " + "x" * n), _FINE),
    "many attributes": (_attributes, _FINE),
    "one attribute": (lambda _, n: f'<p class="{"menu x " * n}">{PROSE * 3}', _FINE),
    "attribute without an end": (lambda _, n: _text('<p class="' + "x " * n), _FINE),
    "many classes": (lambda _, n: _text('<div class="sidebar-x ad-y">z</div>' * n), _HUGE),
    "many links": (_links, _HUGE),
    "links in links": (_links_in_links, _HUGE),
    "long links": (lambda _, n: _text('<a href="' + "../" * n + 'x">z</a>'), _FINE),
    "bad links": (_repeated('<a href="http://[bad">x</a><a href="//\\">y</a>'), _HUGE),
    "wide table": (lambda _, n: _text(f"<table><tr>{'<td>x' * n}</table>"), _HUGE),
    "tall table": (lambda _, n: _text(f"<table>{'<tr><td>x<td>y' * n}</table>"), _HUGE),
    "table of spans": (
        lambda _, n: _text(f"<table>{'<tr><td rowspan=65534 colspan=9999>x' * n}</table>"), _HUGE),
    "many headings": (_repeated("<h2>Heading</h2>"), _HUGE),
    "heading without an end": (lambda _, n: "<h1>" + PROSE * min(n, 30_000), _HUGE),
    "many titles": (lambda _, n: "<title>x</title>" * n + _text(""), _HUGE),
    "many metas": (lambda _, n: '<html><meta name="date" content="x">' * n + _text(""), _HUGE),
    "terms": (lambda _, n: _text("<dl>" + "<dt><a href=x>source</a><dd>d" * n), _HUGE),
    "bomb of entities": (_entities, _HUGE),
    "script": (_repeated("<script>if (a<b) { c = '</p>' }</script>"), _HUGE),
    "style": (lambda _, n: _text("<style>" + "a > b { c: d } " * n + "</style>"), _FINE),
    "JSON": (
        lambda _, n: _text('<script type="application/ld+json">' + '{"author":[' * n + "</script>"),
        _FINE),
    "brackets": (lambda _, n: _text("](" * n + "[[![" * n), _FINE),
    "backticks": (lambda _, n: _text("<pre>" + "`" * n + "</pre>"), _FINE),
    "pipes": (lambda _, n: _text("<table><tr><td>" + "|" * n + "<td>x</table>"), _FINE),
    "spaces": (lambda _, n: _text("\u00a0 \u200b" * n + PROSE), _FINE),
    "one word": (lambda _, n: _text("a" * n), _FINE),
    "marks of our own": (lambda _, n: _text("⦗0⦘x⧽\x1e\x0b" * n), _FINE),
    "NULs": (lambda _, n: _text("") + "\0" * n, _BYTES),
    "a NUL": (lambda _, n: _text("a\0b"), _BYTES),
    "surrogates": (_surrogates, _BYTES),
    "cut in a letter": (_cut, _BYTES | _THIN),
    "noise": (_noise, _BYTES),
    "flipped bytes": (_flipped, _BYTES | _THIN),
    "two character sets": (
        lambda _, n: _text("é" * n).encode() + _text("é" * n).encode("latin-1"), _BYTES),
    "UTF-16 without a mark": (lambda _, n: _text("x" * n).encode("utf-16-le"), _BYTES),
    "only scripts": (lambda _, n: "<html><body>" + "<script>a()</script>" * n, _EMPTY),
    "only links": (_menu, _MENU),
    "nothing": (lambda _, n: " " * n, frozenset(("empty",))),
    "frames": (lambda _, n: "<html><frameset>" + '<frame src="/l/x">' * n, _THIN),
    "templates": (lambda _, n: _text("<template>" * n), _THIN),
    "forms": (lambda _, n: _text("<form><select><option>x" * n), _HUGE),
    "formulas": (lambda _, n: _text('<math alttext="a"><mi>a</mi></math><svg><g>' * n), _THIN),
}  # fmt: skip
_CUT_OFF = frozenset(("cut-off", "timeout", "fetch-error", "unreachable"))
_GARBLED = _BYTES | {"empty", "too-large"}
_AWAY = frozenset(("bad-redirect", "off-site", "http-302", "not-http", "fetch-error", "refused"))
WRONGS: dict[str, frozenset[str]] = {
    "longer length": _CUT_OFF,
    "shorter length": frozenset((PAGE, "too-short", "no-text", "not-html")),
    "length in words": _CUT_OFF | _FINE,
    "slow drip": frozenset(("timeout",)),
    "chunks cut": _CUT_OFF,
    "chunks of nonsense": _CUT_OFF,
    "gzip bomb": frozenset(("too-large",)),
    "gzip in gzip": _GARBLED,
    "gzip cut": _CUT_OFF | _GARBLED,
    "gzip in name only": _CUT_OFF | _GARBLED,
    "redirect maze": frozenset(("redirect-loop",)),
    "redirect in a circle": frozenset(("redirect-loop",)),
    "redirect to nonsense": _AWAY,
    "redirect to nowhere": frozenset(("http-302",)),
    "redirect away": frozenset(("off-site",)),
    "status 999": frozenset(("http-999",)),
    "status in words": _CUT_OFF,
    "no answer": _CUT_OFF,
    "flood of headers": _CUT_OFF | _FINE,
    "long header": _CUT_OFF | _FINE,
    "picture by name": frozenset(("not-html",)),
    "nameless": _FINE,
    "endless body": frozenset(("too-large", "timeout")),
}  # fmt: skip
_CHARSETS = ("utf-8", "", "iso-8859-1", "utf-16", "gbk", "no-such-set", "utf-7")


def page(number: int, seed: int = 6) -> Hostile:
    """The hostile page of a number, from 0 on: every kind in turn, at varying size."""
    chance = random.Random(seed * 1_000_003 + number)
    names = [*KINDS, *WRONGS]
    name = names[number % len(names)]
    if name in WRONGS:
        return Hostile(name, _text("").encode(), sending=name, may=WRONGS[name])
    make, may = KINDS[name]
    made = make(chance, chance.choice(_REPEATS))
    body = made if isinstance(made, bytes) else made.encode("utf-8", "surrogatepass")
    charset = chance.choice(_CHARSETS) if may >= _BYTES and number % 2 else "utf-8"
    return Hostile(name, body, charset, may=may | {"too-large"} if len(body) > 9_000_000 else may)


def bomb(size: int) -> bytes:
    """Gzip that opens to `size` bytes of a page, some thousand times its own length."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b"<p>" + b"a" * 999_997
    packed = [packer.compress(block) for _ in range(size // len(block))]
    return b"".join([*packed, packer.flush()])
