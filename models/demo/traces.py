"""Synthetic research traces in the product's own formats, for training the demo researcher.

A trace is what the loop would have written: question, search, result list, visit, evidence,
answer, with the text of every tool from `models.wire` and every turn as `models.turns` reads it.
Everything in it is invented from one seed; nothing here knows of a tokenizer or a network.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from .. import wire
from ..turns import ABSTAIN
from . import names
from .asking import question
from .completions import (
    NO_RESULT,
    UNOPENED,
    abstain_turn,
    answer_turn,
    call,
    judged,
    search_turn,
    thought,
    visit_turn,
)
from .entities import Entity, entity, sentence_case
from .facts import Fact, facts, pick_relations, ready
from .names import Site, chance
from .pages import Page, Unit, add_events, comparison, happenings, page, refer
from .prose import filler, superlative
from .showing import evidence, others, quoted, row_snippet, show, snippet

_ALIKE = (
    {"opened", "built", "completed", "construction began", "founded", "invented", "patented",
     "published", "discovered", "restored", "construido"},
    {"designer", "builder", "founder", "inventor", "author", "discoverer", "painter", "composer",
     "opened by", "owner", "director", "fundador", "autor", "teacher"},
    {"country", "location", "origin", "range of mountains", "headquarters", "lugar", "river",
     "mouth", "source"},
    {"birthplace", "location", "origin", "place of death", "studied", "buried"},
    {"known for", "designed", "invented", "discovered", "built", "founded"},
    {"height", "altura"}, {"span", "length", "width", "diameter"},
    {"weight", "mass"}, {"area", "height", "length"}, {"old name", "nickname"},
    {"material", "type", "used for", "range"},
)  # fmt: skip
"""Relations whose sentences may answer each other's questions: never left as the only one."""


@dataclass(frozen=True, slots=True)
class Step:
    """One completion and the tool result that follows it; the last step has no result."""

    completion: str
    result: str | None


@dataclass(frozen=True, slots=True)
class Trace:
    """A whole run. `answer` is the value, or ABSTAIN; `relation` is the key that was asked."""

    question: str
    steps: tuple[Step, ...]
    answer: str
    relation: str
    scenario: str
    pages: tuple[Page, ...] = ()


def alike(key: str, other: str) -> bool:
    """True when a sentence of the one relation may answer a question for the other."""
    return key == other or any(key in group and other in group for group in _ALIKE)


def _page_of(rng: random.Random, site: Site, fact: Fact, has: bool, budget: int) -> Page:
    """Write the page of a fact's entity, with the fact or without it and without its like."""
    thing = fact.entity
    extra = facts(rng, thing, rng.randint(1, 4))
    if has:
        extra = [other for other in extra if other.relation.key != fact.relation.key]
    else:
        extra = [other for other in extra if not alike(fact.relation.key, other.relation.key)]
    known = [fact, *extra] if has else extra
    if chance(rng, 0.3):
        other = entity(rng, thing.kind, like=thing if chance(rng, 0.3) else None)
        relation = fact.relation if chance(rng, 0.7) else pick_relations(rng, thing.kind, 1)[0]
        known.append(Fact(other, relation, names.value(rng, relation.value)))
    fillers = rng.choice((0, 0, 1, 1, 2, 3, 4)) if budget > 35 else rng.randint(0, 1)
    made = page(rng, site, thing, known, fillers)
    if chance(rng, 0.25) and not alike(fact.relation.key, "location"):
        place = rng.randint(0, len(made.units))
        made.units.insert(place, Unit(superlative(rng, thing), "sentence"))
    if has and chance(rng, 0.05) and fact.relation.labels:
        others = [entity(rng, thing.kind) for _ in range(rng.randint(1, 3))]
        made.table_header, rows = comparison(rng, fact, others)
        kept = [u for u in made.units if u.form == "sentence" and not u.states(fact)]
        made.units = kept[:2] + rows
    if not made.units:
        made.units = [Unit(filler(rng, thing), "sentence")]
    return made


_SCENARIOS = ("direct", "absent", "second", "mention", "requery", "bridge")
_SHARES = (46, 33, 9, 6, 3, 3)
"""How many runs in a hundred go which way."""


