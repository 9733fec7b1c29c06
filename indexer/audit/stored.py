"""Whether the passages in PostgreSQL are those that cutting the pages gives, row by row.

It cuts every current page again and compares. It knows no vectors.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from store.database import Database
from store.errors import DamagedPageError
from store.pages import PageStore
from store.passages import PassageRow, PassageStore

from ..build import cut
from ..passages import Chunker

BATCH = 200
Seen = Callable[[int], None]
"""Called with the number of pages compared so far."""


@dataclass(slots=True)
class Stored:
    """What the store should hold, and where it does not.

    `wanted` are the passages that should have a vector, by id; `pages` how many pages were cut.
    `faults` are ids of passages (for "unsplit" and "unreadable", of versions) by kind; `pending`
    are ids that may or may not have a vector, for a run is still to come; `mend` are the versions
    whose rows are wrong, and `drop` the ids of rows that must go.
    """

    wanted: dict[int, PassageRow] = field(default_factory=dict)
    pages: int = 0
    faults: dict[str, list[int]] = field(default_factory=dict)
    pending: set[int] = field(default_factory=set)
    stale: set[int] = field(default_factory=set)
    mend: list[int] = field(default_factory=list)
    drop: list[int] = field(default_factory=list)

    def fault(self, kind: str, key: int) -> None:
        """Note a fault."""
        self.faults.setdefault(kind, []).append(key)


def check_stored(db: Database, chunker: Chunker, encoder: str, seen: Seen) -> Stored:
    """Cut every current page of every collection again and compare it with its rows.

    `encoder` is the digest that rows must be marked with to count as encoded.
    """
    passages, pages = PassageStore(db), PageStore(db)
    found = Stored()
    after = 0
    while versions := passages.versions(after, BATCH):
        collections = passages.collections(versions)
        rows = passages.of_versions(versions)
        for version_id in versions:
            held = [row for row in rows[version_id] if row.chunker == chunker.digest]
            try:
                page = pages.version(version_id)
            except DamagedPageError:
                found.fault("unreadable", version_id)
                # Nothing better is known than what is there.
                expected = held
            else:
                expected = cut(page, version_id, collections[version_id], chunker)
            _compare(found, version_id, expected, held, encoder)
            found.pages += 1
        after = versions[-1]
        seen(found.pages)
    for key in passages.stale(chunker.digest):
        found.fault("stale", key)
        found.stale.add(key)
    return found


def _compare(
    found: Stored, version_id: int, expected: list[PassageRow], held: list[PassageRow], encoder: str
) -> None:
    """Compare the rows of one version."""
    if expected and not held:
        found.fault("unsplit", version_id)
        found.pending.update(row.id for row in expected)
        return
    right = {row.id: row for row in expected}
    places = {(row.start, row.end): row.id for row in expected}
    there = {row.id for row in held}
    before = len(found.drop)
    replaced = set()
    for row in held:
        should = right.get(row.id)
        if should is None:
            twin = places.get((row.start, row.end))
            kind = "surplus" if twin is None else "doubled" if twin in there else "changed"
            if kind == "changed":
                replaced.add(twin)
            found.fault(kind, row.id)
            found.drop.append(row.id)
        elif _facts(row) != _facts(should):
            found.fault("span", row.id)
            found.drop.append(row.id)
            # Where a row is wrong its vector may be that of the wrong stretch.
            found.pending.add(row.id)
        elif row.encoder != encoder:
            found.fault("unencoded", row.id)
            found.pending.add(row.id)
        else:
            found.wanted[row.id] = row
    lost = [row for row in expected if row.id not in there]
    for row in lost:
        found.pending.add(row.id)
        if row.id not in replaced:
            found.fault("missing", row.id)
    if lost or len(found.drop) > before:
        found.mend.append(version_id)


def _facts(row: PassageRow) -> tuple[int, int, int, tuple[str, ...]]:
    return row.ordinal, row.start, row.end, row.headings
