"""Invented encyclopaedia pages: an entity, its facts, and the Markdown they are written in.

A page is a list of units (sentence, table row, list item), each knowing which fact it states.
This module does not know how a page is searched for, shown or asked about.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from . import names
from .event import Event
from .events import event
from .names import Site, chance
from .relations import RELATIONS, Relation, expand, open_relation
from .tongues import chinese, spanish
from .words import ADJECTIVES, ADVERBS, NOUNS, VERBS, listed

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
_SPACE = re.compile(r" ([,.;?])")
_DAY = re.compile(
    r"\bin (?=(?:\*\*|\[)?(?:\d{1,2} [A-Z][a-z]{2,8} \d|[A-Z][a-z]{2,8} \d{1,2}, \d))"
)
_WHAT_OF = re.compile(r"What (is|was) the ([a-z ]+) of (?!the )(?!an? )(.+)\?")


@dataclass(frozen=True, slots=True)
class Entity:
    """A thing that a page is about. `asked` is how questions name it, without an article."""

    kind: str
    name: str
    asked: str
    article: bool


@dataclass(frozen=True, slots=True)
class Fact:
    """A relation of an entity with its value, exactly as pages write it."""

    entity: Entity
    relation: Relation
    value: str


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


def question(rng: random.Random, fact: Fact) -> str:
    """Ask for a fact's value, now and then at length."""
    text = _question(rng, fact)
    if fact.relation.language != "en" or not chance(rng, 0.1):
        return text
    words = [names.plain_word(rng) for _ in range(4)]
    first, second = names.proper(rng), names.proper(rng)
    clause = rng.choice(
        (f"as told in the {words[0]} of the {first} {words[1]}",
         f"that {first} gave to the {words[0]} {words[1]} of {second}",
         f"for the {words[0]} and the {words[1]} in {words[2]} of {first}",
         f"in the {words[0]} where the {words[1]} of {first} was {words[2]}")
    )  # fmt: skip
    return f"{text.rstrip('?.')} {clause}?"


def _question(rng: random.Random, fact: Fact) -> str:
    asked = with_article(rng, fact.entity, fact.entity.asked)
    text = expand(rng, rng.choice(fact.relation.questions))
    text = sentence_case(_SPACE.sub(r"\1", _fill(rng, text, asked, "", fact.entity.kind)))
    if fact.relation.language == "en":
        text = _reworded(rng, text)
        draw = rng.random()
        inner = text[0].lower() + text[1:]
        if draw < 0.02:
            text = f"Can you tell me {inner}"
        elif draw < 0.04:
            text = f"Tell me: {inner}"
        elif draw < 0.06:
            text = f"{rng.choice(_POLITE)} {inner}"
        elif draw < 0.1:
            text = inner
        elif draw < 0.14:
            text = text.rstrip("?")
        elif draw < 0.17:
            text = inner.rstrip("?")
    return text


def _reworded(rng: random.Random, text: str) -> str:
    """Now and then ask the same in another common way."""
    if text.startswith("Who ") and not text.startswith(("Who is", "Who was")):
        if chance(rng, 0.06):
            opened = rng.choice(("Which person", "What is the name of the person who", "Which man"))
            return opened + text[3:]
    elif (match := _WHAT_OF.fullmatch(text)) and chance(rng, 0.12):
        verb, noun, name = match.groups()
        shapes = (f"What {verb} {name}'s {noun}?", f"Give the {noun} of {name}.",
                  f"Name the {noun} of {name}.", f"{sentence_case(noun)} of {name}?",
                  f"What {verb} the {noun} for {name}?", f"{name}: {noun}?")  # fmt: skip
        return rng.choice(shapes)
    return text


_POLITE = (
    "I would like to know", "Do you know", "Please tell me", "I want to know", "Find out",
    "Could you say", "I'd like to know", "Let me know", "Say",
)  # fmt: skip
_MOST = ("longest", "largest", "highest", "oldest", "deepest", "best known", "heaviest")


def superlative(rng: random.Random, thing: Entity) -> str:
    """Say that an entity is the longest or the oldest of its kind, which gives no figure."""
    name = with_article(rng, thing, thing.name)
    most = rng.choice(
        ("longest", "largest", "highest", "oldest", "deepest", "best known", "heaviest")
    )
    place = f"in {names.place(rng)}" if chance(rng, 0.7) else f"of {names.place(rng)}"
    text = rng.choice(
        (f"{name} is the {most} {thing.kind} {place}.", f"It is the {most} {thing.kind} {place}.",
         f"{name} is one of the {most} {thing.kind}s {place}.",
         f"The {most} {thing.kind} {place} is {name}.",
         f"{name} was the {most} {thing.kind} {place} until {names.year(rng)}.")
    )  # fmt: skip
    return sentence_case(text)


