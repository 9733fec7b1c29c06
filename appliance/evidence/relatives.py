"""Whether a value is said of a relative of the one who is asked about: "Her husband was born in".

A noun of kinship at the beginning of a clause is another subject, up to the next "she", "he" or
name that the question gives. A relative in another sentence, called "he" there, is not seen.
"""

import re
from collections.abc import Collection

from .letters import fold

_NOUNS = (
    "husband wife spouse father mother parents son sons daughter daughters brother brothers sister "
    "sisters child children uncle aunt nephew niece cousin grandfather grandmother grandson "
    "granddaughter widow widower fiancé fiancée stepfather stepmother twin friend teacher pupil "
    "student assistant colleague rival successor predecessor "
    "marido esposa esposo padre madre hijo hija hermano hermana "
    "mann frau vater mutter sohn tochter bruder schwester"
)
_RELATIVE = re.compile(
    r"(?:^|[,;:.(–—]\s*|\b(?:and|but|while|whereas|when|after|before|because|since|where|that|as|y"
    r"|und|als) )(?:(?:her|his|their|su|sus|seine?|ihre?)\b|[\w’'-]+['’]s)(?: [\w-]+){0,2}? "
    rf"(?P<noun>{'|'.join(fold(_NOUNS).split())})\b"
)
_CALLED = re.compile(r"[\s,(*_\[]*(?:[A-ZÀ-Þ][\w.’'-]*[\s,)*_\]]*)+")
"""The relative's own name, which may be that of the one asked about."""
_SAID = re.compile(
    r"\b(?:is|was|were|are|had|has|died|born|became|came|went|lived|moved|taught|played|won|built"
    r"|made|wrote|nacio|murio|wurde|war|starb)\b"
)


def of_a_relative(
    asked: Collection[str], kin: Collection[str], unit: str, place: tuple[int, int]
) -> bool:
    """True where the value's clause is about a relative whom the question does not speak of.

    `asked` are the folded words of the question, `kin` what they also say, as stems.
    """
    before = fold(unit[: place[0]])
    for match in reversed(list(_RELATIVE.finditer(before))):
        noun = match["noun"]
        if any(noun[:5] == word[:5] for word in (*asked, *kin)):
            return False
        called = _CALLED.match(unit, match.end())
        end = called.end() if called else match.end()
        between = before[end:]
        subjects = re.findall(r"\b(?:she|he|they|it|el|ella|er|sie)\b|;", between)
        if subjects or any(len(w) > 2 and w in asked for w in _names(unit, end, place[0])):
            return False
        # "Her husband Pierre shared it", "Her husband was Pierre": there the value is the relative.
        said = _SAID.search(between)
        return said is not None and re.fullmatch(r"\W*(?:is|was|were|are)\W*", between) is None
    return False


def _names(unit: str, start: int, end: int) -> list[str]:
    return [fold(word) for word in re.findall(r"\b[A-ZÀ-Þ]\w+", unit[start:end])]
