"""Versions that nothing sees any more: no page shows them now, and no state of the store that
somebody still refers to does. It finds and deletes them, and knows nothing of runs or indexes.
"""

from collections.abc import Collection
from dataclasses import dataclass

from .database import Database
from .writing import lock_writers

# A version that still has passages is one that the index has not let go of yet. Snapshots are asked
# for once more, under the lock: one may have been named since the caller listed them.
_UNSEEN = """
FROM page_version AS version
WHERE version.seq_to IS NOT NULL
  AND NOT EXISTS (
    SELECT FROM (SELECT unnest(%(seqs)s::bigint[]) UNION ALL SELECT seq FROM snapshot) AS seen (seq)
    WHERE version.seq_from <= seen.seq AND version.seq_to > seen.seq)
  AND NOT version.id = ANY(%(ids)s::bigint[])
  AND NOT version.digest = ANY(%(digests)s::bytea[])
  AND NOT EXISTS (SELECT FROM passage WHERE passage.version_id = version.id)
"""
# The states that had one of them: who asks for such a state has to know that it is not whole.
_TORN = """
UPDATE commit SET whole = false WHERE whole AND seq <@ (
    SELECT range_agg(int8range(version.seq_from, version.seq_to))
"""


@dataclass(frozen=True, slots=True)
class Unseen:
    """How many versions nothing sees, and the bytes of their stored texts."""

    versions: int
    bytes: int


def unseen(
    database: Database,
    seqs: Collection[int],
    ids: Collection[int] = (),
    digests: Collection[str] = (),
    delete: bool = False,
) -> Unseen:
    """Count, or delete, the superseded versions that no state in `seqs`, and no named one, holds.

    Versions in `ids`, and those whose tagged digest is in `digests`, are kept, and so are those
    that still have passages: `appliance index` takes these out first.
    """
    values = {
        "seqs": sorted(seqs),
        "ids": sorted(ids),
        "digests": [bytes.fromhex(digest.partition(":")[2]) for digest in sorted(digests)],
    }
    with database.raw() as connection:
        if delete:
            lock_writers(connection)
        counted = connection.execute(
            f"SELECT count(*), coalesce(sum(octet_length(body)), 0) {_UNSEEN}".encode(), values
        ).fetchone()
        if delete:
            connection.execute(f"{_TORN} {_UNSEEN})".encode(), values)
            connection.execute(f"DELETE {_UNSEEN}".encode(), values)
    assert counted is not None
    return Unseen(int(counted[0]), int(counted[1]))
