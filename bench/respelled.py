"""Other spellings of an address, as links, models and mobile readers write it.

Each kind is one change; `varied` draws two of them. It knows nothing of how the store finds pages.
"""

import random
import re
from collections.abc import Callable
from urllib.parse import quote, unquote, urlsplit, urlunsplit

LETTERS = "_()',-.~!:"


def scheme(url: str) -> str:
    """The other of http and https."""
    return re.sub(r"^http(s?):", lambda m: "http:" if m[1] else "https:", url)


def www(url: str) -> str:
    """With `www.` where there was none, and the other way round."""
    parts = urlsplit(url)
    name = parts.netloc
    name = name[4:] if name.startswith("www.") else "www." + name
    return urlunsplit(parts._replace(netloc=name))


def coding(url: str) -> str:
    """Percent-coded where it is plain, plain where it is coded."""
    parts = urlsplit(url)
    if "%" in parts.path and (plain := unquote(parts.path)) != parts.path and "%" not in plain:
        return urlunsplit(parts._replace(path=plain.replace("?", "%3F").replace("#", "%23")))
    coded = "".join(f"%{ord(c):02x}" if c in LETTERS else quote(c, "/%") for c in parts.path)
    return urlunsplit(parts._replace(path=coded))


def fragment(url: str) -> str:
    """With a place inside the page."""
    return url.partition("#")[0] + "#History"


def mobile(url: str) -> str:
    """The mobile host: `en.m.wikipedia.org`, elsewhere `m.example.org`."""
    parts = urlsplit(url)
    labels = parts.netloc.removeprefix("www.").split(".")
    if "m" in labels[:2]:
        return urlunsplit(parts._replace(netloc=".".join(one for one in labels if one != "m")))
    wiki = len(labels) == 3 and labels[1].startswith("wiki")
    labels.insert(1 if wiki else 0, "m")
    return urlunsplit(parts._replace(netloc=".".join(labels)))


def slash(url: str) -> str:
    """With or without the last slash of the path."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/") if parts.path.endswith("/") else parts.path + "/"
    return urlunsplit(parts._replace(path=path))


KINDS: dict[str, Callable[[str], str]] = {
    "scheme": scheme,
    "www.": www,
    "percent-coding": coding,
    "fragment": fragment,
    "mobile host": mobile,
    "trailing slash": slash,
}


def varied(url: str, chance: random.Random) -> str:
    """Return `url` with two kinds of change, drawn by `chance`."""
    for kind in sorted(chance.sample(list(KINDS), 2), key=list(KINDS).index):
        url = KINDS[kind](url)
    return url
