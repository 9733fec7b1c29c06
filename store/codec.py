"""How a version's text and outlinks become bytes and come back. It knows no tables."""

import json

import zstandard

from .digest import canonical_json
from .errors import DamagedPageError
from .page import Outlink

LEVEL = 6


class Packer:
    """Compresses many values in turn; one for each thread."""

    def __init__(self) -> None:
        self._zstd = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)

    def text(self, text: str) -> bytes:
        """Return `text` as a zstd frame that carries its length and a checksum."""
        return self._zstd.compress(text.encode("utf-8"))

    def outlinks(self, links: tuple[Outlink, ...]) -> bytes:
        """Return `links` as zstd-compressed JSON `[[url, text], …]`; no bytes for no links."""
        if not links:
            return b""
        return self._zstd.compress(canonical_json([[link.url, link.text] for link in links]))


def unpack_text(body: bytes) -> str:
    """Return the text in `body`; raises DamagedPageError where it cannot be read."""
    try:
        return zstandard.ZstdDecompressor().decompress(body).decode("utf-8")
    except (zstandard.ZstdError, UnicodeDecodeError, MemoryError) as error:
        raise DamagedPageError(
            f"The stored text of a page cannot be read ({error}); run: appliance doctor, and "
            "crawl or import that page again."
        ) from error


def unpack_outlinks(body: bytes) -> tuple[Outlink, ...]:
    """Return the links in `body`; raises DamagedPageError where they cannot be read."""
    if not body:
        return ()
    try:
        rows = json.loads(zstandard.ZstdDecompressor().decompress(body))
        return tuple(Outlink(url, text) for url, text in rows)
    except (zstandard.ZstdError, ValueError, TypeError, MemoryError) as error:
        raise DamagedPageError(
            f"The stored links of a page cannot be read ({error}); run: appliance doctor, and "
            "crawl or import that page again."
        ) from error
