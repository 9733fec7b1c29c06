"""Words of a text and their folded form, by which one name is the same in every spelling."""

import re
import unicodedata

WORD = re.compile(r"[^\W\d_]+")
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "ß": "ss", "ı": "i", "đ": "d", "þ": "th", "ð": "d"}
)


def fold(text: str) -> str:
    """The text in lower case and without accents: `Dvořák` and `dvorak` are one name."""
    return plain(text).casefold()


def plain(text: str) -> str:
    """The text without accents, in its own case."""
    found = unicodedata.normalize("NFKD", text)
    found = "".join(letter for letter in found if not unicodedata.combining(letter))
    return "".join(
        letter.translate(_LETTERS)
        if letter.islower()
        else letter.lower().translate(_LETTERS).capitalize()
        if letter.lower().translate(_LETTERS) != letter.lower()
        else letter
        for letter in found
    )


def words(text: str) -> list[str]:
    """The runs of letters in a text."""
    return WORD.findall(text)


def listed(text: str) -> tuple[str, ...]:
    """The items of a list that is written as one string with spaces."""
    return tuple(text.split())