def trace(
    rng: random.Random,
    results: int | None = None,
    budget: int | None = None,
) -> Trace:
    """Invent one trace. `results` and `budget` (words of evidence) are drawn when not given."""
    if results is None:
        results = rng.choices((1, 2, 3, 4, 5), (2, 7, 4, 1, 1))[0]
    if budget is None:
        budget = rng.choices((20, 35, 45, 60, 95), (2, 3, 6, 3, 1))[0]
    site = Site(rng)
    scenario = rng.choices(_SCENARIOS, _SHARES)[0]
    if scenario == "bridge":
        return _bridge(rng, site, budget)
    thing = entity(rng)
    has = scenario not in ("absent", "second")
    near: Fact | None = None
    if chance(rng, 0.62):
        fact, near, made = _told(rng, site, thing, has, budget)
    else:
        relation = pick_relations(rng, thing.kind, 1)[0]
        fact = Fact(thing, relation, names.value(rng, relation.value))
        made = _page_of(rng, site, fact, has, budget)
    asked = question(rng, fact)
    return _run(rng, site, Asked(fact, asked, scenario, near), made, results, budget)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run is about: the fact, its question, the scenario.

    `near` is a fact of the sentence that comes nearest to an answer where there is none.
    """

    fact: Fact
    text: str
    scenario: str
    near: Fact | None


def _told(
    rng: random.Random, site: Site, thing: Entity, has: bool, budget: int
) -> tuple[Fact, Fact | None, Page]:
    """Write a page of events; return the fact asked for (there or not), the nearest, the page."""
    count = 1 if budget < 30 else rng.choice((1, 2, 2, 3, 4)) if budget < 80 else 6
    events = happenings(rng, thing, count)
    more = facts(rng, thing, rng.choice((0, 0, 1, 2)))
    made = page(rng, site, thing, more, rng.choice((0, 0, 1, 2)))
    stated = add_events(rng, made, events)
    chosen = rng.choice([one for one in events if one.asked] or events)
    if has and stated:
        answers = {asked for asked, _ in chosen.asked}
        options = [fact for fact in stated if fact.relation.key in answers] or stated
        return rng.choice(options), None, made
    if chosen.lacking and chance(rng, 0.6):
        near = [fact for fact in stated if (fact.relation.key, fact.value) in chosen.asked]
        return ready(thing, rng.choice(chosen.lacking), ABSTAIN), near[0] if near else None, made
    unseen = [(q, a) for one in happenings(rng, thing, 3) for q, a in one.asked]
    asked = rng.choice(unseen)[0] if unseen else f"Who is the owner of {thing.name}?"
    return ready(thing, asked, ABSTAIN), None, made


def _run(
    rng: random.Random, site: Site, asked: Asked, made: Page, results: int, budget: int
) -> Trace:
    """Write the turns of a run whose first page is `made`."""
    fact, scenario = asked.fact, asked.scenario
    thing = made.entity
    pages = [made]
    rest = max(0, results - 1)
    if scenario == "second":
        made.title = sentence_case(thing.name)
        if any(unit.states(fact) for unit in made.units):
            raise AssertionError("the first page of this scenario must not answer")
        pages.append(_second(rng, site, fact, chance(rng, 0.75), budget))
        rest = max(0, results - 2)
    elif scenario == "mention":
        made.title = title_of(rng)
        made.url = site.address(made.title)
    words = rng.choice((6, 10, 12, 12, 16))
    listed = [*pages, *others(rng, site, thing, rest)]
    refer(rng, listed)
    rows = [
        wire.ResultRow(one.title, one.url, row_snippet(rng, one, words, scenario, thing))
        for one in listed
    ]
    if chance(rng, 0.3):  # a good search puts the right page first, mostly
        rng.shuffle(rows)
    steps: list[Step] = []
    if scenario == "requery":
        steps.append(Step(search_turn(asked.text), wire.search_text([(asked.text, [])])))
        again = thing.name
        listing = wire.search_text([(again, rows if chance(rng, 0.7) else [])])
        steps.append(Step(thought(NO_RESULT) + call("search", {"query": [again]}), listing))
        if "1. [" not in listing:
            steps.append(Step(abstain_turn(NO_RESULT), None))
            return Trace(asked.text, tuple(steps), ABSTAIN, fact.relation.key, scenario, ())
    else:
        steps.append(Step(search_turn(asked.text), wire.search_text([(asked.text, rows)])))
    before, refusal = "", judged(asked.text, "", False)
    for one in pages:
        answer = next((f for u in one.units for f in u.facts if _same(f, fact)), None)
        goal = asked.text
        turn = visit_turn(one.title, one.url, goal, before)
        if scenario == "second" and one is made and chance(rng, 0.15):
            shown, quote = wire.visit_text([wire.missing_block(one.url, goal)]), ""
            refusal = UNOPENED
        else:
            block = evidence(rng, one, answer or asked.near, budget)
            shown = show(one, block, goal)
            quote = quoted(one, answer, block)
            refusal = judged(asked.text, quote, False)
        steps.append(Step(turn, shown))
        if answer is not None:
            steps.append(Step(answer_turn(asked.text, answer.value, quote), None))
            return Trace(
                asked.text, tuple(steps), answer.value, fact.relation.key, scenario, tuple(pages)
            )
        before = f"{refusal}\n"
    steps.append(Step(abstain_turn(refusal), None))
    return Trace(asked.text, tuple(steps), ABSTAIN, fact.relation.key, scenario, tuple(pages))


def _same(fact: Fact, other: Fact) -> bool:
    return fact is other or (fact.relation is other.relation and fact.entity is other.entity)


def title_of(rng: random.Random) -> str:
    """Return a title that names something else."""
    return sentence_case(entity(rng).name)


def _second(rng: random.Random, site: Site, fact: Fact, has: bool, budget: int) -> Page:
    """Another page about the same thing, which may answer where the first did not."""
    thing = fact.entity
    if fact.relation.sentences:
        made = _page_of(rng, site, fact, has, budget)
    else:
        (event,) = happenings(rng, thing, 1)
        made = page(rng, site, thing, [], rng.choice((0, 1, 2)))
        add_events(rng, made, [event])
    prefix = sentence_case(names.plain_word(rng))
    made.title = rng.choice(
        (f"{prefix} of {thing.name}", f"{thing.name} {prefix.lower()}",
         f"{prefix}: {thing.name}", f"{thing.name} ({prefix.lower()})",
         f"Building {thing.name}", f"{thing.name} – {prefix}")
    )  # fmt: skip
    made.url = site.address(made.title)
    return made


_BRIDGES = (
    ("designer", "Who designed {e}?", "{v} designed {e}.", "the designer of {e}"),
    ("founder", "", "{e} was founded by {v}.", "the founder of {e}"),
    ("inventor", "", "{v} invented {e}.", "the inventor of {e}"),
    ("architect", "", "The architect of {e} was {v}.", "the architect of {e}"),
    ("author", "", "{e} was written by {v}.", "the author of {e}"),
    ("maker", "", "{e} was made by {v}.", "the maker of {e}"),
    ("engineer", "", "{v} was the engineer.", "the chief engineer of {e}"),
)  # fmt: skip


def _bridge(rng: random.Random, site: Site, budget: int) -> Trace:
    """A question over two pages: the first names who is meant, the second tells of them."""
    thing = entity(
        rng, rng.choice(("bridge", "building", "instrument", "invention", "book", "tower"))
    )
    someone = entity(rng, "person")
    _, _, sentence, phrase = rng.choice(_BRIDGES)
    name = f"the {thing.name}" if thing.article else thing.name
    relation = pick_relations(rng, "person", 1)[0]
    fact = Fact(
        Entity("person", phrase.format(e=name), phrase.format(e=name), False),
        relation,
        names.value(rng, relation.value),
    )
    asked = question(rng, fact)
    own = Fact(someone, relation, fact.value)
    link = f"[{someone.name}]({site.address(someone.name)})" if chance(rng, 0.5) else someone.name
    first = page(rng, site, thing, facts(rng, thing, rng.choice((0, 1))), rng.randint(0, 1))
    first.title, bridge = sentence_case(thing.name), ready(thing, "bridge", someone.name)
    first.units.insert(
        0, Unit(sentence_case(sentence.format(e=name, v=link)), "sentence", (bridge,))
    )
    second = _page_of(rng, site, own, True, budget)
    second.title = someone.name
    listing = [wire.ResultRow(first.title, first.url, snippet(rng, first, 12))]
    listing += [
        wire.ResultRow(o.title, o.url, snippet(rng, o, 12)) for o in others(rng, site, thing, 1)
    ]
    steps = [Step(search_turn(asked), wire.search_text([(asked, listing)]))]
    block = evidence(rng, first, bridge, budget)
    steps.append(Step(visit_turn(first.title, first.url, asked), show(first, block, asked)))
    said = f"{quoted(first, bridge, block)}\nIt is"
    longer = f"{someone.name}: {asked}"
    listing = [wire.ResultRow(second.title, second.url, snippet(rng, second, 12))]
    listing += [wire.ResultRow(first.title, first.url, snippet(rng, first, 12))]
    steps.append(
        Step(thought(f"{said} {someone.name}.") + call("search", {"query": [longer]}),
             wire.search_text([(longer, listing)]))
    )  # fmt: skip
    block = evidence(rng, second, own, budget)
    steps.append(Step(visit_turn(second.title, second.url, longer), show(second, block, longer)))
    quote = quoted(second, own, block)
    steps.append(Step(answer_turn(asked, own.value, quote), None))
    return Trace(asked, tuple(steps), own.value, relation.key, "bridge", (first, second))


def traces(seed: int, results: int | None = None, budget: int | None = None) -> Iterator[Trace]:
    """Yield traces for ever, the same for the same seed."""
    rng = random.Random(seed)
    while True:
        yield trace(rng, results, budget)
