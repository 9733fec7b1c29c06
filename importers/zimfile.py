"""The ZIM format: header, directory entries and clusters, with every offset checked before it is
followed.

A reader of our own: openZIM's library is under the GPL, which the appliance is not, and what is
needed of it (no search index, no writer) is small. Memory is bounded by the largest blob asked for:
clusters are unpacked as a stream. It knows nothing of pages.

The format: https://wiki.openzim.org/wiki/ZIM_file_format
"""

import hashlib
import os
import struct
from dataclasses import dataclass
from pathlib import Path

from .errors import DamagedError
from .zimclusters import BlobError, Cluster, Part

MAGIC = b"ZIM\x04"
_HEADER = struct.Struct("<4sHH16sIIQQQQIIQ")
_REDIRECT, _LINK, _DELETED = 0xFFFF, 0xFFFE, 0xFFFD
_WINDOW = 1 << 17
_LONGEST_ENTRY = 1 << 16
_MOST_MIMES = 1 << 16


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the directory. `target` is another entry's number, -1 where it has content.

    `kind` is its content type, empty for a redirect and for what was deleted.
    """

    number: int
    namespace: str
    path: str
    title: str
    kind: str = ""
    cluster: int = -1
    blob: int = -1
    target: int = -1


class ZimFile:
    """An open ZIM file. `entries` counts those of its directory; `new` says which scheme of
    namespaces it has: all content in `C`, or articles in `A`.
    """

    def __init__(self, path: Path) -> None:
        """Raises DamagedError where its header leads nowhere."""
        self.path = path
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._size = os.fstat(self._file).st_size
            self._window = (0, b"")
            self._open: Cluster | None = None
            self._last: tuple[int, int, bytes] | None = None
            self._read_header()
        except BaseException:
            os.close(self._file)
            raise

    def __enter__(self) -> "ZimFile":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def damage(self, why: str) -> DamagedError:
        """The error that says why it is not read."""
        return DamagedError(f"{self.path} is not read ({why}); get it anew from where it is from")

    def _read_header(self) -> None:
        if self._size < _HEADER.size:
            raise self.damage("it is smaller than the header of a ZIM file")
        fields = _HEADER.unpack(self._bytes(0, _HEADER.size))
        magic, major, minor, _, self.entries, self.clusters = fields[:6]
        self._paths, _, self._pointers, mimes, _, _, self._sum = fields[6:]
        if magic != MAGIC:
            raise self.damage("it does not begin as a ZIM file")
        if major not in (5, 6):
            raise self.damage(f"it is of version {major}, and 5 and 6 are read")
        self.new = major == 6 and minor >= 1
        if mimes < _HEADER.size:
            self._sum = 0
        if self._sum and self._sum + 16 > self._size:
            raise self.damage(
                f"it ends at byte {self._size:,} and says that it has {self._sum + 16:,}: it is "
                "cut off, or a part of one that has to be joined"
            )
        for what, at, count in (
            ("entries", self._paths, self.entries),
            ("clusters", self._pointers, self.clusters),
        ):
            if at < 72 or at + 8 * count > self._size:
                raise self.damage(f"the list of its {count:,} {what} goes past its end")
        if not 72 <= mimes < self._size:
            raise self.damage("the list of its content types stands behind its end")
        text, end, _ = self._some(mimes, _MOST_MIMES).partition(b"\0\0")
        if not end:
            raise self.damage("the list of its content types has no end")
        self._mimes = [one.decode("utf-8", "replace") for one in text.split(b"\0")]

    @property
    def summed(self) -> bool:
        """Whether it has a check sum."""
        return bool(self._sum)

    def check(self) -> None:
        """Compare the bytes with the check sum. Raises DamagedError."""
        state, at = hashlib.md5(usedforsecurity=False), 0
        while at < self._sum:
            block = os.pread(self._file, min(1 << 20, self._sum - at), at)
            if not block:
                raise self.damage("it became shorter while it was read")
            state.update(block)
            at += len(block)
        if state.digest() != self._bytes(self._sum, 16):
            raise self.damage("its bytes are not those of its check sum")

    def tell(self, done: float) -> None:
        """Put the file's position where a share of `done` of it ends, for who watches it.

        Nothing here reads at the position, and the order of reading says nothing of progress.
        """
        os.lseek(self._file, int(self._size * min(1.0, done)), os.SEEK_SET)

    def entry(self, number: int) -> Entry:
        """Return an entry of the directory. Raises DamagedError."""
        (at,) = struct.unpack("<Q", self._bytes(self._paths + 8 * number, 8, apart=True))
        head = self._some(at, 256)
        if head.count(b"\0", 8) < 4 or not self._whole(head):
            head = self._some(at, _LONGEST_ENTRY)
        if len(head) < 16:
            raise self.damage(f"its entry {number:,} stands behind its end")
        mime, _, letter = struct.unpack_from("<HBc", head)
        begin = 12 if mime == _REDIRECT else 8 if mime in (_LINK, _DELETED) else 16
        middle = head.find(b"\0", begin)
        end = head.find(b"\0", middle + 1)
        if middle < 0 or end < 0:
            raise self.damage(f"its entry {number:,} has no end")
        path = head[begin:middle].decode("utf-8", "replace")
        title = head[middle + 1 : end].decode("utf-8", "replace") or path
        namespace = letter.decode("latin-1")
        if mime == _REDIRECT:
            (target,) = struct.unpack_from("<I", head, 8)
            return Entry(number, namespace, path, title, target=target)
        if mime in (_LINK, _DELETED):
            return Entry(number, namespace, path, title)
        cluster, blob = struct.unpack_from("<II", head, 8)
        kind = self._mimes[mime] if mime < len(self._mimes) else "an unknown kind"
        return Entry(number, namespace, path, title, kind, cluster, blob)

    def find(self, namespace: str, path: str) -> Entry | None:
        """Return the entry of that name, if there is one. Raises DamagedError."""
        wanted = (namespace, path.encode())
        low, high = 0, self.entries
        while low < high:
            middle = (low + high) // 2
            entry = self.entry(middle)
            if (entry.namespace, entry.path.encode()) < wanted:
                low = middle + 1
            else:
                high = middle
        if low < self.entries:
            entry = self.entry(low)
            if (entry.namespace, entry.path.encode()) == wanted:
                return entry
        return None

    def content(self, entry: Entry, most: int) -> bytes:
        """Return what an entry holds; cheap where entries are asked in the order of their blobs.

        Raises BlobError, for more than `most` bytes as well.
        """
        if self._last is not None and self._last[:2] == (entry.cluster, entry.blob):
            return self._last[2]
        opened = self._open
        if opened is None or opened.number != entry.cluster or opened.passed > entry.blob:
            opened = self._open = None
            opened = self._cluster(entry.cluster)
        try:
            data = opened.blob(entry.blob, most)
        except BaseException:
            self._open = None
            raise
        self._open = opened
        self._last = (entry.cluster, entry.blob, data)
        return data

    def _cluster(self, number: int) -> Cluster:
        if not 0 <= number < self.clusters:
            raise BlobError(f"there is no cluster {number:,}")
        (at,) = struct.unpack("<Q", self._bytes(self._pointers + 8 * number, 8, apart=True))
        end = self._sum or self._size
        if not _HEADER.size <= at < end:
            raise BlobError(f"cluster {number:,} stands behind the end")
        info = os.pread(self._file, 1, at)
        if not info:
            raise BlobError(f"cluster {number:,} stands behind the end")
        return Cluster(number, info[0], Part(self._file, at + 1, end))

    def _whole(self, head: bytes) -> bool:
        """Whether the first bytes of an entry hold its path and title, whatever its kind."""
        middle = head.find(b"\0", 16)
        return middle >= 0 and head.find(b"\0", middle + 1) >= 0

    def _some(self, at: int, count: int) -> bytes:
        """Up to `count` bytes from `at` on, through a window: entries stand side by side."""
        begin, held = self._window
        if not begin <= at <= begin + len(held) - min(count, max(0, self._size - at)):
            if at >= self._size:
                return b""
            held = os.pread(self._file, max(_WINDOW, count), at)
            begin = at
            self._window = (begin, held)
        return held[at - begin : at - begin + count]

    def _bytes(self, at: int, count: int, apart: bool = False) -> bytes:
        """Exactly `count` bytes from `at` on. Raises DamagedError."""
        data = os.pread(self._file, count, at) if at + count <= self._size else b""
        if len(data) != count:
            raise self.damage(f"it ends before byte {at + count:,}, which it speaks of")
        return data
