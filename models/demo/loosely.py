# ruff: noqa: E501 - a wording is one line, or it cannot be read
"""Invented events whose questions share only a word or two with the sentence, as people ask.

Elsewhere a question repeats what its sentence says. Here it knows other things besides (where the
thing stands, whose it is, what it is called in full) and the sentence says others first; what they
share is the word that matters and a value of the right sort. A question that it does not answer
differs in just that word.
"""

import random
from collections.abc import Callable

from . import names
from .event import Event
from .grammar import (
    SORTS,
    adjective,
    article,
    capital,
    noun,
    participle,
    person_said,
    plural,
    sentence,
    tail,
    verb_of,
)
from .names import chance
from .verbs import DOES, HAPPENS, Verb
from .words import SUPERLATIVES, listed

_HOW = listed("long high tall wide deep thick old heavy far large big fast strong")
_NOUNS = listed("length height width depth span capacity area weight speed age volume price power")
_FAMILIES = listed("length height weight area volume speed span power")
_PARTICLES = listed("out up down off over away back in on through")


def qualified(rng: random.Random, asked: str) -> str:
    """Add to a question something that no sentence says: where, whose, in what."""
    if not asked.endswith("?") or not asked.isascii():
        return asked
    added = rng.choice(
        (f"in {names.place(rng)}", f"in {names.place(rng)}", f"on the {names.stem(rng)}",
         f"of {names.person(rng)}", f"near {names.place(rng)}", f"in the {noun(rng)} of {names.place(rng)}",
         f"of the {adjective(rng)} {noun(rng)}")
    )  # fmt: skip
    return f"{asked[:-1]} {added}?"


def loose_event(rng: random.Random, about: str) -> Event:
    """Invent an event of the thing called `about` that its questions only half repeat."""
    made = rng.choice(_KINDS)(rng, about)
    made.text = sentence(made.text)
    made.asked = [(capital(text), answer) for text, answer in made.asked]
    made.lacking = [capital(text) for text in made.lacking]
    return made


def _subject(rng: random.Random, about: str) -> str:
    """The thing as the sentence has it, mostly not by its name."""
    return rng.choice((about, about, "it", "it", f"the {noun(rng)}", "he", "she"))


def _full(rng: random.Random, about: str) -> str:
    """The thing as a question has it, now and then with what no sentence says of it."""
    draw = rng.random()
    if draw < 0.2:
        return f"{about} in {names.place(rng)}"
    if draw < 0.3:
        return f"{about} on the {names.stem(rng)}"
    if draw < 0.38:
        return f"{names.person(rng)}'s {about.removeprefix('the ')}"
    return about


def _other(rng: random.Random, word: str, make: Callable[[random.Random], str]) -> str:
    """Another word of the same sort."""
    return next(other for other in iter(lambda: make(rng), "") if other != word)


def _measured(rng: random.Random, about: str) -> Event:
    subject, whole, figure = (
        _subject(rng, about),
        _full(rng, about),
        names.quantity(rng, rng.choice(_FAMILIES)),
    )
    how, mark = rng.choice(_HOW), f"{adjective(rng)} {noun(rng)}"
    text = rng.choice((
        f"with {figure} at its {mark}, {subject} is behind only {names.thing(rng)}",
        f"at {figure} above the {mark} {subject} is {adjective(rng)} in every {noun(rng)}, {tail(rng)}",
        f"from the {mark} {subject} measures {figure}, {tail(rng)}",
        f"{subject} has {figure} to the {mark}, and {names.person(rng)} {participle(rng)} it",
    ))  # fmt: skip
    wrong = f"{adjective(rng)} {_other(rng, mark.split()[1], noun)}"
    place = rng.choice(("at its", "above the", "to the", "from the"))
    return Event(
        text,
        asked=[(f"how {how} is {whole} {place} {mark}?", figure), (f"how {how} {place} {mark} is {whole}?", figure)],
        lacking=[f"how many {plural(noun(rng))} does {whole} have?", f"who {verb_of(rng, DOES).past} the {wrong} of {whole}?"],
    )  # fmt: skip


