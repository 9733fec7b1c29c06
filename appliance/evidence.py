"""Evidence: quotes that a program has checked against the stored page.

A quote is (version digest, start, end). It counts only when the version's stored text still has
that digest and the slice equals the quote. `tie` finds the quotes that carry a claim; nothing
here asks a model. What cannot be tied stays visible as an unsupported claim.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from indexer.encoders.lexical import ASKING
from indexer.families import FAMILY_WEIGHT, expected, relatives
from indexer.tokens import language_key, terms
from store.errors import PageError
from store.page import PageVersion
from store.pages import PageStore

MOST_QUOTES = 3
QUOTE_CHARACTERS = 400
MOST_PLACES = 200
"""Places of a page that are looked at: an answer of one common word must not take minutes."""
SHORT_ANSWER = 80
"""An answer of at most so many characters is one claim."""

ABOUT = 0.8
"""What a word of the question counts that stands in the page's title, one in the quote being 1."""

_VERDICTS = {"yes", "no", "true", "false"}
_THIN = "\u202f\u00a0\u2009'’"
_NUMBER = (
    rf"(?P<number>(?:(?<!\w)[-−])?(?:(?<!\d)\d{{1,3}}(?:[,{_THIN} ]\d{{3}})+(?!\d)|\d+)(?:\.\d+)?)"
)
_TOKEN = re.compile(rf"(?<!\w){_NUMBER}(?!\w)|\w+")
_UNSPACED_TOKEN = re.compile(rf"{_NUMBER}|[^\W\d]+")

