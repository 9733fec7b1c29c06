"""What the addresses of an index's pages say: the host of each, and the kind of file it names.

Read once for an open index, when a query first filters by them. It decides nothing about text,
and it never takes the name that a site gives itself for its host.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .frozen.read import FrozenIndex

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HTML = "html"
# Endings of pages that a server makes: what arrives is HTML.
_MADE = ("html", "htm", "xhtml", "shtml", "php", "php3", "php5", "asp", "aspx", "jsp", "cgi", "do")
_SAME = {"markdown": "md", "text": "txt", "jpeg": "jpg"}
LONGEST_KIND = 10


def host_of(url: str) -> str:
    """Return the host of a canonical URL without `www.` and port; "" where it has none."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


def kind_of(url: str) -> str:
    """Return the kind of file that a canonical URL names by its ending: `pdf`, `txt` …

    A web address without an ending, or with one of a page that a server makes, is `html`.
    """
    parts = urlsplit(url)
    stem, dot, ending = parts.path.rpartition("/")[2].lower().rpartition(".")
    if not stem or not dot or not ending.isalnum() or len(ending) > LONGEST_KIND:
        ending = ""
    if ending.isdigit():
        ending = ""  # /release-3.12, /arxiv/2401.01234: a number, no kind
    if not ending:
        return HTML if parts.scheme in ("http", "https") else ""
    return one_kind(ending)


def one_kind(ending: str) -> str:
    """Return the one name of a kind that has several endings: `htm` and `php` are `html`."""
    return HTML if ending in _MADE else _SAME.get(ending, ending)


def path_holds(url: str, site: str) -> bool:
    """Tell whether a canonical URL is `site` (host/path, no `www.`) or lies below it."""
    parts = urlsplit(url)
    here = f"{host_of(url)}{parts.path}"
    return here.rstrip("/") == site or here.startswith(f"{site}/")


class Addresses:
    """The addresses of the pages of one open index, by row."""

    def __init__(self, index: FrozenIndex) -> None:
        self._index = index

    @cached_property
    def _hosts(self) -> "tuple[list[str], NDArray[np.int32]]":
        return self._numbered(host_of)

    @cached_property
    def _kinds(self) -> "tuple[list[str], NDArray[np.int32]]":
        return self._numbered(kind_of)

    def _numbered(self, facet: Callable[[str], str]) -> "tuple[list[str], NDArray[np.int32]]":
        """Return the values of a facet, and for each page the position of its own."""
        import numpy as np

        places: dict[str, int] = {}
        rows = np.empty(self._index.pages, dtype=np.int32)
        for row in range(self._index.pages):
            rows[row] = places.setdefault(facet(self._index.page(row).url), len(places))
        return list(places), rows

    def on_sites(self, sites: Sequence[str]) -> "NDArray[np.bool_]":
        """Return for each page whether it is on one of `sites` (host, or host/path).

        A host takes in those below it (`python.org` has `docs.python.org`), a lone label every
        host that has it (`edu`, `wikipedia`). With a path the host is meant exactly.
        """
        import numpy as np

        names, host = self._hosts
        wanted = [s for s in sites if "/" not in s]
        found = np.isin(host, [n for n, name in enumerate(names) if _on(name, wanted)])
        for site in sites:
            name = site.partition("/")[0]
            if "/" in site and name in names:
                for row in np.flatnonzero(host == names.index(name)):
                    found[row] |= path_holds(self._index.page(int(row)).url, site)
        return found

    def of_kinds(self, kinds: Sequence[str]) -> "NDArray[np.bool_]":
        """Return for each page whether its address names one of `kinds`."""
        import numpy as np

        names, kind = self._kinds
        wanted = {one_kind(name) for name in kinds}
        return np.isin(kind, [n for n, name in enumerate(names) if name in wanted])


def _on(host: str, wanted: Sequence[str]) -> bool:
    return any(
        host == name or host.endswith(f".{name}") or ("." not in name and name in host.split("."))
        for name in wanted
    )
