"""Sitemaps to addresses. It reads XML (gzipped or not) and plain lists, and fetches nothing."""

import zlib
from dataclasses import dataclass
from urllib.parse import urljoin

MAX_BYTES = 50_000_000
MAX_ENTRIES = 50_000


@dataclass(frozen=True, slots=True)
class Sitemap:
    """What a sitemap lists: `pages`, and `sitemaps` where it is an index of others."""

    pages: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()


def read(body: bytes, url: str) -> Sitemap | None:
    """Return the absolute addresses in a sitemap fetched from `url`, None if it is none."""
    body = _unpacked(body)
    if body.lstrip()[:1] != b"<":
        lines = body[:MAX_BYTES].decode("utf-8", errors="replace").split()
        pages = [line for line in lines if line.startswith(("http://", "https://"))]
        return Sitemap(tuple(pages[:MAX_ENTRIES])) if pages else None
    from lxml import etree

    # No entities, no network: a sitemap is somebody else's file.
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if root is None or not isinstance(root.tag, str):
        return None
    kind = etree.QName(root).localname
    if kind not in ("urlset", "sitemapindex"):
        return None
    found = [
        urljoin(url, (place.text or "").strip())
        for place in root.iterfind("{*}*/{*}loc")
        if (place.text or "").strip()
    ][:MAX_ENTRIES]
    return Sitemap(sitemaps=tuple(found)) if kind == "sitemapindex" else Sitemap(tuple(found))


def looks_like_one(body: bytes) -> bool:
    """True if `body` begins as a sitemap in XML does, packed or not."""
    head = _unpacked(body)[:2000] if body.startswith(b"\x1f\x8b") else body[:2000]
    return b"<urlset" in head or b"<sitemapindex" in head


def _unpacked(body: bytes) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body
    try:
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(body, MAX_BYTES)
    except zlib.error:
        return b""
