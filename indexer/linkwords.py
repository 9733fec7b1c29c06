"""The words of the links to each page, as a freeze adds them to the vectors of its passages.

They stand in the frozen index alone: a page whose links change is not encoded again. It knows
nothing of Milvus and of files.
"""

from collections.abc import Sequence
from dataclasses import replace

from store.pages import PageStore

from .anchors import Anchor, anchors_of, identity
from .encoders.base import Encoder, Vectors


class LinkWords:
    """What other pages call each page, in the terms of one encoder."""

    def __init__(
        self, encoder: Encoder, store: PageStore, pages: Sequence[tuple[str, int]]
    ) -> None:
        """Gather the links among `pages`, which are (URL, version id) in a fixed order.

        An encoder whose terms are no words reads none of them.
        """
        self._encoder = encoder
        self._anchors: dict[str, tuple[Anchor, ...]] = {}
        if encoder.uses_rarity:
            self._anchors = anchors_of(store, pages)

    def identity(self, url: str) -> int:
        """Return a number for the texts of the links to a page: 0 for none."""
        return identity(self._anchors.get(url, ()))

    def added(self, vectors: Vectors, url: str, language: str) -> Vectors:
        """Return the vectors of a passage of the page at `url`, with the words of its links."""
        anchors = self._anchors.get(url)
        if not anchors:
            return vectors
        named = self._encoder.encode_anchors(anchors, language)
        return replace(vectors, sparse={**vectors.sparse, **named})
