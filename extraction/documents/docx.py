"""A Word document (DOCX) → a draft: headings, paragraphs, lists, tables, links and notes.

python-docx opens the package and knows its styles; the body is walked here, because text in
content controls, insertions and text boxes is text as well. Deleted and hidden text is none. It
knows nothing about Markdown (`building`).
"""

import functools
import importlib.metadata
import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from .building import Builder, add, say
from .docx_styles import Styles, q
from .draft import Draft, Unfit, day_of
from .zipped import local, opened

MAX_DEPTH = 40
_PASS = frozenset(
    re.findall(
        r"\w+",
        "ins moveTo smartTag sdt sdtContent fldSimple customXml dir bdo oMath oMathPara r object",
    )
)
_LINK_FIELD = re.compile(r'HYPERLINK\s+"([^"]+)"')

Tree = Any


@functools.cache
def reader() -> str:
    """Return the name under which pages remember what read them."""
    return f"python-docx-{importlib.metadata.version('python-docx')}/1"


def read(body: bytes, url: str, content_type: str = "") -> Draft:
    """Return the draft of a document.

    Raises Unfit: `damaged`, `bomb`, `locked`.
    """
    opened(body).close()
    import docx

    try:
        document = docx.Document(BytesIO(body))
        tree = document.element.body
        said = document.core_properties
        about = (said.title, said.author, said.language, str(said.modified or said.created or ""))
    except MemoryError:
        raise
    except Exception as error:  # the library raises what its XML happens to break
        raise Unfit("damaged", f"Word's package cannot be read ({type(error).__name__})") from None
    writer = _Writer(document, Styles(document.part))
    if tree is not None:
        writer.blocks(tree, 0)
    writer.notes()
    text, links = writer.builder.written()
    title, author, lang, day = about
    return Draft(
        text=text,
        by=reader(),
        title=title or writer.title,
        lang=lang or "",
        author="" if author == "python-docx" else author or "",
        published=day_of(day),
        outlinks=links,
    )