def _fill(rng: random.Random, wording: str, subject: str, value: str, kind: str) -> str:
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


def state(rng: random.Random, fact: Fact, subject: str, site: Site | None) -> str:
    """Write a fact as a sentence about `subject`; with a site, names may be links into it."""
    shapes = fact.relation.sentences
    if fact.value[0].islower():  # a capital at the sentence's start would change the value
        shapes = tuple(shape for shape in shapes if not shape.startswith("{v}"))
    wording = expand(rng, rng.choice(shapes))
    if subject.casefold() in ("it", "he", "she") and not wording.startswith("{e}"):
        subject = with_article(rng, fact.entity, fact.entity.name)
    value = _written(rng, fact, site)
    if fact.entity.kind in LOWER and wording.startswith("{e} ") and chance(rng, 0.25):
        subject = f"{rng.choice(('most', 'some', 'modern', 'all', 'many'))} {fact.entity.name}s"
        for one, more in ((" has ", " have "), (" is ", " are "), (" was ", " were ")):
            wording = wording.replace(one, more, 1)
    return _tidy(_fill(rng, wording, subject, value, fact.entity.kind))


def _written(rng: random.Random, fact: Fact, site: Site | None) -> str:
    """Return a fact's value as a sentence shows it: plain, linked, bold, or with "about"."""
    value = fact.value
    if site is not None and value[0].isupper() and chance(rng, 0.35):
        return f"[{value}]({site.address(value)})"
    if chance(rng, 0.03):
        return f"**{value}**"
    if value[0].isdigit() and fact.relation.value not in ("date", "year") and chance(rng, 0.12):
        return f"{rng.choice(_ABOUT)} {value}"
    return value


def _predicates(fact: Fact) -> list[str]:
    """The wordings of a fact that begin with its subject, without it, in English."""
    if fact.relation.language != "en":
        return []
    return [
        shape[4:].rstrip(". ")
        for shape in fact.relation.sentences
        if shape.startswith("{e} ") and "{v}" in shape
    ]


def compound(rng: random.Random, stated: Sequence[Fact], subject: str, site: Site | None) -> str:
    """Write several facts of one subject as one sentence with several verbs."""
    parts = []
    for fact in stated:
        wording = expand(rng, rng.choice(_predicates(fact)))
        parts.append(_fill(rng, wording, subject, _written(rng, fact, site), fact.entity.kind))
    adjective, kind = rng.choice(ADJECTIVES), stated[0].entity.kind
    draw = rng.random()
    if draw < 0.2:
        subject = f"{subject} is a {adjective} {kind} that"
    elif draw < 0.3:
        subject = f"{subject}, a {adjective} {kind} of {names.place(rng)},"
    elif draw < 0.36:
        subject = f"{subject} {rng.choice(VERBS)} the {names.plain_word(rng)},"
    link = rng.choice((" and ", ", and ", " and then ", ", but ", ", and later "))
    text = f"{subject} {', '.join(parts[:-1])}{link}{parts[-1]}."
    return _tidy(text)


def _tidy(text: str) -> str:
    """Put a sentence right: no space before a comma, "on" before a day, a capital in front."""
    return sentence_case(_DAY.sub("on ", _SPACE.sub(r"\1", text)))


_ABOUT = ("about", "some", "nearly", "almost", "over", "more than", "up to", "roughly", "only")
_BEFORE = (
    "Although it was {a}, {s}", "After {c} years of {w}, {s}", "In those years {s}", "Today {s}",
    "When {n} came to {p}, {s}", "According to {n}, {s}", "Near {p}, {s}", "At first {s}",
    "Like many a {w} of {p}, {s}", "Since the {w} was {a}, {s}", "For {c} {w}s and {c} {w}s, {s}",
)  # fmt: skip
_AFTER = (
    "{s}, where {n} had a {w}", "{s}, {c} years after {x} was {d}",
    "{s}, although {n} {d} it later",
    "{s}, which {n} {d} in {y}", "{s} and was {d} again in {y}", "{s}, but the {w} was {d} by {n}",
    "{s}, and its {w} weighs {q}", "{s}; the {w} is {q} from {p}",
    "{s}, with {c} {w}s and a {a} {w}",
    "{s} (see also {x})", "{s}, not far from {p}", "{s}, to the {w} of {p}", "{s}; {n} {d} the {w}",
    "{s}, one of the {a} {w}s of {p}", "{s}, because the {w} had been {d}", "{s} ({q})",
)  # fmt: skip


