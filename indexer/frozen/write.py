"""Writing a frozen index: passages, pages and vectors in, one immutable folder out.

The same passages and vectors give the same bytes. It knows neither PostgreSQL nor Milvus: what
they hold is handed in. Readers never see a half-written folder, because the folder is renamed
into place when it is complete and `current` is replaced after that.
"""

import json
import logging
import os
import shutil
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from store.digest import canonical_json, sha256_file, sync_folder, write_atomic

from ..encoders.base import EMPTY, Vectors
from .files import (
    CURRENT,
    DENSE,
    FORMAT,
    MANIFEST,
    PAGES,
    SITES,
    Manifest,
    array_bytes,
    read_manifest,
    write_bytes,
    write_manifest,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

IMPACT = 65535
DENSE_SCALE = 32767
"""Dense values are kept as 16-bit integers: their products add up exactly in any order."""


@dataclass(frozen=True, slots=True)
class FrozenPage:
    """A page as search shows and filters it; `day` is `date.toordinal()` of publication, or 0."""

    url: str
    title: str
    site: str
    language: str
    version_id: int
    day: int = 0


@dataclass(frozen=True, slots=True)
class FrozenPassage:
    """A passage and the position of its page in the list of pages."""

    id: int
    page: int
    start: int
    end: int


def write(
    root: Path,
    header: dict[str, Any],
    pages: Sequence[FrozenPage],
    passages: Sequence[FrozenPassage],
    vectors: Iterable[Sequence[Vectors]],
    dense_size: int,
    impact_ceiling: float,
) -> Manifest:
    """Write a frozen index below `root` and return its manifest; `publish` makes it current.

    `pages` are in order of URL, `passages` in order of (page, start, end), and `vectors` are
    batches in the order of the passages. `header` joins the manifest.
    """
    root.mkdir(parents=True, exist_ok=True)
    building = root / f".building-{os.getpid()}"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir()
    try:
        files: dict[str, Any] = {}
        for name, column in _columns(pages, passages).items():
            files[f"{name}.npy"] = write_bytes(building / f"{name}.npy", array_bytes(column))
        records = [canonical_json([p.url, p.title, p.language]) for p in pages]
        files[PAGES] = write_bytes(building / PAGES, b"".join(records))
        sites = sorted({p.site for p in pages})
        files[SITES] = write_bytes(building / SITES, canonical_json(sites))
        postings = _Postings(impact_ceiling)
        with _DenseFile(building / DENSE, len(passages), dense_size) as dense:
            row = 0
            for batch in vectors:
                for vector in batch:
                    postings.add(row, vector.sparse)
                    row += 1
                dense.add(batch)
        if row != len(passages):
            raise ValueError(f"{row} vectors for {len(passages)} passages")
        for name, column in postings.columns().items():
            files[f"{name}.npy"] = write_bytes(building / f"{name}.npy", array_bytes(column))
        if dense_size:
            size = (building / DENSE).stat().st_size
            files[DENSE] = {"bytes": size, "sha256": sha256_file(building / DENSE)}
        values = {
            **header,
            "format": FORMAT,
            "passages": len(passages),
            "pages": len(pages),
            "languages": sorted({p.language for p in pages if p.language}),
            "dense_size": dense_size,
            "impact_ceiling": impact_ceiling,
            "files": files,
        }
        manifest = write_manifest(building, values)
        folder = root / manifest.digest.partition(":")[2][:16]
        if folder.exists():
            try:
                read_manifest(folder)
                return manifest
            except Exception:
                logger.warning("replacing the damaged frozen index %s", folder)
                shutil.rmtree(folder)
        os.rename(building, folder)
        sync_folder(root)
        return manifest
    finally:
        shutil.rmtree(building, ignore_errors=True)


def publish(root: Path, manifest: Manifest) -> Path:
    """Point `current` at a written index and remove all but it and the one before it.

    The one before stays because a reader may have it open; what is mapped already survives
    removal, but a file not yet opened would not.
    """
    name = manifest.digest.partition(":")[2][:16]
    try:
        previous = (root / CURRENT).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        previous = ""
    if previous != name:
        write_atomic(root / CURRENT, f"{name}\n".encode("ascii"))
        for path in sorted(root.iterdir()):
            if path.is_dir() and path.name not in (name, previous):
                shutil.rmtree(path, ignore_errors=True)
    return root / name


def _columns(
    pages: Sequence[FrozenPage], passages: Sequence[FrozenPassage]
) -> "dict[str, NDArray[Any]]":
    import numpy as np

    sites = {site: n for n, site in enumerate(sorted({p.site for p in pages}))}
    page_of = np.array([p.page for p in passages], dtype="<i4")
    lengths = [len(canonical_json([p.url, p.title, p.language])) for p in pages]
    return {
        "passage_id": np.array([p.id for p in passages], dtype="<i8"),
        "passage_page": page_of,
        "passage_start": np.array([p.start for p in passages], dtype="<i4"),
        "passage_end": np.array([p.end for p in passages], dtype="<i4"),
        "page_first": np.searchsorted(page_of, np.arange(len(pages) + 1)).astype("<i4"),
        "page_version": np.array([p.version_id for p in pages], dtype="<i8"),
        "page_site": np.array([sites[p.site] for p in pages], dtype="<i4"),
        "page_day": np.array([p.day for p in pages], dtype="<i4"),
        "page_offset": np.concatenate([[0], np.cumsum(lengths)]).astype("<i8"),
    }


class _Postings:
    """Collects (term, passage, impact) and sorts them by term."""

    def __init__(self, ceiling: float) -> None:
        self._scale = IMPACT / ceiling
        self._terms = array("I")
        self._rows = array("i")
        self._impacts = array("H")

    def add(self, row: int, sparse: dict[int, float]) -> None:
        for term, weight in sparse.items():
            if term != EMPTY:
                self._terms.append(term)
                self._rows.append(row)
                self._impacts.append(max(1, min(IMPACT, round(weight * self._scale))))

    def columns(self) -> "dict[str, NDArray[Any]]":
        import numpy as np

        terms = np.array(self._terms, dtype="<u4")
        order = np.argsort(terms, kind="stable")
        terms = terms[order]
        first = np.flatnonzero(np.concatenate([[True], terms[1:] != terms[:-1]])[: len(terms)])
        return {
            "terms": terms[first],
            "term_first": np.concatenate([first, [len(terms)]]).astype("<i8"),
            "posting_passage": np.array(self._rows, dtype="<i4")[order],
            "posting_impact": np.array(self._impacts, dtype="<u2")[order],
        }


class _DenseFile:
    """Writes the dense matrix batch by batch, or nothing when there is none."""

    def __init__(self, path: Path, rows: int, size: int) -> None:
        self._path, self._rows, self._size = path, rows, size
        self._map: np.memmap[Any, Any] | None = None
        self._at = 0

    def __enter__(self) -> "_DenseFile":
        import numpy as np

        if self._size and self._rows:
            self._map = np.lib.format.open_memmap(
                self._path, mode="w+", dtype="<i2", shape=(self._rows, self._size), version=(1, 0)
            )
        elif self._size:
            write_bytes(self._path, array_bytes(np.zeros((0, self._size), dtype="<i2")))
        return self

    def add(self, batch: Sequence[Vectors]) -> None:
        import numpy as np

        if self._map is None or not batch:
            return
        matrix = np.stack([v.dense for v in batch if v.dense is not None])
        self._map[self._at : self._at + len(batch)] = quantise(matrix)
        self._at += len(batch)

    def __exit__(self, *_: object) -> None:
        if self._map is not None:
            self._map.flush()
            self._map = None
            descriptor = os.open(self._path, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)


def quantise(vectors: "NDArray[Any]") -> "NDArray[np.int16]":
    """Return vectors of length 1 as 16-bit integers."""
    import numpy as np

    scaled: NDArray[np.int16] = np.clip(
        np.rint(vectors.astype(np.float64) * DENSE_SCALE), -DENSE_SCALE, DENSE_SCALE
    ).astype("<i2")
    return scaled


def read_header(folder: Path) -> dict[str, Any]:
    """Return the manifest's values without any check, or nothing when it cannot be read."""
    try:
        values: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return {}
    return values
