"""What must be kept: the states of pages and index that a run or a named snapshot refers to, and
the removal of what nothing refers to.

A run refers to the frozen index and the commit of the store that its manifest names. A named
snapshot refers to the commit that the store has under that name and to the indexes that were
current then, which `snapshots/<name>.json` keeps. Nothing here reads what a run found.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from indexer.errors import IndexerError, IndexMissing
from indexer.frozen import FrozenIndex, frozen_root
from indexer.frozen.files import current_name
from indexer.frozen.write import folder_name, unreferred
from store.database import Database
from store.digest import blake, canonical_json, write_atomic
from store.errors import SnapshotError
from store.snapshots import Checked, Snapshots
from store.unseen import unseen

from .errors import RunError
from .home import Home
from .mentions import version_digests
from .trace import read_manifest, read_run, run_ids


@dataclass(frozen=True, slots=True)
class Kept:
    """A named snapshot: the store's own facts, and the index of each collection that it keeps."""

    name: str
    seq: int
    created_at: datetime
    pages: int
    digest: str
    indexes: Mapping[str, str]

    def to_json(self) -> dict[str, object]:
        """The snapshot as JSON values."""
        return {
            "name": self.name,
            "seq": self.seq,
            "created": self.created_at.isoformat(),
            "pages": self.pages,
            "digest": self.digest,
            "indexes": dict(self.indexes),
        }


@dataclass(frozen=True, slots=True)
class Collected:
    """What a collection of garbage removed, or would remove."""

    indexes: tuple[str, ...]
    index_bytes: int
    versions: int
    version_bytes: int

    def to_json(self) -> dict[str, object]:
        """The report as JSON values."""
        return {
            "indexes": list(self.indexes),
            "index_bytes": self.index_bytes,
            "versions": self.versions,
            "version_bytes": self.version_bytes,
        }


def referred_indexes(home: Home) -> set[str]:
    """The digests of all frozen indexes that a run or a named snapshot refers to."""
    found = {digest for facts in _snapshot_files(home) for digest in facts["indexes"].values()}
    for run_id in run_ids(home.runs):
        index = (read_manifest(home.runs, run_id) or {}).get("index")
        if isinstance(index, Mapping) and index.get("digest"):
            found.add(str(index["digest"]))
    return found


def create_snapshot(home: Home, database: Database, name: str) -> Kept:
    """Name the present state of the store and of every frozen index of the home.

    Raises SnapshotError where the name is taken or empty.
    """
    snapshot = Snapshots(database).create(name)
    # After the name is the store's: a name that was refused must not change what it keeps.
    indexes = {}
    for collection, root in frozen_roots(home):
        try:
            indexes[collection] = FrozenIndex.open(root).digest
        except (IndexerError, OSError):
            continue  # nothing usable is indexed there
    home.snapshots.mkdir(mode=0o700, parents=True, exist_ok=True)
    facts = {"name": snapshot.name, "seq": snapshot.seq, "indexes": indexes}
    write_atomic(_file(home, snapshot.name), canonical_json(facts) + b"\n")
    return Kept(
        snapshot.name,
        snapshot.seq,
        snapshot.created_at,
        snapshot.pages,
        snapshot.digest,
        indexes,
    )


def list_snapshots(home: Home, database: Database) -> list[Kept]:
    """All named snapshots, oldest first."""
    indexes = {str(facts["name"]): facts["indexes"] for facts in _snapshot_files(home)}
    return [
        Kept(s.name, s.seq, s.created_at, s.pages, s.digest, indexes.get(s.name, {}))
        for s in Snapshots(database).list()
    ]


def check_snapshot(
    home: Home,
    database: Database,
    name: str,
    deep: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Checked, list[str]]:
    """Read a snapshot again, and return what the store holds of it and what is wrong.

    Every page's row is read and each frozen index that it keeps has to be there; with `deep` all
    texts and the files of these indexes are hashed. Raises SnapshotError where there is none.
    """
    checked = Snapshots(database).check(name, deep, progress)
    faults = checked.sentences()
    kept = {str(facts["name"]): facts["indexes"] for facts in _snapshot_files(home)}
    for collection, digest in kept.get(name, {}).items():
        try:
            index = FrozenIndex.open(frozen_root(home.root, collection), digest)
            wrong = index.verify() if deep else []
        except IndexMissing:
            wrong = [f"the index {digest[:15]}… of {collection} is not there; restore a backup"]
        except (IndexerError, OSError) as error:
            wrong = [str(error)]
        faults += [f"snapshot {name}: {fault}" for fault in wrong]
    return checked, faults


