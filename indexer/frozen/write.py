"""Writing a frozen index: passages, pages and vectors in, one immutable folder out.

The same passages and vectors give the same bytes. It knows neither PostgreSQL nor Milvus: what
they hold is handed in. Readers never see a half-written folder, because the folder is renamed
into place when it is complete and `current` is replaced after that.
"""

import json
import logging
import os
import shutil
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from store.digest import canonical_json, sync_folder, write_atomic

from ..encoders.base import Vectors
from ..errors import IndexerError
from ..facets import host_of, kind_of
from . import compiled
from .dense import DENSE, DenseWriter, lists_pay, write_lists
from .files import (
    CURRENT,
    FORMAT,
    HOSTS,
    KINDS,
    MANIFEST,
    PAGES,
    SITES,
    Manifest,
    current_name,
    entry,
    read_manifest,
    write_array,
    write_bytes,
    write_manifest,
)
from .sparse import PostingsWriter

if TYPE_CHECKING:
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FrozenPage:
    """A page as search shows and filters it; `day` is `date.toordinal()` of publication, or 0.

    `anchors` is a number for the texts of the links to it, which its passages carry; 0 for none.
    """

    url: str
    title: str
    site: str
    language: str
    version_id: int
    day: int = 0
    anchors: int = 0


@dataclass(frozen=True, slots=True)
class FrozenPassage:
    """A passage and the position of its page in the list of pages."""

    id: int
    page: int
    start: int
    end: int


def write(
    root: Path,
    header: Mapping[str, Any],
    pages: Sequence[FrozenPage],
    passages: Sequence[FrozenPassage],
    vectors: Iterable[Sequence[Vectors]],
    dense_size: int,
    impact_ceiling: float,
    extras: "Mapping[str, NDArray[Any]] | None" = None,
) -> Manifest:
    """Write a frozen index below `root` and return its manifest; `publish` makes it current.

    `pages` are in order of URL, `passages` in order of (page, start, end), and `vectors` are
    batches in the order of the passages. `header` joins the manifest; where it says "base" this
    is a delta, and `extras` are the columns that `delta` gives it.
    """
    root.mkdir(parents=True, exist_ok=True)
    building = root / f".building-{os.getpid()}"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir()
    try:
        files: dict[str, Any] = {}

        def keep(columns: "Mapping[str, NDArray[Any]]") -> None:
            for name, column in columns.items():
                files[f"{name}.npy"] = write_array(building / f"{name}.npy", column)

        keep(_columns(pages, passages))
        keep(extras or {})
        records = [canonical_json([p.url, p.title, p.language]) for p in pages]
        files[PAGES] = write_bytes(building / PAGES, b"".join(records))
        for name, (names, column, places) in _named(pages).items():
            files[name] = write_bytes(building / name, canonical_json(names))
            keep({column: places})
        keep(_vectors(building, len(passages), vectors, dense_size, impact_ceiling))
        values = {
            "languages": sorted({p.language for p in pages if p.language}),
            **header,
            "format": FORMAT,
            "passages": len(passages),
            "pages": len(pages),
            "dense_size": dense_size,
            "impact_ceiling": impact_ceiling,
            "files": files,
        }
        if dense_size:
            files[DENSE] = entry(building / DENSE)
        if dense_size and lists_pay(len(passages)) and "base" not in header:
            warm(root, len(passages))
            loops = compiled.loops(root, len(passages))
            loops.prepare()
            values["lists"] = write_lists(building, loops)
            files.update({name: entry(building / name) for name in values["lists"]["files"]})
        manifest = write_manifest(building, values)
        folder = root / folder_name(manifest.digest)
        if folder.exists():
            if _whole(folder, manifest):
                return manifest
            logger.warning("replacing the damaged frozen index %s", folder)
            # Aside first: readers are without it for two renames, not while it is deleted.
            damaged = root / f".damaged-{os.getpid()}"
            shutil.rmtree(damaged, ignore_errors=True)
            os.rename(folder, damaged)
            os.rename(building, folder)
            shutil.rmtree(damaged, ignore_errors=True)
        else:
            os.rename(building, folder)
        sync_folder(root)
        return manifest
    finally:
        shutil.rmtree(building, ignore_errors=True)


