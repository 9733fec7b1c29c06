"""Invented things that pages are about: a kind, a name, and how a question names them.

This module does not know what is said of them.
"""

import random
from dataclasses import dataclass

from . import names
from .names import chance
from .relations import RELATIONS
from .words import ADJECTIVES, NOUNS

_TYPED = {
    "river": ("{s} River", "River {s}", "{s}"),
    "bridge": ("{s} Bridge", "{s} Bridge", "{s} Viaduct", "Pont {s}"),
    "lake": ("Lake {s}", "{s} Lake", "Loch {s}", "{s}"),
    "mountain": ("Mount {s}", "{s} Peak", "{s}", "{s}horn", "Monte {s}"),
    "volcano": ("Mount {s}", "{s}"),
    "island": ("{s} Island", "{s}", "Isle of {s}"),
    "university": ("University of {s}", "{s} University", "{s} College"),
    "company": ("{s} Company", "{s} and Sons", "{s}"),
    "building": ("{s} House", "{s} Palace", "{s} Cathedral", "{s} Hall", "{s} Opera House", "{s}"),
    "museum": ("{s} Museum", "Museum of {s}", "{s} Gallery"),
    "tower": ("{s} Tower", "Tower of {s}"),
    "castle": ("{s} Castle", "{s} Fort"),
    "dam": ("{s} Dam",),
    "canal": ("{s} Canal",),
    "tunnel": ("{s} Tunnel",),
    "station": ("{s} Station", "{s} Central Station"),
    "railway": ("{s} Railway",),
    "harbour": ("{s} Harbour", "Port of {s}"),
    "desert": ("{s} Desert", "{s}"),
    "forest": ("{s} Forest",),
    "park": ("{s} Park", "{s} National Park"),
    "monument": ("{s} Monument", "{s} Column", "{s}"),
    "book": ("The {w} of {s}", "{s}", "The {a} {w}", "A {w} for {s}"),
    "comet": ("{s}'s Comet", "Comet {s}", "{s}"),
    "waterfall": ("{s} Falls",),
    "glacier": ("{s} Glacier",),
    "road": ("{s} Road", "{s} Street", "{s} Way"),
}
LOWER = ("instrument", "invention", "machine", "device", "animal")
"""Kinds whose names have no capital in running text, but have one in a title."""
_PROPER = ("city", "country", "planet", "moon", "star", "region", "village", "province")
_PEOPLE = ("person",)
_NO_ARTICLE = (*_PROPER, *_PEOPLE, "book", "lake", "mountain", "painting", "song", "film", "poem")
_KINDS = tuple(sorted({kind for relation in RELATIONS for kind in relation.kinds}))
_WEIGHTS = {"person": 5, "instrument": 4, "river": 4, "bridge": 4, "building": 3, "mountain": 3}
_WEIGHTS |= {"lake": 3, "city": 4, "planet": 3, "invention": 4, "country": 2, "tower": 2}


@dataclass(frozen=True, slots=True)
class Entity:
    """A thing that a page is about. `asked` is how questions name it, without an article."""

    kind: str
    name: str
    asked: str
    article: bool


def entity(rng: random.Random, kind: str | None = None, like: Entity | None = None) -> Entity:
    """Invent an entity, of the given kind, or one whose name shares a word with `like`'s."""
    if kind is None:
        weights = [_WEIGHTS.get(kind, 1) for kind in _KINDS]
        kind = rng.choices(_KINDS, weights)[0]
    if like is not None and " " in like.name:
        words = like.name.split()
        place = rng.randrange(len(words))
        words[place] = names.proper(rng) if words[place][0].isupper() else names.pseudo_word(rng)
        name = " ".join(words)
    elif kind == "person":
        name = names.person(rng)
    elif kind in LOWER:
        name = names.pseudo_word(rng)
        if chance(rng, 0.3):
            name = f"{names.plain_word(rng)} {name}"
        elif chance(rng, 0.2):
            name = f"{rng.choice(ADJECTIVES)} {rng.choice(NOUNS)}"
    elif kind in _PROPER:
        name = names.proper(rng) if chance(rng, 0.75) else names.place(rng).replace(",", "")
    else:
        pattern = rng.choice(
            _TYPED.get(kind, ("{s}", "{s} " + kind.capitalize(), "The {w} of {s}"))
        )
        name = pattern.format(
            s=names.stem(rng),
            w=rng.choice(NOUNS).capitalize(),
            a=rng.choice(ADJECTIVES).capitalize(),
        )
    asked = name
    if chance(rng, 0.06) and kind in ("river", "bridge", "lake", "tower", "castle", "mountain"):
        asked = f"{name} {kind}" if kind not in name.casefold() else name
    elif chance(rng, 0.03) and len(name.split()) > 2:
        asked = " ".join(name.split()[:-1])
    article = kind not in _NO_ARTICLE and chance(rng, 0.85) and not name.startswith("The ")
    return Entity(kind, name, asked, article)


def sentence_case(text: str) -> str:
    """Return the text with a capital first letter."""
    return text[:1].upper() + text[1:]


def with_article(rng: random.Random, thing: Entity, name: str) -> str:
    """Return the name as running text has it: "the Velbo Bridge", "a velbo", "Velbo"."""
    if not thing.article:
        return name
    if thing.kind in LOWER and chance(rng, 0.35):
        return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
    return f"the {name}"


def title(rng: random.Random, thing: Entity) -> str:
    """Return a page title for an entity: mostly its name, sometimes with a place or a kind."""
    name = sentence_case(thing.name)
    draw = rng.random()
    if draw < 0.72:
        return name
    if draw < 0.82:
        return f"{name}, {names.place(rng)}"
    if draw < 0.88:
        return f"{name} ({thing.kind})"
    if draw < 0.94:
        return f"{name} {rng.choice('-–|')} {names.english_name(rng)}"
    return f"{rng.choice(('The', 'About', 'All about', 'Facts on', 'Guide to'))} {thing.name}"
