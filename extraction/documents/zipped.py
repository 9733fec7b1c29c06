"""A ZIP archive opened within bounds, and XML parsed without anything outside of it.

What an archive declares is judged before a byte of it is unpacked, and no member gives more than
it declared. Nothing is ever written. It knows nothing about what the members mean.
"""

import zipfile
from io import BytesIO
from typing import Any

from .draft import Unfit

MAX_MEMBERS = 20_000
MAX_UNPACKED = 400_000_000
MAX_XML = 100_000_000
"""Bytes of one XML member; its tree takes about ten times as much."""
MAX_RATIO = 150
"""Times a member may grow; sheets of numbers, the densest honest ones, grow some forty times."""
SMALL = 5_000_000
"""Bytes up to which a member may grow as it likes."""


def opened(body: bytes) -> zipfile.ZipFile:
    """Open an archive for reading.

    Raises Unfit: `damaged`, `bomb` (it would unpack to more than a document has), `locked`.
    """
    try:
        archive = zipfile.ZipFile(BytesIO(body))
        members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RecursionError) as error:
        raise Unfit("damaged", f"its ZIP archive cannot be opened ({error})") from None
    total = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS or total > MAX_UNPACKED:
        raise Unfit("bomb", f"it would unpack to {len(members):,} files of {total:,} bytes")
    for member in members:
        if member.file_size > max(SMALL, MAX_RATIO * member.compress_size):
            raise Unfit("bomb", f"a part of {member.compress_size:,} bytes says it has "
                        f"{member.file_size:,}")  # fmt: skip
        if member.flag_bits & 1:
            raise Unfit("locked", "its parts want a password; save a copy of it without one")
        if member.file_size > MAX_XML and member.filename.endswith((".xml", ".rels", "html")):
            raise Unfit("too-large", f"one of its parts has {member.file_size:,} bytes of XML")
    return archive


def member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return the bytes of a member.

    Raises Unfit (`damaged`) where it is not there or its bytes are not what was packed.
    """
    try:
        return archive.read(name)
    except KeyError:
        raise Unfit("damaged", f"its part {name[:80]} is missing") from None
    except MemoryError:
        raise
    except Exception as error:  # zlib, bz2 and lzma each raise their own
        raise Unfit("damaged", f"its part {name[:80]} cannot be unpacked ({error})") from None


def parsed(xml: bytes, what: str) -> Any:
    """Return the root of an XML document; its entities are not resolved, whatever they say.

    Raises Unfit (`damaged`) where it is none.
    """
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False
    )
    try:
        return etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unfit("damaged", f"its {what} is no XML ({str(error)[:120]})") from None


def local(element: Any) -> str:
    """Return the name of an element without its namespace; `""` for a comment."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