# A full stop ends a sentence when space and no small letter follow, and no initial precedes it.
_SENTENCE_BREAK = re.compile(r"(?<=[^\W_]{2}[.!?])[\"'”’)\]]*\s+(?=[^\sa-z])|(?<=[。！？])")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One checked quote. `label` is `verbatim` (the claim's own words) or `contains`."""

    url: str
    title: str
    captured: datetime
    version_digest: str
    start: int
    end: int
    quote: str
    label: str

    def to_json(self) -> dict[str, object]:
        """The evidence as JSON values, in the form that runs keep."""
        return {
            "url": self.url,
            "title": self.title,
            "captured": self.captured.isoformat(),
            "version": self.version_digest,
            "start": self.start,
            "end": self.end,
            "quote": self.quote,
            "label": self.label,
        }


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement of the answer and the quotes that carry it, best first; none: unsupported."""

    text: str
    evidence: tuple[Evidence, ...]

    def to_json(self) -> dict[str, object]:
        """The claim as JSON values."""
        return {"claim": self.text, "evidence": [item.to_json() for item in self.evidence]}


def holds(evidence: Evidence, pages: PageStore) -> bool:
    """True when the stored version still hashes to its digest and the slice is the quote."""
    try:
        version = pages.by_digest(evidence.url, evidence.version_digest)
    except PageError:
        return False
    return (
        version is not None
        and version.digest == evidence.version_digest
        and version.text[evidence.start : evidence.end] == evidence.quote
    )


def tie(answer: str, question: str, pages: Sequence[PageVersion]) -> list[Claim]:
    """Tie each claim of an answer to quotes from the pages that the run has read.

    The quote is the sentence, list item or table row that holds the claim. It must also speak of
    what was asked, see `_worth`.
    """
    return [Claim(text, _quotes(text, question, pages)) for text in claims(answer)]


def claims(answer: str) -> list[str]:
    """Split an answer into its statements: one for a short answer, else one a sentence."""
    flat = " ".join(answer.split())
    if len(flat) <= SHORT_ANSWER:
        return [flat] if flat else []
    return [part for part in re.split(r"(?<=[.!?;])\s+|(?<=[。！？；])\s*", flat) if part]


def _quotes(claim: str, question: str, pages: Sequence[PageVersion]) -> tuple[Evidence, ...]:
    if claim.strip(" .!").casefold() in _VERDICTS:
        return ()  # That the word stands on a page says nothing about the question.
    found: list[tuple[float, int, int, Evidence]] = []
    for order, page in enumerate(pages):
        for start, end, label in islice(occurrences(claim, page.text), MOST_PLACES):
            first, last = unit_around(page.text, start, end)
            worth = _worth(page, question, (start, end), (first, last))
            if worth <= 0.0:
                continue
            evidence = Evidence(
                url=page.url,
                title=page.title,
                captured=page.fetched_at,
                version_digest=page.digest,
                start=first,
                end=last,
                quote=page.text[first:last],
                label=label,
            )
            score = worth + (0.1 if label == "verbatim" else 0.0)
            found.append((-score, order, first, evidence))
    found.sort(key=lambda item: item[:3])
    kept: dict[tuple[str, int], Evidence] = {}
    for *_, evidence in found:
        kept.setdefault((evidence.version_digest, evidence.start), evidence)
    return tuple(kept.values())[:MOST_QUOTES]


def _worth(
    page: PageVersion, question: str, claim: tuple[int, int], unit: tuple[int, int]
) -> float:
    """What share of the question the quote `unit` speaks of; 0 when it supports nothing.

    A name is carried by a page that is about what was asked. A number is not: the same number
    elsewhere on the page proves nothing, so the quote, its heading or its table's header has to
    hold a word of the question beyond the title's, or the number has the unit that was asked for.
    """
    key = language_key(page.lang)
    asking = {term for word in ASKING for term in terms(word, key, single=False)}
    wanted = dict.fromkeys(terms(question, key, single=False))
    asked = [term for term in wanted if term not in asking] or list(wanted)
    title = set(terms(page.title, key))
    quote = page.text[unit[0] : unit[1]]
    said = set(terms(quote, key)) | set(terms(_above(page.text, unit[0], claim[0]), key))
    beyond = [term for term in asked if term not in title]
    worth = 0.0
    for term in beyond:
        if term in said:
            worth += 1.0
        elif not relatives(term, key).isdisjoint(said):
            worth += FAMILY_WEIGHT
    words = page.text[claim[0] : claim[1]]
    place = (claim[0] - unit[0], claim[1] - unit[0])
    number = any(letter.isdigit() for letter in words)
    if number and beyond and worth == 0.0 and not _has_unit(question, words, quote, place):
        return 0.0
    worth += sum(ABOUT for term in asked if term in title)
    return worth / max(len(asked), 1)


def _has_unit(question: str, words: str, quote: str, claim: tuple[int, int]) -> bool:
    """True when the quote gives the claimed number in a unit of the kind that is asked for."""
    number = re.sub(r"[^\d.,]", "", words)
    return any(
        match.start() < claim[1] and claim[0] < match.end()
        for pattern in expected(question)
        # A pattern that takes the bare number (a year, a count) tells no unit.
        if not pattern.search(number)
        for match in pattern.finditer(quote)
    )


def _above(text: str, start: int, place: int) -> str:
    """The heading above the unit at `start` and, in a table, the header of `place`'s column."""
    found: list[str] = []
    table = text.startswith("|", start)
    column = text.count("|", start, place)
    for line in reversed(text[:start].split("\n")[:-1]):
        if table and line.startswith("|"):
            cells = line.split("|")
            found[:] = cells[column : column + 1]
            continue
        table = False
        if line.startswith("#"):
            found.append(line)
            break
    return "\n".join(found)


def occurrences(claim: str, text: str) -> Iterable[tuple[int, int, str]]:
    """Yield (start, end, label) of each place where `text` says `claim`.

    Whole words and whole numbers only, whatever separates thousands; between two of them may
    stand anything that is not a word: markup, separators, line breaks.
    """
    folded = fold(claim)
    unspaced = any("\u3040" <= letter <= "\u9fff" for letter in claim)
    # Chinese and Japanese set no spaces, so a word's bounds cannot be seen.
    tokens = [
        _number(token) if token.lastgroup == "number" else re.escape(token[0])
        for token in (_UNSPACED_TOKEN if unspaced else _TOKEN).finditer(folded)
    ]
    if not tokens:
        return
    if unspaced:
        pattern = re.compile(r"[\W_]{0,8}?".join(tokens))
    else:
        pattern = re.compile(r"(?<!\w)" + r"[\W_]{1,8}?".join(tokens) + r"(?!\w)")
    for match in pattern.finditer(fold(text)):
        start, end = match.span()
        yield start, end, "verbatim" if text[start:end] == claim else "contains"


def _number(token: "re.Match[str]") -> str:
    """A pattern for one number: any separator of thousands, and never a part of another number."""
    whole, _, part = token["number"].lstrip("-−").partition(".")
    digits = re.sub(r"\D", "", whole)
    first = len(digits) % 3 or 3
    groups = [digits[:first], *(digits[i : i + 3] for i in range(first, len(digits), 3))]
    minus = "[-−]" if token["number"][0] in "-−" else r"(?<!(?<!\w)[-−])"
    decimals = rf"[.,]{part}" if part else ""
    return (
        rf"{minus}(?<!\d)(?<!\d[.,{_THIN}]){f'[,{_THIN} ]?'.join(groups)}{decimals}"
        rf"(?!\d)(?![.,{_THIN}]\d)"
    )


def fold(text: str) -> str:
    """Fold case and accents letter by letter, so that offsets stay those of `text`."""
    return "".join(_fold_letter(letter) for letter in text)


def _fold_letter(letter: str) -> str:
    if letter.isascii():
        return letter.lower()
    if letter.isspace():
        return letter
    base = unicodedata.normalize("NFKD", letter)
    kept = "".join(mark for mark in base if not unicodedata.combining(mark)).lower()
    return kept if len(kept) == 1 else letter


def unit_around(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen a span to its sentence, list item or table row, at most `QUOTE_CHARACTERS` long."""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    last = len(text) if last < 0 else last
    if not text[first:last].lstrip().startswith("|"):
        breaks = [first + match.end() for match in _SENTENCE_BREAK.finditer(text[first:last])]
        first = max((place for place in breaks if place <= start), default=first)
        last = min((place for place in breaks if place >= end), default=last)
    if last - first > QUOTE_CHARACTERS:
        room = max((QUOTE_CHARACTERS - (end - start)) // 2, 0)
        first, last = max(first, start - room), min(last, end + room)
    while first < start and text[first].isspace():
        first += 1
    while last > end and text[last - 1].isspace():
        last -= 1
    return first, last
