# ruff: noqa: E501 - a wording is one line, or it cannot be read
"""Invented figures and names of a thing: its length, its arches, its only river, her dog.

Every sentence comes with a question that it answers and one that it does not.
"""

import random

from . import names
from .event import Event
from .grammar import (
    adjective,
    article,
    capital,
    noun,
    on,
    participle,
    plural,
    sentence,
    tail,
    thing_done,
    verb_of,
)
from .names import chance
from .verbs import DOES, HAPPENS
from .words import SUPERLATIVES, listed

_DIMENSIONS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("long", ("length", "total length"), "length"), ("high", ("height", "elevation"), "height"),
    ("tall", ("height", "full height"), "height"), ("wide", ("width", "breadth"), "length"),
    ("deep", ("depth", "greatest depth"), "height"), ("thick", ("thickness",), "height"),
    ("heavy", ("weight", "mass"), "weight"), ("fast", ("speed", "top speed"), "speed"),
    ("large", ("area", "surface", "size"), "area"), ("big", ("diameter", "size"), "length"),
    ("old", ("age",), "span"), ("far", ("distance",), "length"),
    ("hot", ("temperature", "mean temperature"), "heat"), ("strong", ("power", "output"), "power"),
    ("expensive", ("price", "cost"), "money"), ("dense", ("density", "mean density"), "weight"),
    ("spacious", ("volume", "capacity"), "volume"), ("steep", ("slope", "gradient"), "percent"),
)  # fmt: skip
_SAID = frozenset(listed("long high tall wide deep thick old"))
"""Adjectives that follow a figure: "20 m high", but not "20 t heavy"."""
_ABOUT = listed("about some nearly almost over roughly only exactly around")


def measure(rng: random.Random, about: str) -> Event:
    """Something has a length, a weight or another figure."""
    dimension, nouns, family = rng.choice(_DIMENSIONS)
    if chance(rng, 0.15):
        nouns = (f"{adjective(rng)} {noun(rng)}",)
    said, whole, kind = thing_done(rng, about)
    figure = names.quantity(rng, family)
    quality = rng.choice(nouns)
    shown = figure if chance(rng, 0.85) else f"{rng.choice(_ABOUT)} {figure}"
    draw = rng.random()
    name = whole[4:] if whole.startswith("the ") else whole
    if draw < 0.3 and dimension in _SAID:
        text = f"{said} is {shown} {dimension}"
    elif draw < 0.42 and dimension in _SAID:
        text = rng.choice((f"{said}, {shown} {dimension}, {participle(rng)} the {noun(rng)}",
                           f"in the {noun(rng)} stands {said}, {shown} {dimension}"))  # fmt: skip
    elif draw < 0.6:
        text = (
            f"{said} {rng.choice(('has', 'has', 'had', 'reaches'))} {article(quality)} of {shown}"
        )
    elif draw < 0.72:
        text = f"the {quality} of {said} {rng.choice(('is', 'was', 'reaches'))} {shown}"
    elif draw < 0.8:
        text = f"its {quality} is {shown}"
        whole = about
    elif draw < 0.9:
        made = Event(rng.choice((f"- {capital(name)}: {shown}, the {rng.choice(SUPERLATIVES)} {kind} of all",
                                 f"- {capital(name)}: {shown}", f"- {capital(name)} – {quality} {shown}")), "item")  # fmt: skip
        text = ""
    else:
        made = Event(
            rng.choice(
                (f"| {capital(name)} | {shown} |", f"| {capital(quality)} of {said} | {shown} |")
            ),
            "row",
        )
        text = ""
    if text:
        text += rng.choice(("", "", f" {tail(rng)}", f" and {names.count(rng)} {plural(noun(rng))}",
                            f", the {rng.choice(SUPERLATIVES)} {kind} {rng.choice(('of', 'in'))} {names.place(rng)}"))  # fmt: skip
        made = Event(sentence(text))
    made.asked.append((rng.choice((
        f"How {dimension} is {whole}?", f"How {dimension} is {whole}?", f"What is the {quality} of {whole}?",
        f"What is the {quality} of {whole}?", f"Tell me how {dimension} {whole} is.",
        f"Tell me the {quality} of {whole}.", f"How {dimension} was {whole}?", f"Give me the {quality} of {whole}.",
        f"What {quality} does {whole} have?", f"How {dimension} is {whole}, {article(kind)} of {about}?",
    )), figure))  # fmt: skip
    if (
        whole != about
        and whole.startswith("the ")
        and whole[4:5].isupper()
        and name.split()[0] in made.text
    ):
        short = name.split(f" in {about}")[0].split(f" of {about}")[0].split(f" at {about}")[0]
        if short in made.text:
            made.asked.append((rng.choice((f"{figure} is the {quality} of what?", f"What has {article(quality)} of {figure}?",
                                           f"Which {kind} has {article(quality)} of {figure}?")), short))  # fmt: skip
    other, others, _ = rng.choice(_DIMENSIONS)
    if other != dimension and not set(others) & set(nouns):
        made.lacking.append(
            rng.choice((f"How {other} is {whole}?", f"What is the {others[0]} of {whole}?"))
        )
    made.lacking.append(rng.choice((
        f"Who {verb_of(rng, DOES).past} {whole}?", f"When was {whole} {participle(rng)}?",
        f"How many {plural(noun(rng))} does {whole} have?", f"What is the {noun(rng)} of {whole}?",
    )))  # fmt: skip
    return made


