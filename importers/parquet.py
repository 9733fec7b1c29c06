"""Rows of a Parquet file, in any layout that `rows` knows. Other columns are not even read.

Arrow, a library in C++, reads it in a process of its own (`isolated`); pages of the file with a
checksum are checked. A row that is too large is refused there, and never held here. It knows no
layouts of rows.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .base import Item, Reject
from .errors import DamagedError
from .isolated import LOT_BYTES, isolated, weight
from .rows import COLUMNS, Origin, read_row

NAME = "parquet"
BATCH = 200
LARGEST_ROW = 32_000_000
"""Bytes of a row's values; a text of five million letters needs less."""


def claims(path: Path, head: bytes) -> bool:
    """True for the four letters with which every Parquet file begins."""
    return head.startswith(b"PAR1")


def items(path: Path) -> Iterator[Item]:
    """Yield the page of each row, or why it is none."""
    origin = Origin.of(path, NAME)
    for number, row in enumerate(isolated(__name__.rpartition(".")[2], "raw_rows", path), 1):
        place = f"row {number:,}"
        if isinstance(row, int):
            yield Reject(place, "too-large", f"it has {row:,} bytes, more than {LARGEST_ROW:,}")
        else:
            yield read_row(row, place, origin)


def raw_rows(path: Path) -> Iterator[dict[str, Any] | int]:
    """Yield the rows as they are, in their order, and of one that is too large only its bytes;
    runs in a process of its own.

    Raises DamagedError where it has none of the columns that are read.
    """
    import pyarrow.parquet

    # Not mapped into memory and not read ahead: a file may be larger than the memory.
    with pyarrow.parquet.ParquetFile(
        path, buffer_size=1 << 20, pre_buffer=False, page_checksum_verification=True
    ) as file:
        found = file.schema_arrow.names
        wanted = [name for name in found if name in COLUMNS]
        if not wanted:
            raise DamagedError(
                f"{path} has the columns {', '.join(found)[:200]}, of which none is a text; rename "
                "the one that is to “text”."
            )
        rows = _rows_at_once(file.metadata)
        for batch in file.iter_batches(batch_size=rows, columns=wanted, use_threads=False):
            for row in batch.to_pylist():
                size = weight(row)
                yield row if size <= LARGEST_ROW else size


def _rows_at_once(metadata: Any) -> int:
    """How many rows of the group with the longest ones hold about a lot."""
    groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
    longest = max((group.total_byte_size / max(1, group.num_rows) for group in groups), default=0)
    return max(1, min(BATCH, int(LOT_BYTES / max(1.0, longest))))
