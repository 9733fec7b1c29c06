"""The plain bytes of a file that is packed in gzip members, in zstd frames, or not at all.

What is packed is told from the bytes, never from the name. No call gives out more than it was asked
for, whatever the packed bytes would swell to, and every fault is a `Broken` that says where. It
knows nothing of what the bytes mean.
"""

import re
import zlib
from typing import Any, BinaryIO

from .errors import DamagedError

GZIP = b"\x1f\x8b\x08"
ZSTD = b"\x28\xb5\x2f\xfd"
_DICTIONARY = b"\x5d\x2a\x4d\x18"
_SKIPPED = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")
_READ = 1 << 16
# Of packed bytes at a time: a zstd block of four bytes can stand for 128 KiB.
_FED = {"gzip": 1 << 14, "zstd": 512}
_GIVEN = 1 << 18
_WINDOW = 1 << 27
_MOST_DICTIONARY = 1 << 24
_FENCE = 4096


class Broken(DamagedError):
    """Packed bytes that cannot be unpacked; `member` is where in the file their member begins."""

    def __init__(self, member: int, why: str) -> None:
        super().__init__(f"the archive is damaged at byte {member:,} ({why}); get it anew")
        self.member = member
        self.why = why


class Members:
    """A file's plain bytes, read forwards. `kind` is `plain`, `gzip` or `zstd`."""

    def __init__(self, file: BinaryIO) -> None:
        """Raises Broken where the file begins with a dictionary that cannot be read."""
        self._file = file
        self._dictionary: Any = None
        file.seek(0)
        head = file.read(8)
        self.kind = "gzip" if head.startswith(GZIP) else "plain"
        if head.startswith(ZSTD) or _SKIPPED.match(head):
            self.kind = "zstd"
            if head.startswith(_DICTIONARY):
                self._dictionary = _read_dictionary(file, int.from_bytes(head[4:8], "little"))
        self.seek(0)

    def seek(self, offset: int) -> None:
        """Go on at byte `offset` of the file, where a member begins if it is packed."""
        self._packed = b""
        self._taken = offset
        self._plain = b""
        self._at = 0
        self._unpack: Any = None
        self._member = offset
        self._given = 0
        self._pending = False
        self._starts = True

    @property
    def offset(self) -> int:
        """Where in the file the next byte stands or, if it is packed, its member begins."""
        if self._at >= len(self._plain):
            self._next()
        if self.kind == "plain":
            return self._taken - len(self._plain) + self._at
        return self._member

    @property
    def starts(self) -> bool:
        """Whether `seek(offset)` leads back to the next byte."""
        if self._at >= len(self._plain):
            self._next()
        return self.kind == "plain" or (self._starts and self._at == 0)

    def peek(self, count: int) -> bytes:
        """Return up to `count` of the next bytes and stay before them; never past a member."""
        if self._at >= len(self._plain) and not self._next():
            return b""
        while len(self._plain) - self._at < count:
            if self.kind == "plain":
                if not (more := self._read()):
                    break
            elif self._unpack.eof:
                break
            else:
                more = self._more()
            self._starts = self._starts and self._at == 0
            self._plain, self._at = self._plain[self._at :] + more, 0
        return self._plain[self._at : self._at + count]

    def read(self, count: int, fence: re.Pattern[bytes] | None = None) -> bytes:
        """Return the next `count` bytes, fewer at the end of the file.

        With `fence` it ends as well before a member whose first bytes the pattern matches.
        """
        found: list[bytes] = []
        while count > 0 and (part := self._some(count, fence if found else None)):
            count -= len(part)
            found.append(part)
        return b"".join(found)

    def skip(self, count: int, fence: re.Pattern[bytes] | None = None) -> int:
        """Pass over `count` bytes as `read` would; return how many there were."""
        passed = 0
        while passed < count and (part := self._some(count - passed, fence if passed else None)):
            passed += len(part)
        return passed

    def readline(self, most: int) -> bytes:
        """Return the next bytes up to and with a line feed, at most `most` of them."""
        found: list[bytes] = []
        while most > 0 and (self._at < len(self._plain) or self._next()):
            end = self._plain.find(b"\n", self._at, self._at + most)
            part = self._plain[self._at : self._at + most if end < 0 else end + 1]
            self._at += len(part)
            most = 0 if end >= 0 else most - len(part)
            found.append(part)
        return b"".join(found)

    def seek_member(self, behind: int, begins: re.Pattern[bytes]) -> bool:
        """Go to the first member behind byte `behind` whose bytes `begins` matches, if any."""
        magic = GZIP if self.kind == "gzip" else ZSTD
        at, kept = behind + 1, b""
        while True:
            self._file.seek(at + len(kept))
            block = self._file.read(1 << 20)
            kept += block
            found = kept.find(magic)
            while found >= 0:
                if self._begins(at + found, begins):
                    return True
                found = kept.find(magic, found + 1)
            if not block:
                return False
            at, kept = at + len(kept) - 3, kept[-3:]

    def _begins(self, offset: int, begins: re.Pattern[bytes]) -> bool:
        self.seek(offset)
        try:
            return begins.match(self.peek(_FENCE)) is not None
        except Broken:
            return False

    def _some(self, most: int, fence: re.Pattern[bytes] | None) -> bytes:
        """Some of the next bytes; none at the end of the file or before the fence."""
        if self._at >= len(self._plain):
            if not self._next():
                return b""
            begins = self.kind != "plain" and self._starts
            if fence is not None and begins and fence.match(self.peek(_FENCE)):
                return b""
        part = self._plain[self._at : self._at + most]
        self._at += len(part)
        return part

    def _next(self) -> bool:
        """Unpack more once all that was unpacked is used; False at the end of the file."""
        self._plain, self._at = b"", 0
        if self.kind == "plain":
            self._plain = self._read()
            return bool(self._plain)
        while True:
            if (self._unpack is None or self._unpack.eof) and not self._begin():
                return False
            starts = self._given == 0
            if plain := self._more():
                self._plain, self._starts = plain, starts
                return True

    def _more(self) -> bytes:
        """Unpack some more of the present member; nothing where that took only its check sum."""
        import zstandard

        gzip = self.kind == "gzip"
        packed = self._unpack.unconsumed_tail if gzip else b""
        if not packed and not self._pending:
            packed = self._take(_FED[self.kind])
            if not packed:
                raise Broken(self._member, "the file ends in the middle of it")
        try:
            plain = self._unpack.decompress(packed, *([_GIVEN] if gzip else []))
        except (zlib.error, zstandard.ZstdError, MemoryError) as error:
            raise Broken(self._member, "what was packed there is not what can be read") from error
        self._pending = gzip and len(plain) == _GIVEN
        if self._unpack.eof:
            self._packed = self._unpack.unused_data + self._packed
        self._given += len(plain)
        return bytes(plain)

    def _begin(self) -> bool:
        """Begin the next member; False at the end of the file or where only zeros follow."""
        import zstandard

        while True:
            head = self._take(8)
            if not head:
                return False
            if self.kind == "zstd" and _SKIPPED.match(head) and len(head) == 8:
                self._pass(int.from_bytes(head[4:], "little"))
            elif head.strip(b"\0"):
                break
        self._packed = head + self._packed
        self._member = self._taken - len(self._packed)
        self._given, self._pending = 0, False
        if not head.startswith(GZIP if self.kind == "gzip" else ZSTD):
            raise Broken(self._member, f"nothing packed with {self.kind} begins there")
        if self.kind == "gzip":
            self._unpack = zlib.decompressobj(31)
        else:
            unpacker = zstandard.ZstdDecompressor(self._dictionary, max_window_size=_WINDOW)
            self._unpack = unpacker.decompressobj()
        return True

    def _read(self) -> bytes:
        self._file.seek(self._taken)
        block = self._file.read(_READ)
        self._taken += len(block)
        return block

    def _take(self, count: int) -> bytes:
        """The next `count` packed bytes, fewer at the end of the file."""
        if len(self._packed) < count:
            self._packed += self._read()
        part, self._packed = self._packed[:count], self._packed[count:]
        return part

    def _pass(self, count: int) -> None:
        held = min(count, len(self._packed))
        self._packed = self._packed[held:]
        self._taken += count - held


def _read_dictionary(file: BinaryIO, length: int) -> Any:
    """The dictionary in the first frame of a .warc.zst, itself packed or not."""
    import zstandard

    if length > _MOST_DICTIONARY:
        raise Broken(0, "its dictionary is too large")
    data = file.read(length)
    try:
        if data.startswith(ZSTD):
            if not 0 <= zstandard.frame_content_size(data) <= _MOST_DICTIONARY:
                raise Broken(0, "its dictionary is too large")
            data = zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompress(data)
        return zstandard.ZstdCompressionDict(data)
    except (zstandard.ZstdError, ValueError, MemoryError) as error:
        raise Broken(0, "its dictionary cannot be read") from error
