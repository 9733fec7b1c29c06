"""The query vectors of one run: those that were given are used again, others are encoded and kept.

A learned encoder rounds otherwise on another processor, and a vector that differs in its last bits
can change an order of pages. It knows queries as texts and vectors as values, and no file.
"""

from collections.abc import Callable, Mapping

from .encoders.base import QueryVectors


class QueryMemory:
    """Vectors by the text that was encoded, which is a query without its operators."""

    def __init__(self, given: Mapping[str, QueryVectors] | None = None) -> None:
        self._known = dict(given or {})
        self._fresh: dict[str, QueryVectors] = {}

    def vectors(self, text: str, encode: Callable[[], QueryVectors]) -> QueryVectors:
        """Return the vectors of `text`, from `encode` when it is asked for the first time."""
        if text not in self._known:
            self._known[text] = self._fresh[text] = encode()
        return self._known[text]

    def take(self) -> dict[str, QueryVectors]:
        """Return what was encoded since the last call, in the order of the searches."""
        fresh, self._fresh = self._fresh, {}
        return fresh
