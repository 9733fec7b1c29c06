"""What other pages call a page: the texts of the links to it, gathered when an index is frozen.

A text counts once for each host that uses it, a little more when several pages of that host do,
and twice when the host is another one than the page's own. Texts that lead to very many pages
("read more") name none of them. It knows pages and links, and nothing of terms, weights in a
query, or the index.

Anchor text as a field: Craswell, Hawking & Robertson, "Effective Site Finding using Link Anchor
Information" (2001).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from store.digest import canonical_json
from store.errors import UrlError
from store.page import Outlink
from store.pages import PageStore
from store.urls import url_hash

from .facets import host_of

MOST = 16
"""Texts kept for one page, the heaviest first."""
GATHERED = 128
"""Different texts of one page that are counted at all."""
MANY = 16
"""Different pages that a text may lead to: one that leads to more is a button, not a name."""
LONGEST = 120
"""Letters of a text; a longer one is a teaser, not a name."""
OFTEN = 8
"""Pages of one host from which a text gains nothing more."""
HEAVIEST = 32
"""The weight that no text exceeds."""
CHAIN = 5
"""Redirects that are followed."""
NOWHERE = -1
"""In the place of a row: no page of the index."""
BATCH = 500
"""Pages whose links are read at once."""

_LETTERS = re.compile(r"[^\W\d_]")
_ADDRESS = re.compile(r"(?:https?:)?//|www\.", re.IGNORECASE)
# Buttons that a small corpus shows on few pages.
_BUTTONS = frozenset(
    """
    here|click here|link|this link|this page|page|more|read more|learn more|see more|show more
    view|view all|see all|details|more details|next|previous|prev|next page|previous page|back|top
    back to top|home|homepage|main page|index|contents|edit|source|permalink|share|print|pdf
    download|continue|continue reading|website|official website|archived|archived from the original
    hier|mehr|weiter|weiterlesen|zurück|startseite|ici|plus|lire la suite|suite|suivant|accueil
    aquí|más|leer más|siguiente|anterior|inicio|更多|首页|下一页|上一页|返回|详情|点击这里
    """.replace("\n", "|")
    .replace("    ", "")
    .split("|")
)


class Anchor(NamedTuple):
    """A text of links to a page, and its weight: 1 to `HEAVIEST`."""

    text: str
    weight: int


class Targets:
    """The pages that links may lead to, found by any spelling of their addresses."""

    def __init__(self, urls: Sequence[str], aliases: Mapping[bytes, bytes]) -> None:
        """`urls` are those of the pages by row; `aliases` leads from a hash to another."""
        self._rows = {url_hash(url): row for row, url in enumerate(urls)}
        self._aliases = aliases
        self._row = lru_cache(maxsize=200_000)(self._looked_up)

    def row(self, link: str) -> int:
        """Return the row of the page that a link leads to, or NOWHERE."""
        return self._row(link.partition("#")[0])  # most links of a site stand on all its pages

    def _looked_up(self, link: str) -> int:
        try:
            key = url_hash(link)
        except UrlError:
            return NOWHERE
        for _ in range(CHAIN):
            if key in self._rows or key not in self._aliases:
                break
            key = self._aliases[key]
        return self._rows.get(key, NOWHERE)


def anchors_of(store: PageStore, pages: Sequence[tuple[str, int]]) -> dict[str, tuple[Anchor, ...]]:
    """Return the texts of the links to each page, by URL; pages without any are left out.

    `pages` are (URL, version id), in a fixed order; links are read from the same.
    """

    def sources() -> Iterator[tuple[int, Sequence[Outlink]]]:
        for at in range(0, len(pages), BATCH):
            links = store.outlinks([version for _, version in pages[at : at + BATCH]])
            for row, (_, version) in enumerate(pages[at : at + BATCH], at):
                yield row, links.get(version, ())

    urls = [url for url, _ in pages]
    named = gather(urls, store.alias_targets(), sources())
    return {urls[row]: anchors for row, anchors in named.items()}


def gather(
    urls: Sequence[str],
    aliases: Mapping[bytes, bytes],
    sources: Iterable[tuple[int, Sequence[Outlink]]],
) -> dict[int, tuple[Anchor, ...]]:
    """Return the texts of the links to each page, by its place in `urls`.

    `aliases` leads from the hash of an address to that of another, and `sources` are places with
    the links of the page there, in a fixed order. How often a link stands on one page is all one.
    """
    targets = Targets(urls, aliases)
    hosts = [host_of(url) for url in urls]
    found: dict[int, dict[str, dict[str, int]]] = {}
    leads: dict[str, set[int]] = {}
    for source, links in sources:
        for text, row in sorted(
            {(text, targets.row(link.url)) for link in links if (text := name(link.text))}
        ):
            if row in (source, NOWHERE):
                continue
            reached = leads.setdefault(text, set())
            if len(reached) <= MANY:
                reached.add(row)
            texts = found.setdefault(row, {})
            if text in texts or len(texts) < GATHERED:
                pages = texts.setdefault(text, {})
                pages[hosts[source]] = pages.get(hosts[source], 0) + 1
    named: dict[int, tuple[Anchor, ...]] = {}
    for row, texts in found.items():
        anchors = [
            Anchor(text, _weight(pages, hosts[row]))
            for text, pages in texts.items()
            if len(leads[text]) <= MANY
        ]
        anchors.sort(key=lambda anchor: (-anchor.weight, anchor.text))
        if anchors:
            named[row] = tuple(anchors[:MOST])
    return named


@lru_cache(maxsize=200_000)
def name(text: str) -> str:
    """Return the text of a link in small letters, or "" where it can name no page."""
    words = " ".join(text.split()).casefold()
    if len(words) > LONGEST or words.strip(" .…»«›‹→←[]()") in _BUTTONS or _ADDRESS.match(words):
        return ""
    return words if _LETTERS.search(words) else ""


def identity(anchors: Sequence[Anchor]) -> int:
    """Return a 63-bit number for the texts of a page: 0 for none, another one when they change."""
    if not anchors:
        return 0
    digest = blake2b(canonical_json([list(anchor) for anchor in anchors]), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1 or 1


def _weight(pages: Mapping[str, int], own: str) -> int:
    """Return the weight of a text from its pages by host, in coarse steps.

    Coarse, so that one more link to a page seldom makes it another page for the index.
    """
    total = sum(
        min(count, OFTEN).bit_length() * (1 if host == own else 2) for host, count in pages.items()
    )
    if total < 4:
        return total
    step = 1 << (total.bit_length() - 2)
    return min(total // step * step, HEAVIEST)
