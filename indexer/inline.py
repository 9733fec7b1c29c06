"""Links inside Markdown: their words without the targets, and the targets in order.

A target costs more tokens than the sentence around it says, so what a model reads has the words of
a link alone, and the targets are listed after. It resolves no address and knows no page.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

LINK = re.compile(
    r"(!?)\[([^\[\]\n]*)\]\(\s*<?((?:[^()\s<>]|\([^()\s]*\))*)>?(?:\s+[\"'][^\"'\n]*[\"'])?\s*\)"
)
_NOTE = re.compile(
    r"\[?\[\s*[^\[\]\n]{1,12}\s*\]\]?\((?:#[^()\s]*|[^()\s]*action=edit[^()\s]*)\)\]?"
)


class Link(NamedTuple):
    """One link: its words, and the address as it is written."""

    words: str
    target: str


def bare(markdown: str) -> str:
    """Return Markdown with each link, and each picture, as its words; marks of footnotes go."""
    if "](" not in markdown:
        return markdown
    once = LINK.sub(r"\2", _NOTE.sub("", markdown))
    return LINK.sub(r"\2", once) if "](" in once else once  # a picture that is a link


def links(text: str, start: int, end: int) -> Iterator[Link]:
    """Yield the links of `text[start:end]` in order: no pictures, and none inside the page."""
    body = text[start:end]
    if "](" not in body:
        return
    body = re.sub(r"!\[([^\[\]\n]*)\]\([^()\s]*\)", r"\1", body)
    for found in LINK.finditer(body):
        if not found[1] and found[3] and found[3][0] != "#":
            yield Link(" ".join(found[2].split()), found[3])
