"""What the styles and numberings of a Word document make of a paragraph: heading, item, code.

It knows nothing about a paragraph's words.
"""

import re
from dataclasses import dataclass
from typing import Any

from .zipped import parsed

Tree = Any
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_HEADING = re.compile(r"heading (\d)\Z", re.IGNORECASE)
_CODE = re.compile(r"\b(?:code|source|preformatted|listing|verbatim)\b", re.IGNORECASE)


def q(name: str) -> str:
    """Return a name of WordprocessingML with its namespace."""
    return _W + name


@dataclass(frozen=True, slots=True)
class Look:
    """What a paragraph is: `level` of a heading (0 for none), `list_level` of an item or None."""

    level: int = 0
    is_title: bool = False
    is_code: bool = False
    list_level: int | None = None
    ordered: bool = False


@dataclass(slots=True)
class _Style:
    name: str = ""
    based_on: str = ""
    outline: str = ""
    number: str = ""
    depth: str = ""


class Styles:
    """The styles of one document, by what its paragraphs call them."""

    def __init__(self, part: Any) -> None:
        self._styles: dict[str, _Style] = {}
        self._formats: dict[tuple[str, str], str] = {}
        for relation in part.rels.values():
            if relation.is_external:
                continue
            if relation.reltype.endswith("/styles"):
                self._read_styles(_root(relation.target_part, "styles"))
            elif relation.reltype.endswith("/numbering"):
                self._read_numbering(_root(relation.target_part, "numbering"))

    def of(self, paragraph: Tree) -> Look:
        """Return what a paragraph is."""
        look = paragraph.find(q("pPr"))
        key = _value(look, "pStyle")
        chain = self._chain(key)
        names = [style.name for style in chain]
        if any(name.lower() == "title" for name in names[:1]):
            return Look(1, is_title=True)
        own = _value(look, "outlineLvl")
        outline = own or next((style.outline for style in chain if style.outline), "")
        for name in names:
            if found := _HEADING.match(name):
                outline = str(int(found[1]) - 1)
                break
        if outline.isdigit() and int(outline) < 9:
            return Look(level=int(outline) + 1)
        if any(_CODE.search(name) for name in names):
            return Look(is_code=True)
        return self._item(look, chain, names)

    def _item(self, look: Tree, chain: list[_Style], names: list[str]) -> Look:
        numbering = None if look is None else look.find(q("numPr"))
        number, depth = _value(numbering, "numId"), _value(numbering, "ilvl")
        if not number:
            number = next((style.number for style in chain if style.number), "")
            depth = depth or next((style.depth for style in chain if style.depth), "")
        listed = next((n.lower() for n in names if n.lower().startswith("list ")), "")
        if number == "0" or not (number or listed.startswith(("list bullet", "list number"))):
            return Look()
        level = int(depth) if depth.isdigit() and len(depth) < 3 else 0
        if not depth and listed[-1:].isdigit():
            level = int(listed[-1]) - 1
        kind = self._formats.get((number, str(level)), "")
        return Look(list_level=level, ordered=kind != "bullet" if kind else "number" in listed)

    def has_title(self, body: Tree) -> bool:
        """Tell whether a paragraph of the document is its title."""
        return body is not None and any(self.of(one).is_title for one in body.iter(q("p")))

    def _chain(self, key: str) -> list[_Style]:
        found: list[_Style] = []
        while key in self._styles and len(found) < 12:
            found.append(self._styles[key])
            key = found[-1].based_on
        return found

    def _read_styles(self, root: Tree) -> None:
        for one in root.iter(q("style")):
            look = one.find(q("pPr"))
            numbering = None if look is None else look.find(q("numPr"))
            self._styles[one.get(q("styleId")) or ""] = _Style(
                _value(one, "name"),
                _value(one, "basedOn"),
                _value(look, "outlineLvl"),
                _value(numbering, "numId"),
                _value(numbering, "ilvl"),
            )

    def _read_numbering(self, root: Tree) -> None:
        kinds: dict[str, dict[str, str]] = {}
        for one in root.iter(q("abstractNum")):
            kinds[one.get(q("abstractNumId")) or ""] = {
                level.get(q("ilvl")) or "": _value(level, "numFmt") for level in one.iter(q("lvl"))
            }
        for one in root.iter(q("num")):
            for level, kind in kinds.get(_value(one, "abstractNumId"), {}).items():
                self._formats[one.get(q("numId")) or "", level] = kind


def _root(part: Any, what: str) -> Tree:
    element = getattr(part, "element", None)
    return element if element is not None else parsed(part.blob, what)


def _value(element: Tree, name: str) -> str:
    found = None if element is None else element.find(q(name))
    return (found.get(q("val")) or "") if found is not None else ""
