"""Building the index: split what is new, encode it into Milvus, delete what is gone, freeze.

Incremental and resumable: what is done is marked in PostgreSQL only after Milvus has flushed it,
so a run that was killed is finished by the next one, and nothing is encoded twice but the batch
that was open. It knows encoders by their protocol only, and nothing of crawling or searching.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from time import monotonic

from store.database import Database
from store.page import PageVersion
from store.pages import PageStore
from store.passages import FIRST, PassageRow, PassageStore

from .encoders.base import Encoder, PassageText
from .freezing import Contents, current_index
from .frozen import frozen_root, publish
from .frozen.write import warm
from .generations import Generations
from .milvus import LITE, Backend, VectorStore
from .passages import DEFAULT_CHUNKER, Chunker, passage_id, split

logger = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
"""Called with the stage ("split", "encode", "freeze"), what is done and the total."""

Referred = Callable[[], Collection[str]]
"""Returns the digests of frozen indexes that somebody still refers to."""

BATCH = 1024
"""Passages taken together and put in order of length, so that like ones are encoded together."""
FLUSH, FLUSH_SECONDS = 1024, 60.0
"""Passages, and time, between two flushes of Milvus: what a kill can cost."""
ROUNDS = 5
"""How often a run looks again for pages that a crawl changed meanwhile."""


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What a run did. `unchanged` tells that the frozen index was already the right one."""

    encoder: str
    digest: str
    folder: Path
    pages: int
    passages: int
    split: int
    encoded: int
    deleted: int
    unchanged: bool


def nothing() -> tuple[str, ...]:
    """Refer to no earlier index."""
    return ()


def build(
    db: Database,
    home: Path,
    encoder: Encoder,
    progress: Progress | None = None,
    *,
    collection: str = "web",
    backend: Backend = LITE,
    chunker: Chunker = DEFAULT_CHUNKER,
    rebuild: bool = False,
    whole: bool = False,
    referred: Referred = nothing,
) -> IndexReport:
    """Bring the index of `home` up to date with the store and freeze one collection of it.

    Passages and vectors are those of all collections; what readers map is one collection's.
    `backend` names a Milvus server instead of Milvus Lite; `rebuild` encodes everything again,
    `whole` only freezes everything again. Earlier frozen indexes that `referred` names stay.
    Raises IndexBusy when another run holds the index, VectorStoreError and the encoder's errors;
    what was done until then is kept.
    """
    with VectorStore(home / "milvus", backend) as vectors, db.exclusive("index"):
        names = generations(db, vectors, encoder, chunker, backend)
        logger.info("vectors of %s go to %s", encoder.name, names.working())
        run = Run(db, vectors, encoder, chunker, progress or silent, collection, names)
        if rebuild:
            run.forget()
        run.prepare()
        run.catch_up()
        report = run.freeze(frozen_root(home, collection), rebuild or whole, referred)
        names.publish()
        return report


def generations(
    db: Database, vectors: VectorStore, encoder: Encoder, chunker: Chunker, backend: Backend
) -> Generations:
    """Return the names of this encoder's collections; on a server they carry the database's."""
    owner = db.identity() if backend.uri else ""
    return Generations(vectors, encoder.digest, chunker.digest, owner)


def silent(stage: str, done: int, total: int) -> None:
    """Show no progress."""


