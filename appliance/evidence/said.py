"""How much of a question a unit speaks of, in itself and in what it inherits.

A unit inherits from its headings, its column's header, the sentences beside it, the page's title
and first sentences, and the pages that lead to this one. Of what kind a value is, and whose, is
not judged here.
"""

import re

from indexer.blocks import TABLE
from indexer.families import FAMILY_WEIGHT

from . import question as q
from .amounts import unit_kinds, unit_pattern
from .asking import Asking
from .letters import fold
from .question import Asked
from .reading import Reading

ABOVE, BEFORE, TITLE, LEAD, CHAIN, BODY = 0.9, 0.5, 1.0, 0.6, 0.6, 0.2
"""What a word of the question counts that a unit inherits, one that stands in it being 1."""
CELL_FAMILY = 0.9
"""What a word of the same family counts in a table; elsewhere it is `FAMILY_WEIGHT`."""
LENT = 0.9
"""What a name counts that only the page's first sentences or a page that leads here hold."""
LABEL = 0.3
"""What a word counts that only says of what kind the answer is."""
NAMED = 0.6
"""The share of the words of names that the unit and what it inherits must hold."""
COVERED = 0.4
"""The share of the question's words that they must speak of where the question names nothing."""
MEASURED = 0.5
"""What a unit counts as saying that measures the kind of thing that is asked for."""
SUBJECT = re.compile(
    r"(?:^|[,;:.(|–—-]|\b(?:and|while|but|whereas|y|und))\s*(?:[Ii]n \d{4},? )?(?:[Tt]he "
    r"|[Aa]n? |[Ee]l |[Ll]a )?[\"“*_\[(]*$"
)
"""What stands before a name that a clause or an item is about."""


def says_all(asking: Asking, reading: Reading, number: int) -> bool:
    """True for a unit that says all that is asked, itself or in its headings and title."""
    asked = asking.asked(reading)
    piece = reading.pieces[number]
    bag = reading.bag(number) | reading.above(number, piece.start) | reading.title
    if piece.kind == TABLE and piece.header is not None:
        bag |= reading.words(*piece.header)
    return all(
        word in bag or (not asked.is_name(word) and not asked.kin[word].isdisjoint(bag))
        for word in asked.words
        if word not in asked.label
    )


def says_unit(asking: Asking, unit: str, reading: Reading, place: int) -> bool:
    """True where a column, row or heading, or the question itself, gives a number its unit."""
    if unit_kinds(unit) == {"duration"} and re.search(
        r"\bhow old\b|\bage\b", asking.question.lower()
    ):
        return True
    number = reading.number_at(place)
    if number is None:
        return False
    piece = reading.pieces[number]
    around = [*piece.headings[-1:]]
    if piece.kind == TABLE:
        around += [reading.column(number, place)]
        around += reading.text[piece.start : place].split("|")[1:2]
    found = re.compile(rf"(?<![a-z]){unit_pattern(unit)}")
    return any(found.search(fold(text)) for text in around)


def given_by(
    asking: Asking, asked: Asked, reading: Reading, number: int, place: int
) -> dict[str, float]:
    """What each word of the question counts for a unit."""
    unit = reading.bag(number)
    above, before = reading.above(number, place), reading.before(number)
    layers = (
        (unit, 1.0), (above, ABOVE), (before, BEFORE), (reading.title, TITLE),
        (after(asking, reading, number, place), BEFORE),
        (reading.lead, LEAD), (asking.chain.words(reading), CHAIN),
    )  # fmt: skip
    given = {}
    # A cell has one word for its property, and no sentence in which another might stand.
    family = CELL_FAMILY if reading.pieces[number].kind == TABLE else FAMILY_WEIGHT
    # Who asks one thing of a named one asks it of that one: a page that only mentions the name
    # says nothing of it by its own sentences and rows.
    own = (
        (unit, 1.0), (above, ABOVE), (reading.told_before(number), BEFORE), *layers[3:5],
        (reading.called, LEAD),
    )  # fmt: skip
    for word in asked.words:
        best = 0.0
        for bag, share in own if asked.direct and asked.is_name(word) else layers:
            if word in bag:
                best = max(best, share)
            elif not asked.kin[word].isdisjoint(bag) and not asked.is_name(word):
                best = max(best, share * family)
        if asked.is_name(word) and best:
            best = 1.0 if best > CHAIN else LENT
        elif asked.is_name(word) and word in reading.every:
            best = BODY
        given[word] = best * (LABEL if word in asked.label else 1.0)
    return given


def names_all(asked: Asked, given: dict[str, float]) -> bool:
    """True where enough is held of what a question names, or of all its words if it names none."""
    named = [word for word in asked.words if asked.is_name(word)]
    # What only stands elsewhere on the page is half a reason to think that it is meant.
    held = sum(1.0 if given[w] > BODY else 0.5 if given[w] else 0.0 for w in named)
    words = [word for word in asked.words if word not in asked.label]
    covered = sum(given[word] for word in words) >= COVERED * len(words)
    return held >= NAMED * len(named) and (covered or bool(named))


def after(asking: Asking, reading: Reading, number: int, place: int) -> frozenset[str]:
    """What the next sentence says of whom this one is about, when it calls him "he"."""
    if asking.kind not in (q.PERSON, q.ANY):
        return frozenset()
    begins = reading.text[reading.pieces[number].start : place]
    return reading.after(number) if SUBJECT.search(begins) else frozenset()


def topic(asked: Asked, reading: Reading, number: int) -> frozenset[str]:
    """Return the words of what a page is about, or a section of it, by its title and headings."""
    above = reading.above(number, reading.pieces[number].start)
    return reading.title | {word for word in above if asked.is_name(word)}


def said_of(
    asking: Asking,
    asked: Asked,
    reading: Reading,
    number: int,
    place: int,
    measures: frozenset[str],
    claimed: frozenset[str] = frozenset(),
) -> float:
    """How much of what is asked about the named is said here, and not only on the page."""
    # What the whole page is about is said by every unit of it, and so by none. A name that
    # the page is not about is said of it, as any word is.
    about = topic(asked, reading, number)
    relation = [
        word for word in asked.words if word not in about and word not in asked.label
    ] or asked.relation
    # What the claim itself says of the question is not said of it.
    relation = [word for word in relation if word not in claimed or not asked.is_name(word)]
    if not relation:
        # "In which country is it": what opens its page tells, or a sentence that names it.
        named = [word for word in asked.words if asked.is_name(word)]
        opens = number in reading.leads or not reading.bag(number).isdisjoint(named)
        return 1.0 if opens else 0.0
    said = 0.0
    bag = reading.bag(number) | reading.above(number, place)
    near = reading.before(number) | after(asking, reading, number, place)
    for word in relation:
        words = {word, *asked.kin[word]}
        said += 1.0 if words & bag else BEFORE if words & near else 0.0
    said /= len(relation)
    if asking.measures and measures & asking.measures:
        said = max(said, MEASURED)
    return said


def silent(asking: Asking, asked: Asked, reading: Reading, number: int, place: int) -> bool:
    """True for a unit that says nothing of what is asked but names."""
    bag = reading.bag(number) | reading.above(number, place) | reading.before(number)
    bag |= after(asking, reading, number, place)
    return bool(asked.relation) and all(
        word not in bag and asked.kin[word].isdisjoint(bag) for word in asked.relation
    )
