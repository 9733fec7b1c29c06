"""Feeds to addresses: RSS, RDF, Atom and JSON Feed. It reads them and fetches nothing."""

import json
from typing import Any
from urllib.parse import urljoin

MAX_ENTRIES = 10_000
_JSON_FEED = "https://jsonfeed.org/version/"


def read(body: bytes, url: str) -> tuple[str, ...] | None:
    """Return where the entries of the feed fetched from `url` lead, in its order; None if the
    body is no feed.
    """
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"{":
        found = _json(body)
    elif start == b"<":
        found = _xml(body)
    else:
        return None
    if found is None:
        return None
    links = dict.fromkeys(urljoin(url, link.strip()) for link in found if link.strip())
    return tuple(list(links)[:MAX_ENTRIES])


def _json(body: bytes) -> list[str] | None:
    try:
        feed = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(feed, dict) or not str(feed.get("version", "")).startswith(_JSON_FEED):
        return None
    items = feed.get("items")
    links = [
        item.get("url") or item.get("external_url")
        for item in (items if isinstance(items, list) else [])
        if isinstance(item, dict)
    ]
    return [link for link in links if isinstance(link, str)]


def _xml(body: bytes) -> list[str] | None:
    # A page of HTML is not parsed as XML only to find that out.
    head = body[:2000].lower()
    if not any(mark in head for mark in (b"<rss", b"<feed", b"<rdf:rdf", b":feed")):
        return None
    from lxml import etree

    # No entities, no network: a feed is somebody else's file.
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if root is None or not isinstance(root.tag, str):
        return None
    kind = etree.QName(root).localname.lower()
    if kind in ("rss", "rdf"):
        return [link for item in root.iterfind(".//{*}item") if (link := _rss(item))]
    if kind == "feed":
        return [link for entry in root.iterfind("{*}entry") if (link := _atom(entry))]
    return None


def _rss(item: Any) -> str:
    """An item's link, or its guid where that is an address."""
    link = item.findtext("{*}link") or ""
    if link.strip():
        return str(link)
    guid = item.find("{*}guid")
    if guid is None or guid.get("isPermaLink", "true") == "false":
        return ""
    return str(guid.text or "")


def _atom(entry: Any) -> str:
    """The link to the entry's own page."""
    links = entry.findall("{*}link")
    for link in links:
        if link.get("rel", "alternate") == "alternate":
            return str(link.get("href") or "")
    return ""
