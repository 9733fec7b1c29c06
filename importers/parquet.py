"""Rows of a Parquet file, in any layout that `rows` knows. Other columns are not even read.

Arrow, a library in C++, reads it in a process of its own (`isolated`); pages of the file with a
checksum are checked. It knows no layouts of rows.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .base import Item
from .errors import DamagedError
from .isolated import isolated
from .rows import COLUMNS, Origin, read_row

NAME = "parquet"
BATCH = 200


def claims(path: Path, head: bytes) -> bool:
    """True for the four letters with which every Parquet file begins."""
    return head.startswith(b"PAR1")


def items(path: Path) -> Iterator[Item]:
    """Yield the page of each row, or why it is none."""
    origin = Origin.of(path, NAME)
    for number, row in enumerate(isolated(__name__.rpartition(".")[2], "raw_rows", path), 1):
        yield read_row(row, f"row {number:,}", origin)


def raw_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows as they are, in their order; runs in a process of its own.

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
        for batch in file.iter_batches(batch_size=BATCH, columns=wanted, use_threads=False):
            yield from batch.to_pylist()
