"""What every encoder promises: the same text gives the same vectors, under one digest.

Types only. An encoder knows no database, no Milvus and no ranking; whoever scores multiplies
what is here with what the index counted.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Dense = NDArray[np.float32]
else:
    Dense = Any

EMPTY = 0
"""The reserved dimension of a passage without terms: Milvus refuses an empty sparse vector."""


@dataclass(frozen=True, slots=True)
class PassageText:
    """A passage as it is encoded: `title` and `headings` stand beside the text, not in it.

    `address` is the URL of its page, and `first` says that the page begins with it.
    """

    text: str
    title: str = ""
    headings: tuple[str, ...] = ()
    language: str = ""
    address: str = ""
    first: bool = False


@dataclass(frozen=True, slots=True)
class Vectors:
    """One passage: `dense` (float32, length 1) or None, and sparse weights ≥ 0 by term id."""

    dense: Dense | None
    sparse: dict[int, float]


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a query: the term ids that count as it (the best one scores), and its weight.

    `counted` are the ids whose postings say how rare it is, where those are not its own: a word is
    as rare in the links to a page as it is in the texts.
    """

    ids: tuple[int, ...]
    weight: float
    counted: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class QueryVectors:
    """A query: `dense` (float32, length 1) or None, and its terms in a fixed order."""

    dense: Dense | None
    terms: tuple[Term, ...]

    def to_json(self) -> dict[str, Any]:
        """The vectors as JSON values that give the same bits back: `dense` is the base64 of
        little-endian float32, `terms` are pairs of ids and weight.
        """
        dense = None
        if self.dense is not None:
            dense = b64encode(self.dense.astype("<f4").tobytes()).decode("ascii")
        return {"dense": dense, "terms": [[list(t.ids), t.weight] for t in self.terms]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "QueryVectors":
        """Read what `to_json` gave; ValueError when it is anything else."""
        import numpy as np

        try:
            dense = values["dense"]
            if dense is not None:
                dense = np.frombuffer(b64decode(dense, validate=True), "<f4").astype(np.float32)
            terms = tuple(
                Term(tuple(int(i) for i in ids), float(weight)) for ids, weight in values["terms"]
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"these are no query vectors: {error}") from error
        return cls(dense, terms)


class Encoder(Protocol):
    """Text to vectors."""

    @property
    def name(self) -> str:
        """A short name for people: `bm25`, `bge-m3`."""

    @property
    def digest(self) -> str:
        """The tagged digest of everything that decides a vector: weights, constants, code."""

    @property
    def dense_size(self) -> int:
        """The length of dense vectors; 0 when there are none."""

    @property
    def impact_ceiling(self) -> float:
        """The largest sparse weight the frozen index must tell apart; larger ones are cut."""

    @property
    def uses_rarity(self) -> bool:
        """Whether a query term is multiplied by its rarity (idf) in the index."""

    @property
    def batch(self) -> int:
        """How many passages suit one call of `encode_passages`."""

    def encode_passages(self, passages: Sequence[PassageText]) -> list[Vectors]:
        """Encode a batch; the result has one item a passage, in order."""

    def encode_anchors(
        self, texts: Sequence[tuple[str, float]], language: str = ""
    ) -> dict[int, float]:
        """Return the terms of the links to a page, to be added to each of its passages.

        `texts` are those of the links with a weight each, `language` that of the page. Nothing for
        an encoder that does not read them.
        """

    def encode_query(self, text: str, languages: Sequence[str] = ()) -> QueryVectors:
        """Encode a query; `languages` are those of the pages in the index."""
