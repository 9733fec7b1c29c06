"""WARC and ARC files, packed with gzip or zstd or not at all, whatever their names say.

Every response, resource and conversion record becomes a Document or a Reject; a redirect whose
target is in the archive becomes another address of the target, and a revisit gets the body of the
record that it repeats. What documents nothing that was read (requests, metadata, warcinfo) is
passed over. Two passes: the first only looks for redirects and for what revisits repeat.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urljoin

from store.errors import UrlError
from store.urls import canonical, url_hash

from .base import Document, Item, Reject
from .bodies import MAX_BODY, BodyError, Response, decoded, split
from .errors import DamagedError
from .kinds import kind_of, never_a_page
from .members import GZIP, Broken, Members
from .names import shown
from .records import BEGINS, Gap, Record, records

NAME = "warc"
READ = ("response", "resource", "conversion")
_PACKED = (GZIP[:2], b"\x28\xb5\x2f\xfd", b"\x5d\x2a\x4d\x18")
_REDIRECT = re.compile(rb"HTTP/\S+ 30[12378]\b")
_LOOKED_AT = 1 << 16
_MOST_REDIRECTS = 2_000_000
_DATE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z\Z")


@dataclass(frozen=True, slots=True)
class Source:
    """One WARC file: how it is opened, and how it is called in `source` and before each place.

    `again` says that going back in it costs nothing.
    """

    open: Callable[[], BinaryIO]
    name: str
    before: str = ""
    again: bool = True


def claims(path: Path, head: bytes) -> bool:
    """Say whether `path` is a WARC or ARC file."""
    if not head.startswith(_PACKED):
        return BEGINS.match(head) is not None
    try:
        with path.open("rb") as file:
            return BEGINS.match(Members(file).peek(4096)) is not None
    except Broken:
        return False


def items(path: Path) -> Iterator[Item]:
    """Yield what is in the archive. Raises DamagedError where nothing more can be read."""
    return read([Source(lambda: path.open("rb"), f"{NAME}:{shown(path.name)}")])


def read(sources: Sequence[Source]) -> Iterator[Item]:
    """Yield what is in the files of one archive, one after the other.

    Raises DamagedError where nothing more of the last can be read; a file before it that ends
    early is a Reject, and those after it are read.
    """
    survey = _Survey()
    for number, source in enumerate(sources):
        survey.look(number, source)
    survey.settle()
    for number, source in enumerate(sources):
        try:
            yield from _items(number, source, sources, survey)
        except DamagedError as error:
            if number == len(sources) - 1:
                raise
            yield Reject(source.before.rstrip(": "), "damaged", str(error))
    yield from survey.unmet()


class _Survey:
    """Which addresses lead where, and where the records stand that others repeat."""

    def __init__(self) -> None:
        self._redirects: dict[bytes, tuple[str, str, str]] = {}
        self._goals: dict[bytes, list[bytes]] = {}
        self._met: set[bytes] = set()
        self._repeated: set[str] = set()
        self.originals: dict[str, tuple[int, int]] = {}

    def look(self, number: int, source: Source) -> None:
        """Read a file's headers; what cannot be read is named when the file is read for good."""
        with closing(source.open()) as file:
            try:
                for record in records(Members(file), _LOOKED_AT, check=False):
                    if isinstance(record, Record):
                        self._note(source, record)
            except DamagedError:
                return

    def _note(self, source: Source, record: Record) -> None:
        if record.kind == "revisit":
            self._repeated.add(_digest_of(record))
        elif record.kind == "response" and _REDIRECT.match(record.block[:40]):
            target = _target(record) if len(self._redirects) < _MOST_REDIRECTS else None
            if target is not None:
                url = _url_of(record)
                said = source.before + record.place
                self._redirects.setdefault(url_hash(url), (url, target, said))

    def settle(self) -> None:
        """Follow each redirect to where its chain ends; one in a circle ends in it."""
        ends: dict[bytes, bytes] = {}
        for key in self._redirects:
            at, chain = key, dict.fromkeys([key])
            while at in self._redirects and at not in ends:
                at = url_hash(self._redirects[at][1])
                if at in chain:
                    break
                chain[at] = None
            end = ends.get(at, at)
            for one in chain:
                if one in self._redirects:
                    ends[one] = end
        for key, end in ends.items():
            self._goals.setdefault(end, []).append(key)

    def aliases(self, url: str) -> tuple[str, ...]:
        """The addresses that lead to the page at `url`."""
        goal = url_hash(url)
        found = self._goals.get(goal, ())
        self._met.update(found)
        return tuple(self._redirects[key][0] for key in found if key != goal)

    def knows(self, url: str) -> bool:
        """Whether `url` is a redirect that was noted."""
        return url_hash(url) in self._redirects

    def keep(self, number: int, record: Record) -> None:
        """Remember where a record stands if others repeat it."""
        digest = _digest_of(record)
        if record.alone and digest in self._repeated:
            self.originals.setdefault(digest, (number, record.offset))

    def unmet(self) -> Iterator[Reject]:
        """The redirects that lead to nothing in the archive."""
        for key, (url, target, place) in self._redirects.items():
            if key not in self._met:
                yield Reject(
                    place, "redirect", f"it leads to {target}, which is not in the archive", url
                )


