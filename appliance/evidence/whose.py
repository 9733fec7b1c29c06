"""Whose value it is: of the named thing or of another, in the clause that says what is asked.

It looks at one unit alone; other units that say it better are for `support`.
"""

import re
from itertools import pairwise

from indexer.blocks import TABLE
from indexer.families import FAMILY_WEIGHT

from . import question as q
from .asking import Asking, stems
from .fitting import BY, own_dimension
from .letters import fold
from .question import Asked
from .reading import Reading
from .said import LABEL, SUBJECT, topic
from .values import NUMERIC, Value, names, rival_kind, values

MARGIN = 0.35
"""How many words better another unit may speak of the question."""
OPENING = 5
"""How many words at the beginning of a sentence may name what all of it is about."""
_CLAUSE = re.compile(
    r"[.!?][\"”’)]*\s+(?=[A-ZÀ-Þ])|[,;:()–—|]+\s|\s[–—-]\s|\s(?:and|but|while|whereas|which|who"
    r"|y|pero|mientras|und|aber|et|mais)\s|[，；：、（）]"
)
_APPOSED = re.compile(r"([A-ZÀ-Þ][\w-]+), (?:the|an?) ")
"""A lone name that begins a sentence: "Paris, the capital of France, has"."""
_WHICH = re.compile(r"(?:which|who|whose)\b")
_TOP = re.compile(r"\b(?:[Tt]op|[Ss]ummit|[Hh]ighest point|cumbre|cima)\b")
_LISTED = re.compile(
    r"[*_\])\"“” ]*(?:,|、|，|和|与|&|/|\b(?:and|or|y|e|und|et)\b)(?: ?(?:and|y|und|et))?"
    r"(?: (?:the|la|el))?[*_\[(\"“” ]*(?:[A-ZÀ-Þ][\w.]* )?"
)


def of_another(
    asking: Asking, asked: Asked, reading: Reading, number: int, place: tuple[int, int]
) -> bool:
    """True where a number is said of another named thing than those of the question."""
    if asking.kind not in (q.AMOUNT, q.COUNT, q.YEAR, q.DAY):
        return False
    piece = reading.pieces[number]
    unit = reading.text[piece.start : piece.end]
    known = set(asked.words) | asked.folded
    named = {word for word in asked.words if asked.is_name(word)}
    if named & reading.title or not named & reading.bag(number):
        # A page about another thing that mentions the one that is asked for says its own.
        known |= reading.title
    relation = {kin for w in asked.relation for kin in (w, *asked.kin[w])}
    if piece.kind == TABLE:
        cells = unit.strip().strip("|").split("|")
        column = stems(reading, reading.column(number, piece.start + place[0]))
        if len(cells) == 2 and relation.isdisjoint(column):
            return False  # A table of two columns gives properties of one thing.
        label = cells[0]
        head = list(names(f"x {label}"))
        return bool(head) and strange(asking, reading, label, known)
    if asking.kind in (q.YEAR, q.DAY) and not relation.isdisjoint(
        reading.bag(number) | reading.above(number, piece.start + place[0])
    ):
        return False  # What is done to a thing on a day is done by another.
    if _TOP.search(unit[: place[0]]) and {"length"} & asking.measures:
        return False  # "The top, Uhuru Peak, stands at": the height of the mountain.
    if (first := _APPOSED.match(unit, 0, place[0])) and strange(asking, reading, first[1], known):
        return ";" not in unit[: place[0]]
    begin = max(unit.rfind(";", 0, place[0]), 0)
    for value in reversed(list(names(unit[begin : place[0]]))):
        run = unit[begin + value.start : begin + value.end]
        if not strange(asking, reading, run, known):
            return False
        if SUBJECT.search(unit[begin : begin + value.start]):
            return True
    return False


