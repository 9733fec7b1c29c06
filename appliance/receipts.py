"""Receipts of purges: `receipts/<id>.json` says what was removed, when and how much, by digests and
numbers. No text of any page is in them. A receipt without an end is that of a purge that was
killed; the same command finishes it.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from store.digest import canonical_json, write_atomic

from .errors import PurgeError

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Receipt:
    """One purge. `versions` are (id, tagged digest), `pages` tagged hashes of their addresses."""

    id: str
    at: str
    kind: str
    target: str
    collection: str
    pages: tuple[str, ...]
    versions: tuple[tuple[int, str], ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    runs: tuple[str, ...] = ()
    index: str = ""
    done: str = ""

    def to_json(self) -> dict[str, object]:
        """The receipt as JSON values."""
        return {
            "format": FORMAT,
            "receipt": self.id,
            "at": self.at,
            "done": self.done or None,
            "what": {"kind": self.kind, "target": self.target, "collection": self.collection},
            "counts": dict(self.counts),
            "pages": list(self.pages),
            "versions": [{"id": key, "digest": digest} for key, digest in self.versions],
            "runs": list(self.runs),
            "index": self.index or None,
        }

    def write(self, folder: Path) -> "Receipt":
        """Write it to its file in `folder`, as a whole; returns itself."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = json.dumps(json.loads(canonical_json(self.to_json())), indent=1, ensure_ascii=False)
        write_atomic(folder / f"{self.id}.json", text.encode("utf-8") + b"\n")
        return self

    def ended(self) -> "Receipt":
        """The same with the time at which it was done."""
        return replace(self, done=now())


def new_id() -> str:
    """An id for a receipt; ids sort by time."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def now() -> str:
    """The time in ISO form."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def unfinished(folder: Path, collection: str, target: str, alone: bool = False) -> Receipt | None:
    """The receipt of a killed purge of the same target, if there is one.

    With `alone` it is one of that collection.
    """
    collections = (collection,) if alone else (collection, target)
    for path in sorted(folder.glob("*.json"), reverse=True):
        receipt = read(path)
        same = receipt.target == target and receipt.collection in collections
        if same and not receipt.done:
            return receipt
    return None


def read(path: Path) -> Receipt:
    """Read a receipt; PurgeError for one that cannot be read."""
    try:
        values: dict[str, Any] = json.loads(path.read_bytes())
        what = values["what"]
        return Receipt(
            values["receipt"],
            values["at"],
            what["kind"],
            what["target"],
            what["collection"],
            tuple(values["pages"]),
            tuple((item["id"], item["digest"]) for item in values["versions"]),
            values["counts"],
            tuple(values["runs"]),
            values["index"] or "",
            values["done"] or "",
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PurgeError(
            f"the receipt {path} cannot be read; restore it from a backup, or move it away"
        ) from error
