"""Reading a frozen index: memory-mapped columns, exact scores.

Scores are sums of integers, so they are the same in any order, on any number of threads and on
any CPU. It knows nothing of texts, snippets or ranking beyond one arm's scores; it imports neither
pymilvus nor a vector library.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from store.digest import sha256_file

from ..encoders.base import Dense, Term
from .files import ARRAYS, DENSE, PAGES, SITES, Manifest, current_folder, read_array, read_manifest
from .write import DENSE_SCALE, IMPACT, quantise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WEIGHT = 4096
"""Query weights and idf are rounded to 1/4096."""
BLOCK = 4096
"""Dense rows scored at a time: a block in float64 stays near the cache."""


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


class FrozenIndex:
    """One open frozen index. It is safe to share between threads: nothing in it changes."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest
        self._columns = {name: read_array(folder / f"{name}.npy") for name in ARRAYS}
        self._pages = _map_bytes(folder / PAGES)
        self.sites: list[str] = json.loads((folder / SITES).read_bytes())
        dense = manifest.values["dense_size"]
        self._dense = read_array(folder / DENSE) if dense else None
        self.passages: int = manifest.values["passages"]
        self.pages: int = manifest.values["pages"]
        self.languages: tuple[str, ...] = tuple(manifest.values["languages"])

    @classmethod
    def open(cls, root: Path) -> "FrozenIndex":
        """Open the current index below `root` (`home/frozen`).

        Raises IndexMissing, IndexDamaged or IndexStale.
        """
        folder = current_folder(root)
        return cls(folder, read_manifest(folder))

    @property
    def digest(self) -> str:
        """The tagged digest of the manifest, which names every file's digest."""
        return self.manifest.digest

    def column(self, name: str) -> "NDArray[Any]":
        """Return one of the columns that `files.ARRAYS` names."""
        return self._columns[name]

    def page(self, row: int) -> PageRecord:
        """Return what the index knows of the page at `row`."""
        offset = self._columns["page_offset"]
        record = bytes(self._pages[int(offset[row]) : int(offset[row + 1])])
        url, title, language = json.loads(record)
        return PageRecord(
            row,
            url,
            title,
            language,
            self.sites[int(self._columns["page_site"][row])],
            int(self._columns["page_version"][row]),
            int(self._columns["page_day"][row]),
        )

    def page_passages(self, row: int) -> range:
        """Return the rows of a page's passages, in page order."""
        first = self._columns["page_first"]
        return range(int(first[row]), int(first[row + 1]))

    def span(self, passage: int) -> tuple[int, int]:
        """Return (start, end) of a passage in its page's text."""
        return int(self._columns["passage_start"][passage]), int(
            self._columns["passage_end"][passage]
        )

    def postings(self, term: int) -> tuple[int, int]:
        """Return the range of postings of a term id; empty when no passage has it."""
        terms = self._columns["terms"]
        at = int(terms.searchsorted(term))
        if at == len(terms) or int(terms[at]) != term:
            return 0, 0
        first = self._columns["term_first"]
        return int(first[at]), int(first[at + 1])

    def passages_with(self, term: Term) -> "NDArray[Any]":
        """Return the rows of the passages that hold any id of a term, repeats possible."""
        import numpy as np

        rows = self._columns["posting_passage"]
        ranges = [self.postings(key) for key in term.ids]
        return np.concatenate([rows[a:b] for a, b in ranges])

    def rarity(self, term: Term) -> float:
        """Return the idf of a term: ln(1 + (N - df + ½) / (df + ½))."""
        count = min(self.passages, sum(b - a for a, b in map(self.postings, term.ids)))
        return math.log(1.0 + (self.passages - count + 0.5) / (count + 0.5))

    def factor(self, term: Term) -> int:
        """Return the integer that a term's impacts are multiplied by."""
        rarity = self.rarity(term) if self.manifest.values["uses_rarity"] else 1.0
        return max(1, round(term.weight * rarity * WEIGHT))

    def sparse_scores(self, terms: Sequence[Term]) -> "NDArray[np.int64]":
        """Return the exact sparse score of every passage, in units of `sparse_unit`."""
        import numpy as np

        scores = np.zeros(self.passages, dtype=np.int64)
        rows, impacts = self._columns["posting_passage"], self._columns["posting_impact"]
        for term in terms:
            ranges = [(a, b) for a, b in map(self.postings, term.ids) if b > a]
            factor = self.factor(term)
            if len(ranges) == 1:
                a, b = ranges[0]
                scores[rows[a:b]] += impacts[a:b].astype(np.int64) * factor
            elif ranges:
                best = np.zeros(self.passages, dtype=np.int64)
                for a, b in ranges:
                    best[rows[a:b]] = np.maximum(best[rows[a:b]], impacts[a:b])
                scores += best * factor
        return scores

    @property
    def sparse_unit(self) -> float:
        """What one unit of a sparse score is worth."""
        ceiling: float = self.manifest.values["impact_ceiling"]
        return ceiling / IMPACT / WEIGHT

    @property
    def has_dense(self) -> bool:
        """Whether passages have dense vectors."""
        return self._dense is not None

    def dense_scores(self, query: Dense) -> "NDArray[np.int64]":
        """Return the exact inner product of every passage with the query, in `dense_unit`s."""
        import numpy as np

        if self._dense is None:
            return np.zeros(self.passages, dtype=np.int64)
        # Integers below 2^53 are exact in float64, so BLAS may add them in any order it likes.
        vector = quantise(np.asarray(query)).astype(np.float64)
        scores = np.empty(self.passages, dtype=np.int64)
        for at in range(0, self.passages, BLOCK):
            block = self._dense[at : at + BLOCK].astype(np.float64)
            scores[at : at + BLOCK] = block @ vector
        return scores

    @property
    def dense_unit(self) -> float:
        """What one unit of a dense score is worth."""
        return 1.0 / DENSE_SCALE / DENSE_SCALE

    def verify(self) -> list[str]:
        """Re-hash every file; return one sentence for each that is not what it was."""
        faults = []
        for name, entry in sorted(self.manifest.values["files"].items()):
            path = self.folder / name
            found = sha256_file(path) if path.is_file() else "no file"
            if found != entry["sha256"]:
                faults.append(
                    f"The frozen index file {path} has {found} and should have "
                    f"{entry['sha256']}: run appliance index --rebuild."
                )
        return faults


def _map_bytes(path: Path) -> "NDArray[np.uint8]":
    import numpy as np

    if path.stat().st_size == 0:
        return np.zeros(0, dtype=np.uint8)
    return np.memmap(path, dtype=np.uint8, mode="r")
