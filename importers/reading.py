"""From the items of an archive to pages and refusals, in the same order, in bounded memory.

Documents go to the extraction processes, several at once; rows go there in small lots, for their
language. It knows nothing about formats or the database.
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from extraction.extract import Refusal
from extraction.finish import Unfinished
from extraction.markup import words
from extraction.metadata import MAX_TITLE, title_from_address
from extraction.pool import ExtractionPool, Pending
from store.digest import sha256
from store.errors import UrlError
from store.imports import Refused
from store.page import PageVersion
from store.urls import canonical, url_hash

from .base import Alias, Document, Item, Ready, Reject

MOST_BYTES = 64_000_000
"""Of documents and texts that are in work at once; one alone may be larger."""
LOT_ROWS = 100
LOT_LETTERS = 400_000


@dataclass(frozen=True, slots=True)
class Same:
    """A document whose bytes were stored before; `capture` is their digest."""

    url: str
    capture: str


Known = Mapping[bytes, Collection[str]]
"""By URL hash, the digests of the documents that are stored."""
Result = PageVersion | Alias | Refused | Same


@dataclass(slots=True)
class _Work:
    """What was handed over together, and how large it is."""

    items: list[Item]
    size: int
    pending: Pending | None
    same: str = ""


def read_items(
    items: Iterable[Item], pool: ExtractionPool, known: Known | None = None
) -> Iterator[Result]:
    """Yield what becomes of each of `items`: one result an item, in their order.

    A document whose digest is in `known` is not extracted again.
    An error of `items` is raised after the results of all that came before it.
    """
    queue: deque[_Work] = deque()
    lot: list[Ready] = []
    held = 0
    most = 8 * pool.workers + 8
    failure: Exception | None = None
    source = iter(items)

    def close_lot() -> None:
        nonlocal lot
        if lot:
            queue.append(_begin_lot(lot, pool))
            lot = []

    while True:
        try:
            item = next(source)
        except StopIteration:
            break
        except Exception as error:
            failure = error
            break
        if isinstance(item, Ready) and not item.whole:
            lot.append(item)
            held += len(item.page.text)
            if len(lot) >= LOT_ROWS or sum(len(one.page.text) for one in lot) >= LOT_LETTERS:
                close_lot()
        else:
            close_lot()
            queue.append(_begin(item, pool, known or {}))
            held += queue[-1].size
        while len(queue) > most or (held > MOST_BYTES and queue):
            work = queue.popleft()
            held -= work.size
            yield from _results(work)
    close_lot()
    for work in queue:
        yield from _results(work)
    if failure is not None:
        raise failure


def _begin(item: Item, pool: ExtractionPool, known: Known) -> _Work:
    if not isinstance(item, Document):
        return _Work([item], len(item.page.text) if isinstance(item, Ready) else 0, None)
    try:
        url = canonical(item.url)
    except UrlError as error:
        return _Work([Reject(item.place, "bad-address", str(error))], 0, None)
    if known and (stored := known.get(url_hash(url))) and (own := sha256(item.body)) in stored:
        return _Work([item], 0, None, same=own)
    pending = pool.submit(
        item.body, dict(item.headers), url, item.fetched_at, item.status, item.source
    )
    return _Work([item], len(item.body), pending)


def _begin_lot(lot: list[Ready], pool: ExtractionPool) -> _Work:
    size = sum(len(one.page.text) for one in lot)
    given = [Unfinished(one.page, one.form, one.base, one.raised) for one in lot]
    return _Work(list(lot), size, pool.finish(given))


def _results(work: _Work) -> Iterator[Result]:
    found = work.pending.result() if work.pending is not None else None
    each = found if isinstance(found, list) else [found] * len(work.items)
    for item, one in zip(work.items, each, strict=True):
        if isinstance(item, Reject):
            yield Refused(item.place, item.reason, item.detail, item.url)
        elif isinstance(item, Alias):
            yield item
        elif work.same:
            assert isinstance(item, Document)
            yield Same(item.url, work.same)
        elif isinstance(one, Refusal):
            url = item.page.url if isinstance(item, Ready) else item.url
            yield Refused(item.place, one.reason, one.detail, url)
        elif isinstance(item, Ready):
            yield item.page if one is None else one
        else:
            yield _with_aliases(_titled(one, item.title), item.aliases)


def _titled(page: PageVersion, title: str) -> PageVersion:
    """The page with the title that its archive has for it, if it has none of its own."""
    if title.strip() and page.title == title_from_address(page.url):
        return replace(page, title=words(title)[:MAX_TITLE])
    return page


def _with_aliases(page: PageVersion, others: tuple[str, ...]) -> PageVersion:
    if not others:
        return page
    names: dict[str, None] = {}
    own = url_hash(page.url)
    for name in (*page.aliases, *others):
        try:
            if url_hash(name) != own:
                names[canonical(name)] = None
        except UrlError:
            continue
    return replace(page, aliases=tuple(names))
