"""Wrong answers drawn from a corpus, as hard as a program can make them: the same kind of thing
as the right answer, from the same page, from other pages, and the answers of other questions.

It reads texts with patterns of its own, so that what draws does not share the eyes of what is
measured. It judges nothing but whether a drawn value is, by chance, the right one.
"""

import random
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from appliance.evaluate import is_right, normalise

SAME_PAGE, OTHER_PAGE, OTHER_ANSWER = "same page", "other page", "other answer"
SWAPPED = "question alike"
"""The answers of all questions that begin with the same two words, whatever kind they are of."""
SOURCES = (SAME_PAGE, OTHER_PAGE, OTHER_ANSWER, SWAPPED)
DENIALS = (
    "It is not true that {}.",
    "It is a myth that {}.",
    "Some wrongly claim that {}.",
    "It has been denied that {}.",
    "Contrary to what is often read, it was never shown that {}.",
)
"""Sentences that deny the one that they hold."""
SEVERAL = re.compile(r";|\bbut\b|[.!?]\s+[A-Z].*[.!?]$|^[|*-]")
"""What says several things, of which a denial would leave some, or is no sentence."""
DATE, YEAR, AMOUNT, NAME = "date", "year", "amount", "name"

_MONTH = (
    "January|February|March|April|May|June|July|August|September|October|November|December"
    "|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre"
)
_DATE = re.compile(
    rf"\b\d{{1,2}} (?:de )?(?:{_MONTH})(?: de)? \d{{4}}\b|\b(?:{_MONTH}) \d{{1,2}}, \d{{4}}\b"
    r"|\d{4}年\d{1,2}月\d{1,2}日"
)
_YEAR = re.compile(r"(?<![\d.,])(?:1\d{3}|20\d\d)(?![\d.,]\d|\d|年?代)")
_AMOUNT = re.compile(
    r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?: (?:million|billion))?[  -]?"
    r"(?:km²|m²|km/h|g/cm³|°C|MW|[a-zµ%°]+|公里|米|平方公里|吨)?"
)
_NAME = re.compile(
    r"\b[A-ZÀ-Þ][\w’'-]+(?:(?: (?:de|da|di|del|la|von|van|of|the|du|des|y|e))*"
    r" (?:[A-ZÀ-Þ][\w’'-]+|\d{1,2}\b))*"
)
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its accepted answers and the names of the pages that hold them."""

    id: str
    question: str
    answers: tuple[str, ...]
    pages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wrong:
    """A wrong answer to `asked`, and the page where it stands."""

    asked: Asked
    answer: str
    source: str
    page: str


def kind_of(answer: str) -> str:
    """What kind of thing an answer is, by its letters."""
    if _DATE.fullmatch(answer) or re.fullmatch(r"\d{4}-\d\d-\d\d", answer):
        return DATE
    if _YEAR.fullmatch(answer.removeprefix("en ").removeprefix("in ")):
        return YEAR
    return AMOUNT if answer[:1].isdigit() else NAME


def values(text: str) -> dict[str, list[str]]:
    """The dates, years, amounts and names of a page by kind, in page order, each once."""
    plain = _LINK.sub(r"\1", text).replace("*", "").replace("_", " ")
    found: dict[str, list[str]] = {DATE: [], YEAR: [], AMOUNT: [], NAME: []}
    found[DATE] = [match[0] for match in _DATE.finditer(plain)]
    rest = _DATE.sub(" ; ", plain)
    found[YEAR] = [match[0] for match in _YEAR.finditer(rest)]
    found[AMOUNT] = [match[0].strip() for match in _AMOUNT.finditer(_YEAR.sub(" ; ", rest))]
    found[NAME] = [match[0] for match in _NAME.finditer(rest) if _named(rest, match)]
    return {kind: list(dict.fromkeys(each)) for kind, each in found.items()}


def _named(text: str, match: "re.Match[str]") -> bool:
    """False for a lone word that begins a sentence: any word has a capital there."""
    before = text[: match.start()].rstrip(" ")
    return " " in match[0] or (bool(before) and before[-1] not in '.!?|\n#>-:”"')


def draw(
    asked: Sequence[Asked], texts: Mapping[str, str], each: int, seed: int
) -> dict[str, list[Wrong]]:
    """Draw up to `each` wrong answers from each of SOURCES, one a question in turn; all of SWAPPED.

    `texts` are the pages by name. The same seed draws the same.
    """
    drawn: dict[str, list[Wrong]] = {}
    held = {name: values(text) for name, text in texts.items()}
    for source in SOURCES:
        rng = random.Random(f"{source} {seed}")
        pools = [_shuffled(_pool(one, asked, held, source), rng) for one in asked]
        rng.shuffle(pools)
        found: list[Wrong] = []
        most = sum(map(len, pools)) if source == SWAPPED else each
        while len(found) < most and any(pools):
            for pool in pools:
                if pool and len(found) < most:
                    found.append(pool.pop())
        drawn[source] = found
    return drawn


def _shuffled(pool: Iterator[Wrong], rng: random.Random) -> list[Wrong]:
    found = list(pool)
    rng.shuffle(found)
    return found


def _pool(
    one: Asked, asked: Sequence[Asked], held: Mapping[str, Mapping[str, list[str]]], source: str
) -> Iterator[Wrong]:
    kind = kind_of(one.answers[0])
    if source in (OTHER_ANSWER, SWAPPED):
        for other in asked:
            alike = (
                _begins(other) == _begins(one)
                if source == SWAPPED
                else kind_of(other.answers[0]) == kind
            )
            if other is not one and alike and other.pages:
                answer = other.answers[0]
                if not _right(answer, one):
                    yield Wrong(one, answer, source, other.pages[-1])
        return
    names = one.pages if source == SAME_PAGE else [n for n in held if n not in one.pages]
    for name in names:
        for value in held.get(name, {}).get(kind, ()):
            if not _right(value, one):
                yield Wrong(one, value, source, name)


def _begins(one: Asked) -> list[str]:
    return one.question.lower().split()[:2]


def denial(sentence: str, number: int) -> str:
    """Return a sentence that denies the given one, by the pattern of that number."""
    said = sentence.strip().rstrip(".!")
    return DENIALS[number % len(DENIALS)].format(said)


def _right(value: str, one: Asked) -> bool:
    """True when a value is right after all, a part of what is right, or words of the question."""
    said = normalise(value)
    if not said or is_right(value, one.answers):
        return True
    asked = set(normalise(one.question))
    # That two lengths are both in kilometres makes neither a part of the other.
    told = _numbers(said) or set(said)
    accepted = [set(normalise(answer)) for answer in one.answers]
    return set(said) <= asked or any(told & (_numbers(answer) or answer) for answer in accepted)


def _numbers(words: Collection[str]) -> set[str]:
    return {word for word in words if any(letter.isdigit() for letter in word)}
