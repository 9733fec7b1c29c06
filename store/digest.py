"""One canonical JSON, tagged digests and the atomic write: whatever is identified by content goes
through here. It knows nothing about pages, indexes or runs.
"""

import hashlib
import json
import os
from pathlib import Path


def canonical_json(value: object) -> bytes:
    """Encode `value` as UTF-8 JSON with sorted keys, no spaces and no escaped letters.

    Equal values give equal bytes in every process, whatever PYTHONHASHSEED is. NaN and
    infinities raise ValueError, for they have no JSON form.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode("utf-8")


def blake(data: bytes) -> str:
    """Return the tagged digest `b2:<64 hex digits>` (BLAKE2b, 32 bytes)."""
    return "b2:" + hashlib.blake2b(data, digest_size=32).hexdigest()


def blake_json(value: object) -> str:
    """Return the tagged digest of the canonical JSON of `value`."""
    return blake(canonical_json(value))


def sha256(data: bytes) -> str:
    """Return the tagged digest `sha256:<64 hex digits>`."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Return the tagged SHA-256 of a file, read in 1 MiB pieces."""
    state = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            state.update(piece)
    return "sha256:" + state.hexdigest()


def write_atomic(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write `data` to `path` so that a reader sees the old file or the whole new one.

    The bytes go to a temporary file beside it, are flushed to disk, and are renamed over it.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries, so that a rename in it survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
