"""Paragraphs, lists and tables of an Office file as an HTML tree, and that tree as Markdown.

So a table, a list or a link is written the same, whatever it came from. It knows no file format.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from store.page import Outlink

from ..markdown import blocks, joined
from ..markup import absolute_links

Tree = Any


class Builder:
    """Collects a document's blocks in order."""

    def __init__(self) -> None:
        from lxml import html

        self.body: Tree = html.fromstring("<body></body>")
        self._lists: list[Tree] = []

    def heading(self, level: int, text: str) -> None:
        """Add a heading of a level from 1 to 6."""
        self._lists.clear()
        if text.strip():
            add(self.body, f"h{min(6, max(1, level))}").text = legal(text)

    def block(self, tag: str = "p") -> Tree:
        """Add an empty block and return it; it may get words and inline elements."""
        self._lists.clear()
        return add(self.body, tag)

    def item(self, level: int, ordered: bool) -> Tree:
        """Add an item of a list inside `level` others (0 for none) and return it."""
        level = min(level, 8)
        tag = "ol" if ordered else "ul"
        del self._lists[level + 1 :]
        if len(self._lists) == level + 1 and self._lists[level].tag != tag:
            del self._lists[level:]
        while len(self._lists) <= level:
            above = self._lists[-1] if self._lists else self.body
            if self._lists:
                above = above[-1] if len(above) else add(above, "li")
            self._lists.append(add(above, tag))
        return add(self._lists[level], "li")

    def table(self, rows: Iterable[Sequence[str]], has_head: bool = True) -> None:
        """Add a table of words."""
        self._lists.clear()
        element = add(self.body, "table")
        for number, row in enumerate(rows):
            line = add(element, "tr")
            for words in row:
                add(line, "th" if has_head and number == 0 else "td").text = legal(words)

    def written(self) -> tuple[str, tuple[Outlink, ...]]:
        """Return the Markdown of it all, and the links to other pages."""
        links = absolute_links(self.body, "", "")
        return joined(blocks(self.body)), links


def add(above: Tree, tag: str) -> Tree:
    """Return a new last element inside another."""
    from lxml import etree

    return etree.SubElement(above, tag)


def say(element: Tree, text: str) -> None:
    """Add words at the end of what an element holds."""
    text = legal(text)
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    else:
        element.text = (element.text or "") + text


def legal(text: str) -> str:
    """Return `text` without what XML cannot hold."""
    if text.isprintable():
        return text
    return "".join(
        c
        for c in text
        if c in "\t\n\r" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
    )
