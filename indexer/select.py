"""Which sentences, items and rows of one page serve a goal, each judged by itself.

Pure and deterministic: text, goal and a budget in, spans of that text out, in page order. For a
few sentences and for short texts; what of a long page serves a goal, `serving` chooses. It knows no
index: how rare a word is, is counted on the page itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from .blocks import HEADING, LIST, TABLE, plain
from .encoders.lexical import ASKING
from .families import FAMILY_WEIGHT, expected, relatives
from .pieces import pieces
from .rarity import idf
from .tokens import count_words, language_key, terms

TITLE_SHARE = 0.35
"""What a goal's word counts when it is in the title: the whole page is about it."""
CONTEXT_SHARE = 0.5
"""What a word counts that stands in the heading or table header above a unit, not in it."""
ANSWER_SHARE = 0.5
"""What is added to a unit that looks like an answer of the kind that the goal asks for."""
LABEL_SHARE = 0.5
"""What is added for a word in the label of a row or item: `| Length | 2,850 km |`."""
PAIR_SHARE = 0.6
"""What is added for two words of the goal that stand side by side: `first ascent`."""
LEAD_SHARE = 0.2
"""What the first unit of a page is given and later ones less: pages say first what they are."""
FLOOR = 0.35
"""Units below this share of the best one are left out even when the budget has room."""


LABEL_LENGTH = 60
QUESTION_SHARE = 0.3
"""What a word of the whole question counts when the goal does not hold it."""

__all__ = ["Span", "Unit", "best_sentence", "merge", "rank_units", "select", "terms"]


class Span(NamedTuple):
    """`text[start:end]`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence, list item or table row and what it is worth for the goal."""

    score: float
    start: int
    end: int
    kind: str
    header: tuple[int, int] | None = None


def score_units(
    text: str, title: str, goal: str, *, question: str = "", language: str = ""
) -> list[Unit]:
    """Return every unit of `text` with its score, in page order.

    `question` is what the whole run is about: its words count a little beside the goal's.
    """
    key = language_key(language)
    weight_of = _wanted(goal, question, key)
    titles = set(terms(title, key))
    found = pieces(text)
    rows = [terms(plain(text[p.start : p.end]), key) for p in found]
    bags = [set(row) for row in rows]
    above = [
        set(terms(" ".join(p.headings), key))
        | (set(terms(text[p.header[0] : p.header[1]], key)) if p.header else set())
        for p in found
    ]
    # A word that is wanted itself stands for itself only.
    kin = {word: relatives(word, key) - weight_of.keys() for word in weight_of}
    weight: dict[str, float] = {}
    for word, share in weight_of.items():
        count = sum(1 for bag in bags if word in bag or bag & kin[word])
        weight[word] = share * max(idf(count, len(bags)), 0.2)
    # However rarely a page repeats its own name, the name is not what is asked about it.
    lightest = min((w for word, w in weight.items() if word not in titles), default=1.0)
    named = weight.keys() & titles
    for word in named:
        weight[word] = TITLE_SHARE * min(weight[word], lightest) / len(named)
    most = max(weight.values(), default=1.0)
    pairs = set(pairwise(terms(goal, key, single=False)))
    pairs = {pair for pair in pairs if weight.keys() >= set(pair) and titles.isdisjoint(pair)}
    answers = expected(goal) or expected(question)
    scored = []
    for at, (piece, row, bag, context) in enumerate(zip(found, rows, bags, above, strict=True)):
        score, on_point = 0.0, False
        body = text[piece.start : piece.end]
        label = set(terms(_label(body, piece.kind), key))
        for word in weight:
            share = _share(word, kin[word], bag)
            if not share:
                share = CONTEXT_SHARE * _share(word, kin[word], context)
            score += weight[word] * share
            on_point = on_point or (share > 0.0 and word not in titles)
        for first, second in sorted(pairs & set(pairwise(row))):
            score += PAIR_SHARE * min(weight[first], weight[second])
        if label:
            held = [w for w in weight if w not in titles and _share(w, kin[w], label)]
            full = min(1.0, len(held) / len(label))
            score += LABEL_SHARE * full * full * sum(weight[word] for word in held)
        if piece.kind == HEADING:
            score *= 0.3
        elif answers and any(pattern.search(body) for pattern in answers):
            score += most * ANSWER_SHARE * (1.0 if on_point else 0.5)
        score /= 1.0 + 0.1 * max(0.0, count_words(body) / 30.0 - 1.0)
        score += most * LEAD_SHARE / (2.0 + at)
        scored.append(Unit(round(score, 9), piece.start, piece.end, piece.kind, piece.header))
    return scored


