"""Ties each claim of an answer to the quotes that carry it, over the pages that a run has read.

A claim's value is looked for on the pages (`places`), and each place is judged (`support`). What
cannot be tied stays visible as a claim without evidence. Nothing here asks a model.
"""

from collections.abc import Sequence
from itertools import islice

from store.page import PageVersion

from .places import occurrences, shorter
from .question import ANY, PERSON, read
from .quote import CONTAINS, VERBATIM, Claim, Evidence
from .reading import Reading
from .said import says_unit
from .statements import claims, entries, unframed
from .support import Judging

MOST_QUOTES = 3
QUOTE_CHARACTERS = 400
MOST_PAGES = 60
"""Pages that are looked at, in the order given: a run of a hundred searches lists hundreds."""
MOST_PLACES = 200
"""Places of a page that are looked at: an answer of one common word must not take minutes."""

_VERDICTS = {"yes", "no", "true", "false"}


def tie(answer: str, question: str, pages: Sequence[PageVersion]) -> list[Claim]:
    """Tie each claim of an answer to quotes from `pages`, those that were read before others.

    The quote is the sentence, list item or table row that holds the claim, and it speaks of what
    was asked, see `support`. A list is one claim where a page says it whole, else each entry is.
    """
    readings = [Reading(page) for page in dict.fromkeys(pages)][:MOST_PAGES]
    judging = Judging(question, readings)
    from .conflicts import conflicts

    tied: list[Claim] = []
    for text in claims(answer):
        found = _quotes(text, judging)
        parts = [] if found else entries(unframed(text))
        if parts and not any(_stands(text, reading) for reading in readings):
            tied += [Claim(part, _quotes(part, judging)) for part in parts]
        else:
            tied.append(Claim(text, found, tuple(conflicts(unframed(text), found, judging))))
    return tied


def _stands(claim: str, reading: Reading) -> bool:
    return next(iter(occurrences(claim, reading.text)), None) is not None


def _quotes(claim: str, judging: Judging) -> tuple[Evidence, ...]:
    value = unframed(claim)
    if value.strip(" .!").casefold() in _VERDICTS:
        return ()  # That the word stands on a page says nothing about the question.
    found = _judged(value, judging)
    if not found:
        texts = [reading.text for reading in judging.readings]
        less, unit = shorter(value, texts)
        if unit or (less and judging.asking.kind in (PERSON, ANY)):
            found = _judged(less, judging, value, unit)
    found.sort(key=lambda item: item[:3])
    kept: dict[tuple[str, int], Evidence] = {}
    for *_, evidence in found:
        kept.setdefault((evidence.version_digest, evidence.start), evidence)
    return tuple(kept.values())[:MOST_QUOTES]


def _judged(
    value: str, judging: Judging, whole: str = "", unit: str = ""
) -> list[tuple[float, int, int, Evidence]]:
    """Judge the places that say `value`, which stands for `whole`, whose `unit` is said nearby."""
    found: list[tuple[float, int, int, Evidence]] = []
    for order, reading in enumerate(judging.readings):
        asked = read(judging.asking.question, reading.key).folded
        for start, end, label in islice(occurrences(value, reading.text, asked), MOST_PLACES):
            support = judging.support(value, reading, start, end)
            if support is None or (unit and not says_unit(judging.asking, unit, reading, start)):
                continue
            if whole:
                label = CONTAINS
            first, last = fitted(reading.text, (support.start, support.end), (start, end))
            evidence = Evidence.of(reading.page, first, last, label)
            score = support.score + (0.1 if label == VERBATIM else 0.0)
            found.append((-score, order, first, evidence))
    return found


def fitted(text: str, unit: tuple[int, int], place: tuple[int, int]) -> tuple[int, int]:
    """Cut a unit around a place to `QUOTE_CHARACTERS`, and white space off its ends."""
    first, last = min(unit[0], place[0]), max(unit[1], place[1])
    start, end = place
    if last - first > QUOTE_CHARACTERS:
        room = max((QUOTE_CHARACTERS - (end - start)) // 2, 0)
        first, last = max(first, start - room), min(last, end + room)
    while first < start and text[first].isspace():
        first += 1
    while last > end and text[last - 1].isspace():
        last -= 1
    return first, last
