"""A MediaWiki dump in XML, plain or compressed: its articles as Markdown, its redirects as aliases.

Of a dump with histories the last revision counts. Wikitext is converted by `extraction.wikitext`,
in the extraction processes. It knows neither pages' markup nor how XML is read (`wikixml` does).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from extraction.wikitext import page_address
from store.digest import sha256
from store.errors import UrlError
from store.page import PageVersion

from .base import Alias, Item, Ready, Reject
from .errors import DamagedError
from .packed import open_packed, peek
from .wikixml import LARGEST_TEXT, RawPage, SiteInfo, elements

NAME = "mediawiki"
_WIKITEXT = ("wikitext", "")


def claims(path: Path, head: bytes) -> bool:
    """True if the root element is that of a dump."""
    return re.search(rb"<mediawiki[\s>]", peek(path, head)) is not None


@dataclass(frozen=True, slots=True)
class _Wiki:
    """What a dump says of its wiki, and what stands in where a page says nothing."""

    base: str
    source: str
    made: datetime
    site: str = ""
    lang: str = ""
    raised: bool = True
    namespaces: Mapping[str, str] = field(default_factory=dict)


def items(path: Path) -> Iterator[Item]:
    """Yield each page of the main namespace; every other page is a refusal by its namespace."""
    from lxml.etree import XMLSyntaxError

    wiki = _Wiki(
        base=f"doc://{path.name.split('.')[0] or 'wiki'}/",
        source=f"{NAME}:{path.name}",
        made=datetime.fromtimestamp(path.stat().st_mtime, UTC),
    )
    number = 0
    try:
        with open_packed(path) as file:
            for element in elements(file, path):
                if isinstance(element, SiteInfo):
                    wiki = _told(element, wiki)
                    continue
                number += 1
                yield _item(element, wiki, f"page {number:,}")
    except XMLSyntaxError as error:
        raise DamagedError(
            f"{path} is damaged behind page {number:,} ({error.msg}); what came before is stored, "
            "so fetch the file again and run the same command."
        ) from error


def _item(page: RawPage, wiki: _Wiki, place: str) -> Item:
    title = page.title.strip()
    namespace = page.namespace.strip() or "0"
    if namespace != "0":
        name = wiki.namespaces.get(namespace, namespace)
        return Reject(place, "namespace", f"{title[:100]} is in the namespace {name}, no article")
    if not title:
        return Reject(place, "bad-row", "the page has no title")
    address = page_address(wiki.base, title, wiki.raised)
    if page.redirect:
        target = page.redirect.partition("#")[0]
        return Alias(place, address, page_address(wiki.base, target, wiki.raised))
    last = page.last
    if last is None:
        return Reject(place, "no-text", "the page has no revision", address)
    if (model := last.model.strip()) not in _WIKITEXT:
        return Reject(place, "not-wikitext", f"it is {model[:40]}", address)
    if last.letters > LARGEST_TEXT:
        return Reject(place, "too-large", f"its text has {last.letters:,} letters", address)
    text = last.text
    if not text.strip():
        return Reject(place, "no-text", "its text is empty", address)
    try:
        found = PageVersion(
            url=address,
            title=title,
            text=text,
            fetched_at=_time(last.timestamp) or wiki.made,
            lang=wiki.lang,
            site=wiki.site,
            source=wiki.source,
            capture=sha256(text.encode("utf-8", "surrogatepass")),
        )
    except UrlError as error:
        return Reject(place, "bad-address", str(error))
    return Ready(place, found, form="wikitext", base=wiki.base, raised=wiki.raised)


def _told(site: SiteInfo, wiki: _Wiki) -> _Wiki:
    """The wiki as the element says; the address of its main page tells where all pages are."""
    base = site.base.strip()
    root, slash, _ = base.rpartition("/")
    parts = urlsplit(base)
    usable = bool(slash and parts.scheme in ("http", "https") and parts.netloc and parts.path)
    lang = site.lang
    return replace(
        wiki,
        base=f"{root}/" if usable else wiki.base,
        site=site.name.strip(),
        lang=lang.split("-")[0].lower() if re.fullmatch(r"[A-Za-z]{2,3}(-.*)?", lang) else "",
        raised=site.case.strip() in ("first-letter", ""),
        namespaces={key: name or "the main one" for key, name in site.namespaces.items()},
    )


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