def _quality(rng: random.Random, about: str) -> Event:
    subject, whole, figure = (
        _subject(rng, about),
        _full(rng, about),
        names.quantity(rng, rng.choice(_FAMILIES)),
    )
    quality = rng.choice(_NOUNS) if chance(rng, 0.6) else noun(rng)
    lead = f"{adjective(rng)} " if chance(rng, 0.5) else ""
    when, verb = names.year(rng), verb_of(rng, DOES)
    text = rng.choice((
        f"since {when} its {lead}{quality} has been {figure}, the {rng.choice(SUPERLATIVES)} of all {plural(noun(rng))}",
        f"{subject} was {verb.participle} only in {when}, as {article(noun(rng))}, with a {lead}{quality} of {figure}",
        f"in {when} the {lead}{quality} came to {figure} {tail(rng)}",
        f"{subject}, {verb.participle} in {when}, has {article(lead + quality)} of {figure}, {tail(rng)}",
    ))  # fmt: skip
    wrong = _other(rng, quality, lambda r: r.choice(_NOUNS) if chance(r, 0.7) else noun(r))
    asked = [(rng.choice((f"what is the {lead}{quality} of {whole}?", f"what {quality} does {whole} have?",
                          f"tell me the {quality} of {whole}.", f"what was the {quality} of {whole}?")), figure)]  # fmt: skip
    if verb.participle in text:
        asked.append((f"in which year was {whole} {verb.participle}?", when))
    return Event(
        text, asked=asked,
        lacking=[f"what is the {lead}{wrong} of {whole}?", f"how much did the {wrong} of {whole} cost?"],
    )  # fmt: skip


def _person(rng: random.Random, about: str) -> Event:
    _, who, work = person_said(rng)
    verb, what = verb_of(rng, DOES), noun(rng)
    extra = f"{adjective(rng)} " if chance(rng, 0.6) else ""
    part = f" {rng.choice(_PARTICLES)}" if chance(rng, 0.25) else ""
    when = names.year(rng)
    text = rng.choice((
        f"{who}, {article(work)}, {verb.past}{part} their {what}",
        f"{who} of {names.place(rng)} {verb.past}{part} the {adjective(rng)} {what} in {when}",
        f"the {what} was {verb.participle}{part} by {article(work)} from {names.place(rng)}, {who}, {tail(rng)}",
        f"in the {names.stem(rng)} {noun(rng)} stands its {what}, {article(noun(rng))} {verb.participle} by the {work} {who} in {when}",
        f"in {when} {who} {verb.past}{part} one {what} {tail(rng)}",
    ))  # fmt: skip
    clause = rng.choice(("", f" that first {verb_of(rng, DOES).past} {about}", f" of {about}", f" at {about}", f" in {names.place(rng)}"))  # fmt: skip
    other = verb_of(rng, DOES)
    return Event(
        text,
        asked=[(rng.choice((f"who {verb.past}{part} the {extra}{what}{clause}?", f"which {work} {verb.past}{part} the {extra}{what}{clause}?",
                            f"by whom was the {extra}{what}{clause} {verb.participle}{part}?", f"tell me who {verb.past}{part} the {what}{clause}.")), who)],
        lacking=[f"who {other.past} the {extra}{noun(rng)}{clause}?" if other.base != verb.base else f"why did it {verb.base}?",
                 f"what was the name of the {_other(rng, what, noun)}{clause}?"],
    )  # fmt: skip


def _somewhere(rng: random.Random, about: str) -> Event:
    subject, name = _subject(rng, about), f"{names.stem(rng)}"
    sort = rng.choice(SORTS) if chance(rng, 0.7) else noun(rng)
    where = rng.choice((f"{name} {capital(sort)}", f"{capital(sort)} {name}"))
    what, verb, rests = noun(rng), verb_of(rng, DOES), verb_of(rng, HAPPENS)
    when, town = names.year(rng), names.place(rng)
    does = plural(rests.base)
    if chance(rng, 0.5):
        text = rng.choice((f"{verb.participle} in {when}, {subject} {rests.past} at {where}", f"after {article(what)} in {when} {subject} {rests.past} at {where}, {tail(rng)}"))  # fmt: skip
        asked = [(rng.choice((f"where did {about} {rests.base} after the {what} of {when}?", f"in which {sort} did {about} {rests.base} after {noun(rng)} in {when}?")), where)]  # fmt: skip
    else:
        text = rng.choice((f"its {what} was {verb.participle} to {town} and {does} in the {where}", f"{subject} {rests.past} in {town}, but the {what} {does} in the {where}"))  # fmt: skip
        asked = [(rng.choice((f"in which {sort} does the {what} of {about} {rests.base}?", f"in which {sort} in {town} does the {what} of {about} {rests.base}?", f"where does {about}'s {what} {rests.base}?")), where)]  # fmt: skip
    return Event(text, asked=asked, lacking=[f"who {verb_of(rng, DOES).past} the {noun(rng)} of {about}?", f"how many {plural(noun(rng))} {does} there?"])  # fmt: skip


