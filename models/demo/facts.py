"""What is known of an invented thing: a relation with its value, and the wordings filled in.

This module does not know in which sentence or question a fact will stand.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from . import names
from .entities import Entity
from .names import chance
from .relations import RELATIONS, Relation, open_relation
from .words import ADJECTIVES

SPACE = re.compile(r" ([,.;?])")


@dataclass(frozen=True, slots=True)
class Fact:
    """A relation of an entity with its value, exactly as pages write it."""

    entity: Entity
    relation: Relation
    value: str


def pick_relations(rng: random.Random, kind: str, count: int) -> list[Relation]:
    """Choose different relations that fit a kind, some of them of random words."""
    fitting = [relation for relation in RELATIONS if kind in relation.kinds]
    if not chance(rng, 0.2):
        fitting = [relation for relation in fitting if relation.language == "en"]
    rng.shuffle(fitting)
    chosen: list[Relation] = []
    for _ in range(count):
        if fitting and not chance(rng, 0.22):
            chosen.append(fitting.pop())
        else:
            chosen.append(open_relation(rng))
    return chosen


def facts(rng: random.Random, thing: Entity, count: int) -> list[Fact]:
    """Invent `count` facts of an entity."""
    return [
        Fact(thing, relation, names.value(rng, relation.value))
        for relation in pick_relations(rng, thing.kind, count)
    ]


def ready(thing: Entity, asked: str, answer: str) -> Fact:
    """Return a fact whose one question is written already."""
    foreign = asked.startswith("¿") or asked.endswith("？")
    return Fact(
        thing, Relation(asked, ("*",), "*", (asked,), (), (), "xx" if foreign else "en"), answer
    )


def fill(rng: random.Random, wording: str, subject: str, value: str, kind: str) -> str:
    """Fill a wording's slots: the subject, the value, and invented words around them."""
    slots: dict[str, Callable[[random.Random], str]] = {
        "{n}": names.person, "{p}": names.place, "{x}": names.thing, "{y}": names.year,
        "{c}": names.count, "{D}": names.date, "{w}": names.plain_word,
        "{a}": lambda r: r.choice(ADJECTIVES),
        "{q}": lambda r: names.quantity(r, r.choice(("length", "height", "weight", "span"))),
    }  # fmt: skip
    for slot, make in slots.items():
        while slot in wording:
            wording = wording.replace(slot, make(rng), 1)
    return wording.replace("{t}", kind).replace("{e}", subject).replace("{v}", value)
