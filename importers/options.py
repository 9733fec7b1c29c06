"""How to import, and how far an import is, as frozen values. It knows no way to do it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from extraction.extract import MAX_BYTES


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How to import: into which `collection`, as which `format` (empty: it is detected).

    `limit` is the most pages to store in this run; `again` reads what was imported before;
    `dry_run` stores nothing. `workers` are extraction processes (None: one core fewer than there
    are), `max_bytes` the largest document.
    """

    collection: str = "web"
    format: str = ""
    limit: int | None = None
    again: bool = False
    dry_run: bool = False
    workers: int | None = None
    max_bytes: int = MAX_BYTES


@dataclass(frozen=True, slots=True)
class Moment:
    """How far an import is: bytes of the file read, of how many; pages and refusals so far."""

    path: Path
    read: int
    size: int
    pages: int
    refused: int
    skipping: bool = False


Progress = Callable[[Moment], None]
Stop = Callable[[], bool]
