"""Comparing the store, Milvus and the frozen index, and making them agree again.

The store is the truth: what is wrong in Milvus or in the frozen index is made anew from it, and of
the vectors only those that are wrong are encoded again. It holds the index alone, as a run does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from store.database import Database
from store.pages import PageStore
from store.passages import PassageStore

from ..build import Progress, Referred, Run, cut, generations, nothing, silent
from ..encoders.base import Encoder
from ..frozen import frozen_root
from ..generations import Generations
from ..linkwords import LinkWords
from ..milvus import LITE, Backend, VectorStore
from ..passages import DEFAULT_CHUNKER, Chunker
from .findings import FROZEN, STORE, VECTORS, Audit, findings
from .frozen import Frozen, check_frozen
from .held import Held, check_held, check_vectors
from .stored import Stored, check_stored


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found, and, where something was repaired, what is found since and what it took."""

    before: Audit
    after: Audit | None = None
    encoded: int = 0
    deleted: int = 0

    @property
    def clean(self) -> bool:
        """Whether the index is right now."""
        return (self.after or self.before).clean


def audit(
    db: Database,
    home: Path,
    encoder: Encoder,
    progress: Progress | None = None,
    *,
    collection: str = "web",
    backend: Backend = LITE,
    chunker: Chunker = DEFAULT_CHUNKER,
    encode: bool | None = None,
    repair: bool = False,
    referred: Referred = nothing,
) -> Outcome:
    """Compare the index of `home` with the store; with `repair`, make it right and compare again.

    Milvus is compared for all collections, the frozen index for `collection`. With `encode` each
    passage is encoded again and compared with its vector; None means: with an encoder that makes
    no dense vectors. Without, a vector is compared with what is frozen of it. Nothing is changed
    without `repair`. `referred` and what is raised are those of `build`.
    """
    with VectorStore(home / "milvus", backend) as vectors, db.exclusive("index"):
        names = generations(db, vectors, encoder, chunker, backend)
        shown = progress or silent
        task = _Task(db, home, encoder, shown, collection, chunker, vectors, names, referred)
        again = encoder.dense_size == 0 if encode is None else encode
        before = task.look(again)
        if not repair or before.clean:
            return Outcome(before)
        run = task.mend(before)
        return Outcome(before, task.look(again), run.encoded, run.deleted)


class _Task:
    """One comparison after another of the same index."""

    def __init__(
        self,
        db: Database,
        home: Path,
        encoder: Encoder,
        progress: Progress,
        collection: str,
        chunker: Chunker,
        vectors: VectorStore,
        names: Generations,
        referred: Referred = nothing,
    ) -> None:
        self._referred = referred
        self._db, self._encoder, self._chunker = db, encoder, chunker
        self._root = frozen_root(home, collection)
        self._progress, self._collection = progress, collection
        self._vectors, self._names = vectors, names
        self._stored, self._held, self._frozen = Stored(), Held(), Frozen()

    def look(self, encode: bool) -> Audit:
        """Compare everything; `encode` says whether each passage is encoded again."""
        stored = check_stored(self._db, self._chunker, self._encoder.digest, self._seen("pages"))
        self._stored = stored
        mine = PageStore(self._db, self._collection).current_ids()
        frozen = check_frozen(
            self._root,
            {
                "encoder": {"name": self._encoder.name, "digest": self._encoder.digest},
                "chunker": self._chunker.digest,
                "uses_rarity": self._encoder.uses_rarity,
            },
            {key: row for key, row in stored.wanted.items() if row.version_id in mine},
            stored.pending,
            stored.stale,
        )
        passing = stored.pending | stored.stale | set(stored.drop)
        held = check_held(self._vectors, self._names, stored.wanted, passing)
        self._held = held
        lost = set(held.ids("missing"))
        unread = set(stored.faults.get("unreadable", ()))
        rows = [
            row
            for key, row in stored.wanted.items()
            if key not in lost and row.version_id not in unread
        ]
        changed, frozen_wrong = check_vectors(
            self._db,
            self._vectors,
            self._names,
            self._encoder,
            rows,
            frozen,
            LinkWords(self._encoder, PageStore(self._db, self._collection), frozen.pages),
            encode,
            self._seen("vectors", len(rows)),
        )
        held.faults["changed"] = list(changed)
        frozen.faults["changed"] = list(frozen_wrong)
        return Audit(
            stored.pages,
            len(stored.wanted),
            held.vectors,
            frozen.digest,
            (
                *findings(STORE, stored.faults),
                *findings(VECTORS, held.faults),
                *findings(FROZEN, frozen.faults),
            ),
        )

    def mend(self, found: Audit) -> Run:
        """Make everything right that the last comparison found; return the run that did it.

        Killed at any moment, it leaves nothing that the next one would not find.
        """
        run = Run(
            self._db,
            self._vectors,
            self._encoder,
            self._chunker,
            self._progress,
            self._collection,
            self._names,
        )
        run.prepare()
        working = self._names.working()
        passages, pages = PassageStore(self._db), PageStore(self._db)
        # Milvus first, as in every run: rows of the store tell what is left to delete.
        surplus = [*self._stored.drop, *self._held.ids("surplus", "doubled")]
        if surplus:
            self._vectors.delete(working, surplus)
            self._vectors.flush(working)
        passages.remove(self._stored.drop)
        collections = passages.collections(self._stored.mend)
        for version_id in self._stored.mend:
            page = pages.version(version_id)
            passages.insert(cut(page, version_id, collections[version_id], self._chunker))
        passages.mark(self._held.ids("missing", "doubled", "changed"), None)
        run.catch_up()
        damaged = found.has(FROZEN, "unreadable", "digest", "doubled", "span", "changed")
        report = run.freeze(self._root, damaged, self._referred)
        if report.unchanged and found.has(FROZEN, "missing", "surplus"):
            run.freeze(self._root, True, self._referred)
        self._names.publish()
        return run

    def _seen(self, stage: str, total: int = 0) -> Callable[[int], None]:
        return lambda done: self._progress(stage, done, total or done)
