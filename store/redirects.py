"""What became of a crawl's redirects: an address that led to one which gave no page gave none.

While a crawl runs, a redirect to an address that the crawl knows only becomes a name of it, because
what is found there may not be known yet. This looks back once everything was asked. It knows the
frontier's rows and the names, and nothing about fetching.
"""

from dataclasses import dataclass

from .database import Database
from .frontier import PASSED, REFUSED
from .pages import PageStore
from .writing import lock_writers

LONGEST_CHAIN = 20
"""Redirects from crawled address to crawled address that are looked back over."""

# A target that is stored, though it gave nothing this time, is still a page to whoever asks.
_LOST = """
SELECT moved.id, moved.url, target.url, target.reason
FROM collection
JOIN frontier AS moved ON moved.crawl_id = %(crawl)s AND moved.state = %(passed)s
JOIN alias ON alias.collection_id = collection.id AND alias.url_hash = moved.url_hash
          AND alias.seq_to IS NULL
JOIN frontier AS target ON target.crawl_id = %(crawl)s AND target.url_hash = alias.target_hash
                       AND target.state = %(refused)s
WHERE collection.name = %(collection)s AND NOT EXISTS (
    SELECT FROM page
    WHERE page.collection_id = collection.id AND page.url_hash = target.url_hash)
ORDER BY moved.id
"""
_REFUSE = """
UPDATE frontier SET state = %(refused)s, reason = ended.reason
FROM unnest(%(ids)s::bigint[], %(reasons)s::text[]) AS ended (id, reason)
WHERE frontier.id = ended.id AND frontier.state = %(passed)s
"""
# What led on to a page has no failure any more, whatever it had in an earlier crawl.
_HEAL = """
DELETE FROM failure USING collection, frontier, alias
WHERE collection.name = %(collection)s AND failure.collection_id = collection.id
  AND frontier.crawl_id = %(crawl)s AND frontier.state = %(passed)s
  AND frontier.url_hash = failure.url_hash
  AND alias.collection_id = collection.id AND alias.url_hash = failure.url_hash
  AND alias.seq_to IS NULL
"""


@dataclass(frozen=True, slots=True)
class LostRedirect:
    """An address that led to `target`, which was refused for a reason."""

    url: str
    target: str
    reason: str

    @property
    def detail(self) -> str:
        """Say it."""
        return f"it redirects to {self.target}, which gave no page"


def look_back(database: Database, crawl_id: int, store: PageStore) -> list[LostRedirect]:
    """Refuse the redirects of a crawl whose target was refused, keep why, and return them.

    To be called when nothing waits any more; once more does no harm.
    """
    values = {"crawl": crawl_id, "collection": store.collection}
    values |= {"passed": PASSED, "refused": REFUSED}
    lost: list[LostRedirect] = []
    for _ in range(LONGEST_CHAIN):
        with database.read() as connection:
            rows = connection.execute(_LOST, values).fetchall()
        if not rows:
            break
        found = [LostRedirect(*row[1:]) for row in rows]
        for one in found:
            store.fail(one.url, one.reason, one.detail, "crawl")
        lost += found
        # Last, so that a kill before it only repeats what came before.
        ended = {"ids": [row[0] for row in rows], "reasons": [row[3] for row in rows]}
        with database.raw() as connection:
            connection.execute(_REFUSE, values | ended)
    with database.raw() as connection:
        # As whoever else changes aliases or deletes failures: neither may move in between.
        lock_writers(connection)
        connection.execute(_HEAL, values)
    return lost
