"""Synthetic research traces in the product's own formats, for training the demo researcher.

A trace is what the loop would have written: question, search, result list, visit, evidence,
answer, with the text of every tool from `models.wire` and every turn as `models.turns` reads it.
Everything in it is invented from one seed; nothing here knows of a tokenizer or a network.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

from .. import wire
from ..turns import ABSTAIN
from . import names
from .names import Site, chance
from .pages import (
    Entity,
    Fact,
    Page,
    Unit,
    comparison,
    entity,
    facts,
    filler,
    page,
    pick_relations,
    question,
    sentence_case,
    superlative,
)

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


def thought(text: str) -> str:
    """Return the thinking part of a completion (its opening tag belongs to the prompt)."""
    return f"{text}\n</think>\n\n"


def call(name: str, arguments: dict[str, object]) -> str:
    """Return a tool call as the model writes it."""
    body = json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False)
    return f"<tool_call>\n{body}\n</tool_call>"


def search_turn(asked: str) -> str:
    """The first completion: the question itself is the query, for its own words find best."""
    return thought("I search for it.") + call("search", {"query": [asked]})


def visit_turn(title: str, url: str, goal: str, before: str = "") -> str:
    """The completion that opens a result.

    The thinking repeats the result's link, for a link is copied in one go from the list, and the
    address in the call from the thinking: two short steps instead of a long one.
    """
    link = f"[{wire.link_title(title)}]({url})"
    return thought(f"{before}Open {link}") + call("visit", {"url": [url], "goal": goal})


def answer_turn(fact: Fact) -> str:
    """The completion that answers from the page just read."""
    return thought("The page says it.") + f"<answer>\n{fact.value}\n</answer>"


LACKING = "The page does not say it."
"""The thinking about a page that does not answer."""


def abstain_turn(reason: str) -> str:
    """The completion that gives up."""
    return thought(reason) + f"<answer>\n{ABSTAIN}\n</answer>"


def alike(key: str, other: str) -> bool:
    """True when a sentence of the one relation may answer a question for the other."""
    return key == other or any(key in group and other in group for group in _ALIKE)


def snippet(rng: random.Random, made: Page, words: int) -> str:
    """Cut a snippet of at most `words` words from a page, in one or two pieces."""
    units = [unit.text for unit in made.units] or [filler(rng)]
    pieces = rng.sample(units, min(len(units), rng.choice((1, 1, 2))))
    each = words // len(pieces)
    cut = []
    for piece in pieces:
        split = piece.split()
        start = rng.randint(0, max(0, len(split) - each)) if chance(rng, 0.4) else 0
        cut.append(" ".join(split[start : start + each]))
    return " … ".join(cut)


def evidence(rng: random.Random, made: Page, target: Fact | None, budget: int) -> wire.VisitBlock:
    """Show at most `budget` words of a page, the target's unit among them; the goal is unset."""
    order = list(range(len(made.units)))
    wanted = [i for i in order if target is not None and made.units[i].states(target)]
    rng.shuffle(order)
    chosen: list[int] = []
    words = 0
    for index in wanted + order:
        size = len(made.units[index].text.split())
        if index not in chosen and (words + size <= budget or not chosen):
            chosen.append(index)
            words += size
    lines: list[str] = []
    last = ""
    beside = chance(rng, 0.35)
    ruled = chance(rng, 0.7)
    for index in sorted(chosen):
        unit = made.units[index]
        if unit.form == "row" and last != "row":
            lines.append(made.table_header)
            if ruled:
                lines.append("|" + " --- |" * (made.table_header.count("|") - 1))
        if unit.form == "sentence" and last == "sentence" and beside:
            lines[-1] += f" {unit.text}"
        else:
            lines.append(unit.text)
        last = unit.form
    if chance(rng, 0.12):
        lines.insert(rng.randrange(len(lines)), f"## {sentence_case(names.plain_word(rng))}")
    if chance(rng, 0.08):
        lines.insert(0, f"# {made.title}")
    best = rng.choice(wanted) if wanted and chance(rng, 0.85) else rng.choice(chosen)
    return wire.VisitBlock(made.url, "", "\n".join(lines), made.units[best].text)


def _show(made: Page, block: wire.VisitBlock, goal: str) -> str:
    return wire.visit_text([wire.VisitBlock(made.url, goal, block.evidence, block.summary)])


