"""A book (EPUB 2 and 3) → a draft: its chapters in their order, each with its heading.

The package is read here, by the standard: `container.xml`, the OPF, the spine, and the table of
contents for chapters that do not name themselves. A chapter's XHTML is read as web pages are. It
knows nothing about Markdown.
"""

import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urldefrag

from store.page import Outlink

from .. import markup
from ..charset import decode
from ..markdown import HEADING, blocks, joined
from .draft import MAX_TEXT, Draft, Unfit, day_of, line
from .zipped import local, member, opened, parsed

READER = "epub/1"
MAX_CHAPTERS = 5_000
# Fonts are scrambled in honest books as well; whoever scrambles chapters wants a key for them.
_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_CLOSED = re.compile(
    r"<(title|script|style|a|div|span|p|i|b|em|strong|td|th|li|h[1-6]|section|small|sup|sub|textarea"
    r"|iframe|object|video|audio)(\s[^<>]*)?/>",
    re.IGNORECASE,
)

Tree = Any


@dataclass(slots=True)
class _Package:
    """What an OPF says: the chapters in order, what it calls itself, where its contents stand."""

    chapters: list[str]
    about: dict[str, list[str]] = field(default_factory=dict)
    contents: list[str] = field(default_factory=list)


def read(body: bytes, url: str, content_type: str = "") -> Draft:
    """Return the draft of a book; each chapter is a section under its heading.

    Raises Unfit: `damaged`, `bomb`, `locked` (its chapters are encrypted).
    """
    with opened(body) as archive:
        names = set(archive.namelist())
        package = _package(archive)
        encrypted = _encrypted(archive) if "META-INF/encryption.xml" in names else set()
        if encrypted & set(package.chapters):
            raise Unfit("locked", "its chapters are encrypted (DRM); import a copy without that")
        titles = _titles(archive, [name for name in package.contents if name in names])
        links: dict[str, str] = {}
        pieces: list[str] = []
        letters = missing = 0
        for name in package.chapters:
            if name not in names:
                missing += 1
                continue
            text = _chapter(member(archive, name), titles.get(name, ""), links)
            letters += len(text)
            if letters > MAX_TEXT:
                raise Unfit("too-large", f"its text has more than {MAX_TEXT:,} letters")
            if text:
                pieces.append(text)
    if missing and not pieces:
        raise Unfit("damaged", "not one of its chapters is in it")
    about = package.about
    return Draft(
        text="\n\n".join(pieces),
        by=READER,
        title=next(iter(about.get("title", [])), ""),
        lang=next(iter(about.get("language", [])), ""),
        author=", ".join(about.get("creator", [])[:5]),
        published=next((day for day in map(_day, about.get("date", [])) if day), None),
        outlinks=tuple(Outlink(link, words) for link, words in links.items()),
        site=next(iter(about.get("publisher", [])), ""),
    )


def _day(value: str) -> Any:
    return day_of(value) or (day_of(f"{value}-01-01") if re.fullmatch(r"\d{4}", value) else None)


def _package(archive: zipfile.ZipFile) -> _Package:
    container = parsed(member(archive, "META-INF/container.xml"), "container")
    files = [one.get("full-path") or "" for one in container.iter() if local(one) == "rootfile"]
    if not files:
        raise Unfit("damaged", "its container names no package")
    where = files[0]
    root = parsed(member(archive, where), "package")
    items: dict[str, str] = {}
    found = _Package([])
    spine_contents = ""
    for one in root.iter():
        name = local(one)
        if name == "item":
            target = _inside(where, one.get("href") or "")
            items[one.get("id") or ""] = target
            if "nav" in (one.get("properties") or "").split():
                found.contents.insert(0, target)
        elif name == "spine":
            spine_contents = one.get("toc") or ""
        elif name == "itemref":
            if (target := items.get(one.get("idref") or "", "")) and target not in found.chapters:
                found.chapters.append(target)
            if len(found.chapters) > MAX_CHAPTERS:
                raise Unfit("too-complex", f"it has more than {MAX_CHAPTERS:,} chapters")
        elif (
            name in ("title", "creator", "language", "date", "publisher")
            and "dc/elements" in str(one.tag)
            and (words := line("".join(one.itertext())))
        ):
            found.about.setdefault(name, []).append(words)
    if spine_contents in items:
        found.contents.append(items[spine_contents])
    # Its table of contents would stand in the text as a chapter of links.
    found.chapters = [name for name in found.chapters if name not in found.contents[:1]]
    if not found.chapters:
        raise Unfit("damaged", "its package names no chapter")
    return found


def _inside(where: str, href: str) -> str:
    """The name in the archive of what is referred to from the file `where`."""
    path = posixpath.join(posixpath.dirname(where), unquote(urldefrag(href).url))
    return posixpath.normpath(path).lstrip("/")


def _encrypted(archive: zipfile.ZipFile) -> set[str]:
    root = parsed(member(archive, "META-INF/encryption.xml"), "list of encrypted parts")
    found: set[str] = set()
    for one in root.iter():
        if local(one) != "EncryptedData":
            continue
        methods = [m.get("Algorithm") for m in one.iter() if local(m) == "EncryptionMethod"]
        if not any(method in _FONTS for method in methods):
            found |= {
                unquote(m.get("URI") or "") for m in one.iter() if local(m) == "CipherReference"
            }
    return found


def _titles(archive: zipfile.ZipFile, contents: list[str]) -> dict[str, str]:
    """What the table of contents calls each chapter; the first entry of a file counts."""
    found: dict[str, str] = {}
    for name in contents:
        try:
            root = parsed(member(archive, name), "table of contents")
        except Unfit:
            continue  # a book can be read without one
        for target, words in _entries(root):
            found.setdefault(_inside(name, target), words)
    return found


def _entries(root: Tree) -> Iterator[tuple[str, str]]:
    for one in root.iter():
        if local(one) == "a" and one.get("href"):
            yield one.get("href"), line("".join(one.itertext()))
        elif local(one) == "navPoint":
            label = next((c for c in one if local(c) == "navLabel"), None)
            content = next((c for c in one if local(c) == "content"), None)
            if label is not None and content is not None:
                yield content.get("src") or "", line("".join(label.itertext()))


def _chapter(body: bytes, title: str, links: dict[str, str]) -> str:
    text = decode(body, "")
    if text is None:
        return ""
    try:
        tree = markup.parse(_CLOSED.sub(r"<\1\2></\1>", text))
    except markup.TooDeep:
        raise Unfit("too-complex", "elements of it stand thousands deep in one another") from None
    if tree is None:
        return ""
    for link in markup.absolute_links(tree, "", ""):
        if len(links) < MAX_CHAPTERS and not links.get(link.url):
            links[link.url] = link.text
    found = blocks(tree.find("body") if tree.find("body") is not None else tree)
    written = joined(found)
    if title and written and not any(one.kind == HEADING for one in found[:5]):
        return f"## {title}\n\n{written}"
    return written
