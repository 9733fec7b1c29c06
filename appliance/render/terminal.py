"""Plain text for a terminal. Text from pages is stripped of control characters first."""

import re
import textwrap
from collections.abc import Sequence

from ..evidence import Claim, Evidence

_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def safe(text: str) -> str:
    """Drop control characters: a page must not move the cursor, colour or reverse the terminal."""
    return _CONTROL.sub("", text)


def shorten(text: str, width: int) -> str:
    """One line of at most `width` characters."""
    flat = " ".join(safe(text).split())
    return flat if len(flat) <= width else flat[: width - 1] + "…"


def counted(number: int, what: str) -> str:
    """A number with its noun: `1 page`, `1,200 pages`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def evidence_lines(evidence: Evidence, number: int) -> str:
    """A numbered quote with its page title, URL and capture date."""
    quote = textwrap.fill(
        " ".join(safe(evidence.quote).split()),
        92,
        initial_indent="    “",
        subsequent_indent="     ",
    )
    # What was crawled comes from its address; of anything else it is worth knowing.
    source = "" if evidence.source in ("", "crawl") else f" from {shorten(evidence.source, 60)}"
    return (
        f"[{number}] {safe(evidence.title)}\n{quote}”\n"
        f"    {safe(evidence.url)} · captured {evidence.captured:%Y-%m-%d}{source} · "
        f"{evidence.label}"
    )


def claims_text(claims: Sequence[Claim]) -> str:
    """The evidence of an answer; claims that nothing supports are marked."""
    lines: list[str] = []
    number = 0
    for claim in claims:
        if len(claims) > 1 or not claim.evidence:
            mark = "" if claim.evidence else "  ← no page that was read supports this"
            lines.append(f"{safe(claim.text)}{mark}")
        for evidence in claim.evidence:
            number += 1
            lines.append(evidence_lines(evidence, number))
        for conflict in claim.conflicts:
            number += 1
            lines.append(f"  ↯ another page that was read says {safe(conflict.value)}:")
            lines.append(evidence_lines(conflict.evidence, number))
    return "\n".join(lines)


def table(rows: Sequence[Sequence[str]], heading: Sequence[str]) -> str:
    """Columns padded to their widest cell, under a heading."""
    everything = [list(heading), *[[safe(cell) for cell in row] for row in rows]]
    widths = [max(len(row[column]) for row in everything) for column in range(len(heading))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in everything
    )
