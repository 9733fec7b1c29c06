"""Days as people write them: 5 May 1920, May 5, 1920, 1920-05-05, 5 de mayo de 1920, 1920年5月5日.

Pure: it reads a claim as a day or a month and gives the pattern of all ways to write the same.
Text is folded before it comes here (`letters.fold`).
"""

import re
from typing import NamedTuple

_MONTHS = (
    "january jan enero janvier januar janeiro gennaio",
    "february feb febrero fevrier februar fevereiro febbraio",
    "march mar marzo mars marz marco",
    "april apr abril avril aprile",
    "may mayo mai maio maggio",
    "june jun junio juin juni junho giugno",
    "july jul julio juillet juli julho luglio",
    "august aug agosto aout",
    "september sept sep septiembre septembre setembro settembre",
    "october oct octubre octobre oktober outubro ottobre",
    "november nov noviembre novembre novembro",
    "december dec diciembre decembre dezember dezembro dicembre",
)
_MONTH_OF = {name: number for number, row in enumerate(_MONTHS, 1) for name in row.split()}
_ANY_MONTH = "(?:" + "|".join(sorted(_MONTH_OF, key=len, reverse=True)) + r")\b\.?"
_DAY = r"\d{1,2}(?:st|nd|rd|th|er|\.)?"
_YEAR = r"\d{3,4}"
_OF = r"(?: de| of)?"

_FORMS = re.compile(
    rf"(?<![\d.])(?:(?P<d1>{_DAY}){_OF} (?P<m1>{_ANY_MONTH}),?{_OF} (?P<y1>{_YEAR})"
    rf"|(?P<m2>{_ANY_MONTH}) (?P<d2>{_DAY}),? (?P<y2>{_YEAR})"
    rf"|(?P<y3>\d{{4}})-(?P<n3>\d\d)-(?P<d3>\d\d)"
    rf"|(?P<y4>\d{{3,4}})年(?P<n4>\d{{1,2}})月(?:(?P<d4>\d{{1,2}})日)?"
    rf"|(?P<m5>{_ANY_MONTH}),?{_OF} (?P<y5>{_YEAR}))(?!\d)"
)


class Day(NamedTuple):
    """A day, or a month where `day` is 0."""

    year: int
    month: int
    day: int


def days(text: str) -> list[tuple[int, int, Day]]:
    """Return (start, end, day) of every day and month with its year in a folded text."""
    found = []
    for match in _FORMS.finditer(text):
        part = {name[0]: words for name, words in match.groupdict().items() if words}
        month = int(part["n"]) if "n" in part else _MONTH_OF[part["m"].rstrip(".")]
        day = int(re.sub(r"\D", "", part.get("d", "0")))
        if month <= 12 and day <= 31:
            found.append((match.start(), match.end(), Day(int(part["y"]), month, day)))
    return found


def pattern(day: Day) -> str:
    """Return the pattern of all ways to write a day (or month) in a folded text."""
    month = (
        "(?:" + "|".join(sorted(_MONTHS[day.month - 1].split(), key=len, reverse=True)) + r")\.?"
    )
    year, gap = str(day.year), r"[\s,]{1,3}"
    if not day.day:
        return (
            rf"(?<!\w){month}{_OF}{gap}(?:de )?{year}(?!\d)|(?<!\d){year}年0?{day.month}月"
            rf"|(?<!\d){year}-{day.month:02}(?![\d-])"
        )
    number = rf"0?{day.day}(?:st|nd|rd|th|er|\.)?"
    return (
        rf"(?<![\d.,]){number}{_OF}\s(?:of\s)?{month}{gap}(?:de\s)?{year}(?!\d)"
        rf"|(?<!\w){month}\s{number}{gap}{year}(?!\d)"
        rf"|(?<!\d){year}-{day.month:02}-{day.day:02}(?!\d)"
        rf"|(?<!\d){year}年0?{day.month}月0?{day.day}日"
    )
