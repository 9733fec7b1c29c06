"""A set of texts that only grows, in 16 to 32 bytes a text: a corpus may have a hundred million.

It keeps 64 bits of each text's digest; two of a hundred million texts are taken for one with a
chance of 1 in 4,000. It knows nothing about what the texts are.
"""

import hashlib
from array import array

_FIRST = 1 << 12


class Seen:
    """Which texts were added: a table of open addressing that doubles at two thirds full."""

    def __init__(self) -> None:
        self._table = array("Q", bytes(8 * _FIRST))
        self._mask = _FIRST - 1
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, text: str) -> bool:
        """Add `text`; False where it was there."""
        data = text.encode("utf-8", "surrogatepass")
        key = int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little") or 1
        table, mask = self._table, self._mask
        at = key & mask
        while (found := table[at]) != 0:
            if found == key:
                return False
            at = (at + 1) & mask
        table[at] = key
        self._count += 1
        if 3 * self._count > 2 * (mask + 1):
            self._grow()
        return True

    def _grow(self) -> None:
        mask = 2 * self._mask + 1
        table = array("Q", bytes(8 * (mask + 1)))
        for key in self._table:
            if key:
                at = key & mask
                while table[at]:
                    at = (at + 1) & mask
                table[at] = key
        self._table, self._mask = table, mask
