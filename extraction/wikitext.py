"""From wikitext, the markup of MediaWiki, to Markdown: headings, lists, tables, links, fact boxes.

Templates are programs that a dump does not carry out: those that only dress up text give their
text, an infobox becomes a table of its facts, and the others are left out. It knows no dumps.
"""

import re
from collections.abc import Callable
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

LARGEST = 3_000_000
"""Letters of wikitext; MediaWiki itself allows two million bytes."""
DEEPEST = 40

_PLAIN = "/:@,;()!*$~._-"
_PAIRED = re.compile(r"[^()]*(?:\([^()]*\)[^()]*)*")
_FILES = re.compile(
    r"\s*:?\s*(file|image|datei|fichier|archivo|media|category|kategorie)\s*:", re.I
)
_DRESS = frozenset(
    {"lang", "nowrap", "small", "big", "abbr", "nobr", "smallcaps", "nobold", "noitalic", "mvar"}
    | {"math", "var", "transl", "transliteration", "native name", "em", "strong", "sup", "sub"}
)
_LAST = frozenset({"lang", "transl", "transliteration", "native name"})
_DROPPED = frozenset({"ref", "references", "gallery", "timeline", "imagemap", "score", "hiero"})
_CODE = frozenset({"pre", "code", "syntaxhighlight", "source", "tt"})
_LIST = {"*": "- ", "#": "1. ", ":": "", ";": ""}
_LISTED = re.compile(r"^((?:- |1\. )+) *")
_BLANKS = re.compile(r"\n[ \t]*\n\s*")


def converter() -> str:
    """Return the name under which pages remember what read them."""
    return f"mwparserfromhell-{version('mwparserfromhell')}/1"


def page_address(base: str, title: str, raised: bool = True) -> str:
    """Return the address of the page `title` on the wiki whose pages begin with `base`; its first
    letter is a capital one, unless it is not `raised`.
    """
    name = " ".join(title.replace("_", " ").split())
    name = (name[:1].upper() + name[1:] if raised else name).replace(" ", "_")
    return base + quote(name.encode("utf-8", "replace"), safe=_PLAIN)


def markdown_of(wikitext: str, base: str, raised: bool = True) -> str:
    """Return wikitext as Markdown; links become addresses as `page_address` makes them."""
    import mwparserfromhell

    return tidy(_Writer(base, raised).children(mwparserfromhell.parse(wikitext[:LARGEST]), 0))


def tidy(text: str) -> str:
    """Return `text` with one empty line at most between two lines, and none around it."""
    lines = (_LISTED.sub(_item, line).rstrip() for line in text.split("\n"))
    return _BLANKS.sub("\n\n", "\n".join(lines)).strip()


def _item(marks: re.Match[str]) -> str:
    """The marks of one item of a list: the last one counts, those before it are its depth."""
    each: list[str] = re.findall(r"- |1\. ", marks[1])
    return "  " * (len(each) - 1) + each[-1]


