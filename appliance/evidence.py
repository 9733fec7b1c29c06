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

from indexer.select import terms
from store.page import PageVersion
from store.pages import PageStore

MOST_QUOTES = 3
QUOTE_CHARACTERS = 400

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
    version = pages.by_digest(evidence.url, evidence.version_digest)
    return (
        version is not None
        and version.digest == evidence.version_digest
        and version.text[evidence.start : evidence.end] == evidence.quote
    )


def tie(answer: str, question: str, pages: Sequence[PageVersion]) -> list[Claim]:
    """Tie each claim of an answer to quotes from the pages that the run has read.

    The quote is the sentence, list item or table row that holds the claim. It must also speak of
    what was asked: a share of the question's words has to stand in it or in its page's title,
    because the same number elsewhere on a page proves nothing.
    """
    asked = set(terms(question))
    return [Claim(text, _quotes(text, asked, pages)) for text in claims(answer)]


def claims(answer: str) -> list[str]:
    """Split an answer into its statements: one for a short answer, else one a sentence."""
    flat = " ".join(answer.split())
    if len(flat) <= 80:
        return [flat] if flat else []
    return [part for part in re.split(r"(?<=[.!?;。！？；])\s+", flat) if part]


def _quotes(claim: str, asked: set[str], pages: Sequence[PageVersion]) -> tuple[Evidence, ...]:
    found: list[tuple[float, int, int, Evidence]] = []
    for order, page in enumerate(pages):
        title = set(terms(page.title))
        for start, end, label in occurrences(claim, page.text):
            first, last = unit_around(page.text, start, end)
            quote = page.text[first:last]
            spoken = asked & (set(terms(quote)) | title)
            if not spoken:
                continue
            evidence = Evidence(
                page.url, page.title, page.fetched_at, page.digest, first, last, quote, label
            )
            score = len(spoken) / len(asked) + (0.1 if label == "verbatim" else 0.0)
            found.append((-score, order, first, evidence))
    found.sort(key=lambda item: item[:3])
    kept: dict[tuple[str, int], Evidence] = {}
    for *_, evidence in found:
        kept.setdefault((evidence.version_digest, evidence.start), evidence)
    return tuple(kept.values())[:MOST_QUOTES]


def occurrences(claim: str, text: str) -> Iterable[tuple[int, int, str]]:
    """Yield (start, end, label) of each place where `text` says `claim`, whole words only."""
    words = re.findall(r"\w+", fold(claim))
    if not words:
        return
    # Between two words anything that is not a word may stand: markup, separators, line breaks.
    pattern = re.compile(r"(?<!\w)" + r"[\W_]{1,8}?".join(map(re.escape, words)) + r"(?!\w)")
    if any("\u3040" <= letter <= "\u9fff" for letter in claim):
        # Chinese and Japanese set no spaces, so a word's bounds cannot be seen.
        pattern = re.compile(r"[\W_]{0,8}?".join(map(re.escape, words)))
    for match in pattern.finditer(fold(text)):
        start, end = match.span()
        yield start, end, "verbatim" if text[start:end] == claim else "contains"


def fold(text: str) -> str:
    """Fold case and accents letter by letter, so that offsets stay those of `text`."""
    return "".join(_fold_letter(letter) for letter in text)


def _fold_letter(letter: str) -> str:
    if letter.isascii():
        return letter.lower()
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