def number(rng: random.Random, about: str) -> Event:
    """Something has so many of something."""
    said, whole, _ = thing_done(rng, about)
    unit = noun(rng) if chance(rng, 0.6) else f"{adjective(rng)} {noun(rng)}"
    units = plural(unit)
    many = names.count(rng) if chance(rng, 0.6) else names.integer(rng)
    other = f"{names.count(rng)} {plural(noun(rng))}"
    verb = verb_of(rng, DOES)
    text = rng.choice((
        f"{said} has {many} {units}", f"{said} has {many} {units} and {other}", f"{said} has {other} and {many} {units}",
        f"there are {many} {units} in {said}", f"{many} {units} {verb.past} {said}", f"the {many} {units} of {said} are {adjective(rng)}",
        f"{said} needs {many} {units}", f"about {many} {units} are held in {said}", f"{said} is made of {many} {units}",
        f"{said} {verb.past} {many} {units} {on(names.date(rng))}",
    ))  # fmt: skip
    made = Event(sentence(text + rng.choice(("", "", f" {tail(rng)}"))))
    if chance(rng, 0.15):
        made = (
            Event(f"| {capital(units)} | {many} |", "row")
            if chance(rng, 0.5)
            else Event(f"- {capital(units)}: {many}", "item")
        )
        whole = about
    made.asked.append((rng.choice((
        f"How many {units} does {whole} have?", f"How many {units} are there in {whole}?", f"How many {units} are in {whole}?",
        f"What is the number of {units} of {whole}?", f"How many {units} has {whole}?", f"Tell me how many {units} {whole} has.",
    )), many))  # fmt: skip
    made.lacking.append(rng.choice((
        f"How many {plural(noun(rng))} does {whole} have?", f"How many {plural(noun(rng))} are there in {whole}?",
        f"Who {participle(rng)} the {units} of {whole}?", f"How heavy is {whole}?", f"How much does {whole} cost?",
    )))  # fmt: skip
    if chance(rng, 0.12):
        return numbered(rng, about)
    return made


def numbered(rng: random.Random, about: str) -> Event:
    """Something carries a number of its own: a patent, a house, a locomotive."""
    what, digits = noun(rng), names.integer(rng)
    kind = what if chance(rng, 0.5) else f"{adjective(rng)} {what}"
    text = rng.choice((f"{about} received {kind} {digits} in {names.year(rng)}", f"{kind} {digits} was given to {about}",
                       f"it has the {kind} number {digits}", f"the {kind} of {about} bears the number {digits}",
                       f"{names.person(rng)} {participle(rng)} {kind} no. {digits} {on(names.date(rng))}"))  # fmt: skip
    made = Event(sentence(text))
    made.asked = [(rng.choice((f"What is the number of the {kind} of {about}?", f"Which number does the {kind} of {about} have?",
                               f"What number has the {kind} for {about}?")), digits)]  # fmt: skip
    made.lacking = [f"What is the number of the {noun(rng)} of {about}?"]
    return made