class _Writer:
    """Writes one document."""

    def __init__(self, document: Any, styles: Styles) -> None:
        self.builder = Builder()
        self.title = ""
        self._part = document.part
        self._styles = styles
        self._notes: list[tuple[str, str]] = []
        self._shift = 1 if styles.has_title(document.element.body) else 0

    def blocks(self, tree: Tree, depth: int) -> None:
        """Add the paragraphs and tables inside an element."""
        if depth > MAX_DEPTH:
            return
        for child in tree:
            name = local(child)
            if name == "p":
                self._paragraph(child, depth)
            elif name == "tbl":
                self._table(child, self.builder.block("table"), depth)
            elif name in _PASS or name == "AlternateContent":
                self.blocks(child, depth + 1)

    def _paragraph(self, tree: Tree, depth: int) -> None:
        style = self._styles.of(tree)
        text = "".join(self._words(tree, 0)).strip()
        if text and style.level:
            level = style.level if style.is_title else style.level + self._shift
            if style.is_title and not self.title:
                self.title = " ".join(text.split())
            self.builder.heading(level, text)
        elif text:
            if style.is_code:
                element = self._code()
            elif style.list_level is not None:
                element = self.builder.item(style.list_level, style.ordered)
            else:
                element = self.builder.block()
            self._inline(tree, element, depth)
        for box in _boxes(tree):
            self.blocks(box, depth + 1)

    def _code(self) -> Tree:
        body = self.builder.body
        if len(body) and body[-1].tag == "pre":
            say(body[-1], "\n")
            return body[-1]
        return self.builder.block("pre")

    def _words(self, tree: Tree, depth: int) -> Iterator[str]:
        """The words of a paragraph or of what is inside one."""
        if depth > MAX_DEPTH:
            return
        for child in tree:
            name = local(child)
            if name == "t":
                yield child.text or ""
            elif name in ("tab", "ptab", "br", "cr"):
                yield " "
            elif name == "noBreakHyphen":
                yield "-"
            elif name == "r" and _is_hidden(child):
                continue
            elif name in _PASS or name == "hyperlink":
                yield from self._words(child, depth + 1)

    def _inline(self, tree: Tree, element: Tree, depth: int) -> None:
        """Add the runs of a paragraph to an element, with their links, emphasis and breaks."""
        if depth > MAX_DEPTH:
            return
        target = ""
        link: Tree = None
        for child in tree:
            name = local(child)
            if name == "r":
                code = "".join(one.text or "" for one in child.iter(q("instrText")))
                if found := _LINK_FIELD.search(code):
                    target = found[1]
                for mark in child.iter(q("fldChar")):
                    kind = mark.get(q("fldCharType"))
                    if kind == "separate" and target:
                        link = add(element, "a")
                        link.set("href", target)
                    elif kind == "end":
                        target, link = "", None
                self._run(child, element if link is None else link)
            elif name == "hyperlink":
                inside = add(element, "a")
                if href := self._target(child):
                    inside.set("href", href)
                self._inline(child, inside, depth + 1)
            elif name in _PASS:
                self._inline(child, element if link is None else link, depth + 1)
            elif name == "t":  # of a formula
                say(element if link is None else link, child.text or "")

    def _run(self, run: Tree, element: Tree) -> None:
        if _is_hidden(run):
            return
        tags = [] if element.tag == "pre" else _emphasis(run)
        for tag in tags:
            last = element[-1] if len(element) else None
            # Word parts a word into runs; two of one look are one.
            if last is not None and last.tag == tag and not last.tail:
                element = last
            else:
                element = add(element, tag)
        for child in run:
            name = local(child)
            if name in ("t", "delInstrText"):
                say(element, (child.text or "") if name == "t" else "")
            elif name in ("tab", "ptab"):
                say(element, "\t" if element.tag == "pre" else " ")
            elif name in ("br", "cr"):
                if child.get(q("type")) not in ("page", "column"):
                    add(element, "br")
            elif name == "noBreakHyphen":
                say(element, "-")
            elif name in ("footnoteReference", "endnoteReference"):
                self._notes.append((name.removesuffix("Reference"), child.get(q("id")) or ""))
                say(element, f"[{len(self._notes)}]")

    def _target(self, link: Tree) -> str:
        key = next((v for k, v in link.attrib.items() if k.endswith("}id")), "")
        relation = self._part.rels.get(key)
        return relation.target_ref if relation is not None and relation.is_external else ""

    def _table(self, tree: Tree, element: Tree, depth: int) -> None:
        above: dict[int, Tree] = {}
        for number, row in enumerate(_inside(tree, "tr")):
            line, column = add(element, "tr"), 0
            for cell in _inside(row, "tc"):
                look = cell.find(q("tcPr"))
                span = _value(look, "gridSpan")
                merge = None if look is None else look.find(q("vMerge"))
                made = add(line, "th" if number == 0 else "td")
                if span.isdigit() and 1 < int(span[:4]) < 200:
                    made.set("colspan", span)
                goes_on = merge is not None and merge.get(q("val")) in (None, "continue")
                source = above.get(column, cell) if goes_on else cell
                above[column] = source
                self._cell(source, made, depth)
                column += int(span[:4]) if span.isdigit() else 1

    def _cell(self, cell: Tree, element: Tree, depth: int) -> None:
        """A cell is one line; what stands in a table inside of it follows as words."""
        for paragraph in cell.iter(q("p")):
            if len(element) or element.text:
                say(element, " ")
            self._inline(paragraph, element, depth + 1)

    def notes(self) -> None:
        """Add the footnotes and endnotes that were referred to."""
        texts = {kind: self._note_texts(kind) for kind in ("footnote", "endnote")}
        for number, (kind, key) in enumerate(self._notes, 1):
            if text := texts[kind].get(key, ""):
                say(self.builder.block(), f"[{number}] {text}")

    def _note_texts(self, kind: str) -> dict[str, str]:
        from .zipped import parsed

        for relation in self._part.rels.values():
            if relation.reltype.endswith(f"/{kind}s") and not relation.is_external:
                root = parsed(relation.target_part.blob, f"{kind}s")
                return {
                    note.get(q("id")) or "": " ".join("".join(
                        word for p in note.iter(q("p")) for word in (*self._words(p, 0), " ")
                    ).split())
                    for note in root.iter(q(kind))
                }  # fmt: skip
        return {}


def _inside(tree: Tree, name: str) -> Iterator[Tree]:
    """The rows of a table or cells of a row, also those in content controls."""
    for child in tree:
        found = local(child)
        if found == name:
            yield child
        elif found in ("sdt", "sdtContent", "customXml", "ins"):
            yield from _inside(child, name)


def _boxes(tree: Tree) -> Iterator[Tree]:
    """The text boxes in a paragraph; Word writes each a second time for older programs."""
    for box in tree.iter(q("txbxContent")):
        above = [local(one) for one in box.iterancestors()]
        if "Fallback" not in above and above.count("txbxContent") == 0:
            yield box


def _is_hidden(run: Tree) -> bool:
    look = run.find(q("rPr"))
    hidden = None if look is None else look.find(q("vanish"))
    return hidden is not None and hidden.get(q("val")) not in ("0", "false")


def _emphasis(run: Tree) -> list[str]:
    look = run.find(q("rPr"))
    if look is None:
        return []
    found = []
    for name, tag in (("b", "strong"), ("i", "em")):
        mark = look.find(q(name))
        if mark is not None and mark.get(q("val")) not in ("0", "false"):
            found.append(tag)
    return found


def _value(look: Tree, name: str) -> str:
    found = None if look is None else look.find(q(name))
    return (found.get(q("val")) or "") if found is not None else ""
