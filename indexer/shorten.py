"""Queries of any length made short enough to search with: the rarest words that pages have.

An ordinary question is left as it is. Deterministic: the same query on the same index keeps the
same words, in their order.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence

from .encoders.base import Term
from .frozen.read import FrozenIndex
from .tokens import UNSPACED

MOST_WORDS = 96
"""Different words of a query that are searched for."""
CONSIDERED = 2048
"""Different words among which the rarest are looked for: the first and the last of the query."""
TWICE = 2
"""How often a word counts at most, as in the encoder."""

_UNSPACED = UNSPACED.pattern[1:-1]
_WORD = re.compile(rf"[{_UNSPACED}]{{1,8}}|[^\s{_UNSPACED}]+")
LONGEST_WORD = 256


def shorten(text: str, index: FrozenIndex, terms: Callable[[str], Sequence[Term]] | None) -> str:
    """Return `text`, or the `MOST_WORDS` of its words that are rarest in `index`.

    `terms` returns the terms of a word, or is None where postings are not words: the beginning and
    the end of the query are then kept, where people put what they ask.
    """
    if len(text) <= 2 * MOST_WORDS:
        return text
    words = [word[:LONGEST_WORD] for word in _WORD.findall(text)]
    different = list(dict.fromkeys(words))
    if len(different) <= MOST_WORDS:
        return text if len(words) <= TWICE * MOST_WORDS else _rebuilt(words, set(different))
    if len(different) > CONSIDERED:
        different = different[: CONSIDERED // 2] + different[-CONSIDERED // 2 :]
    if terms is None:
        half = MOST_WORDS // 2
        return _rebuilt(words, {*different[:half], *different[-half:]})
    worth = {word: _worth(word, index, terms) for word in different}
    rarest = sorted(range(len(different)), key=lambda at: (-worth[different[at]], at))
    return _rebuilt(words, {different[at] for at in rarest[:MOST_WORDS]})


def _worth(word: str, index: FrozenIndex, terms: Callable[[str], Sequence[Term]]) -> float:
    """Return the weight of the rarest term of a word; 0 when no passage has any of them."""
    known = [term for term in terms(word) if len(index.passages_with(term))]
    return max((round(index.rarity(term) * term.weight, 9) for term in known), default=0.0)


def _rebuilt(words: Sequence[str], kept: set[str]) -> str:
    seen: Counter[str] = Counter()
    left = []
    for word in words:
        if word in kept and seen[word] < TWICE:
            seen[word] += 1
            left.append(word)
    return " ".join(left)
