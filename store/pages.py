"""The page store: what was fetched, every version of it, found by any spelling of its URL. It knows
nothing about fetching, searching or passages.

A version holds from commit `seq_from` to before commit `seq_to`, so that one number is a snapshot
of the whole store. Content that comes back after a change makes a new version: which text a page
had at a number stays true for ever. The URL of a page is the spelling under which it first came.
"""

from collections.abc import Iterable, Sequence

from .freshness import mark_gone, mark_seen
from .gaps import Failure, Miss, put_failure, put_miss
from .page import PageVersion
from .reader import PageReader
from .urls import url_hash
from .verify import Fault
from .writing import AddReport, Also, add_versions, lock_writers, put_aliases

__all__ = ["AddReport", "Failure", "Fault", "Miss", "PageStore"]


class PageStore(PageReader):
    """The pages of one collection of `database`; the collection is made by its first write.

    With `at`, a commit number, pages are found as they were then: what `resolve` and `nearest`
    return does not change while others write.
    """

    def add(self, versions: Iterable[PageVersion], also: Also | None = None) -> AddReport:
        """Store `versions` in one transaction and return what was new, changed and unchanged.

        A page whose content is what it was keeps its version with all that is in it, links and
        metadata too; only the page's time, ETag and Last-Modified are updated. Several hundred
        versions a call are cheapest. `also` is called in the same transaction with its connection,
        the collection's id and the report. Raises DiskFullError or DatabaseError, and then
        nothing of the batch is kept.
        """
        return add_versions(self._database, self._id_for_writing(), versions, also)

    def add_alias(self, alias_url: str, target_url: str) -> None:
        """Record that `alias_url` (a redirect, a declared duplicate) leads to `target_url`."""
        url_hash(alias_url), url_hash(target_url)  # a bad one raises here
        with self._database.raw() as connection:
            collection = self._id_for_writing()
            lock_writers(connection)
            put_aliases(connection, collection, [(alias_url, target_url)])

    def mark_seen(self, urls: Sequence[str]) -> None:
        """Note that these pages were asked for again and had not changed."""
        if urls:
            with self._database.raw() as connection:
                mark_seen(connection, self._id_for_writing(), urls)

    def mark_gone(self, urls: Sequence[str]) -> int:
        """Mark pages that their servers no longer have; they stay as they are, until `add` or
        `mark_seen` brings them back. Returns how many of `urls` are stored.
        """
        if not urls:
            return 0
        with self._database.raw() as connection:
            return mark_gone(connection, self._id_for_writing(), urls)

    def fail(self, url: str, reason: str, detail: str, source: str) -> None:
        """Keep by name why `url` has no page; a page stored later deletes it. Raises UrlError."""
        with self._database.raw() as connection:
            put_failure(connection, self._id_for_writing(), url, reason, detail, source)

    def record_miss(self, url: str, run_id: str) -> None:
        """Record that the run `run_id` asked for `url` in vain; once a run."""
        with self._database.raw() as connection:
            put_miss(connection, self._id_for_writing(), url, run_id)

    def _id_for_writing(self) -> int:
        with self._database.read() as connection:
            found = self._id(connection)
            if found is None:
                connection.execute(
                    "INSERT INTO collection (name) VALUES (%s) ON CONFLICT DO NOTHING",
                    (self.collection,),
                )
                found = self._id(connection)
        if found is None:
            raise RuntimeError(f"the collection {self.collection} was deleted while it was used")
        return found
