"""One folder of a frozen index, opened: its columns, its pages and its two arms.

Rows are the folder's own. It knows no other folder, no queries and no ranking.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from store.digest import sha256_file

from . import sparse
from .ahead import Ahead
from .dense import DENSE, DenseArm
from .files import (
    HOSTS,
    KINDS,
    PAGES,
    REPAIR,
    SITES,
    SMALL,
    Manifest,
    damaged,
    map_bytes,
    read_array,
    read_bytes,
)
from .lists import Lists

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLUMNS = {
    "passage_id": "<i8",
    "passage_page": "<i4",
    "passage_start": "<i4",
    "passage_end": "<i4",
    "page_first": "<i4",
    "page_version": "<i8",
    "page_site": "<i4",
    "page_host": "<i4",
    "page_kind": "<i4",
    "page_day": "<i4",
    "page_anchors": "<i8",
    "page_offset": "<i8",
}
"""The columns of passages and pages with their types."""


@dataclass(frozen=True, slots=True)
class PageRecord:
    """What the index itself knows of a page."""

    row: int
    url: str
    title: str
    language: str
    site: str
    version_id: int
    day: int


class Segment:
    """One open folder. Nothing in it changes."""

    def __init__(self, folder: Path, manifest: Manifest, kernels: Callable[[], Any | None]) -> None:
        """Open the files. Raises IndexDamaged when one is not of the form that was written."""
        self.folder = folder
        self.manifest = manifest
        values = manifest.values
        self.passages: int = values["passages"]
        self.pages: int = values["pages"]
        self.columns = {name: self._column(name, dtype) for name, dtype in COLUMNS.items()}
        self._names = {name: read_bytes(folder / name) for name in (SITES, HOSTS, KINDS)}
        self._records = map_bytes(folder / PAGES)
        owner, first = self.columns["passage_page"], self.columns["page_first"]
        arrays = self._postings()
        ahead = [
            Ahead(folder / f"{name}.npy", arrays[name])
            for name in ("posting_passage", "posting_impact")
            if arrays[name].nbytes >= SMALL
        ]
        self.sparse = sparse.SparseArm(arrays, owner, first, kernels, ahead)
        self.dense: DenseArm | None = None
        if values["dense_size"]:
            facts = values.get("lists")
            matrix = read_array(folder / DENSE, "<i2", (self.passages, values["dense_size"]))
            self.dense = DenseArm(
                matrix,
                owner,
                first,
                kernels,
                Lists(folder, kernels, facts["lists"], values["dense_size"]) if facts else None,
                facts["probes"] if facts else 0,
                facts["fetch"] if facts else 0,
                facts["wide"] if facts else 0,
                Ahead(folder / DENSE, matrix) if facts else None,
            )

    @cached_property
    def sites(self) -> list[str]:
        """The sites of the pages, sorted."""
        return self._listed(SITES)

    @cached_property
    def hosts(self) -> list[str]:
        """The hosts of the pages' addresses, sorted."""
        return self._listed(HOSTS)

    @cached_property
    def kinds(self) -> list[str]:
        """The kinds of file that the pages' addresses name, sorted."""
        return self._listed(KINDS)

    def _listed(self, name: str) -> list[str]:
        try:
            listed: list[str] = json.loads(self._names[name])
        except ValueError as error:
            raise damaged(self.folder / name, error) from error
        return listed

    def _column(self, name: str, dtype: str) -> "NDArray[Any]":
        rows = self.passages if name.startswith("passage_") else self.pages
        if name in ("page_first", "page_offset"):
            rows += 1
        return read_array(self.folder / f"{name}.npy", dtype, (rows,))

    def _postings(self) -> "dict[str, NDArray[Any]]":
        arrays: dict[str, NDArray[Any]] = {}
        for name, (dtype, size) in sparse.ARRAYS.items():
            length = size(arrays)
            arrays[name] = read_array(self.folder / f"{name}.npy", dtype, (length,))
        return arrays

    def own(self, name: str, dtype: str) -> "NDArray[Any]":
        """Return a column that only some folders have."""
        return read_array(self.folder / f"{name}.npy", dtype, (-1,))

    def record(self, row: int) -> tuple[str, str, str]:
        """Return (url, title, language) of a page."""
        offset = self.columns["page_offset"]
        try:
            url, title, language = json.loads(
                bytes(self._records[int(offset[row]) : int(offset[row + 1])])
            )
        except (TypeError, ValueError) as error:
            raise damaged(self.folder / PAGES, error) from error
        return url, title, language

    def site(self, row: int) -> str:
        """Return the site of a page."""
        return self.sites[int(self.columns["page_site"][row])]

    def passages_of(self, row: int) -> tuple[int, int]:
        """Return the first passage of a page and the one after its last."""
        first = self.columns["page_first"]
        return int(first[row]), int(first[row + 1])

    def verify(self) -> list[str]:
        """Re-hash every file; return one sentence for each that is not what it was."""
        faults = []
        for name, entry in sorted(self.manifest.values["files"].items()):
            path = self.folder / name
            found = sha256_file(path) if path.is_file() else "no file"
            if found != entry["sha256"]:
                faults.append(
                    f"The frozen index file {path} has {found} and should have "
                    f"{entry['sha256']}: {REPAIR}."
                )
        return faults