def decorated(rng: random.Random, text: str, fact: Fact) -> str:
    """Now and then put a clause before or after a sentence: other names, years and numbers."""
    if fact.relation.language != "en" or not chance(rng, 0.35) or not text.endswith("."):
        return text
    text = text[:-1]
    if chance(rng, 0.35):
        shape = rng.choice(_BEFORE).replace("{s}", _within(text, (fact,)))
    else:
        shape = rng.choice(_AFTER).replace("{s}", text)
    made = _fill(rng, shape.replace("{d}", rng.choice(VERBS)), "", "", "")
    return sentence_case(made) + "."


_STARTS = frozenset(listed("The It He She A An His Her Its In About Most Some All Many There"))


def _within(text: str, stated: tuple[Fact, ...]) -> str:
    """Return a sentence as it stands inside another: with a small first letter if it may."""
    if text.split(" ", 1)[0] in _STARTS and not any(text.startswith(f.value) for f in stated):
        return text[0].lower() + text[1:]
    return text


def _joined(rng: random.Random, prose: list[Unit]) -> list[Unit]:
    """Join some neighbouring sentences into one."""
    made: list[Unit] = []
    for unit in prose:
        last = made[-1] if made else None
        if last and chance(rng, 0.14) and last.text.endswith(".") and len(last.text) < 120:
            second = _within(unit.text, unit.facts)
            link = rng.choice((", and ", "; ", ", while ", ", but ", " and ", ", so "))
            made[-1] = Unit(last.text[:-1] + link + second, "sentence", last.facts + unit.facts)
        else:
            made.append(unit)
    return made


def filler(rng: random.Random, about: Entity | None = None) -> str:
    """Write a sentence that states nothing that is ever asked."""
    adjective, noun, other = rng.choice(ADJECTIVES), names.plain_word(rng), names.plain_word(rng)
    verb, adverb, person = rng.choice(VERBS), rng.choice(ADVERBS), names.person(rng)
    place, when, many = names.place(rng), names.year(rng), names.count(rng)
    size = names.quantity(rng, rng.choice(("length", "weight", "area", "percent", "money")))
    name = with_article(rng, about, about.name) if about is not None else f"the {noun}"
    forms = (
        f"The {adjective} {noun} is {adverb} {verb} by the people of {place}.",
        f"In {when} the {noun} was {verb} and the {other} {verb} again.",
        f"{person} {adverb} {verb} the {noun} and its {adjective} {other}.",
        f"Many {noun}s were {verb} in {when}, when {person} was the {other} of {place}.",
        f"A {adjective} {noun} of {size} is {adverb} {verb} here.",
        f"{name} is {adverb} {verb} for its {adjective} {noun}s.",
        f"There are {many} {noun}s and a {adjective} {other} near {name}.",
        f"Since {when}, {name} has been {verb} by {many} {other}s.",
        f"The {noun} is {adjective}, but the {other} is {adverb} {rng.choice(ADJECTIVES)}.",
        f"{place} is {adjective} and its {noun} is {verb} each {other}.",
        f"About {size} of the {noun} was {verb}, according to {person}.",
        f"It is {adverb} {verb} with {noun}, {other} and {names.plain_word(rng)}.",
        f"Visitors {adverb} see the {adjective} {noun} from {place}.",
        f"The {noun} that {person} {verb} in {when} is now in {place}.",
        f"During the {other} of {when}, {many} {noun}s were {verb}.",
    )
    return sentence_case(rng.choice(forms))


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
        several = [fact for fact in spoken if fact.entity is thing and _predicates(fact)]
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
    return made


def add_events(rng: random.Random, made: Page, events: Sequence[Event]) -> list[Fact]:
    """Put events into a page, and return their facts, whose questions are ready."""
    found = []
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


def ready(thing: Entity, asked: str, answer: str) -> Fact:
    """Return a fact whose one question is written already."""
    foreign = asked.startswith("¿") or asked.endswith("？")
    return Fact(
        thing, Relation(asked, ("*",), "*", (asked,), (), (), "xx" if foreign else "en"), answer
    )


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
