"""A parsed page's elements as blocks of Markdown: headings, paragraphs, lists, tables, code.

It writes what the markup says and drops nothing: which elements are a page's content is decided
elsewhere. Cells that span rows are repeated in each, so that every row can be read by itself; code
stands at the left margin also inside a list, because only there is its indentation its own.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .grid import rows_of
from .inline import (
    LINE,
    TARGET,
    around,
    collapse,
    formula,
    in_word,
    letters_in,
    link_to,
    linked_share,
    marked_as,
    ticked,
    visible,
)
from .markup import BLOCKS, HEADINGS, Tree, line_of, words

HEADING, PARAGRAPH, LIST, TABLE, CODE = "heading", "paragraph", "list", "table", "code"

MAX_DEPTH = 120
"""Elements inside one another whose structure is written; what is deeper is one run of words."""

MAX_HEADING = 500
"""Letters of a heading or term; a longer one was never closed and holds half the page."""

_SILENT = frozenset(
    re.findall(
        r"\w+",
        "script style template noscript head title meta link input select textarea button option "
        "svg canvas audio video object embed iframe frame noframes map datalist progress meter rp "
        "applet param source track col colgroup",
    )
)
_CODE = frozenset(("code", "tt", "kbd", "samp"))
_STRONG = frozenset(("strong", "b"))
_EMPHASIS = frozenset(("em", "i"))
_RAISED = "0123456789+-−n"
_SUPERSCRIPTS = str.maketrans("0123456789+-−n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻ⁿ")
_CONTROL = re.compile("[\u00ad\u200b\u2060\ufeff\x00-\x08\x0b-\x1f\x7f]")
_HASHES = re.compile(r"(?m)^(#{1,6})(?=\s)")
_EMPTY_CELL = re.compile(r"\|  (?=\|)")  # one space wide is enough
_TICKS = re.compile(r"`+")
_MATHS = re.compile(r"(^|[\s-])(math|tex|mwe-math\S*)($|\s)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Block:
    """One block: its `text` is Markdown without blank lines around it. `level` is a heading's;
    `linked` is the share of its letters that are words of links, `source` the element around it.
    """

    kind: str
    text: str
    level: int = 0
    linked: float = 0.0
    source: Tree = field(default=None, compare=False, repr=False)


def blocks(tree: Tree) -> list[Block]:
    """Return the blocks of an element, in the order in which they are read."""
    return _Writer(tree).blocks(tree, 0)


def joined(found: list[Block]) -> str:
    """Return blocks as one text of Markdown."""
    return "\n\n".join(block.text for block in found)


class _Writer:
    """Writes one page; it remembers the last link, because a run of links to one page (a chapter's
    index) needs its address once.
    """

    def __init__(self, tree: Tree) -> None:
        self._target = ""
        self._linked = 0
        self._wrapping = _wrapping(tree)

    def blocks(self, element: Tree, depth: int) -> list[Block]:
        """The blocks inside `element`: runs of words become paragraphs, block elements theirs."""
        if depth > MAX_DEPTH:
            return self._paragraphs([_inert(element)], element)
        found: list[Block] = []
        run: list[str] = [element.text or ""]
        for child in element:
            tag = child.tag
            if isinstance(tag, str) and tag not in _SILENT:
                if tag in BLOCKS or child in self._wrapping:
                    found += self._paragraphs(run, element)
                    found += self._block(child, tag, depth + 1)
                    run = []
                else:
                    self._add_inline(child, run, depth + 1, False)
            run.append(child.tail or "")
        return found + self._paragraphs(run, element)

    def _block(self, element: Tree, tag: str, depth: int) -> list[Block]:
        if tag in HEADINGS and len(text := visible(line_of(element))) <= MAX_HEADING:
            level = int(tag[1])
            return [Block(HEADING, f"{'#' * level} {text}", level, 0, element)] if text else []
        if tag in ("pre", "xmp", "listing"):
            return _code_block(element)
        if tag in ("ul", "ol", "menu", "dir"):
            return self._list(element, tag == "ol", depth)
        if tag == "table":
            return self._table(element, depth)
        if tag in ("dt", "summary", "legend"):
            return self._term(element, depth)
        return self.blocks(element, depth)

    def _paragraphs(self, run: list[str], source: Tree) -> list[Block]:
        raw = "".join(run)
        linked, self._linked = self._linked, 0
        if not raw or raw.isspace() or not (text := collapse(raw)):
            return []
        return [Block(PARAGRAPH, _HASHES.sub(r"\\\1", text), 0, linked_share(linked, text), source)]

    def _term(self, element: Tree, depth: int) -> list[Block]:
        """A term that is defined: bold, and a link only if it is nothing else."""
        links = [(a.get("href"), words(a.text_content())) for a in element.iter("a")]
        text = visible(line_of(element))
        # "[source]" is a link of documentation tools to their code, not a word of the signature.
        for _, label in links:
            if label.lower() in ("[source]", "source"):
                text = words(text.replace(label, ""))
        if len(text) > MAX_HEADING:
            return self.blocks(element, depth)
        if not text:
            return []
        if len(links) == 1 and links[0][0] and links[0][1] == text:
            text = link_to(links[0][0], text)
        return [Block(PARAGRAPH, f"**{text}**", 0, 0, element)]

    def _list(self, element: Tree, ordered: bool, depth: int) -> list[Block]:
        found: list[Block] = []
        lines: list[str] = []
        weights = [0.0, 0.0]

        def close() -> None:
            if lines:
                share = weights[1] / max(weights[0], 1.0)
                found.append(Block(LIST, "\n".join(lines), 0, share, element))
                lines.clear()
                weights[:] = [0.0, 0.0]

        number = _number(element.get("start"), 1)
        for item in _items(element):
            mark = f"{number}. " if ordered else "- "
            open_item = False
            for block in self.blocks(item, depth + 1):
                if block.kind in (PARAGRAPH, LIST):
                    letters = letters_in(TARGET.sub("]", block.text))
                    weights[0] += letters
                    weights[1] += block.linked * letters
                if block.kind == PARAGRAPH and not open_item:
                    lines.append(mark + _indented(block.text, len(mark)))
                    open_item = True
                elif block.kind in (PARAGRAPH, LIST) and open_item and lines:
                    pad = " " * len(mark)
                    lines.append(pad + _indented(block.text, len(mark)))
                elif block.kind == LIST and not lines:
                    found.append(block)
                elif block.kind == LIST:
                    lines.append("  " + _indented(block.text, 2))
                else:
                    close()
                    found.append(block)
            if item.tag == "li":
                number += 1
        close()
        return found

    def _table(self, element: Tree, depth: int) -> list[Block]:
        found: list[Block] = []
        for caption in element.iterfind("caption"):
            found += self.blocks(caption, depth)
        table = rows_of(element)
        if table.is_layout:
            for cell in table.cells():
                found += self.blocks(cell, depth + 1)
            return found
        head, body = table.grid(lambda cell: self._cell(cell, depth + 1))
        linked, self._linked = self._linked, 0
        if not any(head) and not body:
            return found
        width = len(head)
        lines = ["| " + " | ".join(head) + " |" if any(head) else "|" + " |" * width]
        lines.append("|" + "---|" * width)
        lines += ("| " + " | ".join(row) + " |" for row in body)
        # Twice, because two empty cells share a bar.
        text = "\n".join(_EMPTY_CELL.sub("| ", _EMPTY_CELL.sub("| ", line)) for line in lines)
        found.append(Block(TABLE, text, 0, linked_share(linked, text), element))
        return found

    def _cell(self, cell: Tree, depth: int) -> str:
        run: list[str] = []
        self._flatten(cell, run, depth)
        return collapse("".join(run)).replace("\n", " ").replace("|", "\\|")

    def _flatten(self, element: Tree, run: list[str], depth: int) -> None:
        """Everything in a cell as one line."""
        if depth > MAX_DEPTH:
            run.append(_inert(element))
            return
        run.append(element.text or "")
        for child in element:
            tag = child.tag
            if isinstance(tag, str) and tag not in _SILENT:
                if tag == "pre":
                    run.append(f" {ticked(words(child.text_content()))} ")
                elif tag in BLOCKS or child in self._wrapping:
                    run.append(" ")
                    self._flatten(child, run, depth + 1)
                    run.append(" ")
                else:
                    self._add_inline(child, run, depth + 1, False)
            run.append(child.tail or "")

    def _add_inline(self, element: Tree, run: list[str], depth: int, marked: bool) -> None:
        """Write one inline element at the end of `run`."""
        tag = element.tag
        if tag == "br":
            run.append(LINE)
        elif tag == "img":
            if _MATHS.search(element.get("class") or ""):
                run.append(element.get("alt") or "")
        elif tag == "math":
            run.append(formula(element))
        elif tag in _CODE:
            run.append(around(element.text_content(), ticked))
        elif tag == "a" and element.get("href"):
            self._add_link(element, run, depth, marked)
        elif tag in _STRONG or tag in _EMPHASIS:
            inside = self._inside(element, depth, True)
            mark = "**" if tag in _STRONG else "*"
            if marked or in_word(run, inside, element.tail):
                run.append(inside)
            else:
                run.append(around(inside, lambda text: marked_as(text, mark)))
        elif tag == "sup":
            text = element.text_content().strip()
            raised = len(element) == 0 and text and not text.strip(_RAISED)
            run.append(
                text.translate(_SUPERSCRIPTS) if raised else self._inside(element, depth, marked)
            )
        elif tag == "q":
            run.append(f"“{self._inside(element, depth, marked).strip()}”")
        else:
            run.append(self._inside(element, depth, marked))

    def _inside(self, element: Tree, depth: int, marked: bool) -> str:
        if depth > MAX_DEPTH:
            return _inert(element)
        run = [element.text or ""]
        for child in element:
            if isinstance(child.tag, str) and child.tag not in _SILENT:
                self._add_inline(child, run, depth + 1, marked)
            run.append(child.tail or "")
        return "".join(run)

    def _add_link(self, element: Tree, run: list[str], depth: int, marked: bool) -> None:
        target = element.get("href")
        inside = self._inside(element, depth, marked)
        if not inside.strip():
            image = element.find(".//img[@alt]")
            inside = image.get("alt") if image is not None else ""
        self._linked += letters_in(inside)
        if not inside.strip() or target == self._target:
            run.append(inside)
            return
        self._target = target
        run.append(around(inside, lambda text: link_to(target, text)))


def _wrapping(tree: Tree) -> set[Tree]:
    """The inline elements that wrap block elements, as `<a><div>…` and `<font><p>…` do."""
    found: set[Tree] = set()
    for block in tree.iter(*BLOCKS):
        above = block.getparent()
        while above is not None and above.tag not in BLOCKS and above not in found:
            found.add(above)
            above = above.getparent()
    return found


def _items(element: Tree) -> Iterator[Tree]:
    for child in element:
        if isinstance(child.tag, str) and child.tag not in _SILENT:
            yield child


def _number(value: str | None, default: int) -> int:
    text = (value or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default


def _indented(text: str, width: int) -> str:
    return text.replace("\n\n", "\n").replace("\n", "\n" + " " * width)


def _visible_code(text: str) -> str:
    return _CONTROL.sub("", text)


def _inert(element: Tree) -> str:
    return str(element.text_content())


def _code_block(element: Tree) -> list[Block]:
    text = "".join(_code(element)).expandtabs(8).replace("\r\n", "\n")
    lines = [line.rstrip() for line in _visible_code(text).split("\n")]
    while lines and not lines[0]:
        lines.pop(0)
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        return []
    longest = max((len(run) for run in _TICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1 if longest >= 3 else 3)
    return [Block(CODE, "\n".join([fence, *lines, fence]), 0, 0, element)]


def _code(element: Tree) -> Iterator[str]:
    from lxml import etree

    for event, found in etree.iterwalk(element, ("start", "end")):
        if not isinstance(found.tag, str):
            continue
        if event == "start":
            if found.tag == "br":
                yield "\n"
            yield found.text or ""
        elif found is not element:
            yield found.tail or ""
