"""ZIM files of both schemes of namespaces: each article a Document, each redirect another address.

The check sum is compared before anything is read. Articles come in the order in which they are
packed, not in that of their names, so that each cluster is unpacked once. It knows nothing of how
the file is built; `importers.zimfile` does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from store.errors import UrlError
from store.urls import WEB_SCHEMES, canonical, coded_path

from .base import Document, Item, Reject
from .bodies import MAX_BODY
from .kinds import kind_of, never_a_page
from .names import shown
from .zimclusters import BlobError
from .zimfile import MAGIC, Entry, ZimFile

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAME = "zim"
MOST_ALIASES = 5000
"""Redirects to one page that are kept; a page of Wikipedia has a few hundred at most."""
_OLD, _NEW = ("A", "B", "I", "J"), ("C",)
_ROUNDS = 32
_LONGEST_META = 1 << 16


def claims(path: Path, head: bytes) -> bool:
    """Say whether `path` is a ZIM file."""
    return head.startswith(MAGIC)


def items(path: Path) -> Iterator[Item]:
    """Yield what is in it: first what is no page, then the articles, then redirects to nothing.

    Raises DamagedError before anything where it is not whole.
    """
    with ZimFile(path) as zim:
        if zim.summed:
            zim.check()
        else:
            yield Reject("header", "unverified", "it has no check sum, so none was verified")
        book = _Book.of(zim)
        contents = _Contents()
        yield from contents.read(zim, book)
        yield from contents.documents(zim, book)


@dataclass(frozen=True, slots=True)
class _Book:
    """What the file says of itself, as far as addresses need it."""

    source: str
    base: str
    real: str
    hosts: bool
    date: datetime

    @classmethod
    def of(cls, zim: ZimFile) -> "_Book":
        named = _meta(zim, "Name") or zim.path.stem
        scraper = _meta(zim, "Scraper").lower()
        own = f"zim://{coded_path(named).replace('/', '%2F')}/"
        real = _address(_meta(zim, "Source"))
        if "mwoffliner" in scraper and urlsplit(real).path == "/":
            # It names the wiki's host; pages stand where every wiki of its kind has them.
            real += "wiki/"
        return cls(
            source=f"{NAME}:{shown(zim.path.name)}",
            base=real if real and zim.new else own,
            real=real,
            hosts=zim.new and any(name in scraper for name in ("warc2zim", "zimit")),
            date=_date(zim),
        )

    def url(self, zim: ZimFile, entry: Entry) -> str:
        """The address of an entry, to which the links inside the file lead as well."""
        if self.hosts and "." in entry.path.partition("/")[0]:
            # A crawled site: paths begin with the host, and a query is part of them.
            path, mark, query = entry.path.partition("?")
            return f"https://{coded_path(path)}{mark}{query}"
        before = "" if zim.new else f"{entry.namespace}/"
        return self.base + before + coded_path(entry.path)

    def others(self, zim: ZimFile, entry: Entry) -> list[str]:
        """Other addresses of it: in the old scheme, links lead through the namespaces."""
        return [] if zim.new or not self.real else [self.real + coded_path(entry.path)]


class _Contents:
    """The numbers of articles and redirects, in arrays: the largest file has 25 million."""

    def __init__(self) -> None:
        from array import array

        self._blobs, self._articles = array("Q"), array("L")
        self._froms, self._targets = array("L"), array("L")

    def read(self, zim: ZimFile, book: _Book) -> Iterator[Reject]:
        """Read the directory; yield what in it is no page."""
        spaces = _NEW if zim.new else _OLD
        before: tuple[str, bytes] = ("", b"")
        for number in range(zim.entries):
            if number % 1000 == 0:
                zim.tell(0.05 * number / zim.entries)
            entry = zim.entry(number)
            here = (entry.namespace, entry.path.encode("utf-8", "replace"))
            if here <= before:
                yield Reject(_place(entry), "out-of-order", "its name does not follow the last one")
                continue
            before = here
            if entry.namespace not in spaces:
                continue
            if entry.target >= 0:
                self._froms.append(number)
                self._targets.append(entry.target)
            elif not entry.kind:
                yield Reject(_place(entry), "deleted", "it was deleted from the file")
            elif never_a_page(entry.kind):
                yield Reject(_place(entry), "not-html", f"it is {kind_of(entry.kind)}")
            else:
                self._blobs.append(entry.cluster << 32 | entry.blob)
                self._articles.append(number)

    def documents(self, zim: ZimFile, book: _Book) -> Iterator[Item]:
        """Yield the articles in the order of their blobs, then the redirects to anything else."""
        import numpy as np

        articles = np.array(self._articles, dtype=np.int64)
        order = np.argsort(np.array(self._blobs, dtype=np.uint64), kind="stable")
        froms, goals = self._redirects()
        for done, at in enumerate(map(int, order)):
            zim.tell(0.05 + 0.95 * done / len(order))
            entry = zim.entry(int(articles[at]))
            begin = int(np.searchsorted(goals, entry.number, "left"))
            end = int(np.searchsorted(goals, entry.number, "right"))
            kept = froms[begin : min(end, begin + MOST_ALIASES)].tolist()
            others = book.others(zim, entry)
            for one in kept:
                name = zim.entry(one)
                others += [book.url(zim, name), *book.others(zim, name)]
            yield _document(zim, book, entry, tuple(others))
            for one in froms[begin + len(kept) : end].tolist():
                detail = f"more than {MOST_ALIASES:,} redirects lead to {entry.path[:80]}"
                yield Reject(_place(zim.entry(one)), "redirect", detail)
        pages = np.sort(articles)
        for one, goal in zip(froms.tolist(), goals.tolist(), strict=True):
            found = int(np.searchsorted(pages, goal))
            if found >= len(pages) or pages[found] != goal:
                detail = "it leads to what is no page of the file"
                yield Reject(_place(zim.entry(one)), "redirect", detail)

    def _redirects(self) -> tuple["NDArray[Any]", "NDArray[Any]"]:
        """The redirects and where their chains end, in the order of the ends."""
        import numpy as np

        froms = np.array(self._froms, dtype=np.int64)
        goals = np.array(self._targets, dtype=np.int64)
        targets = goals.copy()
        if len(froms):
            for _ in range(_ROUNDS):
                at = np.minimum(np.searchsorted(froms, goals), len(froms) - 1)
                leads = froms[at] == goals
                if not leads.any():
                    break
                goals = np.where(leads, targets[at], goals)
        order = np.argsort(goals, kind="stable")
        return froms[order], goals[order]


def _document(zim: ZimFile, book: _Book, entry: Entry, others: tuple[str, ...]) -> Item:
    url = book.url(zim, entry)
    try:
        canonical(url)
        body = zim.content(entry, MAX_BODY)
    except UrlError as error:
        return Reject(_place(entry), "bad-address", str(error))
    except BlobError as error:
        return Reject(_place(entry), error.reason, str(error), url)
    return Document(
        place=_place(entry),
        body=body,
        url=url,
        fetched_at=book.date,
        source=book.source,
        headers={"content-type": entry.kind},
        aliases=others,
        title=entry.title,
    )


def _place(entry: Entry) -> str:
    return f"entry {entry.namespace}/{entry.path[:200]}"


def _meta(zim: ZimFile, name: str) -> str:
    entry = zim.find("M", name)
    if entry is None or entry.cluster < 0:
        return ""
    try:
        return zim.content(entry, _LONGEST_META).decode("utf-8", "replace").strip()
    except BlobError:
        return ""


def _address(text: str) -> str:
    """The address that pages stand under, with a slash at its end; empty where there is none."""
    if not text:
        return ""
    try:
        url = canonical(text)
    except UrlError:
        return ""
    parts = urlsplit(url)
    if parts.scheme not in WEB_SCHEMES or parts.query:
        return ""
    return url if url.endswith("/") else url + "/"


def _date(zim: ZimFile) -> datetime:
    """When its pages were captured; where it does not say, when the file was last written."""
    text = _meta(zim, "Date")
    for form in ("%Y-%m-%d", "%Y%m%d"):
        try:
            return datetime.strptime(text[:10], form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return datetime.fromtimestamp(zim.path.stat().st_mtime, UTC)
