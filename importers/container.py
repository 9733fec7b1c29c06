"""A zip archive from somewhere else, opened so that nothing in it can do harm.

Nothing is ever unpacked to disk. Names that lead elsewhere, two files of one name, locked ones and
bombs are refused before a byte is read. It knows nothing of what the files mean.
"""

import hashlib
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .errors import DamagedError, LockedError

_SWELLS = 200
_SWOLLEN = 1 << 30
_READ = 1 << 20
_STORED, _DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED
FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
)
"""What the library raises on bytes that are no zip; an OSError where they send it before byte 0."""


class Container:
    """The files of a zip archive by name."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        """Raises DamagedError or LockedError for one that is not to be read."""
        self.path = path
        self._archive = archive
        self.entries: dict[str, zipfile.ZipInfo] = {}
        packed = plain = 0
        for info in archive.infolist():
            name = info.filename
            if name.endswith("/"):
                continue
            if name in self.entries:
                raise self.damage(f"it has two files called “{_shown(name)}”")
            if (
                not name
                or name.startswith("/")
                or "\\" in name
                or "\0" in name
                or ".." in name.split("/")
            ):
                raise self.damage(f"the name “{_shown(name)}” leads out of it")
            if info.flag_bits & 1:
                raise LockedError(f"{path} is locked with a password; unlock it and import it then")
            if info.compress_type not in (_STORED, _DEFLATED):
                raise self.damage(f"“{_shown(name)}” is packed in a way that is not read")
            self.entries[name] = info
            packed += info.compress_size
            plain += info.file_size
        if plain > _SWOLLEN and plain > _SWELLS * max(1, packed):
            raise self.damage(f"it swells from {packed:,} to {plain:,} bytes")

    def damage(self, why: str) -> DamagedError:
        """The error that says why it is not read."""
        return DamagedError(f"{self.path} is not read ({why}); get it anew from where it is from")

    def open(self, name: str) -> IO[bytes]:
        """Open a file of it for reading. Raises DamagedError."""
        try:
            return self._archive.open(self.entries[name])
        except (KeyError, *FAULTS) as error:
            raise self.damage(f"“{_shown(name)}” cannot be read in it") from error

    def stored(self, name: str) -> bool:
        """Whether a file stands in it as it is, so that going back in it costs nothing."""
        return self.entries[name].compress_type == _STORED

    def read(self, name: str, most: int) -> bytes:
        """Return a small file whole. Raises DamagedError."""
        with self.open(name) as file:
            try:
                data = file.read(most + 1)
            except FAULTS as error:
                raise self.damage(f"“{_shown(name)}” cannot be read in it") from error
        if len(data) > most:
            raise self.damage(f"“{_shown(name)}” has more than {most:,} bytes")
        return data

    def digest(self, name: str, kind: str) -> str:
        """Return the digest of a file as hexadecimal letters. Raises DamagedError."""
        state = hashlib.new(kind, usedforsecurity=False)
        with self.open(name) as file:
            try:
                while block := file.read(_READ):
                    state.update(block)
            except FAULTS as error:
                raise self.damage(f"“{_shown(name)}” cannot be read in it") from error
        return state.hexdigest()


@contextmanager
def opened(path: Path) -> Iterator[Container]:
    """Open the zip archive at `path`. Raises DamagedError or LockedError."""
    try:
        archive = zipfile.ZipFile(path)
    except FAULTS as error:
        raise DamagedError(f"{path} is no whole zip archive ({error}); get it anew") from error
    with archive:
        yield Container(path, archive)


def _shown(name: str) -> str:
    return name[:80].encode("unicode_escape").decode("ascii")