def _called(rng: random.Random, about: str) -> Event:
    subject, what, name = _subject(rng, about), noun(rng), names.stem(rng)
    leaves, gets = verb_of(rng, HAPPENS), verb_of(rng, DOES)
    when = names.year(rng)
    draw = rng.random()
    if draw < 0.3:
        text = f"a single {what} {plural(leaves.base)} {rng.choice(('from', 'at', 'near'))} it, the {name}"
        asked = [(rng.choice((f"what is the only {what} that {plural(verb_of(rng, HAPPENS).base)} from {about}?", f"which {what} {plural(leaves.base)} at {about}?")), name)]  # fmt: skip
    elif draw < 0.65:
        full = f"{name} {capital(what)}"
        text = rng.choice((f"in {when} {subject} {gets.past} the {full}", f"{subject} {gets.past} the {full} in {when}, {tail(rng)}", f"the {full} was {gets.participle} in {when} {tail(rng)}"))  # fmt: skip
        asked = [(rng.choice((f"which {what} did {about} {gets.base} in {when}?", f"what {what} was {gets.participle} in {when}?", f"which {what} was {gets.participle} by {about}?")), full)]  # fmt: skip
    else:
        text = rng.choice((f"its {what}, {name}, was {gets.participle} in {when}", f"the {what}, called {name}, {gets.past} {names.person(rng)}", f"{subject} named the {what} {name} {tail(rng)}"))  # fmt: skip
        asked = [(rng.choice((f"what was the name of {about}'s {what}?", f"how was the {what} of {about} called?", f"what is the {what} of {about} called?")), name)]  # fmt: skip
    return Event(text, asked=asked, lacking=[f"what was the name of {about}'s {_other(rng, what, noun)}?", f"who {verb_of(rng, DOES).past} the {what}?"])  # fmt: skip


def _counted(rng: random.Random, about: str) -> Event:
    subject, units, many = _subject(rng, about), plural(noun(rng)), names.count(rng)
    verb, comes, again = verb_of(rng, DOES), verb_of(rng, HAPPENS), verb_of(rng, HAPPENS)
    where, when = names.place(rng), names.year(rng)
    text = rng.choice((
        f"on the {noun(rng)} to {where} {subject} {verb.past} only {many} {units} in {names.count(rng)} {plural(noun(rng))}",
        f"{when} {subject} {comes.past} with {many} {units} at the {adjective(rng)} {noun(rng)} of {where}",
        f"there {comes.past} {many} {units}, {tail(rng)}, and {subject} {again.past}",
    ))  # fmt: skip
    return Event(
        text,
        asked=[(rng.choice((f"how many {units} had {about} {verb.participle} when it {again.past} in {where}?", f"with how many {units} did {about} {again.base} at {where}?",
                            f"how many {units} {comes.past} at {about}?", f"how many {units} were there in {where}?")), many)],
        lacking=[f"how many {_other(rng, units, lambda r: plural(noun(r)))} did {about} {comes.base}?", f"when did {names.person(rng)} {verb.base} {about}?"],
    )  # fmt: skip


def _dated(rng: random.Random, about: str) -> Event:
    what, scene, name = noun(rng), noun(rng), names.stem(rng)
    verb: Verb = verb_of(rng, DOES)
    turns, when = verb_of(rng, HAPPENS), names.year(rng)
    text = rng.choice((
        f"the {what} first {turns.past} in {article(scene)} of {when}, about {names.count(rng)} {plural(noun(rng))} {participle(rng)} in {names.place(rng)}",
        f"{article(scene)} of {when} is the first that {turns.past} the {what}",
        f"the first {what} {turns.past} to the {scene} in {when}, {tail(rng)}",
    ))  # fmt: skip
    return Event(
        text,
        asked=[(rng.choice((f"in which year was the {what} {name} first {verb.participle} in {article(scene)}?", f"in what year was the {what} of {about} first {verb.participle}?",
                            f"when did the first {what} of {about} {turns.base}?")), when)],
        lacking=[f"in which year was the {_other(rng, what, noun)} of {about} {verb.participle}?", f"who {verb.past} the first {what}?"],
    )  # fmt: skip


_KINDS = (_measured, _quality, _quality, _person, _person, _somewhere, _called, _called, _counted, _dated)  # fmt: skip
