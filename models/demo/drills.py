"""Drills: many short turns over one text, so that most of a training row is what the model writes.

In a whole run nine tokens of ten are read and one is written. A drill asks many questions in a
row for one turn of the loop: what to search, what to open, what to answer. The turns are worded
as in the traces; only their crowding is not. This module draws text, it does not train.
"""

import random

from .. import wire
from ..transcript import END, THINK
from . import names
from .names import Site, chance
from .pages import Entity, Fact, Page, entity, facts, page, pick_relations, question
from .traces import (
    LACKING,
    abstain_turn,
    alike,
    answer_turn,
    evidence,
    search_turn,
    snippet,
    visit_turn,
)

Parts = list[tuple[str, bool]]
"""Text in order, each with whether the model writes it."""


def _ask(text: str, written: str) -> Parts:
    return [(f"<|im_start|>user\n{text}{THINK}", False), (f"{written}{END}", True), ("\n", False)]


def _show(result: str) -> Parts:
    shown = f"<|im_start|>user\n<tool_response>\n{result}\n</tool_response>{END}\n"
    return [(shown, False)]


def search_drill(rng: random.Random) -> Parts:
    """Questions about different things, each with its search."""
    parts: Parts = []
    for _ in range(rng.randint(5, 8)):
        (fact,) = facts(rng, entity(rng), 1)
        asked = question(rng, fact)
        parts += _ask(asked, search_turn(asked))
    return parts


def open_drill(rng: random.Random) -> Parts:
    """One result list, and questions about its things, each with the result to open."""
    site, kind = Site(rng), entity(rng).kind
    things: list[Entity] = []
    for _ in range(rng.randint(2, 5)):
        like = rng.choice(things) if things and chance(rng, 0.3) else None
        things.append(entity(rng, kind if chance(rng, 0.7) else None, like=like))
    made: list[Page] = []
    for thing in things:
        site = Site(rng) if chance(rng, 0.1) else site
        made.append(page(rng, site, thing, facts(rng, thing, 1), rng.randint(0, 1)))
    words = rng.choice((6, 10, 16))
    rows = [wire.ResultRow(one.title, one.url, snippet(rng, one, words)) for one in made]
    (first,) = facts(rng, rng.choice(things), 1)
    parts = _show(wire.search_text([(question(rng, first), rows)]))
    for one in rng.sample(made, len(made)):
        (fact,) = facts(rng, one.entity, 1)
        asked = question(rng, fact)
        parts += _ask(asked, visit_turn(one.title, one.url, asked))
    return parts


def answer_drill(rng: random.Random) -> Parts:
    """One page, and questions that it answers or does not."""
    site, thing = Site(rng), entity(rng)
    known: list[Fact] = []
    for fact in facts(rng, thing, rng.randint(2, 7)):
        if not any(fact.relation.key == other.relation.key for other in known):
            known.append(fact)
    if chance(rng, 0.3):
        relation = rng.choice(known).relation
        other = entity(rng, thing.kind)
        known.append(Fact(other, relation, names.value(rng, relation.value)))
    made = page(rng, site, thing, known, rng.randint(0, 2))
    wanted = [fact for fact in known if any(unit.states(fact) for unit in made.units)]
    first = question(rng, wanted[0])
    shown = evidence(rng, made, None, 10_000)
    block = wire.VisitBlock(made.url, first, shown.evidence, shown.summary)
    parts = _show(wire.visit_text([block]))
    for fact in rng.sample(wanted, len(wanted)):
        parts += _ask(question(rng, fact), answer_turn(fact))
        if chance(rng, 0.12):
            relation = pick_relations(rng, thing.kind, 1)[0]
            if not any(alike(relation.key, known_fact.relation.key) for known_fact in known):
                absent = Fact(thing, relation, "")
                parts += _ask(question(rng, absent), abstain_turn(LACKING))
    return parts


def drill(rng: random.Random) -> Parts:
    """Draw one of the three drills."""
    return rng.choice(
        (search_drill, open_drill, open_drill, answer_drill, answer_drill, answer_drill)
    )(rng)
