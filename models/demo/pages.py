"""Invented encyclopaedia pages: an entity, its facts, and the Markdown they are written in.

A page is a list of units (sentence, table row, list item), each knowing which fact it states.
This module does not know how a page is searched for, shown or asked about.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from . import names
from .entities import Entity, sentence_case, title, with_article
from .event import Event
from .events import event
from .facts import Fact, pick_relations, ready
from .loosely import qualified
from .names import Site, chance, is_loose
from .prose import compound, decorated, filler, predicates, state, within
from .tongues import chinese, spanish


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence, table row or list item in Markdown. `form` is sentence, row or item."""

    text: str
    form: str
    facts: tuple[Fact, ...] = ()

    def states(self, fact: Fact) -> bool:
        """True when this very fact stands here."""
        return any(one is fact for one in self.facts)


@dataclass(slots=True)
class Page:
    """A page: units in page order, and the table header its rows stand under."""

    title: str
    url: str
    entity: Entity
    units: list[Unit] = field(default_factory=list)
    table_header: str = ""


def page(rng: random.Random, site: Site, thing: Entity, known: list[Fact], fillers: int) -> Page:
    """Write a page about `thing` that states `known` (facts of others are named in full)."""
    made = Page(title(rng, thing), site.address(thing.name), thing)
    links = site if chance(rng, 0.25) else None
    layout = rng.choice(("prose", "prose", "prose", "table", "table", "list", "mixed"))
    pronoun = rng.choice(("He", "She")) if thing.kind == "person" else "It"
    made.table_header = rng.choice(
        ("| Quantity | Value |", "| Quantity | Value |", "| Property | Value |",
         "| Fact | Figure |",
         f"| {sentence_case(thing.kind)} | {thing.name} |", "| Item | Data |", "| | |")
    )  # fmt: skip
    prose: list[Unit] = []
    rows: list[Unit] = []
    spoken: list[Fact] = []
    for fact in known:
        own = fact.entity is thing
        form = "sentence"
        if own and fact.relation.labels:
            share = {"prose": 0.0, "table": 0.65, "list": 0.65, "mixed": 0.35}[layout]
            if chance(rng, share):
                form = (
                    "row"
                    if layout == "table" or (layout == "mixed" and chance(rng, 0.5))
                    else "item"
                )
        if form == "sentence":
            spoken.append(fact)
            continue
        label = rng.choice(fact.relation.labels)
        value = fact.value
        if links is not None and value[0].isupper() and chance(rng, 0.35):
            value = f"[{value}]({site.address(value)})"
        if form == "row":
            rows.append(Unit(f"| {label} | {value} |", form, (fact,)))
        else:
            bullet = rng.choice(
                ("- {l}: {v}", "- {l}: {v}", "- **{l}:** {v}", "* {l}: {v}", "- {l} – {v}")
            )
            rows.append(Unit(bullet.format(l=label, v=value), form, (fact,)))
    while spoken:
        several = [fact for fact in spoken if fact.entity is thing and predicates(fact)]
        if len(several) > 1 and chance(rng, 0.4):
            several = rng.sample(several, min(len(several), rng.choice((2, 2, 3))))
            subject = _subject(rng, thing, several[0], pronoun)
            prose.append(Unit(compound(rng, several, subject, links), "sentence", tuple(several)))
            spoken = [fact for fact in spoken if not any(fact is one for one in several)]
            continue
        fact = spoken.pop()
        text = state(rng, fact, _subject(rng, thing, fact, pronoun), links)
        prose.append(Unit(decorated(rng, text, fact), "sentence", (fact,)))
    for _ in range(fillers):
        prose.append(Unit(filler(rng, thing if chance(rng, 0.4) else None), "sentence"))
    rng.shuffle(prose)
    prose = _joined(rng, prose)
    rng.shuffle(rows)
    rows.sort(key=lambda unit: unit.form)
    if prose and chance(rng, 0.5) and thing.name in prose[0].text:
        first = prose[0]
        prose[0] = Unit(
            first.text.replace(thing.name, f"**{thing.name}**", 1), first.form, first.facts
        )
    made.units = rows + prose if chance(rng, 0.3) else prose + rows
    return made


