"""The XML of a MediaWiki dump, as a stream: what it says of its wiki, and each of its pages.

No tree is ever built. Of a page only the last revision is held, of a text no more than its bound,
and markup without end is damage, so that neither a long history nor a hostile file fills the
memory. A DTD is damage. It knows no wikitext and no addresses.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from extraction.extract import MAX_TEXT

from .errors import DamagedError

LARGEST_TEXT = MAX_TEXT
"""Letters of a page's text that are held."""
LARGEST_MARKUP = 16_000_000
"""Bytes of one tag or comment; libxml2 itself would hold a thousand million."""
_PIECE = 1 << 16
_LONGEST_FIELD = 4000
_MOST_NAMESPACES = 10_000
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(slots=True)
class SiteInfo:
    """What a dump says of its wiki, as it is written there."""

    name: str = ""
    base: str = ""
    case: str = ""
    lang: str = ""
    namespaces: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Revision:
    """One text of a page; `letters` counts all of it, also where more than is held."""

    model: str = ""
    timestamp: str = ""
    text: str = ""
    letters: int = 0


@dataclass(slots=True)
class RawPage:
    """A page, with the last of its revisions."""

    title: str = ""
    namespace: str = ""
    redirect: str = ""
    last: Revision | None = None


def elements(file: IO[bytes], path: Path) -> Iterator[SiteInfo | RawPage]:
    """Yield the `siteinfo` and each `page`, in order. Raises XMLSyntaxError and DamagedError."""
    from lxml import etree

    found = _Target(path)
    # The tree's own bounds (10 MB a text, 256 levels) end all that follows; ours cost one page.
    parser = etree.XMLParser(
        target=found, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True
    )
    calls = since = 0
    while piece := file.read(_PIECE):
        try:
            parser.feed(piece)
        except etree.XMLSyntaxError:
            yield from found.taken()
            raise
        yield from found.taken()
        since = since + len(piece) if found.calls == calls else 0
        calls = found.calls
        if since > LARGEST_MARKUP:
            raise DamagedError(
                f"{path} has a tag or a comment of more than {LARGEST_MARKUP:,} bytes; what came "
                "before is stored, so check the file."
            )
    parser.close()
    yield from found.taken()


class _Target:
    """Told by the parser of each tag and of the text between them; keeps what is asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.calls = 0
        self._done: list[SiteInfo | RawPage] = []
        self._lang = ""
        self._site: SiteInfo | None = None
        self._page: RawPage | None = None
        self._revision: Revision | None = None
        self._key = ""
        self._depth = 0
        self._at = 0
        """How deep the element lies whose children are looked at."""
        self._wanted = ""
        self._parts: list[str] = []
        self._letters = 0

    def taken(self) -> list[SiteInfo | RawPage]:
        """What is whole since the last call."""
        done, self._done = self._done, []
        return done

    def doctype(self, *said: object) -> None:
        """A DTD begins: no dump has one, and what it defines could swell to anything."""
        raise DamagedError(
            f"{self._path} has a document type of its own, which no dump has; check where the file "
            "is from."
        )

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """A tag opens."""
        self.calls += 1
        self._depth += 1
        name = tag.rpartition("}")[2]
        if self._depth == 1:
            self._lang = attributes.get(_LANG, "")[:_LONGEST_FIELD]
        elif self._page is None and self._site is None:
            if name == "page":
                self._page, self._at = RawPage(), self._depth
            elif name == "siteinfo":
                self._site, self._at = SiteInfo(lang=self._lang), self._depth
        elif self._depth == self._at + 1:
            self._child(name, attributes)
        elif self._depth == self._at + 2 and (self._revision is not None or name == "namespace"):
            self._key = attributes.get("key", "")[:_LONGEST_FIELD]
            self._want(name)

    def data(self, text: str) -> None:
        """Text, in pieces of any size."""
        self.calls += 1
        if not self._wanted:
            return
        most = LARGEST_TEXT if self._wanted == "text" else _LONGEST_FIELD
        if self._letters < most:
            self._parts.append(text[: most - self._letters])
        self._letters += len(text)

    def end(self, tag: str) -> None:
        """A tag closes."""
        self.calls += 1
        name = tag.rpartition("}")[2]
        if self._wanted and name == self._wanted:
            self._keep(name, "".join(self._parts))
            self._wanted, self._parts = "", []
        if self._depth == self._at:
            done = self._page or self._site
            if done is not None:
                self._done.append(done)
            self._page = self._site = None
            self._at = 0
        elif self._depth == self._at + 1:
            self._revision = None
        self._depth -= 1

    def close(self) -> None:
        """The document is at its end."""

    def _child(self, name: str, attributes: Mapping[str, str]) -> None:
        if self._page is None:
            self._want(name if name in ("sitename", "base", "case") else "")
        elif name == "revision":
            # What came before it is let go: the last one counts.
            self._revision = self._page.last = Revision()
        elif name == "redirect":
            self._page.redirect = attributes.get("title", "")[:_LONGEST_FIELD]
        else:
            self._want(name if name in ("title", "ns") else "")

    def _want(self, name: str) -> None:
        self._wanted, self._parts, self._letters = name, [], 0

    def _keep(self, name: str, value: str) -> None:
        if self._site is not None:
            if name == "namespace" and len(self._site.namespaces) < _MOST_NAMESPACES:
                self._site.namespaces[self._key] = value
            elif name != "namespace":
                setattr(self._site, {"sitename": "name"}.get(name, name), value)
        elif self._page is not None and self._revision is not None:
            if name == "text":
                self._revision.text, self._revision.letters = value, self._letters
            elif name in ("model", "timestamp"):
                setattr(self._revision, name, value)
        elif self._page is not None:
            setattr(self._page, {"ns": "namespace"}.get(name, name), value)
