"""What there is to rename in the demo corpus, read from its titles and its questions' answers.

A page's subject and an answer that is a name are entities. A word of a name can be renamed when
the corpus never uses it as a common word; "Bridge", "Lake" and "Prize" stay, so that a bridge
stays a bridge. A few names made of common words are renamed as phrases.
"""

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .names import Kind
from .words import WORD, fold, listed, words

PHRASES = (
    "Golden Gate", "Great Belt", "Big Ben", "Empire State", "Chain Bridge", "Tower Bridge",
    "Iron Bridge", "Forth Bridge", "Stari Most", "Mont Blanc", "Pont Neuf",
    "Holy Cross", "Bryn Mawr", "Los Angeles", "K2",
)  # fmt: skip
"""Names whose words are common words, or too short, alone."""
SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "yangtze": ("Cháng Jiāng", "长江", "changjiang"),
    "fuji": ("富士山",),
    "akashi": ("明石海峡大橋",),
    "volga": ("Волга",),
    "olympus": ("Όλυμπος",),
    "唐古拉": ("唐古拉",),
}
"""What else a name is called, by its folded first word; replaced as they stand."""
LONG = 5
"""From this many letters a name may be part of a longer word, as in `Stradivarius`."""
_THINGS = ("theremin", "erhu", "koto", "balalaika", "sitar")
"""Common nouns that are known under one word alone, which can be renamed like names."""
_KEPT = listed(
    "bridge tower lake mount river empire state opera house world wide web building planet new york"
    " museum the church prize college city emperor king queen saint san sir english french spanish"
    " german hungarian dutch sea north south east west mountains mountain brazil portugal nepal"
    " japan france italy paris london wood iowa ohio cross holy great golden gate chain iron"
    " big ben los most stari mont blanc angeles bryn mawr pont neuf patent"
)
_PEOPLE = re.compile(r"^who\b|\bwhich (engineer|architect|emperor)\b|\bpatient\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entity:
    """One thing with a name: its words and phrases to rename. `page` when a page is about it."""

    name: str
    kind: Kind
    words: tuple[str, ...]
    phrases: tuple[str, ...]
    page: bool


def find(
    subjects: Iterable[tuple[str, Sequence[str]]], answers: Iterable[tuple[str, str]], text: str
) -> list[Entity]:
    """Return the entities that can be renamed, page subjects first, each once.

    `subjects` are (section, titles) of the pages, `answers` (question, answer), `text` everything
    that will be rewritten, addresses left out.
    """
    common = _Common(text)
    found: dict[str, Entity] = {}
    for section, titles in subjects:
        kind: Kind = "person" if section == "people" else "place"
        joined = " ".join(titles)
        if section in ("instruments", "inventions"):
            if fold(titles[0]) in _THINGS:
                things = (fold(titles[0]),)
                found.setdefault(titles[0], Entity(titles[0], "thing", things, (), True))
            continue
        _add(found, titles[0], kind, joined, common, page=True)
    for question, answer in answers:
        kind = "person" if _PEOPLE.search(question) else "place"
        _add(found, answer, kind, answer, common, page=False)
    return list(found.values())


def _add(
    found: dict[str, Entity], name: str, kind: Kind, text: str, common: "_Common", page: bool
) -> None:
    phrases = tuple(phrase for phrase in PHRASES if phrase in text)
    covered = {fold(word) for phrase in phrases for word in words(phrase)}
    known = {word for entity in found.values() for word in entity.words}
    known |= {phrase for entity in found.values() for phrase in entity.phrases}
    chosen = tuple(
        word for word in dict.fromkeys(map(fold, _capitalised(text)))
        if word not in covered and common.renamable(word)
    )  # fmt: skip
    other = tuple(key for key in SPELLINGS if not key.isascii() and key in text)
    if set(chosen + phrases + other) - known:
        found.setdefault(name, Entity(name, kind, chosen + other, phrases, page))


def choose(entities: Sequence[Entity], rng: random.Random) -> list[Entity]:
    """Half of the page subjects and half of the other answers, drawn by `rng`."""
    chosen = []
    for page in (True, False):
        group = [entity for entity in entities if entity.page is page]
        picked = set(rng.sample(range(len(group)), (len(group) + 1) // 2))
        chosen += [entity for place, entity in enumerate(group) if place in picked]
    return chosen


class _Common:
    """Which words of the corpus are common: met in lower case, or inside another word."""

    def __init__(self, text: str) -> None:
        met = set(words(text))
        self._lower = {fold(word) for word in met if word.islower()}
        self._all = {fold(word) for word in met}

    def renamable(self, word: str) -> bool:
        """True when every place where the word stands is a name."""
        if len(word) < 3 or word in _KEPT or word in self._lower or not word.isascii():
            return False
        if len(word) < LONG:
            return True
        if any(word in other for other in self._lower):
            return False
        return all(other.startswith(word) for other in self._all if word in other)


def _capitalised(text: str) -> list[str]:
    return [word for word in WORD.findall(text) if word[0].isupper()]
