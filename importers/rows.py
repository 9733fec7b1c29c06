"""From one row of a corpus to a page, in every layout of the field: the names of its columns tell.

    {"url", "title", "doc"}                        LiteResearcher
    {"id", "text", "metadata": {"title", "url"}}   the nested form of the same
    {"id", "contents"}                             Search-R1: the first line is the title
    {"docid", "url", "text"}                       BrowseComp-Plus, OpenResearcher
    {"_id", "title", "text"}                       BEIR

What `appliance export` writes is read by `exported`.

A row without an address gets one that stays the same: `doc://<file>/<id>`. It knows no files.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from extraction.extract import MAX_TEXT
from extraction.metadata import MAX_TITLE
from store.errors import UrlError
from store.page import PageVersion
from store.urls import LONGEST

from .base import Ready, Reject
from .exported import is_exported, read_exported
from .names import shown
from .seen import Seen

_TEXTS = ("text", "doc", "contents", "content", "body", "markdown")
_IDS = ("_id", "id", "docid", "doc_id")
_FETCHED = ("fetched_at", "crawled_at", "date_crawled", "captured")
_PUBLISHED = ("published", "date", "published_at", "date_published")
_NAMED = ("url", "source_url", "title", "metadata", "lang", "language", "site", "author", "status")
_EXPORTED = ("source", "extractor", "outlinks", "aliases", "declared", "etag", "last_modified")
_SEALED = ("capture", "gone_at", "digest")
COLUMNS = frozenset((*_TEXTS, *_IDS, *_FETCHED, *_PUBLISHED, *_NAMED, *_EXPORTED, *_SEALED))
"""Every name that is looked for in a row."""
_FRONT_TITLE = re.compile(r"\A---\r?\n(?:.*\r?\n){0,10}?title:[ \t]*(.+?)[ \t]*\r?\n")
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_PLAIN = "/:@,;=+()'!*-._~"
_DULL_STEMS = ("corpus", "docs", "documents", "train", "data", "passages", "wiki")


@dataclass(slots=True)
class Origin:
    """Where rows come from: the name in their addresses, their source, when the file was made."""

    name: str
    source: str
    fetched_at: datetime
    seen: Seen = field(default_factory=Seen)

    @classmethod
    def of(cls, path: Path, format: str) -> "Origin":
        """Return the origin for the rows of a file."""
        made = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        return cls(_name(path), f"{format}:{shown(path.name)}", made)


def read_row(row: object, place: str, origin: Origin, capture: str = "") -> Ready | Reject:
    """Return the page in a row, or why it is none; `capture` is the digest of the row's bytes."""
    if not isinstance(row, Mapping):
        return Reject(place, "bad-row", "it is no object with named values")
    if is_exported(row):
        return _once(read_exported(row, place), origin)
    inner = row.get("metadata")
    more: Mapping[str, Any] = inner if isinstance(inner, Mapping) else {}
    name = next((key for key in _TEXTS if isinstance(row.get(key), str)), None)
    text = row[name] if name is not None else ""
    title = _string(row, more, "title")
    if name == "contents" and not title:
        title, _, text = text.partition("\n")
        title = title.strip().strip('"')
    url = _string(row, more, "url") or _string(row, more, "source_url")
    url = url or _address(row, title, text, origin)
    shown = url[:LONGEST]
    if not text.strip():
        why = "its text is empty" if name is not None else f"it has none of {', '.join(_TEXTS)}"
        return Reject(place, "no-text", why, shown)
    if len(text) > MAX_TEXT:
        return Reject(place, "too-large", f"its text has {len(text):,} letters", shown)
    if not title and (found := _FRONT_TITLE.match(text[:4000])):
        title = found[1].strip("\"'")
    try:
        page = _page(row, more, url, title, text, origin, capture)
    except UrlError as error:
        return Reject(place, "bad-address", str(error))
    except (ValueError, TypeError, OverflowError) as error:
        return Reject(place, "bad-row", f"one of its values cannot be used ({error})", shown)
    return _once(Ready(place, page), origin)


def _once(found: Ready | Reject, origin: Origin) -> Ready | Reject:
    """Refuse the second row of an address."""
    if isinstance(found, Ready) and not origin.seen.add(found.page.url):
        detail = "a row before it has the same address"
        return Reject(found.place, "duplicate", detail, found.page.url)
    return found


def _page(
    row: Mapping[str, Any],
    more: Mapping[str, Any],
    url: str,
    title: str,
    text: str,
    origin: Origin,
    capture: str,
) -> PageVersion:
    site = _string(row, more, "site")
    if not site and url[:4].lower() == "http":
        site = urlsplit(url).hostname or ""
    status = row.get("status", 200)
    return PageVersion(
        url=url,
        title=" ".join(title.split())[:MAX_TITLE],
        text=text,
        fetched_at=_time(row, more) or origin.fetched_at,
        lang=_string(row, more, "lang") or _string(row, more, "language"),
        site=site,
        published=_day(row, more),
        author=_string(row, more, "author"),
        status=status if isinstance(status, int) and 0 <= status <= 999 else 200,
        source=origin.source,
        capture=capture,
    )


def _address(row: Mapping[str, Any], title: str, text: str, origin: Origin) -> str:
    """The address of a row that has none: by its id, or else by what it says."""
    for name in _IDS:
        value = row.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            key = str(value).strip().encode("utf-8", "replace")
            return f"doc://{origin.name}/{quote(key, safe=_PLAIN)}"
    said = f"{title}\n{text}".encode("utf-8", "replace")
    return f"doc://{origin.name}/{hashlib.blake2b(said, digest_size=12).hexdigest()}"


def _name(path: Path) -> str:
    """The name of a file without its endings; of a `corpus.jsonl` that of its folder."""
    stem = path.name.split(".")[0] or path.name.strip(".")
    if stem.lower() in _DULL_STEMS and path.resolve().parent.name:
        stem = path.resolve().parent.name
    return quote(stem.encode("utf-8", "surrogateescape"), safe="-._~") or "rows"


def _string(row: Mapping[str, Any], more: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if value is None:
        value = more.get(name)
    return value.strip() if isinstance(value, str) else ""


def _time(row: Mapping[str, Any], more: Mapping[str, Any]) -> datetime | None:
    for name in _FETCHED:
        value = row.get(name, more.get(name))
        if isinstance(value, datetime):
            return value if value.tzinfo else value.replace(tzinfo=UTC)
        if isinstance(value, str) and value:
            try:
                found = datetime.fromisoformat(value)
            except ValueError:
                continue
            return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None


def _day(row: Mapping[str, Any], more: Mapping[str, Any]) -> date | None:
    for name in _PUBLISHED:
        value = row.get(name, more.get(name))
        if isinstance(value, date):
            return date(value.year, value.month, value.day)
        if isinstance(value, str) and (found := _DAY.match(value)):
            try:
                return date(int(found[1]), int(found[2]), int(found[3]))
            except ValueError:
                continue
    return None
