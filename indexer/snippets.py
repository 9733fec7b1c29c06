"""Snippets: the sentences of a passage that match a query, verbatim, within a number of words.

Pure and deterministic. Weights of words come from outside, for only the index knows how rare a
word is.
"""

from collections.abc import Mapping

from .blocks import HEADING, plain
from .pieces import Piece, pieces
from .tokens import count_words, terms

WORDS = 45
JOIN = " … "


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
    " … ".
    """
    # Only the passage is parsed: a page of the Python documentation takes longer than its search.
    text = text[start:end]
    inside = pieces(text)
    inside = [u for u in inside if u.kind != HEADING] or inside
    if not inside:
        return _cut(text, weights, language, words)
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
    chosen.sort(key=lambda u: u.start)
    shown: list[str] = []
    last: Piece | None = None
    for unit in chosen:
        piece = " ".join(text[unit.start : unit.end].split())
        near = last is not None and not text[last.end : unit.start].strip()
        if near:
            shown[-1] += f" {piece}"
        else:
            shown.append(piece)
        last = unit
    return JOIN.join(shown)


def _worth(bag: set[str], weights: Mapping[str, float]) -> float:
    return round(sum(weights[term] for term in sorted(bag & weights.keys())), 9)


def _after(inside: list[Piece], chosen: list[Piece]) -> list[Piece]:
    """Return the units that follow the first chosen one, for a snippet that came out short."""
    if not chosen:
        return []
    return [u for u in inside if u.start > chosen[0].start and u not in chosen]


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
