"""Removing pages for good: from the runs, the opened files, Milvus, the store with all versions and
gaps, and every frozen index; with a receipt.

In this order, so that a purge that is killed can be finished: what a later step needs to know is
still there, or in the receipt, which is written first. What cannot be removed is said in
docs/runs.md.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from indexer.build import build
from indexer.encoders.base import Encoder
from indexer.errors import IndexerError
from indexer.frozen import FrozenIndex, frozen_root
from indexer.milvus import Backend
from indexer.purge import folders_with, forget_vectors, remove_folders
from store.database import Database
from store.errors import StoreError
from store.pages import PageStore
from store.purge import COLLECTION, Doomed, delete_pages, find_doomed, passages_of

from .errors import PurgeError, RunError
from .home import Home
from .mentions import address_hashes
from .receipts import Receipt, new_id, now, unfinished
from .redaction import Redactor, redact_run
from .retention import referred_indexes
from .trace import locked_run, read_run, run_ids

Say = Callable[[str], None]
Text = tuple[str, str, str]


def plan(
    home: Home, database: Database, collection: str, target: str, alone: bool = False
) -> tuple[Doomed, Receipt]:
    """What `target` (an address, a site, a collection) names, and the receipt to be.

    With `alone` nothing outside of `collection` is meant.
    Raises PurgeError when it names nothing and no killed purge of it is to be finished.
    """
    begun = unfinished(home.receipts, collection, target, alone)
    doomed = find_doomed(database, collection, target, alone)
    if doomed is None and begun is None:
        raise PurgeError(
            f"the corpus holds no page, site or collection {target!r} in {collection} (a "
            "site has a dot, as example.org); see what there is with: appliance search"
        )
    if doomed is None:
        assert begun is not None
        return Doomed(begun.kind, target, begun.collection, (), (), ()), begun
    pages = [f"b2:{key.hex()}" for _, key in doomed.pages]
    versions = [(key, digest) for key, _, digest in doomed.versions]
    if begun is not None:
        pages = list(dict.fromkeys([*begun.pages, *pages]))
        versions = list(dict.fromkeys([*begun.versions, *versions]))
    return doomed, Receipt(
        begun.id if begun else new_id(),
        begun.at if begun else now(),
        doomed.kind,
        target,
        doomed.collection,
        tuple(pages),
        tuple(versions),
        {"pages": len(pages), "versions": len(versions)},
        begun.runs if begun else (),
    )


def purge(
    home: Home,
    database: Database,
    doomed: Doomed,
    receipt: Receipt,
    encoder: Encoder,
    backend: Backend,
    say: Say,
) -> Receipt:
    """Carry out what was planned and return the receipt as it was written.

    `encoder` is what passages are encoded with, for the index that is written anew. Raises RunBusy
    when a run is being written, before anything is removed; also when one began meanwhile, and the
    same command then finishes the purge.
    """
    _refuse_busy(home)
    receipt.write(home.receipts)
    texts = _texts(home, database, doomed, receipt)
    runs = _redact(home, receipt, texts)
    opened = _remove_opened(home.opened, receipt, runs)
    say(f"redacted runs: {len(runs)}; removed opened pages: {opened}")
    receipt = _with_runs(receipt, runs, opened=opened).write(home.receipts)
    passages = passages_of(database, doomed.version_ids)
    forget_vectors(database, home.root, passages, backend)
    if doomed.page_ids:
        counts = delete_pages(database, doomed)
        counts["vectors"] = len(passages)
        receipt = replace(receipt, counts={**receipt.counts, **counts}).write(home.receipts)
        say(f"removed pages: {counts['pages']}; versions: {counts['versions']}")
    index, removed = _refreeze(home, database, receipt, encoder, backend, say)
    # A run that began since the first look may have read the pages before they were gone.
    _refuse_busy(home)
    receipt = _with_runs(receipt, _redact(home, receipt, texts), indexes=removed)
    return replace(receipt, index=index).ended().write(home.receipts)


def _with_runs(receipt: Receipt, runs: list[str], **counts: int) -> Receipt:
    found = tuple(dict.fromkeys([*receipt.runs, *runs]))
    return replace(receipt, runs=found, counts={**receipt.counts, **counts, "runs": len(found)})


def _refuse_busy(home: Home) -> None:
    for run_id in run_ids(home.runs):
        with locked_run(home.runs, run_id):
            pass


def concerned(home: Home, receipt: Receipt) -> Iterator[tuple[str, set[bytes]]]:
    """Each run that names pages of `receipt`, and the hashes of their addresses.

    Raises RunError for a run that cannot be read: what is in it cannot be redacted.
    """
    pages = {bytes.fromhex(key.partition(":")[2]) for key in receipt.pages}
    for run_id in run_ids(home.runs) if pages else ():
        try:
            run = read_run(home.runs, run_id)
        except RunError as error:
            raise RunError(
                f"{error}; until then the purge does not end, for the run may hold texts of the "
                f"pages (or remove it with: appliance runs rm {run_id})"
            ) from error
        named = pages.intersection(address_hashes(run.events))
        corpus = run.manifest.get("corpus")
        elsewhere = isinstance(corpus, dict) and corpus.get("collection") != receipt.collection
        if named and not elsewhere:
            yield run_id, named


def _texts(home: Home, database: Database, doomed: Doomed, receipt: Receipt) -> list[Text]:
    """(URL, title, text) of each version of the pages that runs name."""
    wanted = {key for _, named in concerned(home, receipt) for key in named}
    urls = {url for url, key in doomed.pages if key in wanted}
    pages = PageStore(database, doomed.collection)
    texts = []
    for version_id, url, _ in doomed.versions:
        if url in urls:
            try:
                page = pages.version(version_id)
            except StoreError:
                continue  # what cannot be read any more was not copied from it lately
            texts.append((page.url, page.title, page.text))
    return texts


def _redact(home: Home, receipt: Receipt, texts: list[Text]) -> list[str]:
    """Take the texts out of the runs; return the runs from which this purge has taken some."""
    changed = []
    for run_id, named in concerned(home, receipt):
        redactor = Redactor(named, (digest for _, digest in receipt.versions), texts)
        if redact_run(home.runs, run_id, redactor, receipt.id, receipt.at) or any(
            event.get("receipt") == receipt.id for event in read_run(home.runs, run_id).purged
        ):
            changed.append(run_id)
    return changed


def _remove_opened(folder: Path, receipt: Receipt, runs: list[str]) -> int:
    """Remove the HTML files that `open` wrote of these versions or runs."""
    shown = {digest.partition(":")[2][:12] for _, digest in receipt.versions}
    removed = 0
    for path in sorted(folder.glob("*.html")):
        if path.stem.rpartition("-")[2] in shown or any(path.name.startswith(run) for run in runs):
            path.unlink()
            removed += 1
    return removed


def _refreeze(
    home: Home,
    database: Database,
    receipt: Receipt,
    encoder: Encoder,
    backend: Backend,
    say: Say,
) -> tuple[str, int]:
    """Write the index anew without the pages and remove every folder that has them; return the
    digest of the new one, and how many were removed.
    """
    root = frozen_root(home.root, receipt.collection)
    if not root.is_dir():
        return "", 0
    if receipt.kind == COLLECTION:
        removed = len(list(root.glob("*/manifest.json")))
        shutil.rmtree(root)
        return "", removed
    versions = {key for key, _ in receipt.versions}
    held = folders_with(root, versions)
    try:
        built = FrozenIndex.open(root).manifest.values["encoder"]["digest"]
    except (IndexerError, OSError):
        built = ""
    digest = ""
    empty = PageStore(database, receipt.collection).count() == 0
    if held and built == encoder.digest and not empty:
        report = build(
            database,
            home.root,
            encoder,
            collection=receipt.collection,
            backend=backend,
            whole=True,
            referred=lambda: referred_indexes(home),
        )
        digest = report.digest
        held = folders_with(root, versions)
    elif held:
        say("the index is removed, for its encoder is not here; build it with: appliance index")
    return digest, remove_folders(root, held)
