"""Which part of a page is its content: the blocks of it, without what surrounds them on every page.

Three rules, in this order, each measured (docs/extraction.md):

`marked`   the page says where its content is: `<main>`, one `<article>`, the body of a wiki or of
           a documentation generator. Everything in it is kept but what is named as navigation.
`chosen`   trafilatura chooses among the blocks of the page, and what stands in the same part of
           it and is no run of links is kept too: it loses headings, tables and code.
`whole`    where its choice is a small part of a page's prose, every block of prose is kept.

It knows nothing about how blocks become a page.
"""

import copy
import functools
import re
from dataclasses import dataclass
from typing import Any

from . import chrome
from .markdown import HEADING, LIST, TABLE, Block, blocks
from .markup import Tree

MARKED, CHOSEN, WHOLE = "marked", "chosen", "whole"

MODE: dict[str, Any] = {"fast": True}
"""How trafilatura is asked; `python -m bench.extracting` compares the others."""
LEAST = 20
"""Letters of a marked region below which the page's marks are not believed."""
_REGIONS = (
    "//*[@id='mw-content-text']",
    "//*[@role='main']",
    "//main",
    "//div[@class='body' and ancestor::div[@class='document']]",
)
_TARGET = re.compile(r"\]\([^()\s]*\)")
_DENSE = 0.6
"""The share of words of links from which on a block is a menu."""
NEARLY_ALL = 0.9
"""Of what trafilatura chose: the rest may be a line of the footer or of a sidebar."""
MOST = 0.75
ENOUGH = 0.4
"""Of a page's letters: a lone article with so many is the content, whatever surrounds it."""
INDEX = 1500
"""Letters of links under a heading from which on they are no menu, but an index."""
MOST_ELEMENTS = 20_000
"""Above it, trafilatura is not asked: parts of it take time in the square of a page's size."""
IMPRINT_LINES = 4
_IMPRINT = re.compile(
    r"©|\(c\) ?\d{4}|copyright|all rights reserved|powered by|last (?:updated|modified)"
    r"|terms of (?:use|service)|privacy policy|impressum|generated (?:by|on)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Content:
    """The blocks of a page's content, and the rule by which they were found."""

    blocks: list[Block]
    rule: str
    is_navigation: bool = False
    """True where nothing was left because all that the page has are links."""


def content_of(tree: Tree) -> Content:
    """Return the content of a page whose links are absolute. Changes `tree`."""
    chrome.drop(tree)
    region = _region(tree)
    if region is not None:
        return Content(blocks(region), MARKED)
    return _choose(tree)


def _region(tree: Tree) -> Tree | None:
    """The element that the page's own markup calls its content, or None."""
    if chrome.has_known_frame(tree):
        return tree.find("body")
    for path in _REGIONS:
        found = [one for one in tree.xpath(path) if _letter_count(one) >= LEAST]
        if found:
            region = max(found, key=_letter_count)
            article = _lone_article(region, MOST)
            return region if article is None else article
    return _lone_article(tree, ENOUGH)


def _lone_article(region: Tree, least: float) -> Tree | None:
    """The only `<article>` of a region, if it has so large a share of its letters."""
    articles = [one for one in region.iter("article") if _letter_count(one) >= LEAST]
    outer = [one for one in articles if next(one.iterancestors("article"), None) is None]
    if len(outer) == 1 and _letter_count(outer[0]) >= least * _letter_count(region):
        return outer[0]
    return None


def _choose(tree: Tree) -> Content:
    every = blocks(tree.find("body") if tree.find("body") is not None else tree)
    chosen = _letters(_chosen_text(tree))
    kept = [_share_in(block, chosen) >= 0.5 for block in every]
    prose = [block.linked < _DENSE for block in every]
    said = sum(_weight(block) for block, good in zip(every, prose, strict=True) if good)
    got = sum(_weight(block) for block, good in zip(every, kept, strict=True) if good)
    if said < LEAST and len(every) > prose.count(True):
        return _index(every)
    if got < 0.25 * said or not any(kept):
        _end_of_text(every, prose, kept)
        return Content(_with_heads(every, prose), WHOLE)
    region = _region_of(every, kept, prose)
    inside = set(region.iter())
    taken = [
        good or (prose[place] and every[place].source in inside) for place, good in enumerate(kept)
    ]
    # A list of links in the text's own part of the page, or under a heading (“See also”), is where
    # a reader goes on.
    narrow = region.tag != "body"
    for place in range(kept.index(True) + 1, len(every)):
        if every[place].kind in (LIST, TABLE) and every[place].source in inside:
            taken[place] |= narrow or every[place - 1].kind == HEADING
    _end_of_text(every, taken, kept)
    return Content(_with_heads(every, taken), CHOSEN)


def _index(every: list[Block]) -> Content:
    """A page of links alone: an index if it has a heading and much under it, else navigation."""
    heads = [place for place, block in enumerate(every) if block.kind == HEADING]
    under = every[heads[0] :] if heads else []
    if sum(map(_weight, under)) < INDEX:
        return Content([], WHOLE, is_navigation=True)
    return Content(under, WHOLE)


def _region_of(every: list[Block], kept: list[bool], prose: list[bool]) -> Tree:
    """The smallest element around nearly all that was chosen and most of the page's prose."""
    held: dict[Tree, int] = {}
    total = 0
    for block, good in zip(every, kept, strict=True):
        if good:
            weight = _weight(block)
            total += weight
            for above in (block.source, *block.source.iterancestors()):
                held[above] = held.get(above, 0) + weight
    # These lie inside one another, because two that do not cannot both hold so much.
    around = [element for element, weight in held.items() if weight >= NEARLY_ALL * total]
    region = max(around, key=lambda element: sum(1 for _ in element.iterancestors()))
    # One paragraph is not yet the text; go on outwards until most of the prose is inside.
    says = sum(_weight(block) for block, good in zip(every, prose, strict=True) if good)
    while region.getparent() is not None and region.tag != "body":
        inside = set(region.iter())
        held_here = sum(
            _weight(block)
            for block, good in zip(every, prose, strict=True)
            if good and block.source in inside
        )
        if held_here >= MOST * says:
            break
        region = region.getparent()
    return region


def _end_of_text(every: list[Block], taken: list[bool], kept: list[bool]) -> None:
    """Give up the imprint under a text: short lines about rights and dates that were not chosen."""
    places = [place for place, good in enumerate(taken) if good]
    for place in reversed(places[-IMPRINT_LINES:]):
        if kept[place] or not _IMPRINT.search(every[place].text[:200]):
            break
        taken[place] = False


def _with_heads(every: list[Block], taken: list[bool]) -> list[Block]:
    """The blocks that are taken, and the headings over them; one whose text was left is dropped."""
    found: list[Block] = []
    heads: list[Block] = []
    left = False
    for block, wanted in zip(every, taken, strict=True):
        if block.kind == HEADING:
            if left:
                heads = [head for head in heads if head.level < block.level]
            heads.append(block)
            left = False
        elif wanted:
            found += heads
            heads = []
            found.append(block)
        else:
            left = True
    return found


def _chosen_text(tree: Tree) -> str:
    """The words of the blocks that trafilatura takes for the content."""
    import trafilatura
    from lxml import etree

    if sum(1 for _ in tree.iter()) > MOST_ELEMENTS:
        return ""
    tree = copy.deepcopy(tree)
    # It lays out the spans of tables, and takes a number of any size for what it says.
    etree.strip_attributes(tree, "rowspan", "colspan")
    options: dict[str, Any] = {
        "output_format": "txt",
        "include_tables": True,
        "include_links": False,
        "include_formatting": False,
        "include_comments": False,
        "deduplicate": False,
        "config": _config(),
    }
    try:
        return trafilatura.extract(tree, **MODE, **options) or ""
    except RecursionError:
        return ""


@functools.cache
def _config() -> Any:
    """The extractor's settings, but a short page is no reason to fall back on its bare words."""
    from trafilatura.settings import use_config

    # A deep copy: what use_config returns may be the library's own.
    config = copy.deepcopy(use_config())
    config.set("DEFAULT", "MIN_EXTRACTED_SIZE", "40")
    return config


def _share_in(block: Block, chosen: str) -> float:
    """The share of a block's lines, by letters, that stand in the `chosen` text."""
    if block.kind == HEADING:
        return 0.0
    total = found = 0
    for line in block.text.split("\n"):
        letters = _letters(_TARGET.sub("]", line))
        total += len(letters)
        # A few letters stand in any text.
        if len(letters) > 12 and letters in chosen:
            found += len(letters)
    return found / total if total else 0.0


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _weight(block: Block) -> int:
    return len(_TARGET.sub("]", block.text)) if block.kind != HEADING else 0


def _letter_count(element: Tree) -> int:
    return sum(map(str.isalnum, element.text_content()))
