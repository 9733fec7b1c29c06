"""The pages of a collection as rows of JSON, with nothing lost: `appliance import` reads them back.

A row holds what the store knows of a page's current version, the other names of the page among it.
The rows come in the order of versions; past versions, gaps and runs are not in them. It knows no
command line.
"""

import gzip
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, cast

from store.digest import canonical_json, sync_folder
from store.page import PageVersion
from store.pages import PageStore

from .errors import ConfigError

Progress = Callable[[int], None]


def export_pages(
    pages: PageStore, path: Path, force: bool = False, progress: Progress | None = None
) -> int:
    """Write every current page of `pages` to `path`; return how many.

    The ending .zst or .gz compresses. The file is there whole or not at all. Raises ConfigError
    where `path` is there already without `force`, or cannot be written.
    """
    if path.exists() and not force:
        raise ConfigError(f"{path} is there already; give another name, or --force to replace it")
    count = 0
    with _written(path) as file:
        for page, names in with_names(pages):
            file.write(canonical_json(page_row(page, names)) + b"\n")
            count += 1
            if progress is not None:
                progress(count)
    return count


def with_names(pages: PageStore) -> Iterator[tuple[PageVersion, list[str]]]:
    """Yield each current page, with the address it declares, and the redirects that lead to it.

    An address that it has only because it declares it is no redirect: whoever reads the rows judges
    that anew, among the pages that are there then.
    """
    names: dict[int, list[str]] = {}
    declared: dict[int, str] = {}
    for version_id, url, only_declared in pages.names():
        if only_declared:
            declared[version_id] = url
        else:
            names.setdefault(version_id, []).append(url)
    for page in pages.current():
        key = page.version_id or 0
        yield replace(page, declared=declared.get(key, "")), sorted(names.get(key, ()))


def page_row(page: PageVersion, names: list[str]) -> dict[str, Any]:
    """Return what is written of one page, as JSON values."""
    return {
        "url": page.url,
        "title": page.title,
        "text": page.text,
        "fetched_at": page.fetched_at.isoformat(),
        "lang": page.lang,
        "site": page.site,
        "published": page.published.isoformat() if page.published else None,
        "author": page.author,
        "status": page.status,
        "source": page.source,
        "extractor": page.extractor,
        "capture": page.capture,
        "digest": page.digest,
        "etag": page.etag,
        "last_modified": page.last_modified,
        "gone_at": page.gone_at.isoformat() if page.gone_at else None,
        "outlinks": [[link.url, link.text] for link in page.outlinks],
        "aliases": names,
        "declared": page.declared,
    }


@contextmanager
def _written(path: Path) -> Iterator[IO[bytes]]:
    """Lend a file that takes its name once all of it is on the disk."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        raw = temporary.open("wb")
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written ({error.strerror}); give a name in a folder of yours"
        ) from error
    try:
        with raw:
            with _packed(raw, path.suffix) as file:
                yield file
            raw.flush()
            os.fsync(raw.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


@contextmanager
def _packed(raw: IO[bytes], ending: str) -> Iterator[IO[bytes]]:
    if ending == ".gz":
        with gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as file:
            yield cast("IO[bytes]", file)
    elif ending == ".zst":
        import zstandard

        with zstandard.ZstdCompressor(6).stream_writer(raw, closefd=False) as stream:
            yield cast("IO[bytes]", stream)
    else:
        yield raw
