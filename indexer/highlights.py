"""Where the words of a query stand in a snippet, for people to see them at a glance. Pure; it does
not colour anything.
"""

import re
from collections.abc import Set

from .tokens import UNSPACED, terms

_UNSPACED = UNSPACED.pattern[1:-1]
_RUN = re.compile(rf"[{_UNSPACED}]+|[^\W{_UNSPACED}]+(?:[.,'’\-][^\W{_UNSPACED}]+)*")


def highlights(snippet: str, words: Set[str], language: str = "") -> tuple[tuple[int, int], ...]:
    """Return the (start, end) of what in `snippet` matches `words`, in order, none overlapping.

    `words` are terms as `tokens.terms(…, single=False)` gives them for the language.
    """
    found: list[tuple[int, int]] = []
    for match in _RUN.finditer(snippet):
        start, run = match.start(), match[0]
        if not UNSPACED.match(run):
            if not words.isdisjoint(terms(run, language)):
                found.append(match.span())
            continue
        for at in range(len(run)):
            for size in (2, 1):
                if run[at : at + size] in words:
                    _join(found, start + at, start + min(at + size, len(run)))
                    break
    return tuple(found)


def _join(found: list[tuple[int, int]], start: int, end: int) -> None:
    if found and start <= found[-1][1]:
        found[-1] = (found[-1][0], max(end, found[-1][1]))
    else:
        found.append((start, end))
