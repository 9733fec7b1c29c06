# ruff: noqa: E501 - a wording is one line, or it cannot be read
"""Invented events of a thing: somebody did something to it, or it fell, sank, rises, lies.

Every sentence says several things at once, and comes with a question for each of them.
"""

import random
from collections.abc import Sequence

from . import names
from .event import Event
from .grammar import (
    SORTS,
    adjective,
    article,
    chosen,
    noun,
    on,
    participle,
    person_said,
    plural,
    sentence,
    spot_of,
    tail,
    thing_done,
    verb_of,
    year_of,
)
from .names import chance
from .verbs import DOES, HAPPENS, Verb
from .words import PROFESSIONS

_CLAUSES = (
    ", where {n} had a {w}", ", which {n} {v} in {y}", ", not far from {p}", " and {v} again in {y}",
    ", {c} years after the {w}", "; {n} {v} the {w}", ", although {n} {v} it later", " ({y})",
    ", one of the {a} {w}s of {p}", ", but the {w} was {v} by {n}", ", and {c} {w}s were {v}",
)  # fmt: skip


def happening(rng: random.Random, about: str) -> Event:
    """Somebody did something, somewhere, at some time."""
    verb = verb_of(rng, DOES)
    said, asked, kind = thing_done(rng, about)
    by, who, work = person_said(rng)
    when = names.date(rng) if chance(rng, 0.75) else ""
    there, where, sort = spot_of(rng) if chance(rng, 0.4) else ("", "", rng.choice(SORTS))
    unit = noun(rng)
    many = names.count(rng) if chance(rng, 0.25) else ""
    has_agent = chance(rng, 0.8)
    parts = {
        "when": on(when) if when else "",
        "where": f"{rng.choice(('in', 'in', 'at', 'near'))} {there}" if there else "",
        "many": f"{rng.choice(('with', 'with', 'for', 'after'))} {many} {plural(unit)}" if many else "",
        "tail": tail(rng) if chance(rng, 0.4) else "",
    }  # fmt: skip
    tails = [key for key in parts if parts[key]]
    rng.shuffle(tails)
    front = tails.pop() if tails and chance(rng, 0.28) and tails[-1] != "tail" else ""
    end = " ".join(parts[key] for key in tails)
    if has_agent and chance(rng, 0.5):
        core = f"{by} {verb.past} {said}"
    elif has_agent:
        core = f"{said} was {verb.participle} by {by.rstrip(',')}"
        if tails and chance(rng, 0.3):
            core = f"{said} was {verb.participle} {end} by {by.rstrip(',')}"
            end = ""
    else:
        core = f"{said} was {verb.participle}"
    text = f"{parts[front]}{rng.choice((',', ''))} {core}" if front else core
    text = f"{text} {end}".strip()
    made = Event("")
    if has_agent and not front and chance(rng, 0.12):
        text = (
            f"{by.rstrip(',')}, who {verb.past} {said} {end}".strip()
            + f", was {article(noun(rng))}"
        )
    elif has_agent and when and not front and chance(rng, 0.1):
        text = (
            f"{when}: {by} {verb.past} {said}"
            if chance(rng, 0.5)
            else f"{when}: {verb.participle} by {by.rstrip(',')}"
        )
        where = many = ""
        made = Event(f"- {text}", "item")
    if not made.text:
        made.text = sentence(text)
        if chance(rng, 0.3):
            made.text = made.text[:-1] + rng.choice(_CLAUSES).format(
                w=noun(rng), n=names.person(rng), y=names.year(rng), p=names.place(rng),
                v=participle(rng), c=names.count(rng), a=adjective(rng),
            ) + "."  # fmt: skip
    known = {"when": on(year_of(when)) if when else "", "where": f"in {where}" if where else ""}
    if when and chance(rng, 0.5):
        known["when"] = on(when)

    def hints(*without: str) -> str:
        shown = [text for key, text in known.items() if text and key not in without]
        shown = [text for text in shown if chance(rng, 0.3)]
        return f" {' '.join(shown)}" if shown else ""

    who_asked = (
        f"Who {verb.past} {asked}{hints()}?", f"Who {verb.past} {asked}{hints()}?",
        f"By whom was {asked} {verb.participle}{hints()}?",
        f"Which {work} {verb.past} {asked}{hints()}?", f"Which {work} {verb.past} {asked}{hints()}?",
        f"Tell me who {verb.past} {asked}{hints()}.", f"{asked} was {verb.participle} by whom?",
        f"Name the {work} who {verb.past} {asked}.", f"Who was it that {verb.past} {asked}?",
        f"What is the name of the {work} who {verb.past} {asked}?",
        f"Which person {verb.past} {asked}{hints()}?", f"{asked} was {verb.participle} by which {work}?",
    )  # fmt: skip
    when_asked = (
        f"When was {asked} {verb.participle}{hints('when')}?",
        f"When was {asked} {verb.participle}{hints('when')}?",
        f"On (what|which) (date|day) was {asked} {verb.participle}?",
        f"When did {who} {verb.base} {asked}?" if has_agent else f"When exactly was {asked} {verb.participle}?",
        f"Tell me when {asked} was {verb.participle}.", f"What is the date when {asked} was {verb.participle}?",
    )  # fmt: skip
    year_asked = (
        f"In (which|what) year was {asked} {verb.participle}{hints('when')}?",
        f"(Which|What) year was {asked} {verb.participle}?",
        f"In (which|what) year did {who} {verb.base} {asked}?" if has_agent else f"In which year was {asked} {verb.participle}?",
        f"Tell me the year in which {asked} was {verb.participle}.",
    )  # fmt: skip
    where_asked = (
        f"Where was {asked} {verb.participle}{hints('where')}?",
        f"In (which|what) {sort} was {asked} {verb.participle}{hints('where')}?",
        f"Where did {who} {verb.base} {asked}?" if has_agent else f"Where was {asked} {verb.participle}?",
        f"Tell me where {asked} was {verb.participle}.",
    )  # fmt: skip
    many_asked = (
        f"How many {plural(unit)} were there when {asked} was {verb.participle}?",
        f"With how many {plural(unit)} was {asked} {verb.participle}?",
        f"With how many {plural(unit)} did {who} {verb.base} {asked}?" if has_agent else f"How many {plural(unit)} was {asked} {verb.participle} with?",
        f"How many {plural(unit)} did {who} have when {asked} was {verb.participle}?",
    )  # fmt: skip
    what_asked = (
        f"What did {who} {verb.base}{hints()}?", f"Which {kind} did {who} {verb.base}{hints()}?",
        f"What was {verb.participle} by {who}{hints()}?",
    )  # fmt: skip

    def put(shapes: Sequence[str], answer: str | None) -> None:
        shape = chosen(rng, rng.choice(shapes))
        shape = shape[0].upper() + shape[1:]
        if answer:
            made.asked.append((shape, answer))
        else:
            made.lacking.append(shape)

    put(who_asked, who if has_agent else None)
    if when:
        put(when_asked, when)
        put(year_asked, year_of(when))
    else:
        put(rng.choice((when_asked, year_asked)), None)
    put(where_asked, where or None)
    put(many_asked, many or None)
    if has_agent and said != asked and said.startswith("the ") and said[4:5].isupper():
        put(what_asked, said[4:])
    other = verb_of(rng, DOES)
    if other.base != verb.base:
        put((f"Who {other.past} {asked}?", f"When was {asked} {other.participle}?",
             f"How much did it cost to {other.base} {asked}?", f"Where was {asked} {other.participle}?",
             f"Why was {asked} {other.participle}?", f"How many {plural(noun(rng))} {other.past} {asked}?"), None)  # fmt: skip
    return made


