"""The versions of one page, oldest first, without their texts."""

from dataclasses import dataclass
from datetime import datetime

from .database import Connection


@dataclass(frozen=True, slots=True)
class HeldVersion:
    """A version of a page: it holds from commit `seq_from` to before commit `seq_to`.

    `seq_to` is None for the present one. `digest` is tagged; `stored_bytes` is the size of the
    compressed text.
    """

    version_id: int
    seq_from: int
    seq_to: int | None
    fetched_at: datetime
    title: str
    digest: str
    stored_bytes: int

    def to_json(self) -> dict[str, object]:
        """The version as JSON values."""
        return {
            "from": self.seq_from,
            "to": self.seq_to,
            "captured": self.fetched_at.isoformat(),
            "title": self.title,
            "version": self.digest,
            "stored_bytes": self.stored_bytes,
        }


_VERSIONS = """
SELECT id, seq_from, seq_to, fetched_at, title, digest, octet_length(body)
FROM page_version WHERE page_id = %s ORDER BY seq_from
"""


def list_versions(connection: Connection, page_id: int) -> list[HeldVersion]:
    """Return every version of a page that is still held."""
    return [
        HeldVersion(key, start, end, fetched_at, title, "sha256:" + bytes(digest).hex(), size)
        for key, start, end, fetched_at, title, digest, size in connection.execute(
            _VERSIONS, (page_id,)
        )
    ]
