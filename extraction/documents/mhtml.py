"""A page that a browser saved whole (MHTML) → the bytes of the page, its address and the day.

The standard library reads the message. Pictures, styles and frames beside the page are left. It
knows nothing about HTML.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import Message
from email.parser import BytesParser
from email.utils import parsedate_to_datetime

from store.errors import UrlError
from store.urls import canonical

from .draft import Unfit

HTML = ("text/html", "application/xhtml+xml")


@dataclass(frozen=True, slots=True)
class Part:
    """The page inside: `url` is the address it was saved from, `saved_at` when, if it says."""

    body: bytes
    content_type: str
    url: str
    saved_at: datetime | None


def main_part(body: bytes, url: str) -> Part:
    """Return the page in a message that was found at `url`.

    Raises Unfit (`damaged`) where there is none.
    """
    try:
        message = BytesParser(policy=policy.compat32).parsebytes(body)
        part = _page(message)
        content = part.get_payload(decode=True) if part is not None else None
    except (ValueError, LookupError, RecursionError, AttributeError, TypeError) as error:
        raise Unfit("damaged", f"its parts cannot be told ({type(error).__name__})") from None
    if part is None or not isinstance(content, bytes):
        raise Unfit("damaged", "there is no HTML page among its parts")
    charset = part.get_param("charset")
    kind = "text/html" + (f"; charset={charset}" if isinstance(charset, str) else "")
    return Part(content, kind, _address(message, part) or url, _day(message))


def _page(message: Message) -> Message | None:
    """The part that the message calls its start, else the first HTML in it."""
    start = str(message.get_param("start") or "").strip()
    first = None
    for part in message.walk():
        if part.get_content_type() not in HTML:
            continue
        if start and str(part.get("Content-ID") or "").strip() == start:
            return part
        if first is None:
            first = part
    return first


def _address(message: Message, part: Message) -> str:
    for found in (part.get("Content-Location"), message.get("Snapshot-Content-Location")):
        text = "".join(str(found or "").split())
        if text.startswith(("http://", "https://")):
            try:
                return canonical(text)
            except UrlError:
                continue
    return ""


def _day(message: Message) -> datetime | None:
    try:
        day = parsedate_to_datetime(str(message.get("Date") or ""))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return day if day.tzinfo else day.replace(tzinfo=UTC)