def _subject(rng: random.Random, thing: Entity, fact: Fact, pronoun: str) -> str:
    if fact.relation.language != "en":
        return fact.entity.name
    draw = rng.random()
    if fact.entity is not thing or draw < 0.55:
        return with_article(rng, fact.entity, fact.entity.name)
    if draw < 0.75:
        return pronoun if chance(rng, 0.6) else pronoun.lower()
    if draw < 0.9 and thing.kind != "person":
        return f"the {thing.kind}"
    words = thing.name.split()
    if thing.kind == "person":
        return words[-1]
    return (
        words[0] if len(words[0]) > 3 and words[0] not in ("Lake", "Mount", "River") else thing.name
    )


def _joined(rng: random.Random, prose: list[Unit]) -> list[Unit]:
    """Join some neighbouring sentences into one."""
    made: list[Unit] = []
    for unit in prose:
        last = made[-1] if made else None
        if last and chance(rng, 0.14) and last.text.endswith(".") and len(last.text) < 120:
            second = within(unit.text, unit.facts)
            link = rng.choice((", and ", "; ", ", while ", ", but ", " and ", ", so "))
            made[-1] = Unit(last.text[:-1] + link + second, "sentence", last.facts + unit.facts)
        else:
            made.append(unit)
    return made


def comparison(rng: random.Random, target: Fact, others: list[Entity]) -> tuple[str, list[Unit]]:
    """Return the header and rows of a table that compares entities in one to three columns."""
    columns = [target.relation, *pick_relations(rng, target.entity.kind, rng.randint(0, 2))]
    columns = [
        c for i, c in enumerate(columns) if c.labels and c.key not in {d.key for d in columns[:i]}
    ]
    rng.shuffle(columns)
    header = [sentence_case(target.entity.kind), *(rng.choice(c.labels) for c in columns)]
    rows = []
    for thing in rng.sample([target.entity, *others], len(others) + 1):
        own = thing is target.entity
        cells = [
            target.value if own and c is target.relation else names.value(rng, c.value)
            for c in columns
        ]
        rows.append(
            Unit(f"| {' | '.join([thing.name, *cells])} |", "row", (target,) if own else ())
        )
    return f"| {' | '.join(header)} |", rows


def happenings(rng: random.Random, thing: Entity, count: int) -> list[Event]:
    """Invent events of an entity, now and then in another language."""
    about = with_article(rng, thing, thing.name)
    made = []
    for _ in range(count):
        draw = rng.random()
        made.append(
            chinese(rng) if draw < 0.05 else spanish(rng) if draw < 0.1 else event(rng, about)
        )
        one = made[-1]
        if one.text.startswith(f"{sentence_case(about)} ") and chance(rng, 0.3):
            pronoun = "It" if thing.kind != "person" else rng.choice(("He", "She"))
            one.text = pronoun + one.text[len(about) :]
        shown = one.extra or one.text
        one.asked = [(asked, answer) for asked, answer in one.asked if answer in shown]
        if is_loose(rng) and chance(rng, 0.25):
            one.asked = [(qualified(rng, asked), answer) for asked, answer in one.asked]
            one.lacking = [qualified(rng, asked) for asked in one.lacking]
    return made


def refer(rng: random.Random, made: list[Page]) -> None:
    """Let one page of a list point to the others, as "see also" does: its text has their links."""
    if len(made) < 2 or not is_loose(rng) or not chance(rng, 0.4):
        return
    one = rng.choice(made)
    links = [f"[{other.title}]({other.url})" for other in made if other is not one]
    lead = rng.choice(
        ("See also: ", "Other pages: ", "Near it: ", "For others, see ", "Contents: ")
    )
    one.units.append(Unit(f"{lead}{', '.join(rng.sample(links, len(links)))}.", "sentence"))


def add_events(rng: random.Random, made: Page, events: Sequence[Event]) -> list[Fact]:
    """Put events into a page, and return their facts, whose questions are ready."""
    found: list[Fact] = []
    for one in events:
        stated = tuple(ready(made.entity, asked, answer) for asked, answer in one.asked)
        found += stated
        if one.form == "row":
            rows = [place for place, unit in enumerate(made.units) if unit.form == "row"]
            place = rows[0] if rows else len(made.units)
        else:
            rows = [place for place, unit in enumerate(made.units) if unit.form != "row"]
            place = rng.choice([*rows, len(made.units)])
        if one.extra:
            made.units[place:place] = [
                Unit(one.text, one.form),
                Unit(one.extra, "sentence", stated),
            ]
        else:
            made.units.insert(place, Unit(one.text, one.form, stated))
    return found
