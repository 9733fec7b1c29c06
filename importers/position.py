"""How far a file has been read, as the kernel says: no importer has to tell.

What libraries read through, compression and buffers, does not matter then. It knows no format.
"""

import os
from pathlib import Path


class Position:
    """The furthest byte that this process has read of the file at `path`, and the file's size.

    Where the kernel does not say (no /proc, a file that is mapped into memory) it stays at 0. A
    folder has the size of the files in it, and no position.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._folder = path.is_dir()
        self._descriptor: str | None = None
        self._furthest = 0
        self.size = 0 if self._folder else path.stat().st_size
        self._name = os.path.realpath(path)

    def read(self) -> int:
        """Return the bytes read so far, never fewer than before."""
        if self._folder:
            return 0
        if self._descriptor is None or not self._is_ours(self._descriptor):
            self._descriptor = self._find()
        if self._descriptor is not None:
            try:
                info = Path(f"/proc/self/fdinfo/{self._descriptor}").read_text("ascii")
                self._furthest = max(self._furthest, int(info.split(None, 2)[1]))
            except (OSError, ValueError, IndexError):
                self._descriptor = None
        return min(self._furthest, self.size)

    def _find(self) -> str | None:
        try:
            names = os.listdir("/proc/self/fd")
        except OSError:
            return None
        return next((name for name in names if self._is_ours(name)), None)

    def _is_ours(self, name: str) -> bool:
        try:
            return os.readlink(f"/proc/self/fd/{name}") == self._name
        except OSError:
            return False
