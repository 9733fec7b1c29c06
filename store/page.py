"""What a page is: its address, its text and when it was fetched, as one frozen value. It knows
nothing about how pages are stored or found.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

from .digest import canonical_json, sha256
from .urls import canonical

_CAPTURE = re.compile(r"sha256:[0-9a-f]{64}\Z")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Outlink:
    """A link out of a page: the absolute `url` as written there, and its anchor `text`."""

    url: str
    text: str


@dataclass(frozen=True, slots=True)
class PageVersion:
    """One version of one page, as it was fetched at `fetched_at`.

    `text` is Markdown; every span elsewhere is a half-open range of str offsets into it. `url` is
    canonical (store.urls). NUL characters are removed and lone surrogates replaced by U+FFFD when
    the value is made, because no database holds them: spans are counted after that. `capture` is
    the tagged SHA-256 of the bytes that were captured, "" where there were none. The fields
    from `page_id` on are filled in by the store; `gone_at` says since when the page's server no
    longer has it.

    Raises UrlError for a bad `url`, ValueError for a `fetched_at` without a time zone and for a
    `capture` that is no digest.
    """

    url: str
    title: str
    text: str
    fetched_at: datetime
    lang: str = ""
    site: str = ""
    published: date | None = None
    author: str = ""
    status: int = 200
    source: str = ""
    extractor: str = ""
    outlinks: tuple[Outlink, ...] = ()
    etag: str | None = None
    last_modified: str | None = None
    aliases: tuple[str, ...] = ()
    capture: str = ""
    page_id: int | None = None
    version_id: int | None = None
    seq_from: int | None = None
    seq_to: int | None = None
    gone_at: datetime | None = None

    def __post_init__(self) -> None:
        """Clean what no database holds."""
        if self.fetched_at.tzinfo is None:
            raise ValueError("fetched_at must carry a time zone; use datetime.now(UTC)")
        if self.capture and not _CAPTURE.match(self.capture):
            raise ValueError("capture must be sha256: and 64 hex digits; use store.digest.sha256")
        object.__setattr__(self, "url", canonical(self.url))
        object.__setattr__(self, "fetched_at", self.fetched_at.astimezone(UTC))
        for name in ("title", "text", "lang", "site", "author", "source", "extractor"):
            object.__setattr__(self, name, clean(getattr(self, name)))
        for name in ("etag", "last_modified"):
            value = getattr(self, name)
            object.__setattr__(self, name, value if value is None else clean(value))
        if self.outlinks:
            links = tuple(Outlink(clean(link.url), clean(link.text)) for link in self.outlinks)
            object.__setattr__(self, "outlinks", links)

    @property
    def digest(self) -> str:
        """The tagged SHA-256 of the content: title and text, nothing else."""
        return content_digest(self.title, self.text)


def content_digest(title: str, text: str) -> str:
    """Return the tagged SHA-256 of a page's content."""
    return sha256(canonical_json({"text": text, "title": title}))


def clean(text: str) -> str:
    """Return `text` without NUL, and with U+FFFD for each lone surrogate."""
    if "\0" in text:
        text = text.replace("\0", "")
    if not text.isascii() and _SURROGATE.search(text):
        text = _SURROGATE.sub("\ufffd", text)
    return text
