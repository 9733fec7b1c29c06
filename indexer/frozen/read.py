"""Reading a frozen index: a base and perhaps a delta beside it, searched as one.

Scores are sums of integers, so they are the same in any order, on any number of threads and on
any CPU. Rows count through the base and go on in the delta. The arms name pages that might be
best (`best_pages`), and exact scores are had for these alone (`found`). It knows nothing of
texts, snippets or ranking beyond one arm's scores; it imports neither pymilvus nor, before a large
index asks for it, FAISS or numba.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..encoders.base import Dense, QueryVectors, Term
from ..errors import IndexDamaged, IndexMissing
from ..rarity import idf
from . import compiled
from .clusters import DENSE_SCALE, quantise
from .files import REPAIR, Manifest, current_folder, read_manifest
from .joined import Joined
from .naming import both
from .segment import Segment
from .sparse import IMPACT, Word
from .write import folder_name

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]
    from .naming import Named

    Mask = NDArray[np.bool_]

WEIGHT = 4096
"""Query weights and idf are rounded to 1/4096."""
WEIGHTS = (0.6, 0.4)
"""What the dense and the sparse arm weigh where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Found:
    """Pages in order of URL with the exact scores of all their passages.

    The passages of pages[i] are first[i] to first[i + 1] in `passages` (rows of the index),
    `sparse` (in units of `sparse_unit`) and `dense` (of `dense_unit`; None without vectors).
    """

    pages: list[int]
    first: "Integers"
    passages: "Integers"
    sparse: "Integers"
    dense: "Integers | None"


