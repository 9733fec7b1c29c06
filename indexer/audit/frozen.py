"""Whether the frozen index of one collection is made of the passages that the store holds.

It knows places and digests, and hands out the numbers of its vectors (`prints`) for others to
compare.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from store.passages import PassageRow

from ..errors import IndexDamaged, IndexMissing, IndexStale
from ..frozen import FrozenIndex
from ..frozen.delta import may_be_base
from .prints import prints_of_folder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Prints = NDArray[np.uint64]


@dataclass(slots=True)
class Frozen:
    """What is frozen, and where it is not what the store says.

    `faults` are ids of passages by kind, for "digest" and "unreadable" sentences. `prints` has a
    number for each passage, by id; it is empty where the files cannot be trusted. `pages` are the
    (URL, version id) of the frozen pages in the order of their URLs.
    """

    digest: str = ""
    ceiling: float = 1.0
    faults: dict[str, list[object]] = field(default_factory=dict)
    prints: dict[int, int] = field(default_factory=dict)
    pages: list[tuple[str, int]] = field(default_factory=list)

    def fault(self, kind: str, thing: object) -> None:
        """Note a fault."""
        self.faults.setdefault(kind, []).append(thing)


def check_frozen(
    root: Path,
    made_by: dict[str, Any],
    wanted: dict[int, PassageRow],
    pending: set[int],
    stale: set[int],
) -> Frozen:
    """Compare the current index below `root` with `wanted`, the passages of its collection.

    `made_by` are the encoder, chunker and use of rarity that its manifest should name. Whether
    passages of `pending` are frozen is not looked at; those of `stale` that are count as stale.
    """
    found = Frozen()
    try:
        index = FrozenIndex.open(root)
    except IndexMissing:
        found.fault("absent", root.name)
        return found
    except (IndexDamaged, IndexStale, OSError, ValueError) as error:
        found.fault("unreadable", error)
        return found
    found.digest = index.digest
    for sentence in index.verify():
        found.fault("digest", sentence)
    if found.faults:
        return found
    if not may_be_base(index.segments[-1], made_by):
        found.fault("stale", "made by another encoder or chunker")
        return found
    found.ceiling = index.manifest.values["impact_ceiling"]
    _compare(found, index, wanted, pending, stale)
    return found


def _compare(
    found: Frozen,
    index: FrozenIndex,
    wanted: dict[int, PassageRow],
    pending: set[int],
    stale: set[int],
) -> None:
    import numpy as np

    gone = index.gone
    live = [row for row in range(index.pages) if gone is None or not gone[row]]
    found.pages = sorted((index.page(row).url, index.page(row).version_id) for row in live)
    rows = index.live(np.arange(sum(s.passages for s in index.segments)))
    names = ("passage_id", "passage_start", "passage_end", "passage_page")
    ids, starts, ends, owners = (index.column(name)[rows] for name in names)
    versions = index.column("page_version")[owners]
    prints = np.concatenate(
        [
            prints_of_folder(s.folder, s.passages, s.manifest.values["dense_size"])
            for s in index.segments
        ]
    )[rows]
    for key, start, end, version, number in zip(
        *(column.tolist() for column in (ids, starts, ends, versions, prints)), strict=True
    ):
        row = wanted.get(key)
        if key in found.prints:
            found.fault("doubled", key)
        elif row is not None and (row.start, row.end, row.version_id) != (start, end, version):
            found.fault("span", key)
        elif row is None and key in stale:
            found.fault("stale", key)
        elif row is None and key not in pending:
            found.fault("surplus", key)
        found.prints.setdefault(key, number)
    for key in wanted.keys() - found.prints.keys():
        found.fault("missing", key)
