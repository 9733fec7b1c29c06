"""The numbers, dates and names that a summary took from a page, and which of them a text keeps.

Rules, no model; the same for a page, a summary and evidence:

- a *date* is a day or a month with its year, in English, ISO or Chinese, compared as numbers:
  `May 6, 2013`, `6 May 2013`, `2013-05-06` and `2013年5月6日` are one date;
- a *number* is a run of digits with its decimals, thousands joined, outside dates; a year is one;
- a *name* is a run of words with capitals, `of`, `the`, `de` and the like inside it, or what a
  Chinese text puts into 《》, “” or 「」. A single word at the beginning of a sentence counts when
  the page never writes it without its capital. Words that only begin sentences are no names.

An item was taken from a page when the page says it: names as whole words in a row, whatever case
and markup. It knows no tool and no store.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import NamedTuple

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("january", "jan"), ("february", "feb"), ("march", "mar"), ("april", "apr"), ("may",),
            ("june", "jun"), ("july", "jul"), ("august", "aug"), ("september", "sept", "sep"),
            ("october", "oct"), ("november", "nov"), ("december", "dec"),
        ),
        1,
    )
    for name in names
}  # fmt: skip
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATE = re.compile(
    rf"\b(?P<m1>{_MONTH})\.?\s+(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(?P<y1>\d{{4}}))?(?!\d)"
    rf"|(?<!\d)(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<m2>{_MONTH})\b\.?(?:,?\s+(?P<y2>\d{{4}}))?"
    rf"|\b(?P<m3>{_MONTH})\.?,?\s+(?P<y3>\d{{4}})(?!\d)"
    r"|(?<!\d)(?P<y4>\d{4})[-/.](?P<m4>\d{1,2})[-/.](?P<d4>\d{1,2})(?!\d)"
    r"|(?<!\d)(?P<y5>\d{4})\s*年\s*(?P<m5>\d{1,2})\s*月(?:\s*(?P<d5>\d{1,2})\s*日)?"
    r"|(?<!\d)(?P<m6>\d{1,2})\s*月\s*(?P<d6>\d{1,2})\s*日",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![A-Za-z0-9])\d{1,3}(?:,\d{3})+(?:\.\d+)?|(?<![A-Za-z0-9])\d+(?:\.\d+)?")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\((?:[^()\s]|\([^()\s]*\))*(?:\s+\"[^\"]*\")?\)")
_MARKS = re.compile(r"[*_`#|]+")
_JOINING = "of|the|de|da|do|di|du|del|der|den|des|la|le|van|von|zu|y|e|for|and|in|on|&"
_CAPITAL = r"[A-ZÀ-ÖØ-Þ][\w’'.\-]*[\w]|[A-ZÀ-ÖØ-Þ](?:\.(?=\s))?"
_NAME = re.compile(rf"(?:{_CAPITAL})(?:\s+(?:(?:{_JOINING})\s+){{0,2}}(?:{_CAPITAL}))*")
_QUOTED = re.compile(r"《([^》]{2,30})》|「([^」]{2,30})」|“([^“”]{2,30})”")
_CJK = re.compile(r"[\u3400-\u9fff]")
_WORDS = re.compile(r"[^\W_]+")
_OPENING = re.compile(r"(?:^|[.!?:;\n。！？；：]\s*|[(\[“\"'‘]\s*)$")
_JOINED = re.compile(rf"\s+(?:{_JOINING})\s+")
# Words with a capital that name nothing by themselves: they open sentences.
_COMMON_WORDS = """
a an the this that these those it its he she his her they their we our you your i in on at by to
from of for with without and or but as if when while after before during since until although though
however additionally furthermore moreover therefore thus also both each there here not no yes some
many most all other others another such one two three key based according despite due overall
specifically notably finally first second third web page webpage summary information section table
evidence content user goal
"""
_COMMON = frozenset(_COMMON_WORDS.split())


class Item(NamedTuple):
    """One item in its compared form; `kind` is `date`, `number` or `name`."""

    kind: str
    value: str


def plain(text: str) -> str:
    """Return a text without the marks and link targets of Markdown, in compatibility form."""
    bare = _LINK.sub(r"\1", _LINK.sub(r"\1", unicodedata.normalize("NFKC", text)))
    return _MARKS.sub(" ", bare)


def dates_and_numbers(text: str) -> set[Item]:
    """Return the dates and numbers of a plain text; a date holds its month and year as well."""
    found: set[Item] = set()

    def date(match: re.Match[str]) -> str:
        parts = {key[0]: value for key, value in match.groupdict().items() if value}
        month = parts["m"].lower()
        number = _MONTHS[month] if month in _MONTHS else int(month)
        day = int(parts["d"]) if "d" in parts else 0
        if not (1 <= number <= 12 and day <= 31):
            return match[0]
        found.add(Item("date", f"{parts.get('y', '')}-{number}-{day or ''}"))
        return " · "

    rest = _DATE.sub(date, text)
    found.update(Item("number", match[0].replace(",", "")) for match in _NUMBER.finditer(rest))
    return found


def _names(text: str, lower: set[str]) -> set[str]:
    """Return the names of a plain text; `lower` are the words a page writes without a capital."""
    found = {part for match in _QUOTED.finditer(text) for part in match.groups() if part}
    for match in _NAME.finditer(text):
        words = match[0].split()
        opening = _OPENING.search(text, 0, match.start()) is not None
        while words and (words[0].lower() in _COMMON or words[0].lower() in _JOINING.split("|")):
            words, opening = words[1:], False
        if not words:
            continue
        first = words[0].lower()
        if len(words) == 1 and ((opening and first in lower) or len(first) < 2):
            continue
        found.add(" ".join(words))
    return {name for name in found if not name.isdigit()}


@dataclass(frozen=True, slots=True)
class Held:
    """A text made ready for questions whether it says an item."""

    facts: frozenset[Item]
    words: str

    @classmethod
    def of(cls, text: str) -> "Held":
        """Read a text, Markdown or plain."""
        bare = plain(text)
        return cls(frozenset(dates_and_numbers(bare)), _worded(bare))

    def says(self, item: Item) -> bool:
        """Tell whether the text holds the item."""
        if item.kind == "name":
            return _worded(item.value) in self.words if item.value else False
        if item in self.facts:
            return True
        if item.kind == "date":  # a day is said by a fuller date
            year, month, day = item.value.split("-")
            return any(
                other.kind == "date"
                and all(
                    a in ("", b)
                    for a, b in zip((year, month, day), other.value.split("-"), strict=True)
                )
                for other in self.facts
            )
        # A year stands in a date as well.
        return any(o.kind == "date" and o.value.split("-")[0] == item.value for o in self.facts)


def _worded(text: str) -> str:
    """Return the words of a text in lower case between single spaces, Chinese letters alone."""
    spaced = _CJK.sub(lambda match: f" {match[0]} ", text)
    return " " + " ".join(_WORDS.findall(spaced.lower())) + " "


def taken(summary: str, page: str) -> set[Item]:
    """Return the items of `summary` that `page` says.

    A name of several parts that the page does not say as a whole counts by the parts that it says.
    """
    bare, held = plain(summary), Held.of(page)
    lower = set(re.findall(r"\b[a-zà-ÿ][\w’'-]*", plain(page)))
    items = dates_and_numbers(bare)
    for name in _names(_DATE.sub(" · ", bare), lower):
        whole = Item("name", name)
        if held.says(whole):
            items.add(whole)
            continue
        items.update(Item("name", part) for part in _JOINED.split(name) if len(part) > 1)
    return {
        Item(i.kind, _worded(i.value).strip() if i.kind == "name" else i.value)
        for i in items
        if held.says(i)
    }
