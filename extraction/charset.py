"""Bytes of a web page to text: which character set they really are in.

Servers and pages often name the wrong one. The declared set is believed only while the bytes
agree with it; then the page's own `<meta>`, then UTF-8, then a statistical guess are tried. This
module knows nothing about HTML beyond its `<meta charset>` and its byte order mark.
"""

import codecs
import re
from collections.abc import Iterator

_META = re.compile(
    rb"<meta[^>]{0,400}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE
)
_XML = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_HEADER = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SINGLE_BYTE = ("cp125", "iso8859", "latin", "ascii", "koi8")
_SNIFFED = 4096
# A page cut off in a character, or with a few bad bytes in a comment, is still in its charset.
_TOLERATED_FAULTS = 0.002


def decode(body: bytes, content_type: str) -> str | None:
    """Return `body` as text, or None where no character set gives plausible text.

    `content_type` is the value of the HTTP header, empty if there was none.
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, errors="replace")
    declared = list(_declared(body, content_type))
    if body.isascii() and not any(
        name.startswith(("utf-16", "iso2022", "hz")) for name in declared
    ):
        return body.decode("ascii")
    utf8 = _strict(body, "utf-8")
    for name in declared:
        if utf8 is not None and name.startswith(_SINGLE_BYTE):
            # Any bytes are Latin-1; bytes that are also UTF-8 by chance hardly exist.
            return utf8
        if (text := _strict(body, name)) is not None and _plausible(text):
            return text
    if utf8 is not None:
        return utf8
    for name in (*declared, "utf-8"):
        text = body.decode(name, errors="replace")
        if text.count("\ufffd") <= max(1, _TOLERATED_FAULTS * len(text)) and _plausible(text):
            return text
    return _guess(body)


def _declared(body: bytes, content_type: str) -> Iterator[str]:
    """Python's names of the character sets that the header and then the page declare."""
    from w3lib.encoding import resolve_encoding

    labels = _HEADER.findall(content_type)
    head = body[:_SNIFFED]
    labels += [label.decode("ascii") for label in (*_META.findall(head), *_XML.findall(head))]
    seen = set()
    for label in labels:
        name = resolve_encoding(label)
        # A page whose <meta> could be read as ASCII is not in UTF-16, whatever it says there.
        if name and name.startswith("utf-16") and b"<" in head and b"\x00" not in head:
            name = "utf-8"
        if name and name not in seen:
            seen.add(name)
            yield name


def _strict(body: bytes, name: str) -> str | None:
    try:
        return body.decode(name)
    except (UnicodeDecodeError, LookupError):
        return None


def _plausible(text: str) -> bool:
    """True unless control characters say that these bytes were never text in this set."""
    sample = text[:20_000]
    controls = sum(1 for char in sample if char < " " and char not in "\t\n\r\f\x1b")
    controls += sum(1 for char in sample if "\x7f" <= char <= "\x9f")
    return controls <= len(sample) * 0.01


def _guess(body: bytes) -> str | None:
    from charset_normalizer import from_bytes

    # The guess reads only the letters of the page: markup and scripts are ASCII and dilute it.
    prose = re.sub(rb"(?is)<(script|style)\b.*?</\1\s*>|<[^>]*>", b" ", body[:200_000])
    high = sum(1 for byte in prose if byte >= 0x80)
    letters = high + sum(1 for byte in prose if chr(byte).isalpha() and byte < 0x80)
    # A few accents among ASCII letters are Western Europe's; statistics see Poland as often.
    western = high < 0.4 * max(1, letters)
    best = None if western else from_bytes(prose).best()
    for name in (best.encoding if best else None, "cp1252"):
        if name is None:
            continue
        text = body.decode(name, errors="replace")
        if text.count("\ufffd") <= max(1, _TOLERATED_FAULTS * len(text)) and _plausible(text):
            return text
    return None
