"""How far a file has been read, as the kernel says: no importer has to tell.

What libraries read through, compression and buffers, does not matter then. It knows no format.
"""

import contextlib
import multiprocessing
import os
from pathlib import Path


class Position:
    """The furthest byte that this process or a child of it has read of the file at `path`, and the
    file's size.

    Where the kernel does not say (no /proc, a file that is mapped into memory) it stays at 0. A
    folder has the size of the files in it, and whoever reads it says what has passed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._folder = path.is_dir()
        self._descriptor: tuple[int, str] | None = None
        self._furthest = 0
        self.size = path.stat().st_size if not self._folder else _size(path)
        self._name = os.path.realpath(path)

    def read(self) -> int:
        """Return the bytes read so far, never fewer than before."""
        if self._folder:
            return min(self._furthest, self.size)
        if self._descriptor is None or not self._is_ours(self._descriptor):
            self._descriptor = self._find()
        if self._descriptor is not None:
            process, number = self._descriptor
            try:
                info = Path(f"/proc/{process}/fdinfo/{number}").read_text("ascii")
                self._furthest = max(self._furthest, int(info.split(None, 2)[1]))
            except (OSError, ValueError, IndexError):
                self._descriptor = None
        return min(self._furthest, self.size)

    def passed(self, size: int) -> None:
        """Note that a file of a folder, of so many bytes, has been read."""
        if self._folder:
            self._furthest += size

    def _find(self) -> tuple[int, str] | None:
        children = [child.pid for child in multiprocessing.active_children() if child.pid]
        for process in (os.getpid(), *children):
            try:
                names = os.listdir(f"/proc/{process}/fd")
            except OSError:
                continue
            for name in names:
                if self._is_ours((process, name)):
                    return process, name
        return None

    def _is_ours(self, descriptor: tuple[int, str]) -> bool:
        process, name = descriptor
        try:
            return os.readlink(f"/proc/{process}/fd/{name}") == self._name
        except OSError:
            return False


def _size(folder: Path) -> int:
    """The bytes of the files in a folder; what cannot be looked at has none."""
    total = 0
    for each in folder.rglob("*"):
        with contextlib.suppress(OSError):
            total += each.stat().st_size if each.is_file() else 0
    return total