def named(rng: random.Random, about: str) -> Event:
    """Something of the thing has a name: its only river, its oldest tower, her dog."""
    kind = noun(rng)
    what = kind if chance(rng, 0.4) else f"{adjective(rng)} {kind}"
    draw = rng.random()
    human = draw < 0.3
    value = names.person(rng) if human else names.stem(rng) if draw < 0.75 else names.term(rng)
    if not human and value[0].isupper() and chance(rng, 0.4):
        value = f"{value} {kind.capitalize()}"
    best = rng.choice(SUPERLATIVES)
    asked: tuple[str, ...]
    lacking: tuple[str, ...]
    clause = rng.choice(
        (
            "",
            "",
            f", {tail(rng)}",
            f", {participle(rng)} in {names.year(rng)}",
            f" since {names.year(rng)}",
        )
    )
    verb = verb_of(rng, HAPPENS)
    of = rng.choice(("of", "in", "on"))
    is_, was = rng.choice((("is", "was"), ("was", "is")))
    if chance(rng, 0.35):
        text = rng.choice((f"the {best} {kind} {of} {about} {is_} {value}", f"the {best} of them {is_} called {value}",
                           f"{value} {is_} the {best} {kind} {of} {about}", f"only one {kind} {verb.past} there, {value}",
                           f"the {best} {kind} here {is_} {value}"))  # fmt: skip
        asked = (f"Which is the {best} {kind} {of} {about}?", f"What is the {best} {kind} {of} {about}?",
                 f"What is the name of the {best} {kind} {of} {about}?", f"Which {kind} is the {best} {of} {about}?",
                 f"Name the {best} {kind} {of} {about}.")  # fmt: skip
        if text.startswith("only"):
            asked = (
                f"Which is the only {kind} that {verb.past} at {about}?",
                f"What is the only {kind} {of} {about}?",
            )
        lacking = (
            f"Which is the {rng.choice(SUPERLATIVES)} {noun(rng)} {of} {about}?",
            f"Who {participle(rng)} the {best} {kind} {of} {about}?",
        )
    elif chance(rng, 0.5):
        text = rng.choice((f"the {what} of {about} {is_} {value}", f"its {what} {is_} {value}", f"{value} {is_} the {what} of {about}",
                           f"the {what}, {value}, {verb.past} in {names.place(rng)}", f"the {what} {is_} called {value}",
                           f"{about} has a {what} called {value}", f"her {what} {value} {verb.past} in {names.year(rng)}",
                           f"{about} and the {what} {value} {verb.past} {on(names.date(rng))}"))  # fmt: skip
        asked = (f"What {was} the name of {about}'s {what}?", f"What {is_} the {what} of {about} called?",
                 f"What is the name of the {what} of {about}?", f"Which is the {what} of {about}?", f"What {is_} the {what} of {about}?",
                 *((f"Who {is_} the {what} of {about}?", f"Who {was} {about}'s {what}?", f"Tell me who the {what} of {about} was.") if human else ()))  # fmt: skip
        lacking = (f"What was the name of {about}'s {noun(rng)}?", f"When was the {what} of {about} {participle(rng)}?",
                   f"Who {is_} the {noun(rng)} of {about}?", f"What is the {adjective(rng)} {noun(rng)} of {about}?")  # fmt: skip
    else:
        return done(rng, about, kind, value, human)
    made = Event(sentence(text + clause))
    if "the " + what in text and chance(rng, 0.2):
        made = rng.choice((Event(f"- {capital(what)}: {value}", "item"), Event(f"| {capital(what)} | {value} |", "row"),
                           Event(f"- {capital(what)}: {value} ({tail(rng)})", "item"), Event(f"- **{capital(what)}**: {value}, {tail(rng)}", "item")))  # fmt: skip
    made.asked.append((rng.choice(asked), value))
    made.lacking.append(rng.choice(lacking))
    return made


def done(rng: random.Random, about: str, kind: str, value: str, human: bool) -> Event:
    """The thing that the page is about did something to something that has a name."""
    verb, year = verb_of(rng, DOES), names.year(rng)
    dated = chance(rng, 0.6)
    text = rng.choice((f"{about} {verb.past} {value}", f"{verb.past} {value}, {article(kind)}"))
    if dated:
        text = f"in {year} {text}" if chance(rng, 0.5) else f"{text} in {year}"
    made = Event(sentence(text + (f" {tail(rng)}" if chance(rng, 0.4) else "")))
    if chance(rng, 0.25):
        made, dated = (
            Event(f"- {year}: {value}, {verb.participle} in {names.place(rng)}", "item"),
            True,
        )
    hint = f" in {year}" if dated and chance(rng, 0.5) else ""
    asked: tuple[str, ...]
    if human:
        asked = (
            f"Whom did {about} {verb.base}{hint}?",
            f"Who was {verb.participle} by {about}{hint}?",
        )
    else:
        asked = (f"What did {about} {verb.base}{hint}?", f"Which {kind} did {about} {verb.base}{hint}?",
                 f"Which {kind} was {verb.participle} by {about}{hint}?", f"Tell me what {about} {verb.past}{hint}.")  # fmt: skip
    made.asked.append((rng.choice(asked), value))
    if dated:
        made.asked.append(
            (
                rng.choice(
                    (
                        f"In which year did {about} {verb.base} {value}?",
                        f"When did {about} {verb.base} {value}?",
                    )
                ),
                year,
            )
        )
    made.lacking = [
        rng.choice(
            (
                f"What did {about} {verb_of(rng, DOES).base}?",
                f"Where did {about} {verb.base} {value}?"
                if made.form == "sentence"
                else f"Who {verb.past} {about}?",
                f"Which {noun(rng)} did {about} {verb_of(rng, DOES).base} in {names.year(rng)}?",
            )
        )
    ]
    return made
