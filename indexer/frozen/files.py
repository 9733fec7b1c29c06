"""The files of a frozen index: their names, how one is written for good, and the manifest.

It knows bytes, arrays and digests, not what they mean. A folder of these files is never changed
after its rename; `current` beside it names the one that readers open.
"""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from store.digest import blake, canonical_json, sha256, sha256_file, sync_folder

from ..errors import IndexDamaged, IndexMissing, IndexStale

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FORMAT = 3
MANIFEST = "manifest.json"
CURRENT = "current"
PAGES = "pages.bin"
SITES, HOSTS, KINDS = "sites.json", "hosts.json", "kinds.json"
"""Sorted names; columns of pages hold places in them."""
REPAIR = "run appliance index to build it again"
SMALL = 1 << 16
"""Files below this many bytes are read instead of mapped: cheaper, and an empty one cannot be."""


def frozen_root(home: Path, collection: str = "web") -> Path:
    """Return the folder of a collection's frozen indexes in `home`: each has its own."""
    return home / ("frozen" if collection == "web" else f"frozen-{collection}")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a frozen index is: `digest` names it, `values` is the JSON object it was made from."""

    digest: str
    values: dict[str, Any]


def write_bytes(path: Path, data: bytes) -> dict[str, Any]:
    """Write and flush a new file; return its manifest entry."""
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return {"bytes": len(data), "sha256": sha256(data)}


def entry(path: Path) -> dict[str, Any]:
    """Return the manifest entry of a file that is complete."""
    return {"bytes": path.stat().st_size, "sha256": sha256_file(path)}


def write_array(path: Path, array: "NDArray[Any]") -> dict[str, Any]:
    """Write and flush a new `.npy` file, little-endian and C-ordered; return its entry."""
    import numpy as np

    with path.open("xb") as file:
        np.lib.format.write_array(file, np.ascontiguousarray(array), version=(1, 0))
        file.flush()
        os.fsync(file.fileno())
    return entry(path)


def read_array(path: Path, dtype: str | None = None, shape: tuple[int, ...] = ()) -> "NDArray[Any]":
    """Map an `.npy` file read-only, or read it when it is small.

    With a `dtype` it has to be of that type and `shape`, where a length of -1 may be any. Raises
    IndexDamaged when it is not, or the file cannot be read.
    """
    import numpy as np

    try:
        # Not np.load, which takes a damaged beginning for an archive or a pickle.
        if path.stat().st_size >= SMALL:
            array: np.ndarray[Any, Any] = np.lib.format.open_memmap(path, mode="r")
        else:
            with path.open("rb") as file:
                array = np.lib.format.read_array(file, allow_pickle=False)
    except Exception as error:  # numpy parses the header as Python: it can raise nearly anything
        raise damaged(path, error) from error
    wanted = array.shape if dtype is None else shape
    fits = (
        (dtype is None or array.dtype == np.dtype(dtype))
        and array.flags.c_contiguous
        and len(array.shape) == len(wanted)
        and all(want in (-1, have) for want, have in zip(wanted, array.shape, strict=True))
    )
    if not fits:
        raise damaged(path, "its header names another array than was written")
    return array.view(np.ndarray)


def map_bytes(path: Path) -> "NDArray[np.uint8]":
    """Map any file read-only. Raises IndexDamaged when it cannot be read."""
    import numpy as np

    try:
        if path.stat().st_size == 0:
            return np.zeros(0, dtype=np.uint8)
        return np.memmap(path, dtype=np.uint8, mode="r").view(np.ndarray)
    except (OSError, ValueError) as error:
        raise damaged(path, error) from error


def read_bytes(path: Path) -> bytes:
    """Return what is in a small file. Raises IndexDamaged when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise damaged(path, error) from error


def damaged(path: Path, why: object) -> IndexDamaged:
    """Return the error for a frozen file that cannot be read."""
    said = " ".join(str(why).split()) or type(why).__name__
    return IndexDamaged(f"The frozen index file {path} cannot be read ({said}): {REPAIR}.")


def write_manifest(folder: Path, values: dict[str, Any]) -> Manifest:
    """Write the manifest of a folder whose other files are complete."""
    data = canonical_json(values)
    write_bytes(folder / MANIFEST, data)
    sync_folder(folder)
    return Manifest(blake(data), values)


def current_name(root: Path) -> str:
    """Return the name of a folder that is in `current`, "" when what is there cannot be one.

    Raises FileNotFoundError when there is no such file.
    """
    name = (root / CURRENT).read_bytes().strip()
    return name.decode("ascii") if re.fullmatch(rb"[0-9a-f]{16}", name) else ""


def current_folder(root: Path) -> Path:
    """Return the folder that `current` names.

    Raises IndexMissing when nothing is indexed yet, IndexDamaged when it names no folder, and
    OSError when it cannot be read.
    """
    try:
        name = current_name(root)
    except FileNotFoundError:
        named = root.name.removeprefix("frozen").removeprefix("-")
        what, how = (f" of the collection {named}", f" --collection {named}") if named else ("", "")
        raise IndexMissing(
            f"Nothing{what} is indexed yet in {root.parent}: run appliance index{how}."
        ) from None
    if not name:
        raise IndexDamaged(f"The file {root / CURRENT} names no frozen index: {REPAIR}.")
    folder = root / name
    if not folder.is_dir():
        raise IndexDamaged(f"The frozen index {name!r} is gone from {root}: {REPAIR}.")
    return folder


def read_manifest(folder: Path) -> Manifest:
    """Read a manifest and check its name and that each file has its full length.

    Raises IndexDamaged, or IndexStale for another format.
    """
    try:
        data = (folder / MANIFEST).read_bytes()
        values = json.loads(data)
        files: dict[str, dict[str, Any]] = values["files"]
        for name, entry in files.items():
            if (folder / name).stat().st_size != entry["bytes"]:
                raise IndexDamaged(f"The frozen index file {folder / name} is cut short: {REPAIR}.")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise IndexDamaged(
            f"The frozen index in {folder} cannot be read ({error}): {REPAIR}."
        ) from error
    if values.get("format") != FORMAT:
        raise IndexStale(
            f"The frozen index in {folder} has format {values.get('format')}, this program reads "
            f"{FORMAT}: {REPAIR}."
        )
    digest = blake(data)
    if folder.name != digest.partition(":")[2][:16]:
        raise IndexDamaged(f"The manifest in {folder} was altered: {REPAIR}.")
    return Manifest(digest, values)
