"""Rows that `appliance export` wrote: each value is taken as it stands, and the digest is checked.

It knows no other layout.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from extraction.extract import MAX_TEXT
from store.errors import UrlError
from store.page import Outlink, PageVersion
from store.urls import LONGEST

from .base import Ready, Reject


def is_exported(row: Mapping[str, Any]) -> bool:
    """True if a row has the columns that only an export has together."""
    return all(name in row for name in ("url", "text", "fetched_at", "outlinks", "aliases"))


def read_exported(row: Mapping[str, Any], place: str) -> Ready | Reject:
    """Return the page in the row, or why it is none."""
    said, text = row.get("digest"), row.get("text")
    if not isinstance(text, str) or not isinstance(said, str):
        return Reject(place, "bad-row", "it has no text, or no digest of it")
    if len(text) > MAX_TEXT:
        return Reject(place, "too-large", f"its text has {len(text):,} letters")
    try:
        page = _page(row)
    except UrlError as error:
        return Reject(place, "bad-address", str(error))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        return Reject(place, "bad-row", f"one of its values cannot be used ({error})")
    if said != page.digest:
        detail = "its title and text no longer have the digest that was written with them"
        return Reject(place, "damaged", detail, page.url)
    return Ready(place, page, whole=True)


def _page(row: Mapping[str, Any]) -> PageVersion:
    published, gone = row.get("published"), row.get("gone_at")
    return PageVersion(
        url=row["url"],
        title=_text(row, "title"),
        text=row["text"],
        fetched_at=datetime.fromisoformat(row["fetched_at"]),
        lang=_text(row, "lang"),
        site=_text(row, "site"),
        published=date.fromisoformat(published) if published else None,
        author=_text(row, "author"),
        status=_status(row.get("status", 200)),
        source=_text(row, "source"),
        extractor=_text(row, "extractor"),
        outlinks=_links(row["outlinks"]),
        etag=_text(row, "etag") or None,
        last_modified=_text(row, "last_modified") or None,
        aliases=tuple(map(_is_text, row["aliases"])),
        declared=_text(row, "declared"),
        capture=_text(row, "capture"),
        gone_at=_moment(gone) if gone else None,
    )


def _links(row: Iterable[Sequence[object]]) -> tuple[Outlink, ...]:
    """The links, each as it was; together no longer than a text may be."""
    links = tuple(Outlink(_is_text(url, MAX_TEXT), _is_text(words, MAX_TEXT)) for url, words in row)
    if sum(len(link.url) + len(link.text) for link in links) > MAX_TEXT:
        raise ValueError(f"its links have more than {MAX_TEXT:,} letters")
    return links


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None else _is_text(value)


def _is_text(value: object, most: int = LONGEST) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is no text")
    if len(value) > most:
        raise ValueError(f"a text of {len(value):,} letters is none of these")
    return value


def _moment(value: str) -> datetime:
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError(f"{value:.40} has no time zone")
    return found


def _status(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value <= 999:
        raise ValueError(f"{value!r:.40} is no status")
    return value
