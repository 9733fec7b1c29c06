"""Rows that `appliance export` wrote: each value is taken as it stands, and the digest is checked.

It knows no other layout.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from store.errors import UrlError
from store.page import Outlink, PageVersion

from .base import Ready, Reject


def is_exported(row: Mapping[str, Any]) -> bool:
    """True if a row has the columns that only an export has together."""
    return all(name in row for name in ("url", "text", "fetched_at", "outlinks", "aliases"))


def read_exported(row: Mapping[str, Any], place: str) -> Ready | Reject:
    """Return the page in the row, or why it is none."""
    try:
        page = _page(row)
    except UrlError as error:
        return Reject(place, "bad-address", str(error))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        return Reject(place, "bad-row", f"one of its values cannot be used ({error})")
    said = row.get("digest")
    if said is not None and said != page.digest:
        detail = "its title and text no longer have the digest that was written with them"
        return Reject(place, "damaged", detail, page.url)
    return Ready(place, page, whole=True)


def _page(row: Mapping[str, Any]) -> PageVersion:
    published, gone = row.get("published"), row.get("gone_at")
    return PageVersion(
        url=row["url"],
        title=_text(row, "title"),
        text=_text(row, "text"),
        fetched_at=datetime.fromisoformat(row["fetched_at"]),
        lang=_text(row, "lang"),
        site=_text(row, "site"),
        published=date.fromisoformat(published) if published else None,
        author=_text(row, "author"),
        status=_status(row.get("status", 200)),
        source=_text(row, "source"),
        extractor=_text(row, "extractor"),
        outlinks=tuple(Outlink(_is_text(url), _is_text(said)) for url, said in row["outlinks"]),
        etag=_text(row, "etag") or None,
        last_modified=_text(row, "last_modified") or None,
        aliases=tuple(map(_is_text, row["aliases"])),
        capture=_text(row, "capture"),
        gone_at=_moment(gone) if gone else None,
    )


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None else _is_text(value)


def _is_text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is no text")
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