def publish(root: Path, manifest: Manifest, referred: Collection[str] = ()) -> Path:
    """Point `current` at a written index and remove all but it, the one before it, those whose
    digests are in `referred`, and their bases.

    The one before stays because a reader may have it open; what is mapped already survives
    removal, but a file not yet opened would not.
    """
    name = folder_name(manifest.digest)
    try:
        previous = current_name(root)
    except FileNotFoundError:
        previous = ""
    if previous != name:
        write_atomic(root / CURRENT, f"{name}\n".encode("ascii"))
        for path in unreferred(root, {name, previous, *map(folder_name, referred)}):
            shutil.rmtree(path, ignore_errors=True)
    return root / name


def unreferred(root: Path, names: Collection[str]) -> list[Path]:
    """Return the folders below `root` that are neither in `names` nor the base of one that is."""
    if not root.is_dir():
        return []
    kept = {*names, compiled.FOLDER}
    for name in names:
        if name and (base := read_header(root / name).get("base")):
            kept.add(folder_name(base))
    return [path for path in sorted(root.iterdir()) if path.is_dir() and path.name not in kept]


def warm(root: Path, passages: int) -> None:
    """Compile the search loops of an index with so many passages, so that no query has to."""
    if passages >= compiled.KERNELS_FROM:
        compiled.warm(root / compiled.FOLDER)


def folder_name(digest: str) -> str:
    """Return the name of the folder whose manifest has `digest`."""
    return digest.partition(":")[2][:16]


def _vectors(
    building: Path,
    count: int,
    vectors: Iterable[Sequence[Vectors]],
    dense_size: int,
    impact_ceiling: float,
) -> "dict[str, NDArray[Any]]":
    """Write the dense matrix, and return the columns of the postings."""
    postings = PostingsWriter(impact_ceiling)
    row = 0
    with DenseWriter(building, count, dense_size) as dense:
        for batch in vectors:
            if row + len(batch) <= count:
                postings.add(row, batch)
                dense.add(batch)
            row += len(batch)
    if row != count:
        raise ValueError(f"{row} vectors for {count} passages")
    return postings.columns()


def _columns(
    pages: Sequence[FrozenPage], passages: Sequence[FrozenPassage]
) -> "dict[str, NDArray[Any]]":
    import numpy as np

    page_of = np.array([p.page for p in passages], dtype="<i4")
    lengths = [len(canonical_json([p.url, p.title, p.language])) for p in pages]
    return {
        "passage_id": np.array([p.id for p in passages], dtype="<i8"),
        "passage_page": page_of,
        "passage_start": np.array([p.start for p in passages], dtype="<i4"),
        "passage_end": np.array([p.end for p in passages], dtype="<i4"),
        "page_first": np.searchsorted(page_of, np.arange(len(pages) + 1)).astype("<i4"),
        "page_version": np.array([p.version_id for p in pages], dtype="<i8"),
        "page_day": np.array([p.day for p in pages], dtype="<i4"),
        "page_anchors": np.array([p.anchors for p in pages], dtype="<i8"),
        "page_offset": np.concatenate([[0], np.cumsum(lengths)]).astype("<i8"),
    }


def _whole(folder: Path, manifest: Manifest) -> bool:
    """Tell whether each file of `folder` is still what its manifest says."""
    try:
        return read_manifest(folder).digest == manifest.digest and all(
            entry(folder / name) == wanted for name, wanted in manifest.values["files"].items()
        )
    except (OSError, IndexerError):
        return False


def _named(pages: Sequence[FrozenPage]) -> "dict[str, tuple[list[str], str, NDArray[Any]]]":
    """Return for each file of names what is in it, its column, and what stands there."""
    import numpy as np

    found = {}
    for file, column, of in (
        (SITES, "page_site", lambda page: page.site),
        (HOSTS, "page_host", lambda page: host_of(page.url)),
        (KINDS, "page_kind", lambda page: kind_of(page.url)),
    ):
        values = [of(page) for page in pages]
        names = sorted(set(values))
        places = {name: n for n, name in enumerate(names)}
        found[file] = names, column, np.array([places[v] for v in values], dtype="<i4")
    return found


def read_header(folder: Path) -> dict[str, Any]:
    """Return the manifest's values without any check, or nothing when it cannot be read."""
    try:
        values: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return {}
    return values