def remove_snapshot(home: Home, database: Database, name: str) -> None:
    """Forget a name; what only it kept is removed by `collect`. Raises SnapshotError."""
    Snapshots(database).remove(name)
    _file(home, name).unlink(missing_ok=True)


def collect(home: Home, database: Database, dry: bool = False) -> Collected:
    """Remove the frozen indexes and the superseded page versions that nothing refers to.

    Kept are what a run or a named snapshot refers to, the current index, and each version that one
    of these indexes lists. With `dry` it only counts. The caller holds
    the index, so that none is written meanwhile. Raises RunError for a run that cannot be read:
    what it refers to is not known.
    """
    referred = referred_indexes(home)
    seqs, digests = _seen_by_runs(home)
    seqs |= {snapshot.seq for snapshot in Snapshots(database).list()}
    names, size, ids = [], 0, set()
    for _, root in frozen_roots(home):
        try:
            current = current_name(root)
        except OSError:
            current = ""
        kept = {current, *map(folder_name, referred)}
        spare = unreferred(root, kept)
        for folder in spare:
            size += sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            names.append(folder.name)
            if not dry:
                shutil.rmtree(folder, ignore_errors=True)
        ids |= set(listed_versions(root, leaving_out={folder.name for folder in spare}))
    found = unseen(database, seqs, ids, digests, delete=not dry)
    return Collected(tuple(names), size, found.versions, found.bytes)


def frozen_roots(home: Home) -> list[tuple[str, Path]]:
    """(collection, folder) of every frozen root of the home."""
    found = []
    for path in sorted(home.root.glob("frozen*")):
        collection = path.name.removeprefix("frozen").removeprefix("-") or "web"
        if path.is_dir() and frozen_root(home.root, collection) == path:
            found.append((collection, path))
    return found


def listed_versions(root: Path, leaving_out: "set[str] | None" = None) -> Iterator[int]:
    """The ids of the page versions that the frozen folders below `root` list."""
    from indexer.frozen.files import read_array

    for path in sorted(root.glob("*/page_version.npy")):
        if path.parent.name not in (leaving_out or set()):
            try:
                yield from (int(key) for key in read_array(path))
            except IndexerError:
                continue  # a damaged index keeps nothing


def _seen_by_runs(home: Home) -> tuple[set[int], set[str]]:
    """The commits that runs saw, and for runs that name none the versions in their results."""
    seqs: set[int] = set()
    digests: set[str] = set()
    for run_id in run_ids(home.runs):
        manifest = read_manifest(home.runs, run_id)
        if manifest is None:
            raise RunError(
                f"the run {run_id} cannot be read, so that nobody knows what it refers to; "
                f"restore it, or remove it with: appliance runs rm {run_id}"
            )
        corpus = manifest.get("corpus")
        if isinstance(corpus, Mapping) and isinstance(corpus.get("seq"), int):
            seqs.add(corpus["seq"])
        else:
            digests |= set(version_digests(read_run(home.runs, run_id).events))
    return seqs, digests


def _snapshot_files(home: Home) -> Iterator[dict[str, Any]]:
    for path in sorted(home.snapshots.glob("*.json")):
        try:
            facts = json.loads(path.read_bytes())
            {**facts["indexes"]}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SnapshotError(
                f"The file {path} cannot be read, so that nobody knows what it keeps; restore it "
                "or remove it."
            ) from error
        yield facts


def _file(home: Home, name: str) -> Path:
    # A name may hold a slash and be long; two names never have one file.
    readable = quote(name, safe="")[:80]
    return home.snapshots / f"{readable}-{blake(name.encode()).partition(':')[2][:12]}.json"
