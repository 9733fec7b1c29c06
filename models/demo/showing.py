"""What the tools show of invented pages: snippets, evidence, pages of other things.

The words are chosen here, the form is that of `models.wire`.
"""

import random

from .. import wire
from . import names
from .entities import Entity, entity, sentence_case
from .facts import Fact, facts
from .names import Site, chance
from .pages import Page, page
from .prose import filler


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


def quoted(made: Page, answer: Fact | None, block: wire.VisitBlock) -> str:
    """Return the sentence that answers; without one, the best that the page had to show."""
    said = next((u.text for u in made.units if answer is not None and u.states(answer)), "")
    return said or block.summary


def show(made: Page, block: wire.VisitBlock, goal: str) -> str:
    """Return the text of a visit to a page, with the evidence shown for a goal."""
    return wire.visit_text([wire.VisitBlock(made.url, goal, block.evidence, block.summary)])


def others(rng: random.Random, site: Site, thing: Entity, count: int) -> list[Page]:
    """Return pages of other entities: alike in name or kind, or anything."""
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


def row_snippet(rng: random.Random, made: Page, words: int, scenario: str, thing: Entity) -> str:
    """Return the snippet of a result; in a mention, the sentence that names the thing."""
    text = snippet(rng, made, words)
    if scenario != "mention" or not any(thing.name in unit.text for unit in made.units):
        return text
    unit = next(unit.text for unit in made.units if thing.name in unit.text)
    return " ".join(unit.split()[:words])