def strange(asking: Asking, reading: Reading, run: str, known: set[str]) -> bool:
    """True for a name that shares no word with those of the question, nor with what is known."""
    words = {word for word in stems(reading, run) if len(word) > 1}
    named = {word for word in known if word in asking.asked(reading).names}
    return (
        bool(words)
        and words.isdisjoint(named)
        and not words <= known
        and len(words - known) * 2 > len(words) - 1
    )


def outdone_in_clause(
    asking: Asking,
    asked: Asked,
    reading: Reading,
    number: int,
    claim: str,
    unit: str,
    place: tuple[int, int],
) -> bool:
    """True where another value of the kind stands in the clause that says what is asked."""
    about = topic(asked, reading, number)
    kind = rival_kind(asking.kind, claim)
    if kind == q.AMOUNT and own_dimension(asking, unit, place):
        return False
    others = [v for v in values(unit, kind) if v.end <= place[0] or place[1] <= v.start]
    if kind == q.ANY or not others or unit.lstrip().startswith("|"):
        return False
    bounds = [0, *(match.end() for match in _CLAUSE.finditer(unit)), len(unit)]
    clauses = list(pairwise(bounds))

    def worth(start: int, end: int) -> float:
        bag: set[str] = set()
        for a, b in clauses:
            # "The Vltava, which comes down through Prague": that is said of the Vltava.
            if (a < end and start < b) or (0 <= a - end <= 2 and _WHICH.match(unit, a)):
                bag |= stems(reading, unit[a:b])
        total = named = 0.0
        for word in asked.words:
            if asked.is_name(word):
                # What the page is about need not be named; what else is asked about is.
                share = 0.1 if word in about or word in opening else worth_of_names
                named = max(named, share if word in bag else 0.0)
                continue
            share = LABEL if word in asked.label else 1.0
            if word in bag:
                total += share
            elif not asked.kin[word].isdisjoint(bag):
                total += share * FAMILY_WEIGHT
        return total + named

    # Whom a sentence begins with is whom all its clauses are about.
    opening = stems(reading, " ".join(unit.split()[:OPENING]))
    worth_of_names = 1.5 if asking.kind in NUMERIC else 0.7
    mine_labelled = labelled(asking, asked, unit, *place)
    if not mine_labelled and any(labelled(asking, asked, unit, v.start, v.end) for v in others):
        return True
    mine = max(
        worth(v.start, v.end)
        for v in (Value(*place), *others)
        if v.start == place[0] or beside(unit, place, v)
    )
    subject = not re.search(r"\w+\W+\w+\W+\w", unit[: place[0]])
    for other in others:
        words = set(re.findall(r"\w+", fold(unit[other.start : other.end])))
        if words <= asked.folded or beside(unit, place, other):
            continue
        if asking.kind not in NUMERIC and not stems(
            reading, unit[other.start : other.end]
        ).isdisjoint(asked.names):
            continue  # Shinichi Suzuki is the Suzuki of the question.
        # What begins a sentence is what all of it is about, up to another that begins a clause.
        agent = BY.search(unit[: other.start]) and asking.kind == q.PERSON
        if subject and not agent and not SUBJECT.search(unit[: other.start]):
            continue
        if worth(other.start, other.end) > mine + MARGIN:
            return True
    return False


def labelled(asking: Asking, asked: Asked, unit: str, start: int, end: int) -> bool:
    """True for a value with the noun that was asked for: "Lake Itasca", "Emperor Kanmu"."""
    if asking.kind in NUMERIC or not asked.label:
        return False
    near = [*re.findall(r"\w+", unit[:start])[-1:], *re.findall(r"\w+", unit[start:end])]
    near += re.findall(r"^ ([A-Z]\w+)", unit[end:])
    return any(
        word[:1].isupper() and fold(word)[:5] in {x[:5] for x in asked.label} for word in near
    )


def beside(unit: str, place: tuple[int, int], other: Value) -> bool:
    """True for a value that stands in one list with the claim: "A, B and C"."""
    between = unit[other.end : place[0]] if other.end <= place[0] else unit[place[1] : other.start]
    return _LISTED.fullmatch(between) is not None
