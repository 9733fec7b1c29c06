"""A page's letters made comparable without moving one: case and accents folded, addresses blanked.

Every function returns a text of the same length, so that a place in it is a place in the page.
It knows no words.
"""

import re
import unicodedata

BLANK = "\x00"
"""What stands in place of an address. It is no letter, and no claim holds it."""

UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
"""Chinese and Japanese letters, between which a word's bounds cannot be seen."""

_ADDRESS = re.compile(
    r"(?<=\])\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?: \"[^\"\n]*\")?\)|https?://[^\s)>\]]+"
)


def fold(text: str) -> str:
    """Fold case and accents letter by letter, so that offsets stay those of `text`."""
    if text.isascii():
        return text.lower()
    return text.translate({ord(letter): _fold_letter(letter) for letter in set(text)})


def blanked(text: str) -> str:
    """Blank the addresses of links: a page does not say the words of where it points to."""
    return _ADDRESS.sub(lambda match: BLANK * len(match[0]), text)


def _fold_letter(letter: str) -> str:
    if letter.isascii():
        return letter.lower()
    if letter.isspace():
        return letter
    if unicodedata.decomposition(letter).startswith("<su"):
        return letter  # km² is no km2, of which the 2 could be a number.
    base = unicodedata.normalize("NFKD", letter)
    kept = "".join(mark for mark in base if not unicodedata.combining(mark)).lower()
    return kept if len(kept) == 1 else letter
