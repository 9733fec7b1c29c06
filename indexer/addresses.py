"""Which pages of an index are on a site, and which are of a kind of file, by their addresses.

It decides nothing about text, and it never takes the name that a site gives itself for its host.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .facets import host_of, one_kind, path_holds
from .frozen.read import FrozenIndex

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Addresses:
    """The addresses of the pages of one open index, by row."""

    def __init__(self, index: FrozenIndex) -> None:
        self._index = index

    def on_sites(self, sites: Sequence[str]) -> "NDArray[np.bool_]":
        """Return for each page whether it is on one of `sites` (host, or host/path).

        A host takes in those below it (`python.org` has `docs.python.org`), a lone label every
        host that has it (`edu`, `wikipedia`). With a path the host is meant exactly.
        """
        import numpy as np

        names, host = self._index.hosts, self._index.column("page_host")
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

        names, kind = self._index.kinds, self._index.column("page_kind")
        wanted = {one_kind(name) for name in kinds}
        return np.isin(kind, [n for n, name in enumerate(names) if name in wanted])


def on_sites(url: str, sites: Sequence[str]) -> bool:
    """Tell whether a canonical URL is on one of `sites`, as `Addresses.on_sites` does of all."""
    host = host_of(url)
    return _on(host, [s for s in sites if "/" not in s]) or any(
        host == site.partition("/")[0] and path_holds(url, site) for site in sites if "/" in site
    )


def _on(host: str, wanted: Sequence[str]) -> bool:
    return any(
        host == name or host.endswith(f".{name}") or ("." not in name and name in host.split("."))
        for name in wanted
    )
