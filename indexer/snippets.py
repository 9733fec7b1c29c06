"""Snippets: the sentences of a passage that match a query, verbatim, within a number of words.

Pure and deterministic. Weights of words come from outside, for only the index knows how rare a
word is.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from .blocks import HEADING, plain
from .pieces import Piece, pieces
from .tokens import UNSPACED, count_words, terms

WORDS = 45
LEAST = 30
"""A snippet that may have so many words has them, where the page does."""
JOIN = " … "
_AROUND = 12
"""Letters to look at, before and behind a passage, for each word that its snippet lacks."""
_WORD = re.compile(rf"{UNSPACED.pattern}|(?:(?!{UNSPACED.pattern})\S)+")


def snippet(
    text: str,
    start: int,
    end: int,
    weights: Mapping[str, float],
    *,
    language: str = "",
    words: int = WORDS,
) -> str:
    """Return pieces of `text[start:end]` on one line, at most about `words` words.

    `weights` are of terms as `tokens.terms` gives them. Sentences are taken in order of the
    weight they add to what is already shown, then shown in page order, distant ones joined by
    " … ". Where `words` allows it, what stands around them fills a snippet up to `LEAST` words.
    """
    page, text = text, text[start:end]
    # Only the passage is parsed: a page of the Python documentation takes longer than its search.
    inside = pieces(text)
    inside = [u for u in inside if u.kind != HEADING] or inside
    if not inside:
        return _cut(text, weights, language, words)
    everything = [*inside]
    bags = {u: set(terms(plain(text[u.start : u.end]), language)) for u in inside}
    chosen: list[Piece] = []
    seen: set[str] = set()
    left = words
    while len(chosen) < len(inside):
        rest = [u for u in inside if u not in chosen]
        gains = [(_worth(bags[u] - seen, weights), u) for u in rest]
        gain, unit = min(gains, key=lambda g: (-g[0], g[1].start))
        size = count_words(text[unit.start : unit.end])
        if chosen and gain <= 0.0:
            break
        if not chosen and size > words:
            return _cut(text[unit.start : unit.end], weights, language, words)
        if chosen and size > left:
            seen |= bags[unit] & set(weights)  # too long to show: let others compete for the rest
            if all(count_words(text[u.start : u.end]) > left for u in rest):
                break
            inside.remove(unit)
            continue
        chosen.append(unit)
        seen |= bags[unit]
        left -= size
    for unit in _after(inside, chosen):
        size = count_words(text[unit.start : unit.end])
        if left < words // 2 or size > left:
            break
        chosen.append(unit)
        left -= size
    if words >= LEAST:
        text, chosen = page, _filled(page, start, end, everything, chosen, words)
    chosen.sort(key=lambda u: u.start)
    shown: list[str] = []
    last: Piece | None = None
    for unit in chosen:
        piece = " ".join(text[unit.start : unit.end].split())
        if last is not None and not text[last.end : unit.start].strip():
            # Chinese puts nothing between sentences, and verbatim is verbatim.
            touching = last.end == unit.start and not _space(text[last.end - 1 : unit.start + 1])
            shown[-1] += piece if touching else f" {piece}"
        else:
            shown.append(piece)
        last = unit
    return JOIN.join(shown)


def _space(letters: str) -> bool:
    return any(letter.isspace() for letter in letters)


def _worth(bag: set[str], weights: Mapping[str, float]) -> float:
    return round(sum(weights[term] for term in sorted(bag & weights.keys())), 9)


def _after(inside: list[Piece], chosen: list[Piece]) -> list[Piece]:
    """Return the units that follow the first chosen one, for a snippet that came out short."""
    if not chosen:
        return []
    return [u for u in inside if u.start > chosen[0].start and u not in chosen]


def _filled(
    page: str, start: int, end: int, inside: list[Piece], chosen: list[Piece], words: int
) -> list[Piece]:
    """Return pieces of `page`: those `chosen` and, up to `LEAST` words, what stands around them.

    The nearest come first, what follows before what precedes, the passage before what is outside
    it; a piece that is too long is cut at a word.
    """
    taken = [_moved(unit, start) for unit in chosen]
    shown = _count(page, taken)
    if shown >= LEAST:
        return taken
    reach = _AROUND * LEAST
    rest = [_moved(unit, start) for unit in inside if unit not in chosen]
    first = min(unit.start for unit in taken)
    later = [*(u for u in rest if u.start > first), *_prose(page, end, min(len(page), end + reach))]
    earlier = [*_prose(page, max(0, start - reach), start), *(u for u in rest if u.start < first)]
    for unit in [*later, *reversed(earlier)]:
        if shown >= LEAST:
            break
        whole = _count(page, [*taken, unit]) <= words
        before = unit.start < first
        taken.append(unit if whole else _part(page, unit, LEAST - shown, from_end=before))
        shown = _count(page, taken)
    return taken


def _count(page: str, units: Iterable[Piece]) -> int:
    return count_words(" ".join(page[unit.start : unit.end] for unit in units))


def _prose(page: str, start: int, end: int) -> list[Piece]:
    """Return the pieces of a part of the page that begins and ends between words."""
    while 0 < start < end and not _between(page, start):
        start += 1
    while start < end < len(page) and not _between(page, end):
        end -= 1
    return [_moved(u, start) for u in pieces(page[start:end]) if u.kind != HEADING]


def _between(page: str, at: int) -> bool:
    """Tell whether no word goes on at `at`."""
    return page[at - 1].isspace() or page[at].isspace() or bool(UNSPACED.match(page[at]))


def _moved(unit: Piece, by: int) -> Piece:
    return replace(unit, start=unit.start + by, end=unit.end + by)


def _part(page: str, unit: Piece, words: int, *, from_end: bool) -> Piece:
    """Return the first or the last `words` words of a piece."""
    found = list(_WORD.finditer(page, unit.start, unit.end))
    halves = 0  # two characters of an unspaced script count as one word
    for number, match in enumerate(reversed(found) if from_end else found):
        halves += 1 if UNSPACED.match(match[0]) else 2
        if halves >= 2 * words or number == len(found) - 1:
            at = match.start() if from_end else match.end()
            return replace(unit, start=at) if from_end else replace(unit, end=at)
    return unit


def _cut(text: str, weights: Mapping[str, float], language: str, words: int) -> str:
    """Return the window of one over-long sentence that holds the most weight."""
    tokens = text.split()
    if len(tokens) < max(2, words // 4):
        # No spaces to cut at: characters, two to a word.
        flat = " ".join(tokens)
        size = 2 * words
        best = max(
            range(0, max(1, len(flat) - size + 1), max(1, size // 8)),
            key=lambda at: (_worth(set(terms(flat[at : at + size], language)), weights), -at),
        )
        return flat[best : best + size]
    found = [set(terms(token, language)) for token in tokens]
    best_at, best_worth = 0, -1.0
    for at in range(max(1, len(tokens) - words + 1)):
        worth = _worth(set().union(*found[at : at + words]), weights)
        if worth > best_worth:
            best_at, best_worth = at, worth
    # Lead in with a little of what comes before the first match.
    window = tokens[best_at : best_at + words]
    return " ".join(window)