class Run:
    """The state of one run: what `build` does, step by step."""

    def __init__(
        self,
        db: Database,
        vectors: VectorStore,
        encoder: Encoder,
        chunker: Chunker,
        progress: Progress,
        collection: str,
        names: Generations,
    ) -> None:
        self._passages = PassageStore(db)
        self._pages = PageStore(db, collection)
        self._version = lru_cache(maxsize=1024)(PageStore(db).version)
        self._vectors = vectors
        self._encoder = encoder
        self._chunker = chunker
        self._progress = progress
        # Marks carry both digests: passages cut another way are other passages.
        self._mark = encoder.digest
        self._names = names
        self._collection = names.working()
        self.split = self.encoded = self.deleted = 0

    def forget(self) -> None:
        """Mark everything as not encoded, and begin a new collection."""
        # In this order: a run that is killed in between goes on in the old collection, and what
        # was forgotten is written there again.
        for rows in self._each():
            self._passages.mark([row.id for row in rows], None)
        self._collection = self._names.following()

    def prepare(self) -> None:
        """Create the collection unless it is there; forget what it should hold and does not."""
        self._vectors.prepare(self._collection, self._encoder.dense_size)
        marked = self._passages.count(self._mark)
        # Counted, not compared: whoever deletes Milvus's folder takes all of it.
        if marked and self._vectors.count(self._collection) < marked:
            held = set(self._vectors.keys(self._collection))
            self._forget_lost(self._wanted(), held)

    def catch_up(self) -> None:
        """Delete, split and encode until nothing is left to do."""
        for _ in range(ROUNDS):
            if not (self._delete() + self._split() + self._encode()):
                return

    def _delete(self) -> int:
        stale = self._passages.stale(self._chunker.digest)
        if stale:
            # Milvus first: should we be killed in between, the rows are still there to tell us.
            self._vectors.delete(self._collection, stale)
            self._vectors.flush(self._collection)
            self._passages.remove(stale)
            self.deleted += len(stale)
        return len(stale)

    def _split(self) -> int:
        work, after = 0, 0
        while versions := self._passages.unsplit(self._chunker.digest, after):
            rows: list[PassageRow] = []
            collections = self._passages.collections(versions)
            for version_id in versions:
                page = self._version(version_id)
                rows.extend(cut(page, version_id, collections[version_id], self._chunker))
            self._passages.insert(rows)
            after = versions[-1]
            work += len(rows)
            self._progress("split", self.split + work, self.split + work)
        self.split += work
        return work

    def _encode(self) -> int:
        total = self._passages.count() - self._passages.count(self._mark)
        done, after = 0, FIRST
        open_ids: list[int] = []
        settled = monotonic()
        while rows := self._passages.pending(self._mark, BATCH, after):
            after = rows[-1].id
            texts = sorted(
                ((row.id, passage_text(self._version(row.version_id), row)) for row in rows),
                key=lambda one: (-len(one[1].text) - len(one[1].title), one[0]),
            )
            for batch in _batches(texts, self._encoder.batch):
                ids = [key for key, _ in batch]
                vectors = self._encoder.encode_passages([text for _, text in batch])
                self._vectors.upsert(self._collection, ids, vectors)
                open_ids.extend(ids)
                if len(open_ids) >= FLUSH or monotonic() - settled > FLUSH_SECONDS:
                    self._settle(open_ids)
                    settled = monotonic()
                done += len(ids)
                self._progress("encode", done, max(total, done))
        self._settle(open_ids)
        self.encoded += done
        return done

    def _settle(self, ids: list[int]) -> None:
        if ids:
            self._vectors.flush(self._collection)
            self._passages.mark(ids, self._mark)
            ids.clear()

    def _each(self) -> Iterator[list[PassageRow]]:
        after = FIRST
        while rows := self._passages.each(self._mark, after):
            yield rows
            after = rows[-1].id

    def _wanted(self) -> set[int]:
        """Return the passages that Milvus should hold."""
        return {row.id for rows in self._each() for row in rows}

    def freeze(self, root: Path, rebuild: bool, referred: Referred = nothing) -> IndexReport:
        """Write and publish the frozen index, unless the current one is made of the same."""
        contents = Contents(self._encoder, self._chunker, self._pages, self._version, self._each())
        current = None if rebuild else current_index(root)
        warm(root, len(contents.passages))
        if current is not None and current.manifest.values.get("inputs") == contents.inputs:
            return self._report(contents, current.digest, current.folder, unchanged=True)
        self._heal(self._wanted())
        manifest = contents.write(
            root,
            current,
            partial(self._vectors.export, self._collection),
            partial(self._progress, "freeze"),
        )
        # Asked for last, for runs may have begun meanwhile.
        folder = publish(root, manifest, referred())
        return self._report(contents, manifest.digest, folder, unchanged=False)

    def _report(
        self, contents: Contents, digest: str, folder: Path, unchanged: bool
    ) -> IndexReport:
        return IndexReport(
            self._encoder.name,
            digest,
            folder,
            len(contents.pages),
            len(contents.passages),
            self.split,
            self.encoded,
            self.deleted,
            unchanged,
        )

    def _heal(self, wanted: set[int]) -> None:
        """Make Milvus hold exactly what PostgreSQL says that it holds."""
        held = set(self._vectors.keys(self._collection))
        if orphans := sorted(held - wanted):
            self._vectors.delete(self._collection, orphans)
            self._vectors.flush(self._collection)
        if self._forget_lost(wanted, held):
            self._encode()

    def _forget_lost(self, wanted: set[int], held: set[int]) -> bool:
        """Mark as not encoded what of `wanted` is not in `held`; tell whether there is any."""
        lost = sorted(wanted - held)
        if lost:
            logger.warning("Milvus lacks %d passages that were encoded; encoding again", len(lost))
            self._passages.mark(lost, None)
        return bool(lost)


def cut(page: PageVersion, version_id: int, collection: str, chunker: Chunker) -> list[PassageRow]:
    """Return the passages of a page as the store should hold them."""
    digest = page.digest
    return [
        PassageRow(
            passage_id(page.url, digest, p.start, p.end, chunker.digest, collection),
            version_id,
            p.ordinal,
            p.start,
            p.end,
            p.headings,
            chunker.digest,
        )
        for p in split(page.text, page.title, chunker)
    ]


def passage_text(page: PageVersion, row: PassageRow) -> PassageText:
    """Return a passage as it is encoded."""
    text = page.text[row.start : row.end]
    return PassageText(text, page.title, row.headings, page.lang, page.url, first=row.ordinal == 0)


def _batches(
    texts: Sequence[tuple[int, PassageText]], size: int
) -> Iterator[Sequence[tuple[int, PassageText]]]:
    for start in range(0, len(texts), size):
        yield texts[start : start + size]
