"""A run as one archive that anybody can check without this program: the run, its page as HTML, and
the text of every page version that it refers to, each in a file whose SHA-256 is its digest.

An uncompressed zip with a fixed order and no clock in it: the same run and pages give the same
bytes on every machine (a compressed one would depend on the version of the compressor).
"""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from store.digest import canonical_json, sha256, write_atomic
from store.errors import StoreError
from store.page import PageVersion
from store.pages import PageStore

from .mentions import page_versions
from .render.run_page import Versions, run_html
from .trace import FILE, Run

EPOCH = (1980, 1, 1, 0, 0, 0)
README = """This archive holds one run of the deep-research appliance.

run.jsonl     the run: a manifest, then one event a line
run.html      the same to be read; it loads nothing
pages.json    the page versions that the run refers to: URL, title, time of capture, digest
pages/*.json  their content, {"text", "title"} as JSON with sorted keys and no spaces; the name of
              each file is the SHA-256 of its bytes, and that is the version's digest in the run
missing.json  versions that the run refers to and the store no longer held
SHA256SUMS    digests of all files above: sha256sum -c SHA256SUMS

A quote in the run is (version, start, end): the letters from start to end of that version's text.
"""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: its SHA-256, how many page versions are in it, and how many were gone."""

    path: Path
    digest: str
    pages: int
    missing: int


def export(run: Run, runs: Path, pages: PageStore, path: Path) -> Exported:
    """Write the archive of `run` to `path`."""
    held, gone = versions_of(run, pages)
    raw = (runs / run.id / FILE).read_bytes()
    files = {
        "README.txt": README.encode("utf-8"),
        FILE: raw[: raw.rfind(b"\n") + 1],
        "run.html": run_html(run, held).encode("utf-8"),
        "pages.json": canonical_json([_facts(page) for page in held.values()]) + b"\n",
        "missing.json": canonical_json([{"url": u, "version": v} for u, v in gone]) + b"\n",
    }
    for (_, digest), page in held.items():
        name = f"pages/{digest.partition(':')[2]}.json"
        files[name] = canonical_json({"text": page.text, "title": page.title})
    sums = [f"{sha256(data).partition(':')[2]}  {name}\n" for name, data in sorted(files.items())]
    files["SHA256SUMS"] = "".join(sums).encode("utf-8")
    data = archive(files, f"run-{run.id}")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, data)
    return Exported(path, sha256(data), len(held), len(gone))


def archive(files: Mapping[str, bytes], folder: str) -> bytes:
    """Return an uncompressed zip of `files` below `folder`, by name, without times or owners."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(f"{folder}/{name}", EPOCH)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            archive.writestr(entry, files[name])
    return buffer.getvalue()


def versions_of(run: Run, pages: PageStore) -> tuple[Versions, list[tuple[str, str]]]:
    """The page versions that a run refers to, by URL and digest; and those that are gone or were
    altered.
    """
    held: Versions = {}
    gone: list[tuple[str, str]] = []
    for url, digest in sorted(set(page_versions(run.events))):
        try:
            page = pages.by_digest(url, digest)
        except StoreError:
            page = None
        if page is None or page.digest != digest:
            gone.append((url, digest))
        else:
            held[url, digest] = page
    return held, gone


def _facts(page: PageVersion) -> dict[str, Any]:
    return {
        "url": page.url,
        "title": page.title,
        "captured": page.fetched_at.isoformat(),
        "version": page.digest,
        "source": page.source,
        "capture": page.capture,
        "language": page.lang,
    }
