"""Which pages the filters of a query let through, and which filter shut all of them out.

Filters never raise or lower a page. What an index can tell is one mask over its pages; what only
the text can tell (an excluded phrase) is asked page by page, of those that would be shown.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from .addresses import Addresses
from .encoders.base import Term
from .frozen.read import FrozenIndex
from .frozen.segment import PageRecord
from .phrases import flat, holds, pages_with_all, plain_words
from .query import Query

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter: as it is written, the field of `Query` that it is in, and its value there."""

    written: str
    field: str
    value: tuple[str, ...] | int


def each(query: Query) -> tuple[Filter, ...]:
    """Return every filter of `query`.

    Several sites, or several kinds of file, are one: a page has to be on one of them.
    """
    found = []
    for name, operator in (("sites", "site"), ("kinds", "filetype")):
        if values := getattr(query, name):
            found.append(Filter(" OR ".join(f"{operator}:{v}" for v in values), name, values))
    for name, operator in _BARRED.items():
        found += [Filter(f"-{operator}{_marked(v)}", name, (v,)) for v in getattr(query, name)]
    for name in ("after", "before"):
        if (day := getattr(query, name)) is not None:
            found.append(Filter(f"{name}:{date.fromordinal(day)}", name, day))
    return tuple(found)


def unfiltered(query: Query) -> Query:
    """Return `query` with no filter at all."""
    for one in each(query):
        query = without(query, one)
    return query


def without(query: Query, one: Filter) -> Query:
    """Return `query` without one of its filters."""
    left: Any = None
    if isinstance(one.value, tuple):
        left = tuple(v for v in getattr(query, one.field) if v not in one.value)
    return replace(query, **{one.field: left})


def only(query: Query, one: Filter) -> Query:
    """Return `query` with no other of its filters than `one`."""
    value: Any = one.value
    return replace(unfiltered(query), **{one.field: value})


_BARRED = {
    "barred_sites": "site:",
    "barred_kinds": "filetype:",
    "barred_titles": "intitle:",
    "excluded": "",
}


def _marked(words: str) -> str:
    return f'"{words}"' if len(words.split()) > 1 else words


class PageFilter:
    """The filters of one query on one index.

    `allowed` is a mask over the rows of pages, or None when everything may pass it; `passes` asks
    the rest. `terms` returns the terms of a word, or is None where postings are not words; `body`
    returns the flattened title and text of a page.
    """

    def __init__(
        self,
        index: FrozenIndex,
        addresses: Addresses,
        query: Query,
        terms: Callable[[str], Sequence[Term]] | None,
        body: Callable[[PageRecord], str],
    ) -> None:
        self._index = index
        self._addresses = addresses
        self._query = query
        self._body = body
        self._titles = [flat(title) for title in query.barred_titles]
        self._words: list[tuple[str, NDArray[np.bool_] | None]] = []
        self.undated = 0
        self.allowed = self._mask(terms)

    def _mask(self, terms: Callable[[str], Sequence[Term]] | None) -> "NDArray[np.bool_] | None":
        import numpy as np

        query, day = self._query, self._index.column("page_day")
        if not each(query):
            return None
        allowed = np.ones(self._index.pages, dtype=bool)
        if query.sites:
            allowed &= self._addresses.on_sites(query.sites)
        if query.barred_sites:
            allowed &= ~self._addresses.on_sites(query.barred_sites)
        if query.kinds:
            allowed &= self._addresses.of_kinds(query.kinds)
        if query.barred_kinds:
            allowed &= ~self._addresses.of_kinds(query.barred_kinds)
        for word in query.excluded:
            counted = terms(word) if terms else ()
            if not flat(word):
                continue
            if len(counted) == 1:
                rows = self._index.passages_with(counted[0])
                allowed[self._index.column("passage_page")[rows]] = False
            else:
                can = None
                if terms and (sure := terms(plain_words(word))):
                    can = pages_with_all(self._index, sure)
                self._words.append((flat(word), can))
        if query.before is not None or query.after is not None:
            self.undated = int(np.count_nonzero(self._index.there(allowed & (day <= 0))))
            allowed &= day > 0
        if query.before is not None:
            allowed &= day < query.before
        if query.after is not None:
            allowed &= day >= query.after
        return None if bool(allowed.all()) else allowed

    def narrow(self, outer: "NDArray[np.bool_] | None") -> None:
        """Let through only what another mask over the pages does too."""
        if outer is not None:
            self.allowed = outer if self.allowed is None else self.allowed & outer

    def passes(self, record: PageRecord) -> bool:
        """Tell whether a page passes what the mask could not decide."""
        if self._titles:
            title = flat(record.title)
            if any(holds(title, barred) for barred in self._titles):
                return False
        return not any(
            (can is None or can[record.row]) and holds(self._body(record), word)
            for word, can in self._words
        )
