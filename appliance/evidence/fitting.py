"""Whether a value is of the kind that a question asks for, where it stands.

A length for "how long", years for "when", a person's name for "who"; an amount is measured in the
direction that is asked for, and a count counts what is asked for. It knows nothing of relations.
"""

import re

from . import question as q
from .amounts import AMOUNT as _AMOUNT
from .amounts import in_words, unit_kinds, unit_pattern
from .asking import Asking, stems
from .dates import days
from .letters import fold
from .reading import Reading
from .values import NUMERIC, is_name

_NO_PERSON = re.compile(
    r"(?:^|\s)(?:in|at|near|above|below|into|across|through|en|bei|im|à|am)(?: the| la"
    r"| el)?\s*[\"“*_\[]*$"
)
BY = re.compile(r"\bby(?: the)?\s*[\"“*_\[]*$")
_ADJECTIVE = re.compile(r"\b(?:an?|the|is|was|former|first|many|most|his|her) $")
_LONGER = re.compile(r" (?!River\b|Lake\b|Mountains?\b|Bridge\b|City\b)[A-ZÀ-Þ][a-zà-ÿ]{2,}")
_NOUN = re.compile(
    r"(?:[ -](?!(?:is|was|and|or|in|of|on|at|by|to|for|from|with|has|had|who|which|that|as"
    r"|where|when|the|a|an|it|he|she|did|also|are|were|but|then|while)\b)[a-z]+){1,}"
)
_PERSON_IS = re.compile(
    rf"\W*(?:\([^()]*\)\W*)?(?:was|is) an? (?:[\w-]+ ){{0,4}}(?:{'|'.join(q.PEOPLE.split())})\b"
)
"""What stands behind the name of a person: "was an American bridge engineer"."""
_RATE = re.compile(r"\s*(?:per|/|an?) ?(?:second|minute|hour|day|year|s|min|h)\b")
_WEEKDAY = re.compile(r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b")
_NATION = re.compile(r"\w+(?:an|ish|ese|ch|ic|ss|eek|ech)")
_AUXILIARIES = (
    "had has have did does do is are was were there can could will would in on of at to the"
)
_DIMENSIONS = tuple(
    re.compile(rf"\b(?:{words})\b")
    for words in (
        "long|length|longest|extent|stretch\\w*",
        "high|tall|height|highest|tallest|elevation|altitude|above",
        "deep|depth|deepest|below",
        "wide|broad|width|breadth|diameter|across|thick",
        "large|big|area|size|diameter|across|wide|long",
    )
)
_DIMENSION = re.compile(
    r"[^\w|.;,]*(?:[a-z²³/]{1,3}\b|(?:kilo|centi|milli)?met(?:re|er)s?|miles?|feet|foot)?[^\w|.;,]*"
    r"(long|high|tall|above|deep|below|wide|broad|across|thick)\b"
)
"""What is said behind an amount: in which direction it is measured."""


def measured(asking: Asking, claim: str, unit: str, place: tuple[int, int]) -> frozenset[str]:
    """What the claimed amount measures, by the unit in the claim or behind it on the page."""
    for text in (fold(unit)[place[0] : place[1] + 24], fold(claim)):
        for match in _AMOUNT.finditer(text):
            if match["unit"] and _RATE.match(text, match.end()):
                return frozenset(("rate",))
            if match["unit"]:
                return frozenset(unit_kinds(match["unit"]))
            break
    return frozenset()


def fits(
    asking: Asking,
    reading: Reading,
    claim: str,
    unit: str,
    place: tuple[int, int],
    measures: frozenset[str],
) -> bool:
    """True for a value of the kind that is asked for; `measures` is what its unit measures."""
    folded = fold(claim)
    digits = any(letter.isdigit() for letter in folded) or any(
        in_words(word) is not None for word in re.findall(r"[a-z]+", folded)
    )
    dated = bool(days(folded))
    kind = asking.kind
    if kind not in NUMERIC and not dated:
        for start, end, _ in days(fold(unit)):
            if start <= place[0] and place[1] <= end:
                return False  # A month or a number of a date says nothing by itself.
    before = unit[: place[0]]
    if kind == q.AMOUNT:
        if not digits or dated:
            return False
        if not asking.measures:
            return True
        if other_dimension(asking, unit, place):
            return False
        if measures:
            return bool(asking.measures & measures)
        # Without a unit of ours the number counts things, unless it stands alone.
        said = re.sub(r"[\d\W_]|million|billion|thousand", "", folded)
        return not said and not re.match(r"[\s-]?[a-z]{3,}", fold(unit)[place[1] :])
    if kind == q.COUNT:
        return digits and not dated and counted(asking, reading, folded, unit, place)
    if kind == q.YEAR:
        if re.search(r"\b(?:number|no\.|nr\.?|op\.|patent|mile|page) $", before.lower()):
            return False
        return (
            dated
            or re.search(r"(?<![\d.,])\d{3,4}(?![\d.,]*\d)|century|siglo|世纪", folded) is not None
        )
    if kind == q.DAY:
        return dated or digits or _WEEKDAY.fullmatch(folded) is not None
    longer = _LONGER.match(unit[place[1] :]) and not _LONGER.search(claim)
    if longer and kind not in NUMERIC and is_name(unit[slice(*place)]):
        return False  # "Kyoto Prize" says no Kyoto.
    if kind in (q.PERSON, q.PLACE):
        if dated or not is_name(unit[slice(*place)]) or re.match(r"[\d−-]", folded.strip()):
            return False
        if _NATION.fullmatch(claim) and _ADJECTIVE.search(before) and _NOUN.match(unit[place[1] :]):
            return False  # "an American engineer" names no American.
        if kind == q.PERSON:
            return _NO_PERSON.search(before) is None
        return BY.search(before) is None and not _PERSON_IS.match(unit, place[1])
    return True


def other_dimension(asking: Asking, unit: str, place: tuple[int, int]) -> bool:
    """True before "deep", or in a row "Depth", for a question of length."""
    said = [match[1]] if (match := _DIMENSION.match(fold(unit[place[1] :]))) else []
    if unit.lstrip().startswith("|"):
        said += [fold(unit.split("|")[1])]
    asked = {row for row, words in enumerate(_DIMENSIONS) if words.search(asking.question.lower())}
    for words in said:
        rows = {row for row, dimension in enumerate(_DIMENSIONS) if dimension.search(words)}
        if rows and asked and rows.isdisjoint(asked):
            return True
    return False


def own_dimension(asking: Asking, unit: str, place: tuple[int, int]) -> bool:
    """True before the very dimension that is asked for: "150 metres wide"."""
    match = _DIMENSION.match(fold(unit[place[1] :]))
    asked = [words for words in _DIMENSIONS if words.search(asking.question.lower())]
    return match is not None and any(words.search(match[1]) for words in asked)


def counted(
    asking: Asking, reading: Reading, claim: str, unit: str, place: tuple[int, int]
) -> bool:
    """False where the number counts something else than what "how many" asks for."""
    match = re.search(
        r"\bhow many ([\w-]+)(?: ([\w-]+))?|cu[aá]nt[oa]s ([\w-]+)", asking.question.lower()
    )
    if match is None or unit.lstrip().startswith("|"):
        return True
    first = next(word for word in match.groups() if word)
    if unit_kinds(fold(first)):
        amount = _AMOUNT.match(fold(unit)[place[0] :])
        said = [text["unit"] for text in (amount, _AMOUNT.match(claim)) if text and text["unit"]]
        return any(re.fullmatch(unit_pattern(fold(first)), unit) for unit in said)
    counted = [word for word in match.groups() if word and word not in _AUXILIARIES.split()]
    if first.endswith(("s", "people", "men", "women", "children")):
        counted = [first]
    wanted = [fold(word)[:4] for word in counted]
    for word in counted:
        for stem in stems(reading, word):
            wanted += [kin[:4] for kin in asking.asked(reading).kin.get(stem, ()) if len(kin) > 3]
    # What follows another number is counted by that one.
    behind = re.findall(r"[^\W\d_]+", re.split(r"\d", fold(unit)[place[1] :])[0])[:4]
    asked = asking.asked(reading)
    done = {word for word in asked.relation if word not in reading.title}
    bare = (in_words(claim) is not None or not re.search(r"[^\W\d_]", claim)) and not measured(
        asking, claim, unit, place
    )
    if bare and not done.isdisjoint(stems(reading, " ".join(behind))):
        return True  # "Forty-nine survive" counts what survives.
    said = re.findall(r"[^\W\d_]+", claim)
    if any(word[:4] in wanted for word in (*said, *behind)):
        return True
    # A number that stands alone or at the end may still count what the sentence is about.
    following = unit[place[1] :].lstrip()
    return not said and (not following or not following[0].isalpha())