def _items(
    number: int, source: Source, sources: Sequence[Source], survey: _Survey
) -> Iterator[Item]:
    with closing(source.open()) as file:
        for record in records(Members(file), MAX_BODY):
            place = source.before + record.place
            if isinstance(record, Gap):
                yield Reject(place, "damaged", record.detail)
                continue
            try:
                if record.kind == "revisit":
                    yield _repeat(record, source, sources, survey)
                elif (found := _item(record, source, survey)) is not None:
                    if isinstance(found, Document) and source.again:
                        survey.keep(number, record)
                    yield found
            except _NoPageError as error:
                yield Reject(place, error.reason, error.detail, error.url)


class _NoPageError(Exception):
    """A record that becomes no page."""

    def __init__(self, reason: str, detail: str, url: str = "") -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.url = url


def _item(record: Record, source: Source, survey: _Survey) -> Document | None:
    """The document of a record; None for one that documents nothing. Raises _NoPageError."""
    if record.kind not in READ:
        if record.kind == "continuation":
            raise _NoPageError("segmented", "it is a part of a record that was cut up")
        if record.fault and record.fault != "too-large":
            raise _NoPageError(
                record.fault, f"{record.detail} (a {record.kind or 'nameless'} record)"
            )
        return None
    url = _address(record)
    if record.fault:
        raise _NoPageError(record.fault, record.detail, url)
    if "warc-segment-number" in record.headers:
        raise _NoPageError("segmented", "it is a part of a record that was cut up", url)
    response = _response(record, url)
    if 300 <= response.status < 400 and survey.knows(url):
        return None
    if response.status not in (200, 203):
        raise _NoPageError(f"http-{response.status}", f"the server answered {response.status}", url)
    content_type = response.headers.get("content-type", "")
    if never_a_page(content_type):
        raise _NoPageError("not-html", f"it is {kind_of(content_type)}")
    try:
        body = decoded(response)
    except BodyError as error:
        raise _NoPageError(error.reason, error.detail, url) from error
    headers = {
        name: value
        for name, value in response.headers.items()
        if name not in ("content-encoding", "transfer-encoding", "content-length")
    }
    return Document(
        place=source.before + record.place,
        body=body,
        url=url,
        fetched_at=_date(record, url),
        source=source.name,
        headers=headers,
        status=response.status,
        aliases=survey.aliases(url),
    )


def _repeat(record: Record, source: Source, sources: Sequence[Source], survey: _Survey) -> Document:
    """The document of a record that only says that another one was found again."""
    url = _address(record)
    if record.fault:
        raise _NoPageError(record.fault, record.detail, url)
    response = split(record.block)
    if response.status not in (0, 200, 203, 304):
        raise _NoPageError(f"http-{response.status}", f"the server answered {response.status}", url)
    content_type = response.headers.get("content-type", "")
    if never_a_page(content_type):
        raise _NoPageError("not-html", f"it is {kind_of(content_type)}")
    fetched_at = _date(record, url)
    at = survey.originals.get(_digest_of(record))
    if at is None:
        raise _NoPageError(
            "revisit",
            "the record that it repeats does not stand before it or, because all is packed in one "
            "piece, cannot be gone back to",
            url,
        )
    with closing(sources[at[0]].open()) as file:
        stream = Members(file)
        stream.seek(at[1])
        original = next(records(stream, MAX_BODY), None)
        found = _item(original, source, survey) if isinstance(original, Record) else None
    if found is None:
        raise _NoPageError("revisit", "the record that it repeats cannot be read again", url)
    return replace(
        found,
        place=source.before + record.place,
        url=url,
        fetched_at=fetched_at,
        aliases=survey.aliases(url),
    )


def _response(record: Record, url: str) -> Response:
    """What was answered; a resource was not answered by a server, and is whole."""
    if record.kind != "response":
        return Response(200, {"content-type": record.headers.get("content-type", "")}, record.block)
    response = split(record.block)
    if not response.status:
        raise _NoPageError("bad-http", "what it holds is no answer of a server", url)
    return response


def _url_of(record: Record) -> str:
    url = record.headers.get("warc-target-uri", "")
    return url[1:-1] if url.startswith("<") and url.endswith(">") else url


def _address(record: Record) -> str:
    url = _url_of(record)
    if not url.lower().startswith(("http://", "https://", "ftp://")):
        raise _NoPageError("not-web", f"“{url[:80]}” is no address of the web")
    try:
        return canonical(url)
    except UrlError as error:
        raise _NoPageError("bad-address", str(error)) from error


def _target(record: Record) -> str | None:
    """Where a redirect leads, if its own address and that one are addresses of the web."""
    try:
        url = _address(record)
        target = urljoin(url, split(record.block).headers["location"].strip())
        if target.lower().startswith(("http://", "https://")):
            return canonical(target)
    except (_NoPageError, KeyError, ValueError):
        pass
    return None


def _digest_of(record: Record) -> str:
    name, _, value = record.headers.get("warc-payload-digest", "").partition(":")
    return f"{name.lower().replace('-', '')}:{value}" if value else ""


def _date(record: Record, url: str) -> datetime:
    """When it was captured."""
    text = record.headers.get("warc-date", "")
    try:
        if match := _DATE.match(text):
            moment = datetime.strptime(match[1], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
            return moment.replace(microsecond=int((match[2] or "")[:6].ljust(6, "0")))
        if text.isascii() and text.isdigit() and len(text) in (8, 12, 14):
            return datetime.strptime(text.ljust(14, "0"), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except ValueError:
        raise _NoPageError("bad-date", f"“{text[:40]}” is no date of a capture", url) from None
