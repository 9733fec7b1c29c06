"""Which part of a page is its content: the blocks of it, without what surrounds them on every page.

Three rules, in this order, each measured (docs/extraction.md):

`marked`   the page says where its content is: `<main>`, one `<article>`, the body of a wiki or of
           a documentation generator. Everything in it is kept but what is named as navigation.
`chosen`   trafilatura chooses among the blocks of the page, and what stands between two that it
           chose and is no run of links is kept too: it loses headings, tables and code.
`whole`    where its choice is a small part of a page's prose, every block of prose is kept.

It knows nothing about how blocks become a page.
"""

import copy
import functools
import re
from dataclasses import dataclass
from typing import Any

from . import chrome
from .markdown import CODE, HEADING, PARAGRAPH, TABLE, Block, blocks
from .markup import Tree

MARKED, CHOSEN, WHOLE = "marked", "chosen", "whole"

LEAST = 40
"""Letters of a marked region below which the page's marks are not believed."""
_REGIONS = (
    "//*[@id='mw-content-text']",
    "//*[@role='main']",
    "//main",
    "//div[@class='body' and ancestor::div[@class='document']]",
)
_TARGET = re.compile(r"\]\([^)\s]*\)")
_DENSE = 0.5


@dataclass(frozen=True, slots=True)
class Content:
    """The blocks of a page's content, and the rule by which they were found."""

    blocks: list[Block]
    rule: str


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
        if len(found) == 1:
            return found[0]
        if found:
            return max(found, key=_letter_count)
    articles = [one for one in tree.iter("article") if _letter_count(one) >= LEAST]
    outer = [one for one in articles if next(one.iterancestors("article"), None) is None]
    if len(outer) == 1 and _letter_count(outer[0]) > 0.4 * _letter_count(tree):
        return outer[0]
    return None


def _choose(tree: Tree) -> Content:
    every = blocks(tree.find("body") if tree.find("body") is not None else tree)
    chosen = _letters(_chosen_text(tree))
    kept = [_share_in(block, chosen) >= 0.5 for block in every]
    prose = [block.kind in (CODE, TABLE) or block.linked < _DENSE for block in every]
    said = sum(_weight(block) for block, good in zip(every, prose, strict=True) if good)
    got = sum(_weight(block) for block, good in zip(every, kept, strict=True) if good)
    if got < 0.25 * said or not any(kept):
        return Content(_with_heads(every, prose), WHOLE)
    first, last = kept.index(True), len(kept) - 1 - kept[::-1].index(True)
    taken = [
        good or (first < place < last and prose[place]) for place, good in enumerate(kept)
    ]
    # A table or a listing that ends the text belongs to it.
    for place in range(last + 1, len(every)):
        if every[place].kind not in (CODE, TABLE):
            break
        taken[place] = every[place].linked < _DENSE
    return Content(_with_heads(every, taken), CHOSEN)


def _with_heads(every: list[Block], taken: list[bool]) -> list[Block]:
    """The blocks that are taken, and the headings over them; a heading over nothing is dropped."""
    found: list[Block] = []
    heads: list[Block] = []
    for block, wanted in zip(every, taken, strict=True):
        if block.kind == HEADING:
            heads = [head for head in heads if head.level < block.level]
            heads.append(block)
        elif wanted:
            found += heads
            heads = []
            found.append(block)
    return found


def _chosen_text(tree: Tree) -> str:
    """The words of the blocks that trafilatura takes for the content."""
    import trafilatura

    options: dict[str, Any] = {
        "output_format": "txt",
        "include_tables": True,
        "include_links": False,
        "include_formatting": False,
        "include_comments": False,
        "deduplicate": False,
        "config": _config(),
    }
    return trafilatura.extract(copy.deepcopy(tree), fast=True, **options) or ""


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
