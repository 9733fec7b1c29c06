"""The files of a frozen index: their names, how one is written for good, and the manifest.

It knows bytes, arrays and digests, not what they mean. A folder of these files is never changed
after its rename; `current` beside it names the one that readers open.
"""

import json
import os
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
SITES = "sites.json"
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


def read_array(path: Path) -> "NDArray[Any]":
    """Map an `.npy` file read-only, or read it when it is small."""
    import numpy as np

    mode: Any = "r" if path.stat().st_size >= SMALL else None
    array: np.ndarray[Any, Any] = np.load(path, mmap_mode=mode, allow_pickle=False)
    return array.view(np.ndarray)


def map_bytes(path: Path) -> "NDArray[np.uint8]":
    """Map any file read-only."""
    import numpy as np

    if path.stat().st_size == 0:
        return np.zeros(0, dtype=np.uint8)
    return np.memmap(path, dtype=np.uint8, mode="r").view(np.ndarray)


def write_manifest(folder: Path, values: dict[str, Any]) -> Manifest:
    """Write the manifest of a folder whose other files are complete."""
    data = canonical_json(values)
    write_bytes(folder / MANIFEST, data)
    sync_folder(folder)
    return Manifest(blake(data), values)


def current_folder(root: Path) -> Path:
    """Return the folder that `current` names. Raises IndexMissing when there is none."""
    try:
        name = (root / CURRENT).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise IndexMissing(
            f"Nothing is indexed yet in {root.parent}: run appliance index."
        ) from None
    folder = root / name
    if not name or "/" in name or not folder.is_dir():
        raise IndexDamaged(
            f"The frozen index {name!r} is gone from {root}: run appliance index to build it again."
        )
    return folder


def read_manifest(folder: Path) -> Manifest:
    """Read a manifest and check its name and that each file has its full length.

    Raises IndexDamaged, or IndexStale for another format.
    """
    repair = "run appliance index to build it again"
    try:
        data = (folder / MANIFEST).read_bytes()
        values = json.loads(data)
        files: dict[str, dict[str, Any]] = values["files"]
        for name, entry in files.items():
            if (folder / name).stat().st_size != entry["bytes"]:
                raise IndexDamaged(f"The frozen index file {folder / name} is cut short: {repair}.")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexDamaged(
            f"The frozen index in {folder} cannot be read ({error}): {repair}."
        ) from error
    if values.get("format") != FORMAT:
        raise IndexStale(
            f"The frozen index in {folder} has format {values.get('format')}, this program reads "
            f"{FORMAT}: {repair}."
        )
    digest = blake(data)
    if folder.name != digest.partition(":")[2][:16]:
        raise IndexDamaged(f"The manifest in {folder} was altered: {repair}.")
    return Manifest(digest, values)
