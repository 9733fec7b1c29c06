"""What the JSON values of a run name: pages by their addresses, and the versions of pages.

Readers of runs walk through results, quotes and listings here, whatever shape those have. It knows
the names of fields and nothing of what stands in them.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from store.errors import UrlError
from store.urls import url_hash

NAMING = ("url", "page", "nearest")
"""The fields of recorded results and quotes that hold addresses."""


def objects(value: object) -> Iterator[Mapping[str, Any]]:
    """Every object in JSON values, each before those in it."""
    if isinstance(value, Mapping):
        yield value
        for item in value.values():
            yield from objects(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from objects(item)


def strings(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """(name of the field that it is in, string) for every string in JSON values."""
    if isinstance(value, Mapping):
        for field, item in value.items():
            yield from strings(item, field)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from strings(item, name)
    elif isinstance(value, str):
        yield name, value


def page_version(value: Mapping[str, Any]) -> tuple[str, str] | None:
    """(URL, tagged digest) of the page version that an object is of; None for any other object."""
    version, url = value.get("version"), value.get("page", value.get("url"))
    if isinstance(version, str) and version.startswith("sha256:") and isinstance(url, str):
        return url, version
    return None


def page_versions(value: object) -> Iterator[tuple[str, str]]:
    """(URL, tagged digest) of every page version that JSON values name."""
    yield from filter(None, map(page_version, objects(value)))


def version_digests(value: object) -> Iterator[str]:
    """The digest of every version that JSON values name, also where no address is beside it."""
    for found in objects(value):
        named = found.get("version")
        if isinstance(named, str) and named.startswith("sha256:"):
            yield named


def address_hashes(value: object) -> Iterator[bytes]:
    """The hash of every page address that JSON values name."""
    for name, text in strings(value):
        if name in NAMING:
            try:
                yield url_hash(text)
            except UrlError:
                continue


def shown(data: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, str]]]:
    """(URL, (version, time of capture)) of every page that a result shows, in the order shown.

    Both are empty for a page that was asked for and is not in the corpus.
    """
    for query in data.get("queries", ()):
        for hit in query["hits"]:
            yield hit["url"], (hit["version"], str(hit.get("captured", "")))
    for page in data.get("pages", ()):
        if page.get("missing"):
            yield page["url"], ("", "")
        else:
            yield page["page"], (page["version"], str(page.get("captured", "")))
