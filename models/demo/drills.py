"""Drills: many short turns over one text, so that most of a training row is what the model writes.

In a whole run nine tokens of ten are read and one is written. A drill asks many questions in a
row for one turn of the loop: what to search, what to open, what to answer. The turns are worded
as in the traces; only their crowding is not. This module draws text, it does not train.
"""

import random
from collections.abc import Callable

from .. import wire
from ..transcript import END, THINK
from . import names
from .asking import question
from .completions import (
    LACKS,
    SAYS,
    abstain_turn,
    answer_turn,
    judged,
    search_turn,
    visit_turn,
)
from .entities import Entity, entity
from .facts import Fact, facts, pick_relations
from .names import Site, chance
from .pages import Page, add_events, happenings, page, refer
from .showing import evidence, snippet
from .traces import alike, trace

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
    for _ in range(rng.randint(2, 5)):
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
    refer(rng, made)
    words = rng.choice((6, 10, 16))
    rows = [wire.ResultRow(one.title, one.url, snippet(rng, one, words)) for one in made]
    (first,) = facts(rng, rng.choice(things), 1)
    parts = _show(wire.search_text([(question(rng, first), rows)]))
    for one in rng.sample(made, min(3, len(made))):
        (fact,) = facts(rng, one.entity, 1)
        asked = question(rng, fact)
        parts += _ask(asked, visit_turn(one.title, one.url, asked))
    return parts


def answer_drill(rng: random.Random) -> Parts:
    """One page, and questions that it answers or does not."""
    site, thing = Site(rng), entity(rng)
    known: list[Fact] = []
    told = chance(rng, 0.7)
    for fact in facts(rng, thing, rng.randint(0, 2) if told else rng.randint(2, 6)):
        if not any(fact.relation.key == other.relation.key for other in known):
            known.append(fact)
    if known and chance(rng, 0.3):
        relation = rng.choice(known).relation
        known.append(Fact(entity(rng, thing.kind), relation, names.value(rng, relation.value)))
    made = page(rng, site, thing, known, rng.randint(0, 1 if told else 2))
    events = happenings(rng, thing, rng.randint(1, 3)) if told else []
    wanted = add_events(rng, made, events)
    wanted += [fact for fact in known if any(unit.states(fact) for unit in made.units)]
    asked = [(question(rng, fact), fact.value, _unit_of(made, fact)) for fact in wanted]
    asked += [
        (one, "", event.extra or event.text)
        for event in events
        for one in event.lacking
        if chance(rng, 0.6)
    ]
    for _ in range(rng.randint(0, 2)):
        relation = pick_relations(rng, thing.kind, 1)[0]
        if not any(alike(relation.key, fact.relation.key) for fact in known):
            asked.append((question(rng, Fact(thing, relation, "")), "", ""))
    shown = evidence(rng, made, None, 10_000)
    rng.shuffle(asked)
    block = wire.VisitBlock(
        made.url, asked[0][0] if asked else thing.name, shown.evidence, shown.summary
    )
    parts = _show(wire.visit_text([block]))
    for text, value, near in asked[:4]:
        quote = near or shown.summary
        if value:
            turn = answer_turn(text, value, quote)
        else:
            turn = abstain_turn(judged(text, quote, False))
        parts += _ask(text, turn)
    return parts


def _unit_of(made: Page, fact: Fact) -> str:
    return next(unit.text for unit in made.units if unit.states(fact))


def visit_drill(rng: random.Random) -> Parts:
    """Several visits, each the last step of a run: the page as it was shown, and the answer."""
    parts: Parts = []
    for _ in range(rng.choice((1, 1, 2))):
        made = trace(rng, 1, rng.choice((20, 35, 35, 45, 60)))
        shown, last = made.steps[-2].result, made.steps[-1].completion
        parts.append(
            (f"<|im_start|>user\n<tool_response>\n{shown}\n</tool_response>{THINK}", False)
        )
        parts += [(f"{last}{END}", True), ("\n", False)]
    return parts


def read_drill(rng: random.Random) -> Parts:
    """Sentences about one thing, each with a question, a verdict on it and the answer, no page.

    This is what a run comes down to once its sentence is quoted, at a fifth of the length.
    """
    thing = entity(rng)
    asked: list[tuple[str, str, str]] = []
    if chance(rng, 0.65):
        for event in happenings(rng, thing, 2):
            quote = event.extra or event.text
            stated = [(one, answer, quote) for one, answer in event.asked]
            asked += rng.sample(stated, min(len(stated), 2))
            asked += [(one, "", quote) for one in event.lacking[-3:] if chance(rng, 0.3)]
    else:
        known = facts(rng, thing, 3)
        made = page(rng, Site(rng), thing, known, 0)
        told = [fact for fact in known if any(unit.states(fact) for unit in made.units)]
        asked += [(question(rng, fact), fact.value, _unit_of(made, fact)) for fact in told]
        relation = pick_relations(rng, thing.kind, 1)[0]
        if not any(alike(relation.key, fact.relation.key) for fact in known):
            quote = rng.choice(made.units).text
            asked.append((question(rng, Fact(thing, relation, "")), "", quote))
    rng.shuffle(asked)
    parts: Parts = []
    for text, value, quote in asked:
        turn = (
            answer_turn(text, value, quote) if value else abstain_turn(judged(text, quote, False))
        )
        verdict = turn.rindex(SAYS if value else LACKS)
        parts += [(THINK + turn[:verdict], False), (turn[verdict:], True)]
    return parts


DRILLS: dict[str, Callable[[random.Random], Parts]] = {
    "read": read_drill, "search": search_drill, "open": open_drill, "answer": answer_drill,
    "visit": visit_drill,
}  # fmt: skip
"""Every drill by its name."""
