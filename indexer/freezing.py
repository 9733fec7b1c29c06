"""What the frozen index of a collection is made of, and the writing of it, whole or as a delta.

It takes the passages that are encoded and vectors by their ids, and knows nothing of Milvus, of
encoding, or of what was done before.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from store.digest import blake_json
from store.page import PageVersion
from store.pages import PageStore
from store.passages import PassageRow

from .encoders.base import Encoder, Vectors
from .errors import IndexDamaged, IndexerError, VectorStoreError
from .facets import host_of
from .frozen import FrozenIndex, FrozenPage, FrozenPassage, delta, write
from .frozen.files import FORMAT, Manifest
from .linkwords import LinkWords
from .passages import Chunker

logger = logging.getLogger(__name__)

Export = Callable[[Sequence[int]], Iterator[tuple[Sequence[int], Sequence[Vectors]]]]
"""Called with ids; yields ids that were found, in that order, with their vectors."""
Seen = Callable[[int, int], None]
"""Called with the number of passages that are written and the total."""


class Contents:
    """Pages by URL and passages by (page, span): the order that breaks ties."""

    def __init__(
        self,
        encoder: Encoder,
        chunker: Chunker,
        store: PageStore,
        version: Callable[[int], PageVersion],
        encoded: Iterable[Sequence[PassageRow]],
    ) -> None:
        """Gather the current pages of `store` that have passages among `encoded`."""
        self._encoder, self._chunker = encoder, chunker
        of_version: dict[int, list[PassageRow]] = {}
        wanted = store.current_ids()
        for rows in encoded:
            for row in rows:
                if row.version_id in wanted:
                    of_version.setdefault(row.version_id, []).append(row)
        pages = sorted(
            (_page(version(key), key) for key in of_version),
            key=lambda page: (page.url, page.version_id),
        )
        self._links = LinkWords(encoder, store, [(page.url, page.version_id) for page in pages])
        self.pages = [replace(page, anchors=self._links.identity(page.url)) for page in pages]
        self.passages = [
            FrozenPassage(row.id, number, row.start, row.end)
            for number, page in enumerate(pages)
            for row in sorted(of_version[page.version_id], key=lambda row: (row.start, row.end))
        ]

    @cached_property
    def inputs(self) -> str:
        """The digest of all that decides the frozen files."""
        return blake_json(
            [
                FORMAT,
                self._encoder.digest,
                self._chunker.digest,
                [
                    [p.url, p.title, p.site, p.language, p.version_id, p.day, p.anchors]
                    for p in self.pages
                ],
                [[p.id, p.page, p.start, p.end] for p in self.passages],
            ]
        )

    def write(
        self, root: Path, current: FrozenIndex | None, export: Export, seen: Seen
    ) -> Manifest:
        """Write it below `root`, as what changed since `current` where that is little.

        Raises VectorStoreError when `export` lacks a passage.
        """
        header = {
            "encoder": {"name": self._encoder.name, "digest": self._encoder.digest},
            "chunker": self._chunker.digest,
            "uses_rarity": self._encoder.uses_rarity,
            "anchors": blake_json([[p.url, p.anchors] for p in self.pages if p.anchors]),
            "inputs": self.inputs,
        }
        sizes = (self._encoder.dense_size, self._encoder.impact_ceiling)
        change = self._change(current, header)
        if current is None or change is None:
            vectors = self._vectors(self.pages, self.passages, export, seen)
            return write(root, header, self.pages, self.passages, vectors, *sizes)
        if not change.pages and not change.gone:
            return current.base.manifest
        return write(
            root,
            {**header, **delta.header(current.base, self.pages, self.passages)},
            change.pages,
            change.passages,
            self._vectors(change.pages, change.passages, export, seen),
            *sizes,
            delta.columns(current.base, change),
        )

    def _change(self, current: FrozenIndex | None, header: dict[str, Any]) -> delta.Change | None:
        """Return what changed since the last full freeze, if that is little; None otherwise."""
        if current is None or not delta.may_be_base(current.base, header):
            return None
        change = delta.change(current.base, self.pages, self.passages)
        return change if delta.worth(current.base, change) else None

    def _vectors(
        self,
        pages: Sequence[FrozenPage],
        passages: Sequence[FrozenPassage],
        export: Export,
        seen: Seen,
    ) -> Iterator[list[Vectors]]:
        """Yield the vectors of `passages`, each with the words of the links to its page."""
        ids = [passage.id for passage in passages]
        of = [pages[passage.page] for passage in passages]
        done = 0
        for found, vectors in export(ids):
            here = of[done : done + len(found)]
            yield [
                self._links.added(vector, page.url, page.language)
                for vector, page in zip(vectors, here, strict=True)
            ]
            done += len(found)
            seen(done, len(ids))
        if done != len(ids):
            raise VectorStoreError(
                f"Milvus returned {done} of {len(ids)} passages: run appliance index --rebuild."
            )


def current_index(root: Path) -> FrozenIndex | None:
    """Return the current frozen index, or None when there is none, or it is damaged.

    Every file is hashed: opening shows only what cannot be read at all, and a run that leaves a
    damaged index as it is would be no repair.
    """
    try:
        index = FrozenIndex.open(root)
        if faults := index.verify():
            raise IndexDamaged(faults[0])
    except (IndexerError, OSError) as error:
        logger.info("building a new frozen index: %s", error)
        return None
    return index


def _page(page: PageVersion, version_id: int) -> FrozenPage:
    day = page.published.toordinal() if page.published else 0
    site = page.site or host_of(page.url)
    return FrozenPage(page.url, page.title, site, page.lang, version_id, day)
