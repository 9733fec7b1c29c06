"""WACZ files: WARC files in a zip archive, with a list of their pages and digests of everything.

The digests are compared before anything is read; the signature over them, if there is one, is not
verified and said to be so. The pages are those on the list, or all where there is none. How WARC
files are read is `importers.warc`'s business.

The format: https://specs.webrecorder.net/wacz/1.1.1/
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, cast
from zipfile import ZipFile

from store.errors import UrlError
from store.urls import url_hash

from . import warc
from .base import Document, Item, Reject
from .container import FAULTS, Container, opened
from .errors import DamagedError
from .members import Broken, Members
from .names import shown
from .records import BEGINS

NAME = "wacz"
PACKAGE = "datapackage.json"
SIGNED = "datapackage-digest.json"
_KINDS = ("sha256", "sha512", "sha384", "sha224", "sha1", "md5")
_MOST_JSON = 64 << 20
_LONGEST_LINE = 16 << 20
_MOST_LISTED = 5_000_000
_WARC = re.compile(r"archive/[^/].*")


def claims(path: Path, head: bytes) -> bool:
    """Say whether `path` is a WACZ file."""
    if not head.startswith(b"PK\x03\x04"):
        return False
    try:
        with ZipFile(path) as archive:
            names = archive.namelist()
    except FAULTS:
        return path.suffix.lower() == ".wacz"
    named = path.suffix.lower() == ".wacz" or any(map(_WARC.match, names))
    return PACKAGE in names and named


def items(path: Path) -> Iterator[Item]:
    """Yield what is in the WARC files. Raises DamagedError before anything where a digest differs.

    Raises LockedError where a file of it wants a password.
    """
    with opened(path) as container:
        named = _checked(container)
        yield from _unproven(container, named)
        listed, faults = _listed(container, named)
        yield from faults
        sources = []
        for name in sorted(filter(_WARC.match, container.entries)):
            if name not in named:
                yield Reject(
                    name, "no-digest", f"{PACKAGE} names no digest of it, so it is not read"
                )
            elif not _is_warc(container, name):
                yield Reject(name, "no-warc", "it stands among the WARC files and is none")
            else:
                sources.append(_source(container, name))
        if not sources:
            raise container.damage("there is no WARC file in it")
        read = warc.read(sources)
        try:
            yield from _of_pages(read, listed) if listed else read
        except FAULTS as error:
            raise container.damage(f"a WARC file in it cannot be read on: {error}") from error


def _source(container: Container, name: str) -> warc.Source:
    return warc.Source(
        open=cast("Callable[[], BinaryIO]", partial(container.open, name)),
        name=f"{NAME}:{shown(container.path.name)}",
        before=f"{name}: ",
        again=container.stored(name),
    )


def _checked(container: Container) -> set[str]:
    """The files whose digests are those that the package names. Raises DamagedError."""
    if PACKAGE not in container.entries:
        raise container.damage(f"it has no {PACKAGE}")
    text = container.read(PACKAGE, _MOST_JSON)
    if SIGNED in container.entries:
        said = _object(container, SIGNED, container.read(SIGNED, _MOST_JSON))
        if said.get("path", PACKAGE) == PACKAGE:
            _compare(container, PACKAGE, said.get("hash"), None)
    resources = _object(container, PACKAGE, text).get("resources")
    if not isinstance(resources, list):
        raise container.damage(f"{PACKAGE} names no files")
    named = set()
    for one in resources:
        if not isinstance(one, dict) or not isinstance(one.get("path"), str):
            raise container.damage(f"{PACKAGE} names a file without a path")
        # The first versions of the format had these elsewhere.
        stats = one.get("stats") if isinstance(one.get("stats"), dict) else {}
        assert isinstance(stats, dict)
        digest = one.get("hash", stats.get("hash"))
        size = one.get("bytes", stats.get("bytes"))
        name = one["path"]
        if name not in container.entries:
            raise container.damage(f"{PACKAGE} names “{name[:80]}”, which is not in it")
        if isinstance(size, int) and size != container.entries[name].file_size:
            raise container.damage(f"“{name[:80]}” has not the {size:,} bytes that {PACKAGE} says")
        _compare(container, name, digest, one.get("hashing"))
        named.add(name)
    return named


def _compare(container: Container, name: str, digest: object, kind: object) -> None:
    if not isinstance(digest, str):
        raise container.damage(f"there is no digest of “{name[:80]}”")
    said, _, value = digest.rpartition(":")
    said = (said or str(kind or "sha256")).lower().replace("-", "")
    if said not in _KINDS:
        raise container.damage(f"the digest of “{name[:80]}” is of a kind that is not known")
    if container.digest(name, said) != value.lower():
        raise container.damage(f"the bytes of “{name[:80]}” are not those of its digest")


def _object(container: Container, name: str, text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise container.damage(f"{name} is not JSON") from error
    if not isinstance(found, dict):
        raise container.damage(f"{name} is no object")
    return found


def _unproven(container: Container, named: set[str]) -> Iterator[Reject]:
    """What is said of the archive and was not verified."""
    if SIGNED not in container.entries:
        return
    signed = _object(container, SIGNED, container.read(SIGNED, _MOST_JSON)).get("signedData")
    if isinstance(signed, dict):
        whose = str(signed.get("domain") or signed.get("publicKey") or "somebody")[:80]
        yield Reject(
            SIGNED,
            "unverified",
            f"it is signed by {whose}; the digests fit, the signature itself was not verified",
        )


def _listed(container: Container, named: set[str]) -> tuple[dict[bytes, "_Listed"], list[Reject]]:
    """The pages that the archive lists, by the identity of their addresses."""
    listed: dict[bytes, _Listed] = {}
    faults: list[Reject] = []
    for name in sorted(container.entries):
        if not (name.startswith("pages/") and name.endswith(".jsonl") and name in named):
            continue
        for number, line in enumerate(_lines(container, name), 1):
            place = f"{name}: line {number:,}"
            try:
                row = json.loads(line)
                if not isinstance(row, dict) or "url" not in row:
                    if number > 1 or not isinstance(row, dict):
                        faults.append(Reject(place, "bad-page-list", "it names no address"))
                    continue
                title = row.get("title")
                page = _Listed(place, str(row["url"]), title if isinstance(title, str) else "")
                listed.setdefault(url_hash(page.url), page)
            except (ValueError, RecursionError, UrlError):
                faults.append(Reject(place, "bad-page-list", "it is no line of a list of pages"))
            if len(listed) + len(faults) > _MOST_LISTED:
                raise container.damage(f"{name} names more than {_MOST_LISTED:,} pages")
    return listed, faults


class _Listed:
    """A page of the list, and whether it was met."""

    __slots__ = ("met", "place", "title", "url")

    def __init__(self, place: str, url: str, title: str) -> None:
        self.place, self.url, self.title, self.met = place, url, title, False


def _lines(container: Container, name: str) -> Iterator[bytes]:
    with container.open(name) as file:
        try:
            while line := file.readline(_LONGEST_LINE):
                if line.strip():
                    yield line
        except FAULTS as error:
            raise container.damage(f"“{name}” cannot be read in it") from error


def _is_warc(container: Container, name: str) -> bool:
    try:
        with container.open(name) as file:
            return BEGINS.match(Members(cast("BinaryIO", file)).peek(4096)) is not None
    except (Broken, *FAULTS):
        return False


def _of_pages(read: Iterator[Item], listed: dict[bytes, _Listed]) -> Iterator[Item]:
    """Those of `read` that are pages of the list; at the end what on the list was not there."""
    broken: DamagedError | None = None
    try:
        for item in read:
            hits = [listed[key] for key in _keys(item) if key in listed]
            for hit in hits:
                hit.met = True
            if isinstance(item, Document) and not hits:
                detail = "the list of pages does not name it: it is a part of a page"
                yield Reject(item.place, "not-listed", detail, item.url)
            elif isinstance(item, Document):
                yield replace(item, title=hits[0].title)
            else:
                yield item
    except DamagedError as error:
        broken = error
    for page in listed.values():
        if not page.met:
            detail = "it is named as a page, and no record has one of that address"
            yield Reject(page.place, "missing", detail, page.url)
    if broken is not None:
        raise broken


def _keys(item: Item) -> Iterator[bytes]:
    names = [item.url, *item.aliases] if isinstance(item, Document) else []
    if isinstance(item, Reject) and item.url:
        names.append(item.url)
    for name in names:
        with suppress(UrlError):
            yield url_hash(name)
