"""Sentences of invented pages: one fact or several, decorated, and those that state nothing."""

import random
import re
from collections.abc import Sequence

from . import names
from .entities import LOWER, Entity, sentence_case, with_article
from .facts import SPACE, Fact, fill
from .names import Site, chance
from .relations import expand
from .words import ADJECTIVES, ADVERBS, VERBS, listed

_DAY = re.compile(
    r"\bin (?=(?:\*\*|\[)?(?:\d{1,2} [A-Z][a-z]{2,8} \d|[A-Z][a-z]{2,8} \d{1,2}, \d))"
)
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
_STARTS = frozenset(listed("The It He She A An His Her Its In About Most Some All Many There"))


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
    return _tidy(fill(rng, wording, subject, value, fact.entity.kind))


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


def predicates(fact: Fact) -> list[str]:
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
        wording = expand(rng, rng.choice(predicates(fact)))
        parts.append(fill(rng, wording, subject, _written(rng, fact, site), fact.entity.kind))
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
    return sentence_case(_DAY.sub("on ", SPACE.sub(r"\1", text)))


def decorated(rng: random.Random, text: str, fact: Fact) -> str:
    """Now and then put a clause before or after a sentence: other names, years and numbers."""
    if fact.relation.language != "en" or not chance(rng, 0.35) or not text.endswith("."):
        return text
    text = text[:-1]
    if chance(rng, 0.35):
        shape = rng.choice(_BEFORE).replace("{s}", within(text, (fact,)))
    else:
        shape = rng.choice(_AFTER).replace("{s}", text)
    made = fill(rng, shape.replace("{d}", rng.choice(VERBS)), "", "", "")
    return sentence_case(made) + "."


def within(text: str, stated: tuple[Fact, ...]) -> str:
    """Return a sentence as it stands inside another: with a small first letter if it may."""
    if text.split(" ", 1)[0] in _STARTS and not any(text.startswith(f.value) for f in stated):
        return text[0].lower() + text[1:]
    return text


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
