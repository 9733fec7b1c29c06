"""Base and delta as one: rows that count through the base and go on in the delta.

It knows columns, pages and which of them are gone, and nothing of queries and scores.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .segment import PageRecord, Segment

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]
    Mask = NDArray[np.bool_]


OWN = {"gone_page": "<i4", "gone_term": "<u4", "gone_count": "<i4", "page_place": "<i4"}
"""The columns that only a delta has, with their types."""
NAMES = {"page_site": "sites", "page_host": "hosts", "page_kind": "kinds"}
"""Columns that hold places in a list of names, which every folder has for itself."""


class Joined:
    """The folders of one index: a base, and perhaps a delta."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = tuple(segments)
        self.base = self.segments[0]
        self._delta = self.segments[1] if len(self.segments) > 1 else None
        self.pages = sum(segment.pages for segment in self.segments)
        """Rows of pages, those that are gone included; `live_pages` are those that can be found."""
        self.first_rows = (0, self.base.passages)[: len(self.segments)]
        self._own: dict[str, NDArray[Any]] = {}
        self._joins: dict[str, NDArray[Any]] = {}
        if self._delta is not None:
            # Now, because a folder may be removed while it is open.
            self._own = {name: self._delta.own(name, dtype) for name, dtype in OWN.items()}

    @cached_property
    def sites(self) -> list[str]:
        """The sites of all pages: what `page_site` numbers."""
        return self._named("sites")

    @cached_property
    def hosts(self) -> list[str]:
        """The hosts of all pages: what `page_host` numbers."""
        return self._named("hosts")

    @cached_property
    def kinds(self) -> list[str]:
        """The kinds of file of all pages: what `page_kind` numbers."""
        return self._named("kinds")

    def _named(self, which: str) -> list[str]:
        """Return the names of all folders, those of the base first."""
        return list(dict.fromkeys(n for segment in self.segments for n in getattr(segment, which)))

    def column(self, name: str) -> "NDArray[Any]":
        """Return one of the columns that `segment.COLUMNS` names, by row of the index."""
        return self._joined(name) if self._delta is not None else self.base.columns[name]

    def _joined(self, name: str) -> "NDArray[Any]":
        """Return a column of base and delta as one; rows and sites of the delta move up."""
        import numpy as np

        if name not in self._joins:
            base, delta = (s.columns[name] for s in self.segments)
            if name == "page_first":
                base, delta = base[:-1], delta + self.base.passages
            elif name == "passage_page":
                delta = delta + self.base.pages
            elif name in NAMES:
                places = {one: n for n, one in enumerate(getattr(self, NAMES[name]))}
                named = getattr(self._delta, NAMES[name])
                delta = np.array([places[one] for one in named], dtype=base.dtype)[delta]
            self._joins[name] = np.concatenate([base, delta])
        return self._joins[name]

    def page(self, row: int) -> PageRecord:
        """Return what the index knows of the page at `row`."""
        segment, at = self._page_at(row)
        return PageRecord(
            row,
            *segment.record(at),
            segment.site(at),
            int(segment.columns["page_version"][at]),
            int(segment.columns["page_day"][at]),
        )

    def page_passages(self, row: int) -> range:
        """Return the rows of a page's passages, in page order."""
        segment, at = self._page_at(row)
        first, last = segment.passages_of(at)
        moved = 0 if segment is self.base else self.base.passages
        return range(first + moved, last + moved)

    def span(self, passage: int) -> tuple[int, int]:
        """Return (start, end) of a passage in its page's text."""
        segment, at = self.base, int(passage)
        if at >= segment.passages:
            segment, at = self.segments[1], at - segment.passages
        columns = segment.columns
        return int(columns["passage_start"][at]), int(columns["passage_end"][at])

    def _page_at(self, row: int) -> tuple[Segment, int]:
        if row < self.base.pages:
            return self.base, row
        return self.segments[1], row - self.base.pages

    @cached_property
    def gone(self) -> "Mask | None":
        """Which page rows are not there any more; None when all are."""
        import numpy as np

        if self._delta is None:
            return None
        gone = np.zeros(self.pages, dtype=bool)
        gone[self._own["gone_page"]] = True
        return gone

    @cached_property
    def _live_masks(self) -> "list[Mask | None]":
        if self.gone is None:
            return [None for _ in self.segments]
        return [~self.gone[: self.base.pages], None]

    def there(self, pages: "Mask") -> "Mask":
        """Return `pages` (by row) less those that are gone."""
        return pages if self.gone is None else pages & ~self.gone

    def masks(self, allowed: "Mask | None") -> "list[Mask | None]":
        """Return for each folder which of its pages may be found; None for all."""
        if allowed is None:
            return self._live_masks
        mine: list[Mask | None] = []
        at = 0
        for segment, live in zip(self.segments, self._live_masks, strict=True):
            part = allowed[at : at + segment.pages]
            mine.append(part if live is None else part & live)
            at += segment.pages
        return mine

    @cached_property
    def gone_postings(self) -> dict[int, int]:
        """How many postings of each term are in pages that are gone."""
        if self._delta is None:
            return {}
        terms, counts = self._own["gone_term"], self._own["gone_count"]
        return dict(zip(terms.tolist(), counts.tolist(), strict=True))

    @cached_property
    def places(self) -> "Integers | None":
        """Return for each page row its place in the order of URLs; None where the row is it."""
        import numpy as np

        if self._delta is None:
            return None
        of_base = 2 * np.arange(self.base.pages, dtype=np.int64) + 1
        return np.concatenate([of_base, 2 * self._own["page_place"].astype(np.int64)])

    def live(self, passages: "NDArray[Any]") -> "NDArray[Any]":
        """Return those of the passages whose page is not gone."""
        if self.gone is None:
            return passages
        kept: NDArray[Any] = passages[~self.gone[self.column("passage_page")[passages]]]
        return kept

    def ordered(self, pages: "Mask") -> "Integers":
        """Return the rows of `pages` in order of URL, those that are gone left out."""
        import numpy as np

        rows = np.flatnonzero(self.there(pages))
        return rows if self.places is None else rows[np.lexsort((rows, self.places[rows]))]

    def in_order(self, pages: "set[int]") -> list[int]:
        """Return page rows in order of URL."""
        if self.places is None:
            return sorted(pages)
        places = self.places
        return sorted(pages, key=lambda row: (int(places[row]), row))
