"""What of a collection a question may reach: sites, and days of publication.

Every search of the run passes these bounds besides the filters that the model writes, and a page
outside them cannot be visited either: what a user left out must not come back through a link. A
run's manifest keeps them, and its replay obeys them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from indexer.addresses import on_sites
from indexer.filters import each
from indexer.query import Query, parse
from store.errors import UrlError
from store.page import PageVersion
from store.pages import PageStore

from .errors import ConfigError, RunError

if TYPE_CHECKING:
    from indexer.frozen import FrozenIndex

_LOOKED_THROUGH = 4


@dataclass(frozen=True, slots=True)
class Scope:
    """Bounds as the operators of a query say them (docs/search.md); empty means no bound.

    A page has to be on one of `sites`. `before` is the first day outside, `after` the first inside.
    """

    sites: tuple[str, ...] = ()
    before: str = ""
    after: str = ""

    @property
    def query(self) -> Query:
        """The bounds as the filters of a query."""
        return parse(" ".join(self._operators()))

    def holds(self, page: PageVersion) -> bool:
        """True when a page lies inside; one without a date lies outside any bound of days."""
        bounds = self.query
        if bounds.sites and not on_sites(page.url, bounds.sites):
            return False
        if bounds.before is None and bounds.after is None:
            return True
        if page.published is None:
            return False
        day = page.published.toordinal()
        return (bounds.after or 0) <= day < (bounds.before or day + 1)

    def to_json(self) -> dict[str, object]:
        """The bounds as JSON values, without those that are none."""
        values: dict[str, object] = {
            "sites": list(self.sites), "before": self.before, "after": self.after,
        }  # fmt: skip
        return {name: value for name, value in values.items() if value}

    def __str__(self) -> str:
        return " ".join(self._operators())

    def _operators(self) -> list[str]:
        dates = [("before", self.before), ("after", self.after)]
        return [
            *(f"site:{site}" for site in self.sites),
            *(f"{name}:{day}" for name, day in dates if day),
        ]


NO_SCOPE = Scope()


def scope_of(sites: Sequence[str], before: str | None, after: str | None) -> Scope:
    """Make a scope of what a user gave.

    Raises ConfigError for what is no site and no date, and for days that no page can lie between.
    """
    scope = _scope(sites, before, after)
    first, end = scope.query.after, scope.query.before
    if first is not None and end is not None and first >= end:
        raise ConfigError(
            f"no day lies from {after} on (--after) and before {before} (--before); "
            "give an earlier --after or a later --before"
        )
    return scope


def _scope(sites: Sequence[str], before: str | None, after: str | None) -> Scope:
    for name, values in (("site", sites), ("before", [before]), ("after", [after])):
        for value in filter(None, values):
            read = parse(f"{name}:{value}")
            if read.text or read.ignored or len(each(read)) != 1:
                wanted = "a host, as in --site example.org"
                if name != "site":
                    wanted = f"a day, month or year, as in --{name} 2024-06"
                raise ConfigError(f"--{name} {value} is not {wanted}; write it so")
    return Scope(tuple(sites), before or "", after or "")


def recorded_scope(manifest: Mapping[str, object]) -> Scope:
    """The bounds that a run's manifest keeps; RunError when they are damaged."""
    values: Any = manifest.get("scope", {})
    try:
        return _scope(
            [str(site) for site in values.get("sites", ())],
            str(values.get("before", "")),
            str(values.get("after", "")),
        )
    except (AttributeError, TypeError, ConfigError) as error:
        raise RunError(
            "the run's manifest has a scope that cannot be read; restore the run from a backup"
        ) from error


def check_dated(scope: Scope, index: "FrozenIndex") -> None:
    """Raise ConfigError when days are asked for and no page of the index has one."""
    if not (scope.before or scope.after):
        return
    if not bool(index.there(index.column("page_day") > 0).any()):
        raise ConfigError(
            "no page of this index says when it was published, so --before and --after would "
            "shut all of them out; leave them away"
        )


class ScopedPages(PageStore):
    """A page store in which what lies outside a scope is not found."""

    _scope: Scope

    @classmethod
    def of(cls, pages: PageStore, scope: Scope) -> Self:
        """The same pages, as far as they lie in `scope`."""
        scoped = cls.__new__(cls)
        vars(scoped).update(vars(pages))  # whatever moment of the store they are read at
        scoped._scope = scope
        return scoped

    def resolve(self, url: str, at: int | None = None) -> PageVersion | None:
        """See `PageStore`."""
        page = super().resolve(url, at)
        return page if page is not None and self._scope.holds(page) else None

    def held(self, urls: Sequence[str], at: int | None = None) -> set[str]:
        """See `PageStore`."""
        return {url for url in super().held(urls, at) if self.resolve(url, at)}

    def nearest(self, url: str, limit: int = 5) -> list[tuple[str, str]]:
        """See `PageStore`; of the nearest few those that lie inside."""
        found = super().nearest(url, _LOOKED_THROUGH * limit)
        return [(near, title) for near, title in found if self.resolve(near)][:limit]

    def record_miss(self, url: str, run_id: str) -> None:
        """See `PageStore`; a page that is there and lies outside is not missing."""
        try:
            there = super().resolve(url) is not None
        except UrlError:
            there = False
        if not there:
            super().record_miss(url, run_id)
