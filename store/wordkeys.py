"""Under which keys a page is found by its words, and which words of an address are looked up. It
knows no tables.

A common word stands on a third of a million pages, and an index of words gives all of them or none.
So each page belongs to one of `SHELLS` shells, drawn by the hash of its address: a quarter as many
pages in each as in the next lower one. A word's key names the shell, and whoever looks a word up
goes from the smallest shell down until there are enough pages: all pages of a rare word, and of a
common one a sample that is the same whenever and wherever it is drawn.
"""

from collections.abc import Iterable, Sequence
from itertools import combinations
from urllib.parse import urlsplit

from .urls import words

SHELLS = 8
# More than any address or title needs, and few enough that a hostile one costs nothing.
WORDS_KEPT = 200
# A key of an index has a limit, and no two pages are told apart by what follows.
SLUG_KEPT = 120
# Long words are rare ones, mostly; beyond these few an address tells nothing more.
LONGEST_WORDS = 4
PAIRED_WORDS = 3


def page_words(url: str, title: str) -> list[str]:
    """Return the words by which a page is found."""
    return sorted({*words(url), *words(title)})[:WORDS_KEPT]


def page_keys(found: Iterable[str], url_hash: bytes, collection: int) -> list[str]:
    """Return the index keys of a page of these words."""
    ending = f" {shell(url_hash)}.{collection}"
    return [word + ending for word in found]


def shell(url_hash: bytes) -> int:
    """Return the shell of a page: the highest holds one of 16,384, the lowest three of four."""
    return min(SHELLS - 1, (16 - int.from_bytes(url_hash[:2], "big").bit_length()) // 2)


def page_slug(url: str) -> str:
    """Return the words of the last path segment that has any, else all words of the address."""
    for segment in reversed(urlsplit(url).path.split("/")):
        if found := words(segment):
            return " ".join(found)[:SLUG_KEPT]
    return " ".join(words(url))[:SLUG_KEPT]


def wants(asked: Sequence[str]) -> list[tuple[str, ...]]:
    """Return sets of words that a page is looked up by: all, pairs of the longest, and each."""
    longest = sorted(set(asked), key=lambda word: (-len(word), word))[:LONGEST_WORDS]
    every = tuple(longest) if len(longest) > 2 else ()
    pairs = combinations(longest[:PAIRED_WORDS], 2)
    return [want for want in (every, *pairs, *((word,) for word in longest)) if want]


def want_keys(want: Sequence[str], collection: int) -> str:
    """Return the keys of a want as the text of an array, with a `~` where its shell belongs."""
    return "{" + ",".join(f'"{word} ~.{collection}"' for word in want) + "}"
