"""Where a text says a value: in its own letters, or written otherwise but meaning the same.

Whole words and whole numbers only. Between two words may stand anything that is no word: markup,
separators, line breaks. It does not judge whether the place speaks of what was asked.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

from .amounts import AMOUNT, NUMBER, in_words, number_pattern, other_writings, unit_pattern
from .dates import days
from .dates import pattern as day_pattern
from .letters import BLANK, UNSPACED, blanked, fold

_TOKEN = re.compile(rf"(?<!\w)(?P<number>{NUMBER})(?!\w)|\w+")
_UNSPACED_TOKEN = re.compile(rf"(?P<number>{NUMBER})|[^\W\d]+")
_GAP = rf"(?:[\W_]{{1,8}}?|[^\w{BLANK}]{{0,3}}{BLANK}+[^\w{BLANK}]{{0,3}})"
_BEFORE = (
    r"^(?:(?:the|a|an|in|on|at|of|about|around|approximately|approx\.?|roughly|some|circa|ca?\.|by"
    r"|el|la|los|las|en|unos|unas|le|les|der|die|das|im)\s+|[約约]|大约|大約|l')+"
)
_TITLE = (
    r"^(?:(?:sir|dame|lord|lady|dr|prof|professor|mr|mrs|ms|miss|king|queen|emperor|empress|prince"
    r"|princess|president|general|captain|colonel|saint|st|pope|count|baron|don|dona|ss|hms|rms|uss"
    r"|river|lake|mount|mt|rio|lago|monte)\b\.?\s+)+"
)
_BRACKETS = re.compile(r"\s*[(（][^()（）]*[)）]")
_INITIAL = re.compile(r"\b([a-z])\.?\s+(?=[a-z])")
_LONGEST = 400


def shorter(claim: str, texts: Iterable[str]) -> tuple[str, str]:
    """Return what a page may say instead of `claim`, and the unit that it then says elsewhere.

    The last name of a person, if one of `texts` gives the full name, be it in an address; the
    number of an amount, whose unit a table's header or the question says. Else empty strings.
    """
    folded = fold(claim).strip()
    if (amount := AMOUNT.fullmatch(folded)) is not None and amount["unit"]:
        return claim.strip()[: amount.end("number")], amount["unit"]
    words = claim.split()
    if 2 <= len(words) <= 3 and all(word[:1].isupper() for word in words):
        full = r"[\W_]{1,3}".join(re.escape(fold(word).strip(".")) for word in words)
        if len(words[-1]) > 2 and any(re.search(rf"(?<!\w){full}", fold(text)) for text in texts):
            return words[-1], ""
    return "", ""


def occurrences(
    claim: str, text: str, asked: Collection[str] = ()
) -> Iterable[tuple[int, int, str]]:
    """Yield (start, end, label) of each place where `text` says `claim`, in page order.

    The label is `verbatim` for the claim's own letters and `contains` otherwise. Folded words in
    `asked`, those of the question, need not stand there again: Tagus is the River Tagus to one
    who asked for a river.
    """
    found = matcher(claim, tuple(sorted(asked)))
    if found is None:
        return
    for match in found.finditer(fold(blanked(text))):
        start, end = match.span()
        yield start, end, "verbatim" if text[start:end] == claim else "contains"


@lru_cache(maxsize=256)
def matcher(claim: str, asked: tuple[str, ...] = ()) -> "re.Pattern[str] | None":
    """Return the pattern of all ways to write `claim` in a folded text; None for no word."""
    folded = fold(claim[:_LONGEST]).strip()
    ways = list(dict.fromkeys(_ways(folded, frozenset(asked))))
    return re.compile("|".join(f"(?:{way})" for way in ways)) if ways else None


def _ways(claim: str, asked: frozenset[str]) -> Iterator[str]:
    said = days(claim)
    bare = re.sub(_BEFORE, "", claim).strip(" .\"“”'*_`")
    if len(said) == 1 and len(claim) - (said[0][1] - said[0][0]) <= 14:
        start, end, day = said[0]
        if not re.search(r"\w", re.sub(_BEFORE, "", claim[:start] + " ") + claim[end:]):
            yield day_pattern(day)
            return
    first, _, rest = bare.partition(" ")
    if (number := in_words(first)) is not None and (written := f"{number} {rest}".strip()):
        yield rf"(?<!\w){re.escape(bare)}(?!\w)"
        bare = written
    if (amount := AMOUNT.fullmatch(bare)) is not None:
        yield from _amounts(amount)
        return
    seen = set()
    for form in _forms(claim, bare, asked):
        if form not in seen:
            seen.add(form)
            yield from _words(form)


def _amounts(amount: "re.Match[str]") -> Iterator[str]:
    numbers = [number_pattern(amount["number"])] if not amount["multiple"] else []
    if amount["multiple"]:
        numbers.append(rf"{number_pattern(amount['number'])}[\s-]?{amount['multiple']}(?![a-z])")
    numbers += other_writings(amount)
    unit = rf"[\s_-]{{0,2}}{unit_pattern(amount['unit'])}" if amount["unit"] else ""
    for number in numbers:
        yield number + unit


def _forms(claim: str, bare: str, asked: frozenset[str]) -> Iterator[str]:
    """Yield the claim, then what says the same: without article, title, brackets, known words."""
    yield claim
    for form in (bare, _BRACKETS.sub("", bare).strip()):
        yield form
        if title := re.match(_TITLE, form):
            yield form[title.end() :]
        if len(form) > 8 and _INITIAL.search(form) and form.count(" ") <= 3:
            yield _INITIAL.sub("", form)
        words = form.split()
        while len(words) > 1 and _known(words[-1], asked):
            words.pop()
        while len(words) > 1 and _known(words[0], asked):
            words.pop(0)
        yield " ".join(words)


def _known(word: str, asked: frozenset[str]) -> bool:
    bare = word.strip(",.;:()'\"")
    return bare in asked or bare in {"the", "of", "in"}


def _words(form: str) -> Iterator[str]:
    unspaced = UNSPACED.search(form) is not None
    tokens = [
        number_pattern(token["number"]) if token["number"] else re.escape(token[0])
        for token in (_UNSPACED_TOKEN if unspaced else _TOKEN).finditer(form)
    ]
    if not tokens:
        return
    if unspaced:
        # Chinese and Japanese set no spaces, so a word's bounds cannot be seen.
        yield r"[\W_]{0,8}?".join(tokens)
    else:
        # A text may have the middle initial that the claim has not.
        named = 2 <= len(tokens) <= 4 and form.replace(" ", "").isalpha()
        gap = rf"{_GAP}(?:[a-z]\.{_GAP})?" if named else _GAP
        yield r"(?<!\w)" + gap.join(tokens) + r"(?!\w)"
