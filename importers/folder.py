"""A folder of documents: every file in it, in the order of their names, folder after folder.

Hidden files and folders, links that lead out of the folder and what no reader reads are refused by
name; nothing is left out in silence. An archive (WARC, ZIM …) in it is to be imported by its own
path. It knows no formats.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from .base import Item, Reject
from .document import claims as is_document
from .errors import DamagedError, ImporterError
from .files import address, document
from .names import shown

NAME = "folder"
MAX_DEPTH = 100
_HEAD = 4096


def claims(path: Path, head: bytes) -> bool:
    """Say whether a path is a folder."""
    return path.is_dir()


def items(path: Path) -> Iterator[Item]:
    """Yield what is in a folder; the same folder gives the same, whatever its disk's order.

    Raises DamagedError where the folder itself cannot be read.
    """
    root = path.resolve()
    if not os.access(root, os.R_OK | os.X_OK):
        raise DamagedError(f"The folder {path} cannot be read; mend its rights.")
    yield from _walk(root, root, 0)


def _walk(root: Path, folder: Path, depth: int) -> Iterator[Item]:
    where = shown(folder.relative_to(root).as_posix())
    if depth > MAX_DEPTH:
        yield Reject(where, "too-deep", f"it stands in more than {MAX_DEPTH} folders")
        return
    try:
        with os.scandir(folder) as found:
            names = sorted(found, key=lambda one: os.fsencode(one.name))
    except OSError as error:
        yield Reject(where, "unreadable", f"the folder cannot be read ({error.strerror})")
        return
    for entry in names:
        inside = Path(entry.path).relative_to(root).as_posix()
        place = shown(inside)
        if entry.name.startswith("."):
            yield Reject(place, "hidden", "its name begins with a full stop")
        elif entry.is_symlink():
            yield from _linked(root, Path(entry.path), inside, place)
        elif entry.is_dir(follow_symlinks=False):
            yield from _walk(root, Path(entry.path), depth + 1)
        else:
            yield _file(root, Path(entry.path), inside, place)


def _linked(root: Path, path: Path, inside: str, place: str) -> Iterator[Item]:
    """A link to a file of the same folder is another name of it; one out of it is not followed."""
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        yield Reject(place, "broken-link", "it is a link to nothing")
        return
    if target.is_relative_to(root):
        detail = f"it is a link to {shown(target.relative_to(root))}, which is imported itself"
        yield Reject(place, "link", detail)
    else:
        yield Reject(place, "link", "it is a link that leads out of the folder")


def _file(root: Path, path: Path, inside: str, place: str) -> Item:
    url = address(root.name, inside)
    try:
        head = b""
        if path.is_file():
            with path.open("rb") as file:
                head = file.read(_HEAD)
    except OSError as error:
        return Reject(place, "unreadable", f"it cannot be read ({error.strerror})", url)
    if not path.is_file() or is_document(path, head):
        return document(path, url, place, f"folder:{shown(root.name)}")
    return Reject(place, *_why(path, head), url)


def _why(path: Path, head: bytes) -> tuple[str, str]:
    from .formats import FORMATS, importer

    if not head:
        return "empty", "there is nothing in it"
    for name in FORMATS:
        if name not in (NAME, "document"):
            try:
                claimed = importer(name).claims(path, head)
            except (OSError, ImporterError):
                continue
            if claimed:
                return "archive", f"it is of the format {name}; import it by its own path"
    if b"\0" in head:
        return "binary", "no reader knows what is in it"
    return "unknown-format", "no reader is for files of its name; rename text to .txt"
