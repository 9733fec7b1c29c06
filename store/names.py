"""Every other address of each stored page, for those who write the whole store out."""

from collections.abc import Iterator

from .database import Connection

# A redirect that leads further than this leads in a circle.
LONGEST_CHAIN = 5

_NAMES = """
WITH RECURSIVE reached (version, page_hash, hash, url, steps, claimed) AS (
    SELECT current_version, url_hash, url_hash, ''::text, 0, false FROM page
    WHERE collection_id = %(collection)s AND current_version IS NOT NULL
    UNION
    SELECT reached.version, reached.page_hash, alias.url_hash, alias.url, reached.steps + 1,
           alias.claimed
    FROM reached JOIN alias ON alias.target_hash = reached.hash
    WHERE alias.collection_id = %(collection)s AND alias.seq_to IS NULL
      AND reached.steps < %(longest)s
)
SELECT version, url, false FROM reached WHERE steps > 0 AND hash <> page_hash AND NOT claimed
UNION ALL
SELECT page.current_version, claim.url, true
FROM claim JOIN page ON page.id = claim.page_id
WHERE claim.collection_id = %(collection)s AND page.current_version IS NOT NULL
"""


def names(connection: Connection, collection: int | None) -> Iterator[tuple[int, str, bool]]:
    """Yield (version id, address, False) for each redirect to a page, through others too, and
    (version id, address, True) for the address that a page declares as its own.
    """
    with connection.cursor(name="names") as cursor:
        cursor.execute(_NAMES, {"collection": collection, "longest": LONGEST_CHAIN})
        yield from cursor
