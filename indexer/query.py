"""The operators that agents write in queries: "phrases", site:, -word, intitle:, before:, after:.

Pure text in, a frozen value out. What an operator does to the ranking is the searcher's affair.
"""

import re
from dataclasses import dataclass
from datetime import date

_PHRASE = re.compile(r"[\"“”„«»]([^\"“”„«»]+)[\"“”„«»]|「([^」]+)」|『([^』]+)』")
_OPERATOR = re.compile(r"(?<!\S)(-?)(site|intitle|before|after):(\S+)", re.IGNORECASE)
_EXCLUDED = re.compile(r"(?<!\S)-(\w[\w.'-]*)")
_DAY = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?")


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query: `text` is every word that should be matched, phrases included."""

    text: str
    phrases: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    barred_sites: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    in_title: tuple[str, ...] = ()
    before: int | None = None
    after: int | None = None


def parse(query: str) -> Query:
    """Read the operators out of `query`; what does not parse as one is an ordinary word."""
    values: dict[str, list[str]] = {"site": [], "-site": [], "intitle": []}
    days: dict[str, int] = {}

    def operator(match: re.Match[str]) -> str:
        sign, name, value = match[1], match[2].lower(), match[3].strip('"“”')
        if name in ("before", "after"):
            day = _day(value)
            if day is None or sign:
                return match[0]
            days[name] = day
            return " "
        if name == "site":
            value = re.sub(r"^(?:https?://)?(?:www\.)?", "", value.lower()).split("/")[0]
            values[sign + name].append(value)
            return " "
        if sign:
            return " "
        values["intitle"].append(value)
        return f" {value} "

    rest = _OPERATOR.sub(operator, query)
    phrases = [a or b or c for a, b, c in _PHRASE.findall(rest)]
    outside = _PHRASE.sub(" ", rest)
    excluded = _EXCLUDED.findall(outside)
    outside = _EXCLUDED.sub(" ", outside)
    outside = re.sub(r"(?<!\S)(?:AND|OR|NOT)(?!\S)", " ", outside)
    text = " ".join(" ".join([outside, *phrases]).split())
    if not text:
        # "-word" alone, or operators alone: search for the words as they stand.
        text, excluded = " ".join([*excluded, *values["site"]]), []
    return Query(
        text,
        tuple(" ".join(p.split()) for p in phrases if len(p.split()) > 1 or len(p.strip()) > 1),
        tuple(values["site"]),
        tuple(values["-site"]),
        tuple(excluded),
        tuple(values["intitle"]),
        days.get("before"),
        days.get("after"),
    )


def _day(value: str) -> int | None:
    """Return the ordinal of a day, month or year; the first day of the latter two."""
    match = _DAY.fullmatch(value)
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[2] or 1), int(match[3] or 1)).toordinal()
    except ValueError:
        return None