def _others(rng: random.Random, site: Site, thing: Entity, count: int) -> list[Page]:
    """Pages of other entities: alike in name or kind, or anything."""
    made = []
    mixed = chance(rng, 0.2)
    for _ in range(count):
        draw = rng.random()
        if mixed:
            site = Site(rng)
        if draw < 0.35:
            other = entity(rng, thing.kind, like=thing)
        else:
            other = entity(rng, thing.kind if draw < 0.7 else None)
        made.append(page(rng, site, other, facts(rng, other, 1), rng.randint(0, 1)))
        if chance(rng, 0.12):
            made[-1].title = rng.choice(
                (f"List of {other.kind}s", f"{sentence_case(other.kind)}s of {names.place(rng)}",
                 f"{other.name} and {names.thing(rng)}")
            )  # fmt: skip
    return made


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


def trace(rng: random.Random, results: int | None = None, budget: int | None = None) -> Trace:
    """Invent one trace. `results` and `budget` (words of evidence) are drawn when not given."""
    if results is None:
        results = rng.choices((1, 2, 3, 4), (2, 8, 4, 1))[0]
    if budget is None:
        budget = rng.choice((20, 35, 45, 45, 60))
    site = Site(rng)
    thing = entity(rng)
    relation = pick_relations(rng, thing.kind, 1)[0]
    fact = Fact(thing, relation, names.value(rng, relation.value))
    asked = question(rng, fact)
    goal = asked
    scenario = rng.choices(("direct", "absent", "second", "nothing", "mention"), (82, 10, 2, 0, 6))[
        0
    ]
    steps: list[Step] = []
    others = _others(rng, site, thing, results - (0 if scenario == "nothing" else 1))
    words = rng.choice((6, 10, 12, 12, 16))
    pages: list[Page] = []
    if scenario in ("direct", "absent"):
        pages = [_page_of(rng, site, fact, scenario == "direct", budget)]
    elif scenario == "second":
        first = _page_of(rng, site, fact, False, budget)
        first.title = sentence_case(thing.name)
        second = _page_of(rng, site, fact, chance(rng, 0.7), budget)
        prefix = sentence_case(names.plain_word(rng))
        second.title = rng.choice(
            (f"{prefix} of {thing.name}", f"{thing.name} {prefix.lower()}",
             f"{prefix}: {thing.name}", f"{thing.name} ({prefix.lower()})",
             f"Building {thing.name}", f"{thing.name} – {prefix}")
        )  # fmt: skip
        second.url = site.address(second.title)
        pages = [first, second]
        others = others[: max(0, results - 2)]
    elif scenario == "mention":
        host = entity(rng)
        own = facts(rng, host, rng.randint(0, 2))
        pages = [page(rng, site, host, [*own, fact], rng.randint(0, 2))]
    rows = [
        wire.ResultRow(made.title, made.url, _row_snippet(rng, made, words, scenario, thing))
        for made in [*pages, *others]
    ]
    if chance(rng, 0.3):  # a good search puts the right page first, mostly
        rng.shuffle(rows)
    listing = wire.search_text([(asked, rows)])
    steps.append(Step(search_turn(asked), listing))
    before = ""
    for made in pages:
        stated = any(unit.states(fact) for unit in made.units)
        steps.append(Step(visit_turn(made.title, made.url, goal, before), ""))
        if scenario == "second" and made is pages[0] and chance(rng, 0.15):
            shown = wire.visit_text([wire.missing_block(made.url, goal)])
        else:
            shown = _show(made, evidence(rng, made, fact if stated else None, budget), goal)
        steps[-1] = Step(steps[-1].completion, shown)
        if stated:
            steps.append(Step(answer_turn(fact), None))
            return Trace(asked, tuple(steps), fact.value, relation.key, scenario, tuple(pages))
        before = f"{LACKING} "
    reason = LACKING if pages else "No page fits."
    steps.append(Step(abstain_turn(reason), None))
    return Trace(asked, tuple(steps), ABSTAIN, relation.key, scenario, tuple(pages))


def _row_snippet(rng: random.Random, made: Page, words: int, scenario: str, thing: Entity) -> str:
    text = snippet(rng, made, words)
    if scenario != "mention" or not any(thing.name in unit.text for unit in made.units):
        return text
    unit = next(unit.text for unit in made.units if thing.name in unit.text)
    return " ".join(unit.split()[:words])


def traces(seed: int, results: int | None = None, budget: int | None = None) -> Iterator[Trace]:
    """Yield traces for ever, the same for the same seed."""
    rng = random.Random(seed)
    while True:
        yield trace(rng, results, budget)