def occurrence(rng: random.Random, about: str) -> Event:
    """Something happened by itself: it sank, it opened, it fell."""
    verb = verb_of(rng, HAPPENS)
    kind = noun(rng)
    name = names.stem(rng)
    named = chance(rng, 0.6)
    if named:
        mark = rng.choice(("", "", "*", '"'))
        said = (
            f"the {kind} {mark}{name}{mark}"
            if chance(rng, 0.7)
            else f"the {name} {kind.capitalize()}"
        )
        whole = said.replace(mark, "") if mark else said
        value = name if said.startswith(f"the {kind} ") else f"{name} {kind.capitalize()}"
    else:
        said, whole, kind = thing_done(rng, about)
        value = ""
    there, where, sort = spot_of(rng) if chance(rng, 0.5) else ("", "", rng.choice(SORTS))
    spot = f"{rng.choice(('in', 'near', 'on', 'at'))} {there}" if there else ""
    if where and chance(rng, 0.4):
        return standing(rng, verb, (said, whole), (spot, where, sort))
    when = names.date(rng)
    tails = [part for part in (on(when), spot, tail(rng) if chance(rng, 0.3) else "") if part]
    rng.shuffle(tails)
    if chance(rng, 0.3):
        text = f"{tails.pop()} {said} {verb.past} {' '.join(tails)}"
    else:
        text = f"{said} {verb.past} {' '.join(tails)}"
    made = Event(sentence(text))
    year = year_of(when)
    made.asked = [
        (rng.choice((f"When did {whole} {verb.base}?", f"On what date did {whole} {verb.base}?",
                     f"When did {whole} last {verb.base}?", f"Tell me when {whole} {verb.past}.")), when),
        (rng.choice((f"In which year did {whole} {verb.base}?", f"What year did {whole} {verb.base}?")), year),
    ]  # fmt: skip
    where_asked = rng.choice((f"Where did {whole} {verb.base}?", f"In which {sort} did {whole} {verb.base}?"))  # fmt: skip
    if where:
        made.asked.append((where_asked, where))
    else:
        made.lacking.append(where_asked)
    if named:
        hint = rng.choice(
            (on(when), f"in {year}", f"at {about} {on(when)}", f"at {about} in {year}")
        )
        made.asked.append((rng.choice((f"Which {kind} {verb.past} {hint}?", f"What {verb.past} {hint}?",
                           f"What was the name of the {kind} that {verb.past} {hint}?")), value))  # fmt: skip
    made.lacking.append(rng.choice((
        f"Who {verb_of(rng, DOES).past} {whole}?", f"How many {plural(noun(rng))} did {whole} have?",
        f"Why did {whole} {verb.base}?", f"How much did {whole} cost?",
    )))  # fmt: skip
    return made


