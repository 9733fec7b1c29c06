"""Long pages for measuring: a text among sections of other pages' texts, the same ones each time.

Where the text stands, which sections stand around it and whether a heading says so, is drawn from
a seed. It asks nothing and judges nothing.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from indexer.passages import count_tokens

LEAST = 5000
"""Tokens of other sections around each text, as `indexer.passages.count_tokens` counts."""
CHUNK = 1800
"""Letters of a section at most, about."""
HEADS = ("none", "title", "neutral")
"""What stands above the text: nothing, so that the section before it seems to go on; its title; or
a heading that says nothing."""


@dataclass(frozen=True, slots=True)
class Source:
    """A page whose text is used."""

    title: str
    text: str


def chunks(text: str, most: int = CHUNK) -> list[str]:
    """Cut a text at line ends into pieces of about `most` letters."""
    found: list[str] = []
    piece = ""
    for line in text.split("\n"):
        if piece and len(piece) + len(line) > most:
            found.append(piece)
            piece = ""
        piece += line + "\n"
    return [*found, piece] if piece.strip() else found


def among(own: Source, others: Sequence[Source], chance: random.Random, least: int = LEAST) -> str:
    """Return the text of `own` somewhere among at least `least` tokens of the others' sections.

    None of them has the title of `own`; `others` has to hold another page with text.
    """
    sections: list[str] = []
    tokens = 0
    while tokens < least:
        other = chance.choice(others)
        if other.title == own.title or not other.text.strip():
            continue
        section = f"## {other.title}\n\n{chance.choice(chunks(other.text)).strip()}"
        sections.append(section)
        tokens += count_tokens(section)
    head = {"none": "", "title": f"## {own.title}\n\n", "neutral": "## Overview\n\n"}
    sections.insert(
        chance.randrange(len(sections) + 1), head[chance.choice(HEADS)] + own.text.strip()
    )
    return "\n\n".join(sections)
