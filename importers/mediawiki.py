"""A MediaWiki dump in XML, plain or compressed: its articles as Markdown, its redirects as aliases.

Of a dump with histories the last revision counts. XML is read piece by piece without entities or a
DTD, and a page has a bound, so that no file fills the memory. Wikitext is converted by
`extraction.wikitext`, in the extraction processes. It knows neither pages' markup nor the store.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from extraction.wikitext import page_address
from store.digest import sha256
from store.errors import UrlError
from store.page import PageVersion

from .base import Alias, Item, Ready, Reject
from .errors import DamagedError
from .packed import open_packed, peek

NAME = "mediawiki"
LARGEST_PAGE = 64_000_000
"""Bytes of XML between the ends of two pages."""
_PIECE = 1 << 16
_WIKITEXT = ("wikitext", "")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def claims(path: Path, head: bytes) -> bool:
    """True if the root element is that of a dump."""
    return re.search(rb"<mediawiki[\s>]", peek(path, head)) is not None


@dataclass(slots=True)
class _Wiki:
    """What a dump says of its wiki."""

    base: str
    site: str = ""
    lang: str = ""
    case: str = "first-letter"
    namespaces: dict[str, str] = field(default_factory=dict)


def items(path: Path) -> Iterator[Item]:
    """Yield each page of the main namespace; every other page is a refusal by its namespace."""
    from lxml.etree import XMLSyntaxError

    wiki = _Wiki(f"doc://{path.name.split('.')[0] or 'wiki'}/")
    number = 0
    try:
        with open_packed(path) as file:
            for element in _elements(file, path):
                if _name(element) == "siteinfo":
                    wiki = _wiki(element, wiki)
                    continue
                number += 1
                yield _item(element, wiki, f"page {number:,}", f"{NAME}:{path.name}")
    except XMLSyntaxError as error:
        raise DamagedError(
            f"{path} is damaged behind page {number:,} ({error.msg}); what came before is stored, "
            "so fetch the file again and run the same command."
        ) from error


def _elements(file: IO[bytes], path: Path) -> Iterator[Any]:
    """The `siteinfo` and `page` elements, each whole, and forgotten at the next one."""
    from lxml import etree

    parser = etree.XMLPullParser(
        ("end",), tag=("{*}siteinfo", "{*}page"), resolve_entities=False, no_network=True,
        load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    since = 0
    while piece := file.read(_PIECE):
        parser.feed(piece)
        since += len(piece)
        for _, element in parser.read_events():
            since = 0
            yield element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
        if since > LARGEST_PAGE:
            raise DamagedError(
                f"{path} has a page of more than {LARGEST_PAGE:,} bytes; what came before is "
                "stored, so check the file."
            )
    parser.close()


def _item(page: Any, wiki: _Wiki, place: str, source: str) -> Item:
    title = _text(page, "title").strip()
    namespace = _text(page, "ns").strip() or "0"
    if namespace != "0":
        name = wiki.namespaces.get(namespace, namespace)
        return Reject(place, "namespace", f"{title[:100]} is in the namespace {name}, no article")
    if not title:
        return Reject(place, "bad-row", "the page has no title")
    address = page_address(wiki.base, title, wiki.case == "first-letter")
    for child in page:
        if _name(child) == "redirect" and child.get("title"):
            target = child.get("title").partition("#")[0]
            return Alias(place, address, page_address(wiki.base, target))
    revisions = [child for child in page if _name(child) == "revision"]
    if not revisions:
        return Reject(place, "no-text", "the page has no revision", address)
    last = revisions[-1]
    if (model := _text(last, "model").strip()) not in _WIKITEXT:
        return Reject(place, "not-wikitext", f"it is {model[:40]}", address)
    text = _text(last, "text")
    if not text.strip():
        return Reject(place, "no-text", "its text is empty", address)
    try:
        found = PageVersion(
            url=address,
            title=title,
            text=text,
            fetched_at=_time(_text(last, "timestamp")),
            lang=wiki.lang,
            site=wiki.site,
            source=source,
            capture=sha256(text.encode("utf-8", "surrogatepass")),
        )
    except UrlError as error:
        return Reject(place, "bad-address", str(error))
    return Ready(place, found, form="wikitext", base=wiki.base)


def _wiki(siteinfo: Any, wiki: _Wiki) -> _Wiki:
    """What the element says; the address of its main page tells where all pages are."""
    base = _text(siteinfo, "base").strip()
    root, slash, _ = base.rpartition("/")
    parts = urlsplit(base)
    usable = bool(slash and parts.scheme in ("http", "https") and parts.netloc and parts.path)
    # Its root element, which is not closed yet, names the language.
    lang = siteinfo.getparent().get("{http://www.w3.org/XML/1998/namespace}lang") or ""
    names = {
        child.get("key", ""): child.text or "the main one"
        for group in siteinfo
        if _name(group) == "namespaces"
        for child in group
    }
    return _Wiki(
        base=f"{root}/" if usable else wiki.base,
        site=_text(siteinfo, "sitename").strip(),
        lang=lang.split("-")[0].lower() if re.fullmatch(r"[A-Za-z]{2,3}(-.*)?", lang) else "",
        case=_text(siteinfo, "case").strip() or wiki.case,
        namespaces=names,
    )


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _text(element: Any, name: str) -> str:
    for child in element:
        if _name(child) == name:
            return child.text or ""
    return ""


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return _EPOCH
    return found if found.tzinfo else found.replace(tzinfo=UTC)
