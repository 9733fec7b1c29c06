"""What comparing the store, Milvus and the frozen index can find, by part and kind, with counts.

It knows the words for each kind of damage and nothing of how it is found or repaired.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

STORE, VECTORS, FROZEN = "store", "vectors", "frozen"

KINDS: Mapping[tuple[str, str], str] = {
    (STORE, "unsplit"): "pages that no run has cut into passages yet",
    (STORE, "unencoded"): "passages that no run has encoded yet",
    (STORE, "stale"): "passages of pages that changed or went since, or that were cut another way",
    (STORE, "missing"): "passages of a page that has others",
    (STORE, "surplus"): "passages that their page does not have",
    (STORE, "doubled"): "passages that are there twice",
    (STORE, "changed"): "passages of another text than their page has",
    (STORE, "span"): "passages with a wrong span, order or heading path",
    (STORE, "unreadable"): "pages whose text is damaged (appliance verify names them)",
    (VECTORS, "missing"): "passages that are marked as encoded and have no vector",
    (VECTORS, "surplus"): "vectors of no passage",
    (VECTORS, "doubled"): "vectors that are there twice",
    (VECTORS, "changed"): "vectors that are not those of their passage's text",
    (VECTORS, "unnamed"): "collections that should have been swapped or dropped",
    (FROZEN, "absent"): "no index is frozen yet",
    (FROZEN, "unreadable"): "the frozen index does not open",
    (FROZEN, "digest"): "files that are not what the manifest says",
    (FROZEN, "stale"): "passages of pages that changed since, or of another encoder",
    (FROZEN, "missing"): "passages that are encoded and not frozen",
    (FROZEN, "surplus"): "passages that are frozen and not in the store",
    (FROZEN, "doubled"): "passages that are frozen twice",
    (FROZEN, "span"): "passages that are frozen with a wrong span or page",
    (FROZEN, "changed"): "passages that are frozen with other vectors than theirs",
}
BEHIND = frozenset(
    {
        (STORE, "unsplit"),
        (STORE, "unencoded"),
        (STORE, "stale"),
        (FROZEN, "absent"),
        (FROZEN, "stale"),
    }
)
"""What the next `appliance index` does anyway: no damage."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`count` things of one kind in one part; `example` names one of them."""

    part: str
    kind: str
    count: int
    example: str = ""

    @property
    def says(self) -> str:
        """What is found, in words."""
        return KINDS[self.part, self.kind]

    @property
    def behind(self) -> bool:
        """Whether it is no damage but work that the next run does."""
        return (self.part, self.kind) in BEHIND


@dataclass(frozen=True, slots=True)
class Audit:
    """What was compared (pages, passages and vectors, and the frozen index's digest) and found."""

    pages: int
    passages: int
    vectors: int
    digest: str
    findings: tuple[Finding, ...]

    @property
    def clean(self) -> bool:
        """Whether the index is exactly what the store says."""
        return not self.findings

    def has(self, part: str, *kinds: str) -> bool:
        """Tell whether any of `kinds` was found in `part`; without kinds, anything."""
        return any(f.part == part and (not kinds or f.kind in kinds) for f in self.findings)


def findings(part: str, by_kind: Mapping[str, Iterable[object]]) -> list[Finding]:
    """Return a finding for each kind that has any, in the order of `KINDS`."""
    found = []
    for where, kind in KINDS:
        things = list(by_kind.get(kind, ())) if where == part else []
        if things:
            found.append(Finding(part, kind, len(things), str(things[0])))
    return found
