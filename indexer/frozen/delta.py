"""The delta of a frozen index: what changed since the last full freeze, kept beside that base.

A delta holds all pages that are new or different since its base, and names the base's pages that
are gone or replaced. So there are never more than two folders to search. `worth` says when a
delta is written instead of a full freeze; the next full freeze folds it in. It knows pages and
passages by their identity, and nothing of how they are scored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .segment import Segment
from .write import FrozenPage, FrozenPassage

if TYPE_CHECKING:
    from numpy.typing import NDArray

BASE_FROM = 20_000
"""Passages of a base from which a delta is worth its second folder; below, freezing is quick."""
MOST = 10_000
"""Passages, new and gone together, of the largest delta: its vectors are all scored."""
SHARE = 10
"""A delta is at most one in so many of its base's passages."""


@dataclass(frozen=True, slots=True)
class Change:
    """The difference between a base and what should be found now.

    `pages` and `passages` are those to add, numbered among themselves; `places[i]` is how many of
    the base's pages come before pages[i] in order of URL; `gone` are rows of the base's pages.
    """

    pages: list[FrozenPage]
    passages: list[FrozenPassage]
    places: list[int]
    gone: list[int]
    gone_passages: int


def change(base: Segment, pages: Sequence[FrozenPage], passages: Sequence[FrozenPassage]) -> Change:
    """Compare `base` with all pages and passages that should be found, in their frozen order."""
    first = base.columns["page_first"].tolist()
    ids = base.columns["passage_id"].tolist()
    of_page: list[list[FrozenPassage]] = [[] for _ in pages]
    for passage in passages:
        of_page[passage.page].append(passage)
    added: list[FrozenPage] = []
    added_passages: list[FrozenPassage] = []
    places: list[int] = []
    gone: list[int] = []
    row, here = 0, _page(base, 0) if base.pages else None
    for page, held in zip(pages, of_page, strict=True):
        while here is not None and _order(here) < _order(page):
            gone.append(row)
            row, here = _next(base, row)
        if here is not None and _order(here) == _order(page):
            at = row
            same = here == page and ids[first[at] : first[at + 1]] == [p.id for p in held]
            row, here = _next(base, row)
            if same:
                continue
            gone.append(at)
        number = len(added)
        added.append(page)
        places.append(row)
        added_passages.extend(FrozenPassage(p.id, number, p.start, p.end) for p in held)
    gone.extend(range(row, base.pages))
    lost = sum(first[row + 1] - first[row] for row in gone)
    return Change(added, added_passages, places, gone, lost)


def worth(base: Segment, difference: Change) -> bool:
    """Tell whether to write a delta: the base is large and the difference small beside it."""
    size = len(difference.passages) + difference.gone_passages
    return base.passages >= BASE_FROM and size <= min(MOST, base.passages // SHARE)


def may_be_base(base: Segment, header: Mapping[str, Any]) -> bool:
    """Tell whether `base` was made by the encoder and chunker that `header` names."""
    values = base.manifest.values
    return all(values.get(name) == header[name] for name in ("encoder", "chunker", "uses_rarity"))


def header(
    base: Segment, pages: Sequence[FrozenPage], passages: Sequence[FrozenPassage]
) -> dict[str, Any]:
    """Return what the manifest of a delta says besides: its base, and what is found in both."""
    return {
        "base": base.manifest.digest,
        "live": {"pages": len(pages), "passages": len(passages)},
        "languages": sorted({p.language for p in pages if p.language}),
    }


def columns(base: Segment, difference: Change) -> "dict[str, NDArray[Any]]":
    """Return the columns that a delta has beside those of its pages.

    `gone_page` are rows of the base; `gone_term` and `gone_count` say how many of a term's
    postings went with them, so that its rarity is what a full freeze would count.
    """
    import numpy as np

    gone = np.zeros(base.pages, dtype=bool)
    gone[difference.gone] = True
    terms, counts = base.sparse.without(gone[base.columns["passage_page"]])
    return {
        "gone_page": np.array(difference.gone, dtype="<i4"),
        "gone_term": terms.astype("<u4"),
        "gone_count": counts.astype("<i4"),
        "page_place": np.array(difference.places, dtype="<i4"),
    }


def _order(page: FrozenPage) -> tuple[str, int]:
    return page.url, page.version_id


def _next(base: Segment, row: int) -> tuple[int, FrozenPage | None]:
    return row + 1, _page(base, row + 1) if row + 1 < base.pages else None


def _page(base: Segment, row: int) -> FrozenPage:
    url, title, language = base.record(row)
    return FrozenPage(
        url,
        title,
        base.site(row),
        language,
        int(base.columns["page_version"][row]),
        int(base.columns["page_day"][row]),
        int(base.columns["page_anchors"][row]),
    )
