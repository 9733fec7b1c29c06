"""Evidence and claims as values: a quote is a slice of one version of a page, and is re-read.

A quote is (version digest, start, end). It counts only when the version's stored text still has
that digest and the slice equals the quote. Nothing here finds a quote.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from store.errors import PageError
from store.page import PageVersion
from store.pages import PageStore

VERBATIM, CONTAINS, ENTAILED = "verbatim", "contains", "entailed"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One checked quote.

    `label` is `verbatim` (the claim's own letters), `contains` (the same written otherwise) or
    `entailed` (a model judged it so). `source` says where the page came from, `capture` is the
    digest of the bytes that it was read from.
    """

    url: str
    title: str
    captured: datetime
    version_digest: str
    start: int
    end: int
    quote: str
    label: str
    source: str = ""
    capture: str = ""

    @classmethod
    def of(cls, page: PageVersion, start: int, end: int, label: str) -> Self:
        """The slice `start:end` of a stored page."""
        return cls(
            url=page.url,
            title=page.title,
            captured=page.fetched_at,
            version_digest=page.digest,
            start=start,
            end=end,
            quote=page.text[start:end],
            label=label,
            source=page.source,
            capture=page.capture,
        )

    def to_json(self) -> dict[str, object]:
        """The evidence as JSON values, in the form that runs keep."""
        return {
            "url": self.url,
            "title": self.title,
            "captured": self.captured.isoformat(),
            "version": self.version_digest,
            "start": self.start,
            "end": self.end,
            "quote": self.quote,
            "label": self.label,
            **({"source": self.source} if self.source else {}),
            **({"capture": self.capture} if self.capture else {}),
        }


@dataclass(frozen=True, slots=True)
class Conflict:
    """Another page that gives another value for what was asked, with its quote."""

    value: str
    evidence: Evidence

    def to_json(self) -> dict[str, object]:
        """The conflict as JSON values."""
        return {"value": self.value, "evidence": self.evidence.to_json()}


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement of the answer and the quotes that carry it, best first; none: unsupported.

    `conflicts` are what other pages say instead.
    """

    text: str
    evidence: tuple[Evidence, ...]
    conflicts: tuple[Conflict, ...] = ()

    @property
    def supported(self) -> bool:
        """True when at least one quote carries the claim."""
        return bool(self.evidence)

    def to_json(self) -> dict[str, object]:
        """The claim as JSON values; `conflicts` only where there are some."""
        found: dict[str, object] = {
            "claim": self.text,
            "evidence": [item.to_json() for item in self.evidence],
        }
        if self.conflicts:
            found["conflicts"] = [conflict.to_json() for conflict in self.conflicts]
        return found


def checked(claims: Iterable[Claim], pages: PageStore) -> list[Claim]:
    """Return the claims with those quotes alone that `holds` still finds in the store."""
    return [
        Claim(
            claim.text,
            tuple(item for item in claim.evidence if holds(item, pages)),
            tuple(each for each in claim.conflicts if holds(each.evidence, pages)),
        )
        for claim in claims
    ]


def holds(evidence: Evidence, pages: PageStore) -> bool:
    """True when the stored version still hashes to its digest and the slice is the quote."""
    try:
        version = pages.by_digest(evidence.url, evidence.version_digest)
    except PageError:
        return False
    return (
        version is not None
        and version.digest == evidence.version_digest
        and version.text[evidence.start : evidence.end] == evidence.quote
    )
