"""The parts that invented sentences are put together from: nouns, verbs, people, places, clauses.

Words are drawn at random, many of them invented, so that nothing but reading helps. This module
knows nothing of events or pages.
"""

import random
from collections.abc import Sequence

from . import names
from .names import chance
from .verbs import DOES, Verb, invented_verb
from .words import ADJECTIVES, NOUNS, PROFESSIONS, TITLES, listed

_TAILS = (
    "on the way to {p}", "after {c} years of {w}", "for the {w} of {p}", "against the {w}",
    "because of the {a} {w}", "at the request of {n}", "near {p}", "to the {w} of {n}",
    "under {n}", "while the {w} was {a}", "as a {w} for {n}", "in the {a} {w}", "before the {w}",
    "with the help of {n}", "from {p}", "and later the {w}", "instead of the {w}", "again",
    "in spite of {x}", "during the {w}", "when {n} was {w}", "of {q}", "together with {n}",
)  # fmt: skip
_LANDS = listed(
    "English French German Italian Spanish Dutch Danish Polish Greek Turkish Russian Indian Chinese"
    " Japanese American Scottish Irish Welsh Swiss Swedish Hungarian Czech Belgian Persian"
)
SORTS = listed("city town place country village region church palace hall state district house")
"""What places are asked for as."""


def noun(rng: random.Random) -> str:
    """Return a noun, real or invented."""
    return names.pseudo_word(rng) if chance(rng, 0.15) else rng.choice(NOUNS)


def adjective(rng: random.Random) -> str:
    """Return an adjective, real or invented."""
    return names.pseudo_word(rng) if chance(rng, 0.1) else rng.choice(ADJECTIVES)


def plural(word: str) -> str:
    """Return the plural of a noun, by rule."""
    if word.endswith(("s", "x", "ch", "sh", "z")):
        return word + "es"
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"


def article(word: str) -> str:
    """Return the word with "a" or "an" before it."""
    return f"{'an' if word[0].lower() in 'aeiou' else 'a'} {word}"


def capital(text: str) -> str:
    """Return the text with a capital first letter."""
    return text[0].upper() + text[1:]


def sentence(text: str) -> str:
    """Return words as a sentence: one space between them, a capital in front, a full stop."""
    text = " ".join(text.replace(" ,", ",").replace(",,", ",").split()).rstrip(",")
    return text[0].upper() + text[1:] + "."


def chosen(rng: random.Random, text: str) -> str:
    """Make the few choices that a question's wording leaves open."""
    for one in ("(which|what)", "(Which|What)", "(date|day)", "(what|which)"):
        while one in text:
            text = text.replace(one, rng.choice(one[1:-1].split("|")), 1)
    return text


def on(when: str) -> str:
    """Return "on" or "in" with a date, as the date asks for it."""
    day = when[0].isdigit() and " " in when and not when.endswith(("BC", "AD"))
    return f"{'on' if day or ',' in when or when.count('-') == 2 else 'in'} {when}"


def year_of(when: str) -> str:
    """Return the year of a date."""
    words = when.replace(",", "").split()
    if when.endswith(("BC", "AD")):
        return when
    return next((w for w in reversed(words) if w[:4].isdigit() and len(w) == 4), words[-1][:4])


def verb_of(rng: random.Random, known: Sequence[Verb]) -> Verb:
    """Return a verb of a list, now and then an invented one."""
    return invented_verb(rng) if chance(rng, 0.15) else rng.choice(known)


def participle(rng: random.Random) -> str:
    """Return the past participle of any verb of doing."""
    return verb_of(rng, DOES).participle


def tail(rng: random.Random) -> str:
    """Return a clause that a sentence may end with, of names and words that nobody asks for."""
    text = rng.choice(_TAILS)
    for slot, made in (
        ("{n}", names.person), ("{p}", names.place), ("{x}", names.thing), ("{w}", noun),
        ("{c}", names.count), ("{a}", adjective), ("{q}", lambda r: names.quantity(r, "length")),
    ):  # fmt: skip
        if slot in text:
            text = text.replace(slot, made(rng))
    return text


def thing_done(rng: random.Random, about: str) -> tuple[str, str, str]:
    """Return what is acted on: as the sentence has it, as a question has it, its kind."""
    kind = noun(rng)
    draw = rng.random()
    if draw < 0.34:
        said = about if chance(rng, 0.55) else rng.choice(("it", f"the {kind}"))
        return said, about, kind
    if draw < 0.6:
        what = kind if chance(rng, 0.5) else f"{adjective(rng)} {kind}"
        whole = rng.choice(
            (f"the {what} of {about}", f"{about}'s {what}", f"the {what} at {about}")
        )
        return rng.choice((f"the {what}", whole, f"its {what}")), whole, kind
    if draw < 0.85:
        name = names.stem(rng)
        called = f"the {name} {kind.capitalize()}" if chance(rng, 0.6) else f"the {kind} {name}"
        place = rng.choice((f" in {about}", f" of {about}", f" at {about}", ""))
        said = called if chance(rng, 0.85) else f"{called}{place}"
        return said, called + place, kind
    what = f"{adjective(rng)} {kind}"
    return (
        article(what),
        f"{rng.choice(('the', 'a'))} {what} {rng.choice(('of', 'at', 'in'))} {about}",
        kind,
    )


def person_said(rng: random.Random) -> tuple[str, str, str]:
    """Return a person as the sentence has them, their name, and what they are."""
    who = names.person(rng)
    work = rng.choice(PROFESSIONS) if chance(rng, 0.85) else names.pseudo_word(rng)
    draw = rng.random()
    if draw < 0.45:
        return who, who, work
    if draw < 0.56:
        title = rng.choice(TITLES)
        return f"{title} {who}", f"{title} {who}", title.lower()
    if draw < 0.74:
        land = "" if chance(rng, 0.5) else rng.choice(_LANDS) + " "
        return f"{rng.choice(('the', 'a', 'the'))} {land}{work} {who}", who, work
    if draw < 0.86:
        return f"{who}, {article(work)} from {names.place(rng)},", who, work
    if draw < 0.93:
        return f"the {work}, {who},", who, work
    return f"{who} of {names.proper(rng)}", who, work


def spot_of(rng: random.Random) -> tuple[str, str, str]:
    """Return a place as a sentence has it, its name, and what it is, which its name may say."""
    sort = rng.choice(SORTS) if chance(rng, 0.6) else noun(rng)
    if chance(rng, 0.6):
        where = names.place(rng)
        return where, where, sort
    name = names.stem(rng)
    where = f"{capital(sort)} {name}" if chance(rng, 0.5) else f"{name} {capital(sort)}"
    return f"the {where}" if chance(rng, 0.5) else where, where, sort
