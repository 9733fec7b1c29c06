"""The clusters of a ZIM file: blobs one after the other, packed together or not at all.

A cluster is unpacked as a stream and never held whole, whatever it swells to. Every offset is
checked before it is followed. It knows nothing of entries.
"""

import lzma
import os
import struct
from typing import IO, Protocol, cast

_MOST_OFFSETS = 8 << 20
_STEP = 1 << 18
_PLAIN, _XZ, _ZSTD = (0, 1), 4, 5
_ZSTD_WINDOW = 1 << 27
_XZ_MEMORY = 256 << 20


class BlobError(Exception):
    """A blob that cannot be read; the message is part of a sentence."""

    reason = "damaged"


class LargeBlobError(BlobError):
    """A blob of more bytes than were asked for."""

    reason = "too-large"


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class Part:
    """The bytes of a file from `at` to `end`, without moving its position."""

    def __init__(self, file: int, at: int, end: int) -> None:
        self._file, self._at, self._end = file, at, end

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes, as files do."""
        left = self._end - self._at
        data = os.pread(self._file, left if size < 0 else min(size, left), self._at)
        self._at += len(data)
        return data

    def pass_over(self, count: int) -> None:
        """Go on behind the next `count` bytes."""
        self._at = min(self._end, self._at + count)

    def left(self) -> int:
        """Return how many bytes there still are."""
        return self._end - self._at


class Cluster:
    """A cluster that is unpacked from its beginning on. `passed` blobs cannot be read again."""

    def __init__(self, number: int, info: int, part: Part) -> None:
        """Raises BlobError where its offsets lead nowhere."""
        self.number = number
        self.passed = 0
        self._part = part
        packing = info & 0x0F
        self._packed = packing not in _PLAIN
        if packing == _ZSTD:
            import zstandard

            unpacker = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
            self._stream: _Readable = unpacker.stream_reader(
                cast("IO[bytes]", part), read_size=1 << 16
            )
        elif packing == _XZ:
            self._stream = _Unxz(part)
        elif self._packed:
            raise BlobError(f"cluster {number:,} is packed in a way that is no longer in use")
        else:
            self._stream = part
        width = 8 if info & 0x10 else 4
        first = int.from_bytes(self._take(width), "little")
        if first % width or not width <= first <= _MOST_OFFSETS:
            raise BlobError(f"the offsets of cluster {number:,} are wrong")
        rest = self._take(first - width)
        self._offsets = struct.unpack(
            f"<{first // width}{'Q' if width == 8 else 'I'}",
            first.to_bytes(width, "little") + rest,
        )
        if any(one > other for one, other in zip(self._offsets, self._offsets[1:], strict=False)):
            raise BlobError(f"the offsets of cluster {number:,} are not in order")
        self._at = first

    def blob(self, number: int, most: int) -> bytes:
        """Return a blob that was not passed yet. Raises BlobError."""
        if not 0 <= number < len(self._offsets) - 1:
            raise BlobError(f"cluster {self.number:,} has no blob {number:,}")
        begin, end = self._offsets[number : number + 2]
        if end - begin > most:
            raise LargeBlobError(f"it has {end - begin:,} bytes, more than {most:,}")
        if not self._packed and end - self._at > self._part.left():
            raise BlobError(f"cluster {self.number:,} goes past the end of the file")
        self.passed = number + 1
        if not self._packed:
            self._part.pass_over(begin - self._at)
            self._at = begin
        while self._at < begin:
            self._at += len(self._take(min(_STEP, begin - self._at)))
        data = self._take(end - begin)
        self._at = end
        return data

    def _take(self, count: int) -> bytes:
        """Exactly the next `count` bytes. Raises BlobError."""
        import zstandard

        found: list[bytes] = []
        try:
            while count > 0 and (part := self._stream.read(min(count, _STEP))):
                found.append(part)
                count -= len(part)
        except (zstandard.ZstdError, lzma.LZMAError, EOFError, MemoryError) as error:
            raise BlobError(f"cluster {self.number:,} cannot be unpacked") from error
        if count > 0:
            raise BlobError(f"cluster {self.number:,} is shorter than it says")
        return b"".join(found)


class _Unxz:
    """Unpacks xz in bounded steps; the library's own file object has no bound for its memory."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._unpack = lzma.LZMADecompressor(lzma.FORMAT_AUTO, memlimit=_XZ_MEMORY)

    def read(self, size: int = -1, /) -> bytes:
        while not self._unpack.eof:
            packed = self._part.read(1 << 16) if self._unpack.needs_input else b""
            if not packed and self._unpack.needs_input:
                return b""
            if plain := self._unpack.decompress(packed, size):
                return plain
        return b""