def standing(
    rng: random.Random, verb: Verb, subject: tuple[str, str], place: tuple[str, str, str]
) -> Event:
    """Something that is always so: it rises in, flows past, ends at. Two may do it together."""
    (said, whole), (spot, where, sort) = subject, place
    if chance(rng, 0.2):
        other = names.stem(rng)
        said, whole = f"{said} and the {other}", f"{whole} and the {other}"
        does, do = "do", verb.base
    else:
        does, do = "does", plural(verb.base)
    text = rng.choice((f"{said} {do} {spot}", f"{said} {do} {spot}, {tail(rng)}", f"{said} {do} {tail(rng)} {spot}",
                       f"{spot} {said} {do}", f"{said} {do} {spot} and {participle(rng)} in {names.year(rng)}"))  # fmt: skip
    made = Event(sentence(text))
    made.asked = [(rng.choice((f"Where {does} {whole} {verb.base}?", f"In which {sort} {does} {whole} {verb.base}?",
                               f"At what {sort} {does} {whole} {verb.base}?", f"On which {sort} {does} {whole} {verb.base}?",
                               f"Tell me where {whole} {do}.")), where)]  # fmt: skip
    made.lacking = [rng.choice((f"When did {whole} {verb.base}?", f"How many {plural(noun(rng))} {do} there?", f"Why {does} {whole} {verb.base}?",
                                f"Where {does} {whole} {verb_of(rng, HAPPENS).base}?"))]  # fmt: skip
    return made


def related(rng: random.Random, about: str) -> Event:
    """Two sentences: the first sets the scene, the second answers."""
    scene = occurrence(rng, about)
    verb = verb_of(rng, DOES)
    job, what = rng.choice(PROFESSIONS), noun(rng)
    who = names.person(rng)
    second = rng.choice((f"the {job}, {who}, {verb.past} the {what}", f"the {job} {who} {verb.past} the {what}",
                         f"{who}, the {job}, {verb.past} the {what}", f"its {job} {who} {verb.past} the {what} {tail(rng)}"))  # fmt: skip
    made = Event(scene.text, extra=sentence(second))
    ask = rng.choice((f"Who {verb.past} the {what} at {about}?", f"Which {job} {verb.past} the {what} at {about}?",
                      f"Who was the {job} at {about}?", f"Who was the {job} that {verb.past} the {what} at {about}?",
                      f"What was the name of the {job} at {about}?"))  # fmt: skip
    made.asked = [(ask, who)]
    made.lacking = [
        f"Where was the {job} of {about} born?",
        f"When did the {job} {verb.base} the {noun(rng)} at {about}?",
    ]
    return made
