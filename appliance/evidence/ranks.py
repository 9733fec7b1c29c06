"""Whether what is asked for is what is said: the longest and not the second-longest, the capital of
Austria and not the capital of Hungary.

Superlatives with the ordinals before them, and nouns with the name behind "of". Words are compared
as they stand: what "the highest" and "the tallest" share is a list.
"""

import re

from .letters import blanked, fold

_WRITTEN = "first second third fourth fifth sixth seventh eighth ninth tenth"
_NUMBERED = "1st 2nd 3rd 4th 5th 6th 7th 8th 9th 10th"
_ORDINALS = {
    word: number
    for row in (_WRITTEN, _NUMBERED)
    for number, word in enumerate(row.split(), start=1)
}
_RANK = re.compile(
    rf"(?:\b(?P<ordinal>{'|'.join(_ORDINALS)})[\s-]+)?"
    r"\b(?P<word>[a-z]{2,}est|(?:most|least) [a-z]+)\b"
)
_NO_RANKS = (
    "west east rest forest test guest harvest interest chest nest quest contest northwest "
    "southwest priest honest request protest arrest invest conquest modest suggest digest crest "
    "manifest tempest everest budapest bucharest brest triest"
)
_NO_RANK = frozenset(_NO_RANKS.split())
_NAMING = "city town river lake mount university battle part name"
_SHARED = frozenset(_NAMING.split())
"""Nouns that are a part of names themselves, and so ask for nothing of what follows."""
_CLAUSE = re.compile(r"[;:]|\b(?:and|but|while|whereas)\b")
_ALIKE = ({"highest", "tallest"}, {"largest", "biggest", "greatest"}, {"oldest", "earliest"})


def ranks_said(text: str) -> list[str]:
    """Return the words of each rank that a text says, folded."""
    return [m[0] for m in _RANK.finditer(fold(text)) if m["word"] not in _NO_RANK]


def ranks(text: str) -> set[tuple[int, str]]:
    """Return the ranks that a text says, each its place, 1 for the very first, and its word."""
    found = set()
    for match in _RANK.finditer(fold(text)):
        word = match["word"]
        if word in _NO_RANK:
            continue
        word = next((min(group) for group in _ALIKE if word in group), word)
        number = _ORDINALS.get(match["ordinal"] or "first", 1)
        found.add((number, word))
    return found


def other_rank(
    question: str, unit: str, place: tuple[int, int], around: str, demanded: bool
) -> bool:
    """True where a unit says another rank than the question asks for, of the value at `place`.

    `demanded` says that a unit that says no rank is none either, unless `around` says it.
    """
    begin = max((m.end() for m in _CLAUSE.finditer(unit, 0, place[0])), default=0)
    end = _CLAUSE.search(unit, place[1])
    said = [ranks(unit[begin : end.start() if end else None]), ranks(unit), ranks(around)]
    for number, word in ranks(question):
        places = next(filter(None, ({n for n, w in each if w == word} for each in said)), set())
        if places and number not in places:
            return True
        if demanded and not places:
            return True
    return False


_OF = re.compile(
    r"\b(?P<noun>[a-zà-ÿ]{4,}) (?:of|de|von) (?:the |la |el )?[*_\[\"“]*"
    r"(?P<name>[A-ZÀ-Þ][\w’'-]*(?: [A-ZÀ-Þ][\w’'-]*)*)"
)


def of_other_named(question: str, unit: str) -> bool:
    """True where the capital of Austria is asked for and the unit says that of Hungary."""
    said: dict[str, set[str]] = {}
    for match in _OF.finditer(blanked(unit)):
        said.setdefault(fold(match["noun"]), set()).update(_parts(match["name"]))
    return any(
        (noun := fold(match["noun"])) in said
        and noun not in _SHARED
        and _parts(match["name"]).isdisjoint(said[noun])
        for match in _OF.finditer(question)
    )


def of_its_holder(question: str, unit: str, place: tuple[int, int]) -> bool:
    """True where a unit names another than the value as "the capital of Hungary" that is asked."""
    for match in _OF.finditer(question):
        holder = re.compile(
            r"(?P<who>[A-ZÀ-Þ][\w’'-]*)(?:,| is| was)(?: (?:the|an?))? (?:[\w-]+ ){0,2}?"
            rf"{re.escape(match['noun'])} (?:of|de|von) (?:the |la |el )?[*_\[\"“]*"
            + re.escape(match["name"])
        )
        found = holder.search(unit)
        if found and not (place[0] < found.end("who") and found.start("who") < place[1]):
            return True
    return False


def _parts(name: str) -> set[str]:
    """The words of a name cut to five letters, so that Austria is what Austrian is said of."""
    return {word[:5] for word in re.findall(r"\w+", fold(name))}
