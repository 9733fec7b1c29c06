"""What an importer gives: the documents of one archive, in an order that never changes.

An importer reads a container (an archive, a dump, a folder) and knows what is in it; it knows
neither how bytes become a page (extraction does, in bounded processes) nor how pages are stored.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from store.page import PageVersion


@dataclass(frozen=True, slots=True)
class Document:
    """Bytes that extraction is to read: a response of a web archive, a file of a folder.

    `place` says where in the archive it stands, for people ("record 17 at byte 40,312"). `headers`
    has lower-case names; its `content-type` chooses the reader. `fetched_at` is when it was
    captured, with a time zone. `source` is kept with the page ("warc:name.warc.gz"). `title` is
    what the archive calls it; it is used where the bytes themselves have none.
    """

    place: str
    body: bytes
    url: str
    fetched_at: datetime
    source: str
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    aliases: tuple[str, ...] = ()
    title: str = ""


@dataclass(frozen=True, slots=True)
class Ready:
    """A page that needs no extraction: a row of a corpus.

    Language, links and a title are told from its text where it has none, unless it is `whole`: a
    page that was exported from a store. With the `form` "wikitext" its text is the markup of a wiki
    whose pages have addresses that begin with `base`, and whose titles begin with a capital letter
    if they are `raised`; it becomes Markdown.
    """

    place: str
    page: PageVersion
    whole: bool = False
    form: str = "markdown"
    base: str = ""
    raised: bool = True


@dataclass(frozen=True, slots=True)
class Alias:
    """An address that leads to another one: a redirect."""

    place: str
    url: str
    target: str


@dataclass(frozen=True, slots=True)
class Reject:
    """Something in the archive that becomes no page, and why.

    `reason` is one stable word or two joined by a hyphen; `detail` is a sentence for people. `url`
    is empty where it has none.
    """

    place: str
    reason: str
    detail: str
    url: str = ""


Item = Document | Ready | Alias | Reject
"""One thing in an archive. Everything in it is one of these: nothing is left out in silence."""


class Importer(Protocol):
    """One format. A module of this package is one, with these names at its top."""

    NAME: str
    """The format, as it stands in `source` and in reports: "warc"."""

    def claims(self, path: Path, head: bytes) -> bool:
        """Say whether `path`, whose first 4096 bytes are `head` (empty for a folder), is of it."""
        ...

    def items(self, path: Path) -> Iterator[Item]:
        """Yield what is in it, always in the same order, holding one document in memory at a time.

        Raises DamagedError or LockedError where it cannot be read (further); what was yielded
        before stays good.
        """
        ...
