"""The terms that stand beside the words of a text: pairs of words, and words of links to a page.

Each gets dimensions of its own, so that a word is still counted, excluded and highlighted where
the text has it and nowhere else. It knows terms and their hashes, no weights and no index.
"""

import hashlib
from collections.abc import Collection, Sequence
from functools import lru_cache

from ..tokens import UNSPACED
from .base import EMPTY


@lru_cache(maxsize=500_000)
def term_id(term: str) -> int:
    """Return the stable 31-bit dimension of a term; 0 is reserved for "no terms"."""
    name = hashlib.blake2b(term.encode("utf-8"), digest_size=4).digest()
    return int.from_bytes(name, "big") >> 1 or 1


def pair_id(first: int, second: int) -> int:
    """Return the dimension of two words side by side, from those of the words.

    Mixed by multiplying (the finaliser of MurmurHash3), for a passage has nearly as many pairs as
    words and hardly any of them twice.
    """
    mixed = (first * 0x9E3779B1 + second) & 0xFFFFFFFF
    mixed = ((mixed ^ mixed >> 16) * 0x85EBCA6B) & 0xFFFFFFFF
    mixed = ((mixed ^ mixed >> 13) * 0xC2B2AE35) & 0xFFFFFFFF
    return (mixed ^ mixed >> 16) >> 1 or 1


def anchor_id(term: str) -> int:
    """Return the dimension of a word in the links to a page."""
    return term_id(f" {term}")


def pairs(row: Sequence[str], asking: Collection[str]) -> list[int]:
    """Return the dimensions of the terms that stand side by side, those that only ask passed over.

    Scripts without spaces are pairs of characters already and break the row.
    """
    found = []
    last = EMPTY
    for term in row:
        if term in asking:
            continue
        if not term.isascii() and UNSPACED.match(term):
            last = EMPTY
            continue
        here = term_id(term)
        if last not in (EMPTY, here):
            found.append(pair_id(last, here))
        last = here
    return found