def _label(body: str, kind: str) -> str:
    """Return the first cell of a table row, or what stands before the colon of a list item."""
    if kind == TABLE:
        return plain(body.strip().strip("|").split("|")[0])
    head, colon, _ = body.partition(":")
    return plain(head) if kind == LIST and colon and len(head) < LABEL_LENGTH else ""


def _wanted(goal: str, question: str, key: str) -> dict[str, float]:
    """Return the words to look for with their shares, the goal's first."""
    asking = _asking(key)
    wanted: dict[str, float] = {}
    for source, share in ((goal, 1.0), (question, QUESTION_SHARE)):
        words = list(dict.fromkeys(terms(source, key, single=False)))
        for word in [w for w in words if w not in asking] or ([] if wanted else words):
            wanted.setdefault(word, share)
    return wanted


@lru_cache(maxsize=32)
def _asking(key: str) -> frozenset[str]:
    """Return the terms of the words that only ask."""
    return frozenset(term for word in ASKING for term in terms(word, key, single=False))


def rank_units(
    text: str, title: str, goal: str, *, question: str = "", language: str = ""
) -> list[Unit]:
    """Return the units of `text` best first; headings come after everything else."""
    return sorted(
        score_units(text, title, goal, question=question, language=language),
        key=lambda unit: (unit.kind == HEADING, -unit.score, unit.start),
    )


def _share(word: str, kin: frozenset[str], bag: set[str]) -> float:
    if word in bag:
        return 1.0
    return FAMILY_WEIGHT if kin and not kin.isdisjoint(bag) else 0.0


def best_sentence(
    text: str, title: str, goal: str, *, question: str = "", language: str = ""
) -> Span | None:
    """Return the one sentence, item or row that serves the goal best; None for an empty text."""
    ranked = rank_units(text, title, goal, question=question, language=language)
    return Span(ranked[0].start, ranked[0].end) if ranked else None


def select(
    text: str,
    title: str,
    goal: str,
    budget_words: int,
    *,
    question: str = "",
    language: str = "",
) -> list[Span]:
    """Return the spans of `text` that serve `goal` best, in page order, within the budget.

    A page that fits is returned whole. The unit is the sentence, list item or table row, and a row
    brings its table's header with it. The best unit is returned even if it alone exceeds the
    budget.
    """
    stripped = text.strip()
    if not stripped:
        return []
    if count_words(text) <= budget_words:
        start = text.index(stripped[0])
        return [Span(start, start + len(stripped))]
    ranked = rank_units(text, title, goal, question=question, language=language)
    chosen: set[Span] = set()
    left = budget_words
    for number, unit in enumerate(ranked):
        if number and (unit.score < FLOOR * ranked[0].score or unit.kind == HEADING):
            break
        fresh = _with_header(unit) - chosen
        cost = sum(count_words(text[a:b]) for a, b in fresh)
        if number and cost > left:
            continue
        chosen |= fresh
        left -= cost
    return sorted(chosen)


def _with_header(unit: Unit) -> set[Span]:
    spans = {Span(unit.start, unit.end)}
    return spans | {Span(*unit.header)} if unit.header else spans


def merge(text: str, spans: Sequence[Span]) -> list[Span]:
    """Join spans that touch, overlap or have only white space between them; sort the rest."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and (start <= merged[-1].end or not text[merged[-1].end : start].strip()):
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, end))
        else:
            merged.append(Span(start, end))
    return merged
