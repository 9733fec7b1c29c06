"""Rows for the tests of importers."""

import json
from collections.abc import Iterable
from pathlib import Path


def row(number: int) -> dict[str, object]:
    """A row of the LiteResearcher layout."""
    text = f"The river {number} rises in the hills of Ord and is {number * 7 + 3} kilometres long."
    return {"url": f"https://a.test/{number}", "title": f"River {number}", "doc": text}


def write_rows(path: Path, rows: Iterable[object]) -> Path:
    """Write a JSONL file; a str stands in it as it is."""
    lines = [each if isinstance(each, str) else json.dumps(each) for each in rows]
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return path
