"""Files that may be compressed, told by their first bytes and never by their names.

It knows nothing about what is in them.
"""

import bz2
import contextlib
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, cast

from .errors import DamagedError

LARGEST_WINDOW = 28
"""The bytes that a zstd frame may ask to be held, as a power of two; `zstd --long=28` asks so."""
_PIECE = 1 << 20
_AHEAD = 1 << 21
"""Packed bytes of a file's beginning; the largest block, of bzip2, has 900,000."""


def peek(path: Path, head: bytes, most: int = 4096) -> bytes:
    """Return the first `most` plain bytes of the file at `path`, which begins with `head`.

    Fewer where it breaks off, or where the beginning of the packed file holds fewer.
    """
    unpacker = _unpacker(head)
    if unpacker is None:
        return head[:most]
    found = b""
    # What follows the part that was read is missing, of course.
    with contextlib.suppress(OSError, *_broken()):
        # zstd and bzip2 give nothing out before a whole block of theirs was read.
        with path.open("rb") as raw:
            begin = raw.read(_AHEAD)
        with unpacker(io.BytesIO(begin)) as file:
            while len(found) < most and (piece := file.read(1)):
                found += piece
    return found


@contextlib.contextmanager
def open_packed(path: Path) -> Iterator[IO[bytes]]:
    """Open a file of plain, gzip, zstd, bzip2 or xz bytes for reading in order.

    What is wrong with the compression is raised as DamagedError while the block runs.
    """
    with path.open("rb") as raw:
        head = raw.read(8)
        raw.seek(0)
        unpacker = _unpacker(head)
        try:
            if unpacker is None:
                yield io.BufferedReader(cast("io.RawIOBase", raw), _PIECE)
                return
            with unpacker(raw) as file:
                yield file
        except _broken() as error:
            raise DamagedError(
                f"{path} is damaged: its compressed data end or break off ({error}); what came "
                "before is stored, so fetch the file again and run the same command."
            ) from error


def _unpacker(head: bytes) -> Callable[[IO[bytes]], IO[bytes]] | None:
    if head.startswith(b"\x1f\x8b"):
        return lambda raw: cast("IO[bytes]", gzip.GzipFile(fileobj=raw, mode="rb"))
    if head.startswith(b"BZh"):
        return lambda raw: cast("IO[bytes]", bz2.BZ2File(raw))
    if head.startswith(b"\xfd7zXZ\0"):
        return lambda raw: cast("IO[bytes]", lzma.LZMAFile(raw))
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        return _zstd
    return None


def _zstd(raw: IO[bytes]) -> IO[bytes]:
    # Not zstandard, whose streams end in silence where a frame breaks off.
    from backports import zstd

    window = {int(zstd.DecompressionParameter.window_log_max): LARGEST_WINDOW}
    return cast("IO[bytes]", zstd.ZstdFile(raw, options=window))


def _broken() -> tuple[type[Exception], ...]:
    """What the libraries raise on bytes that are no such data."""
    from backports import zstd

    return (gzip.BadGzipFile, EOFError, zlib.error, lzma.LZMAError, zstd.ZstdError)