class FrozenIndex(Joined):
    """One open frozen index. It is safe to share between threads: nothing in it changes."""

    def __init__(self, root: Path, folder: Path, manifest: Manifest, base: Manifest | None) -> None:
        self.folder = folder
        self.manifest = manifest
        chosen = [(root / folder_name(m.digest), m) for m in (base, manifest) if m is not None]
        total = sum(m.values["passages"] for _, m in chosen)
        self._loops = compiled.loops(root, total)
        super().__init__([Segment(path, m, self._loops) for path, m in chosen])
        live = manifest.values.get("live", manifest.values)
        self.passages: int = live["passages"]
        self.live_pages: int = live["pages"]
        self.languages: tuple[str, ...] = tuple(manifest.values["languages"])

    @classmethod
    def open(cls, root: Path, digest: str = "") -> "FrozenIndex":
        """Open the current index below `root` (`home/frozen`), or the one that has `digest`.

        Raises IndexMissing, IndexDamaged or IndexStale.
        """
        folder = root / folder_name(digest) if digest else current_folder(root)
        if digest and not folder.is_dir():
            raise IndexMissing(
                f"The frozen index {folder.name} is no longer in {root}: nothing referred to it "
                "any more, or it was purged."
            )
        manifest = read_manifest(folder)
        named = manifest.values.get("base")
        if named is None:
            return cls(root, folder, manifest, None)
        base = read_manifest(root / folder_name(named))
        if base.digest != named:
            raise IndexDamaged(f"The frozen index in {folder} lacks its base: {REPAIR}.")
        return cls(root, folder, manifest, base)

    def prepare(self) -> None:
        """Load now what the second search would load: for processes that search many times."""
        self._loops.prepare()
        for segment in self.segments:
            if segment.dense is not None:
                segment.dense.prepare()

    @property
    def digest(self) -> str:
        """The tagged digest of the manifest, which names every file's digest and the base's."""
        return self.manifest.digest

    # Words.

    def passages_with(self, term: Term) -> "NDArray[Any]":
        """Return the rows of the passages that hold any id of a term, repeats possible."""
        import numpy as np

        found = [
            segment.sparse.rows(term.ids) + moved
            for segment, moved in zip(self.segments, self.first_rows, strict=True)
        ]
        return self.live(np.concatenate(found))

    def passages_with_all(self, terms: Sequence[Term]) -> "NDArray[Any]":
        """Return the rows of the passages that hold all of `terms`, ascending."""
        import numpy as np

        if not terms:
            return np.zeros(0, dtype=np.int64)
        found = []
        for segment, moved in zip(self.segments, self.first_rows, strict=True):
            arm = segment.sparse
            rarest, *others = sorted(
                terms, key=lambda term: sum(b - a for a, b in arm.ranges(term.ids))
            )
            rows = np.unique(arm.rows(rarest.ids))
            for term in others:
                rows = arm.holding(term.ids, rows)
            found.append(rows + moved)
        return self.live(np.concatenate(found))

    def rarity(self, term: Term) -> float:
        """Return the idf of a term: ln(1 + (N - df + ½) / (df + ½))."""
        ids = term.counted or term.ids
        held = sum(b - a for s in self.segments for a, b in s.sparse.ranges(ids))
        held -= sum(self.gone_postings.get(key, 0) for key in ids)
        count = min(self.passages, held)
        return idf(count, self.passages)

    def factor(self, term: Term) -> int:
        """Return the integer that a term's impacts are multiplied by."""
        rarity = self.rarity(term) if self.manifest.values["uses_rarity"] else 1.0
        return max(1, round(term.weight * rarity * WEIGHT))

    def words(self, terms: Sequence[Term]) -> list[Word]:
        """Return the terms with their factors."""
        return [Word(term.ids, self.factor(term)) for term in terms]

    @property
    def sparse_unit(self) -> float:
        """What one unit of a sparse score is worth."""
        ceiling: float = self.manifest.values["impact_ceiling"]
        return ceiling / IMPACT / WEIGHT

    @property
    def has_dense(self) -> bool:
        """Whether passages have dense vectors."""
        return self.base.dense is not None

    @property
    def dense_unit(self) -> float:
        """What one unit of a dense score is worth."""
        return 1.0 / DENSE_SCALE / DENSE_SCALE

    # The reference: a score for every passage, in time that grows with the index.

    def sparse_scores(self, terms: Sequence[Term]) -> "Integers":
        """Return the exact sparse score of every passage, in units of `sparse_unit`."""
        import numpy as np

        words = self.words(terms)
        return self._masked(np.concatenate([s.sparse.scores(words) for s in self.segments]))

    def dense_scores(self, query: Dense) -> "Integers":
        """Return the exact inner product of every passage with the query, in `dense_unit`s."""
        import numpy as np

        vector = quantise(np.asarray(query))
        return self._masked(
            np.concatenate(
                [
                    np.zeros(s.passages, np.int64) if s.dense is None else s.dense.scores(vector)
                    for s in self.segments
                ]
            )
        )

    def _masked(self, scores: "Integers") -> "Integers":
        if self.gone is not None:
            scores[self.gone[self.column("passage_page")]] = 0
        return scores

    # Searching.

    def best_pages(
        self,
        vectors: QueryVectors,
        most: int,
        allowed: "Mask | None" = None,
        weights: tuple[float, float] = WEIGHTS,
    ) -> list[int]:
        """Return the pages that may be the `most` best ones, in order of URL.

        `allowed` (by page row) is obeyed before anything is cut. With one arm these are the
        `most` best by their best passages. With two there are those of each arm (of the sparse one
        twice as many), and those of both together, each arm's scores as shares of its best one
        times `weights` (dense, sparse).
        """
        import numpy as np

        masks = self.masks(allowed)
        words = self.words(vectors.terms)
        if vectors.dense is None or not self.has_dense:
            named = [
                s.sparse.top(words, most, m) for s, m in zip(self.segments, masks, strict=True)
            ]
            return self.in_order(set(self._merged(named, most))) if words else []
        vector = quantise(np.asarray(vectors.dense))
        sparse, *others = both(self.segments, masks, words, vector, most, weights)
        pages = set(self._merged(sparse, 2 * most))
        for one in others:
            pages.update(self._merged(one, most))
        return self.in_order(pages)

    def _merged(self, named: "list[Named]", most: int) -> list[int]:
        """Return the best pages of what the folders name, at most `most`."""
        import numpy as np

        at = 0
        scores, pages = [], []
        for segment, (found, rows) in zip(self.segments, named, strict=True):
            scores.append(found)
            pages.append(rows + at)
            at += segment.pages
        if self.places is None:
            return [int(row) for row in pages[0]]
        every, rows = np.concatenate(scores), np.concatenate(pages)
        order = np.lexsort((rows, self.places[rows], -every))
        return [int(row) for row in rows[order][:most]]

    def found(self, vectors: QueryVectors, pages: Sequence[int]) -> Found:
        """Return `pages` in order of URL with the exact scores of all their passages."""
        import numpy as np

        self._loops.searching()
        ordered = self.in_order(set(pages))
        starts = self.column("page_first")
        rows = np.array(ordered, dtype=np.int64)
        begins = starts[rows].astype(np.int64)
        counts = starts[rows + 1].astype(np.int64) - begins if len(rows) else begins
        first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        passages = np.repeat(begins - first[:-1], counts) + np.arange(first[-1], dtype=np.int64)
        words = self.words(vectors.terms)
        sparse = self._scored(passages, lambda segment, at: segment.sparse.at(words, at))
        dense = None
        if vectors.dense is not None and self.has_dense:
            vector = quantise(np.asarray(vectors.dense))
            dense = self._scored(
                passages,
                lambda segment, at: (
                    np.zeros(len(at), np.int64)
                    if segment.dense is None
                    else segment.dense.at(vector, at)
                ),
            )
        return Found(ordered, first, passages, sparse, dense)

    def _scored(
        self,
        passages: "Integers",
        arm: "Callable[[Segment, Integers], Integers]",
    ) -> "Integers":
        """Return one arm's scores of passages of any folder, each folder asked in order of row."""
        import numpy as np

        if self._delta is None:
            return arm(self.base, passages)
        scores = np.empty(len(passages), dtype=np.int64)
        for segment, moved in zip(self.segments, self.first_rows, strict=True):
            mine = np.flatnonzero((passages >= moved) & (passages < moved + segment.passages))
            order = mine[np.argsort(passages[mine], kind="stable")]
            scores[order] = arm(segment, passages[order] - moved)
        return scores

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Turn what damaged numbers lead to into IndexDamaged.

        Files are not hashed when they are opened, so wild numbers come to light as an error of
        whatever they were used for. Only if a file has changed is that the index's fault.
        """
        try:
            yield
        except (ArithmeticError, AssertionError, LookupError, TypeError, ValueError) as error:
            if faults := self.verify():
                raise IndexDamaged(faults[0]) from error
            raise

    def verify(self) -> list[str]:
        """Re-hash every file; return one sentence for each that is not what it was."""
        return [fault for segment in self.segments for fault in segment.verify()]
