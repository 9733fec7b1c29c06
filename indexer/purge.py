"""Removing what a frozen index and Milvus hold of pages that are purged. The store's own rows are
removed by others, and the frozen index is written anew by `build`.
"""

import shutil
from collections.abc import Collection, Sequence
from pathlib import Path

from store.database import Database

from .frozen.files import current_name, read_array
from .frozen.write import read_header
from .generations import PREFIX
from .milvus import LITE, Backend, VectorStore


def forget_vectors(
    db: Database, home: Path, passages: Sequence[int], backend: Backend = LITE
) -> int:
    """Delete the vectors of these passages in every collection of Milvus; return how many
    collections there are. Raises what `VectorStore` does.
    """
    if not passages or not (backend.uri or (home / "milvus" / "index.db").exists()):
        return 0
    with VectorStore(home / "milvus", backend) as vectors, db.exclusive("index"):
        names = vectors.collections(PREFIX)
        for name in names:
            vectors.load(name)
            vectors.delete(name, passages)
            vectors.flush(name)
        return len(names)


def folders_with(root: Path, versions: Collection[int]) -> list[Path]:
    """Return the frozen folders below `root` that list a version of these, or whose base does."""
    wanted = set(versions)
    listing = set()
    for path in sorted(root.glob("*/page_version.npy")):
        if not wanted.isdisjoint(int(key) for key in read_array(path)):
            listing.add(path.parent.name)
    found = []
    for folder in sorted(path.parent for path in root.glob("*/manifest.json")):
        base = str(read_header(folder).get("base", "")).partition(":")[2][:16]
        if folder.name in listing or base in listing:
            found.append(folder)
    return found


def remove_folders(root: Path, folders: Sequence[Path]) -> int:
    """Remove frozen folders, the current one too if it is among them; return how many."""
    try:
        current = current_name(root)
    except OSError:
        current = ""
    for folder in folders:
        if folder.name == current:
            (root / "current").unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
    return len(folders)
