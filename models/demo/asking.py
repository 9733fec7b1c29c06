"""Questions for facts, in the many ways in which people ask."""

import random
import re

from . import names
from .entities import sentence_case, with_article
from .facts import SPACE, Fact, fill
from .names import chance
from .relations import expand

_WHAT_OF = re.compile(r"What (is|was) the ([a-z ]+) of (?!the )(?!an? )(.+)\?")
_POLITE = (
    "I would like to know", "Do you know", "Please tell me", "I want to know", "Find out",
    "Could you say", "I'd like to know", "Let me know", "Say",
)  # fmt: skip


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
    text = sentence_case(SPACE.sub(r"\1", fill(rng, text, asked, "", fact.entity.kind)))
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
