"""Addresses that no made-up page has, of five kinds, each with the page that was meant where there
is one. It knows nothing of how the nearest pages are found.
"""

import random
import string
from collections.abc import Callable

from .manypages import address, slug, vocabulary

Missed = tuple[str, str]
"""An address that is not stored, and that of the page that was meant, or ""."""


def seen(chance: random.Random, pages: int) -> Missed:
    """A rare word of a page, on another host and with a common word more."""
    number = chance.randrange(pages // 3) * 3 + chance.randrange(2)
    return f"https://elsewhere.example/{slug(number)[0]}-{vocabulary()[40]}", address(number)


def unseen(chance: random.Random, pages: int) -> Missed:
    """Words that no page has."""
    return f"https://elsewhere.example/{_letters(chance, 9)}-{_letters(chance, 7)}", ""


def common(chance: random.Random, pages: int) -> Missed:
    """Two of the twenty commonest words, on the host that has most pages."""
    host = address(0).split("/")[2]
    return f"https://{host}/{'-'.join(chance.sample(vocabulary()[:20], 2))}", ""


def misspelled(chance: random.Random, pages: int) -> Missed:
    """One letter wrong in the longest word, the host and the folder as they are."""
    url = address(chance.randrange(pages))
    folder, _, last = url.rpartition("/")
    words = last.split("-")
    longest = max(range(len(words)), key=lambda at: len(words[at]))
    right = words[longest]
    while words[longest] == right:
        words[longest] = _mistyped(chance, right)
    return f"{folder}/{'-'.join(words)}", url


def misplaced(chance: random.Random, pages: int) -> Missed:
    """One letter wrong, another host, no folder, and of many words one forgotten."""
    wrong, url = misspelled(chance, pages)
    words = wrong.rpartition("/")[2].split("-")
    if len(words) > 3:
        del words[chance.randrange(len(words))]
    return f"https://elsewhere.example/{'-'.join(words)}", url


KINDS: dict[str, Callable[[random.Random, int], Missed]] = {
    "seen words": seen,
    "unseen words": unseen,
    "common words": common,
    "misspelled": misspelled,
    "misspelled elsewhere": misplaced,
}


def missed(kind: str, count: int, pages: int) -> list[Missed]:
    """`count` addresses of a kind that a store of so many pages lacks."""
    chance = random.Random(f"{kind} {pages}")
    return [KINDS[kind](chance, pages) for _ in range(count)]


def _mistyped(chance: random.Random, word: str) -> str:
    at, letter = chance.randrange(len(word)), chance.choice(string.ascii_lowercase)
    if (kind := chance.randrange(4)) == 0 or len(word) < 3:
        return f"{word[:at]}{letter}{word[at:]}"
    if kind == 1:
        return word[:at] + word[at + 1 :]
    if kind == 2 or at == len(word) - 1:
        return f"{word[:at]}{letter}{word[at + 1 :]}"
    return f"{word[:at]}{word[at + 1]}{word[at]}{word[at + 2 :]}"


def _letters(chance: random.Random, count: int) -> str:
    return "".join(chance.choices("qwxzjhcpy", k=count))