class _Writer:
    """Writes one page."""

    def __init__(self, base: str, raised: bool) -> None:
        self._base, self._raised = base, raised

    def children(self, code: Any, depth: int) -> str:
        """The Markdown of a piece of parsed wikitext."""
        if code is None or depth > DEEPEST:
            return ""
        return "".join(self._node(node, depth) for node in code.nodes)

    def _node(self, node: Any, depth: int) -> str:
        name = type(node).__name__.lower()
        write: Callable[[Any, int], str] | None = getattr(self, f"_{name}", None)
        return write(node, depth + 1) if write is not None else ""

    def _line(self, code: Any, depth: int) -> str:
        return " ".join(self.children(code, depth).split())

    def _text(self, node: Any, depth: int) -> str:
        # Switches such as __NOTOC__ are no text.
        return re.sub(r"__[A-Z]{4,}__", "", str(node.value))

    def _htmlentity(self, node: Any, depth: int) -> str:
        try:
            found = str(node.normalize())
        except (ValueError, KeyError, OverflowError):
            return ""
        return " " if found == "\xa0" else found

    def _heading(self, node: Any, depth: int) -> str:
        title = self._line(node.title, depth)
        return f"\n\n{'#' * max(2, min(6, node.level))} {title}\n\n" if title else ""

    def _wikilink(self, node: Any, depth: int) -> str:
        target = " ".join(str(node.title).split())
        if _FILES.match(target) and not target.startswith(":"):
            return ""
        target = target.lstrip(":")
        label = self._line(node.text, depth) if node.text is not None else target
        page = target.partition("#")[0].strip()
        if not page or not label or "[" in label or "{" in page:
            return label
        return f"[{label}]({_closed(page_address(self._base, page, self._raised))})"

    def _externallink(self, node: Any, depth: int) -> str:
        url = str(node.url).strip()
        label = self._line(node.title, depth) if node.title is not None else ""
        if not label or "[" in label or " " in url:
            return label or ("" if node.brackets else url)
        return f"[{label}]({_closed(url)})"

    def _template(self, node: Any, depth: int) -> str:
        name = " ".join(str(node.name).replace("_", " ").split()).lower()
        positional = [one.value for one in node.params if not one.showkey]
        if name.startswith("infobox") or name.endswith("infobox"):
            return self._facts(node, depth)
        if name in _DRESS and positional:
            return self.children(positional[-1 if name in _LAST else 0], depth)
        if name in ("convert", "cvt") and len(positional) > 1:
            return f"{self._line(positional[0], depth)} {self._line(positional[1], depth)}"
        if name in ("ubl", "plainlist", "hlist", "flatlist", "unbulleted list"):
            return ", ".join(filter(None, (self._line(one, depth) for one in positional)))
        if re.match(r"(birth|death|start|end)[ -]date", name):
            numbers = [str(one).strip() for one in positional]
            return "-".join(one.zfill(2) for one in numbers[:3] if one.isdigit())
        return ""

    def _facts(self, node: Any, depth: int) -> str:
        rows = []
        for one in node.params:
            key = " ".join(str(one.name).replace("_", " ").split())
            value = self._line(one.value, depth).replace("|", "\\|")
            if one.showkey and key and value and not key.startswith(("image", "caption", "alt")):
                rows.append(f"| {key} | {value} |")
        if not rows:
            return ""
        return "\n\n| | |\n| --- | --- |\n" + "\n".join(rows) + "\n\n"

    def _tag(self, node: Any, depth: int) -> str:
        name = str(node.tag).strip().lower()
        if name in _DROPPED:
            return ""
        if node.wiki_markup in _LIST and name in ("li", "dt", "dd"):
            return _LIST[node.wiki_markup]
        if name == "table":
            return self._table(node, depth)
        if name == "br":
            return "\n"
        if name == "hr":
            return "\n\n"
        if name in _CODE:
            return _code(str(node.contents or ""))
        if name == "nowiki":
            return str(node.contents or "")
        if name == "math":
            return f"${' '.join(str(node.contents or '').split())}$"
        inner = self.children(node.contents, depth)
        if name in ("b", "strong", "i", "em") and inner.strip() and "\n" not in inner:
            mark = "**" if name in ("b", "strong") else "*"
            return f"{mark}{inner.strip()}{mark}"
        return f"\n\n{inner}\n\n" if name in ("p", "div", "blockquote", "center") else inner

    def _table(self, node: Any, depth: int) -> str:
        rows: list[list[str]] = []
        caption = ""
        for row in _tags(node.contents, ("tr", "caption")):
            if str(row.tag).lower() == "caption":
                caption = self._line(row.contents, depth)
                continue
            cells = [
                self._line(cell.contents, depth).replace("|", "\\|")
                for cell in _tags(row.contents, ("td", "th"))
            ]
            if any(cells):
                rows.append(cells)
        # Cells before the first row mark are a row too.
        first = [self._line(cell.contents, depth) for cell in _tags(node.contents, ("td", "th"))]
        if first and first[0].startswith("+"):
            caption = first.pop(0).lstrip("+ ")
        if any(first):
            rows.insert(0, first)
        if not rows:
            return ""
        width = min(50, max(map(len, rows)))
        lines = [f"| {' | '.join((row + [''] * width)[:width])} |" for row in rows]
        lines.insert(1, f"|{' --- |' * width}")
        head = f"\n\n{caption}\n\n" if caption else "\n\n"
        return head + "\n".join(lines) + "\n\n"


def _tags(code: Any, names: tuple[str, ...]) -> list[Any]:
    if code is None:
        return []
    return [
        node
        for node in code.nodes
        if type(node).__name__ == "Tag" and str(node.tag).strip().lower() in names
    ]


def _closed(url: str) -> str:
    """An address as it may stand between the brackets of a Markdown link."""
    url = url.replace("<", "%3C").replace(">", "%3E")
    # Brackets in pairs may stay, and then the address is the one under which the page is stored.
    if _PAIRED.fullmatch(url):
        return url
    return url.replace("(", "%28").replace(")", "%29")


def _code(text: str) -> str:
    if "\n" not in text.strip():
        return f"`{text.strip()}`" if text.strip() else ""
    return f"\n\n```\n{text.strip(chr(10))}\n```\n\n"
