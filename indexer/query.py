"""The operators that people and models write in queries, read out of the text.

Pure text in, a frozen value out; docs/search.md is its reference. What an operator does to the
result is the searcher's affair, and which pages exist is nothing that this module knows. Nothing
raises: what cannot be read as an operator is an ordinary word, and `Query.ignored` says so.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from store.errors import UrlError
from store.urls import canonical

from .tokens import UNSPACED

LONGEST = 100_000
"""Letters of a query that are read; what follows is dropped."""
MOST_OPERATORS = 32
"""Phrases, sites, excluded words … of one kind that count; later ones are dropped."""
LONGEST_PHRASE = 64
"""Words of a phrase that count."""

_MARKS = '"“”„‟«»‹›〝〞〟'
_DOUBLE = rf"[{_MARKS}][^{_MARKS}]*[{_MARKS}]|「[^「」]*」|『[^『』]*』|《[^《》]*》|〈[^〈〉]*〉"
_SINGLE = r"(?<!\S)‘[^‘’]+’(?!\w)|(?<!\S)'(?!\s)[^']*[^'\s]'(?!\w)"
_SITE, _TITLE, _TYPE = "site", "intitle", "filetype"
_BEFORE, _AFTER, _COLLECTION = "before", "after", "collection"
_NAMES = {
    "site": _SITE,
    "intitle": _TITLE,
    "allintitle": _TITLE,
    "filetype": _TYPE,
    "ext": _TYPE,
    "before": _BEFORE,
    "after": _AFTER,
    "collection": _COLLECTION,
}
# Operators of web search engines that mean nothing here, and no words either: what follows is
# what is looked for.
_FOREIGN = ("allinanchor", "allintext", "allinurl", "inanchor", "intext", "inurl")
_OPEN = rf"(?<![^\s(\[{{|,;、。{UNSPACED.pattern[1:-1]}])"
_PIECE = re.compile(
    rf"{_OPEN}(?P<sign>[-−+]?)(?P<name>{'|'.join(sorted([*_NAMES, *_FOREIGN], reverse=True))}):"
    rf"(?P<gap>\s?)(?P<value>{_DOUBLE}|\S+)"
    rf"|(?:{_OPEN}(?P<minus>[-−+]))?(?P<quoted>{_DOUBLE}|{_SINGLE})"
    rf"|{_OPEN}[-−](?P<word>\w[^\s{_MARKS}]*)"
    r"|(?<!\S)(?P<boolean>(?-i:AND|OR|NOT))(?!\S)",
    re.IGNORECASE,
)
_BARRED_PHRASE = re.compile(rf"({_OPEN}[-−](?:{_DOUBLE}))")
_ANY_MARK = re.compile(rf"[{_MARKS}「」『』《》〈〉‘’]")
_ENDING = ".,;:!?)]}|、。"
_DAY = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})(?:[-/.月](\d{1,2}))?)?[年月日]?")
_COMPACT_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")
_HOST = re.compile(r"(?:[a-z][a-z0-9+.-]*://)?(?:[^\s/?#@]*@)?(?:\*?\.)?([^\s/?#:]+)(?::\d*)?")
_HOST_FORM = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
_KIND = re.compile(r"\.?([a-z0-9]{1,10})")
_COLLECTION_FORM = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


@dataclass(frozen=True, slots=True)
class Ignored:
    """An operator that was not applied: as it was written, and why in a few words."""

    written: str
    why: str


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query.

    `text` is every word that should be matched, those of phrases and `in_title` included, in the
    order they were written. `phrases` and `in_title` are preferences. The rest are filters: a site
    is a host, alone or with the beginning of a path; `excluded` are words and phrases; `kinds`
    are endings of addresses; `before` and `after` are ordinals of days, the first day outside and
    the first day inside.
    """

    text: str
    phrases: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    barred_sites: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    in_title: tuple[str, ...] = ()
    before: int | None = None
    after: int | None = None
    barred_titles: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    barred_kinds: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    ignored: tuple[Ignored, ...] = ()


def parse(query: str) -> Query:
    """Read the operators out of `query`; what does not parse as one is an ordinary word."""
    reading = _Reading()
    rest = " ".join(_PIECE.sub(reading.piece, normal(query)).split())
    found = {key: tuple(dict.fromkeys(values)) for key, values in reading.lists.items()}
    for key, values in found.items():
        if len(values) > MOST_OPERATORS:
            found[key] = values[:MOST_OPERATORS]
            reading.ignored.append(Ignored(_TOO_MANY.get(key, f"{key}:"), "too many of them"))
    kept = {key: found.get(key, ()) for key in reading.KINDS}
    dated = reading.before is not None or reading.after is not None
    if not (rest or dated or any(kept[key] for key in kept if key != "-")):
        # Excluded words or a conjunction alone: the words as they stand are all there is to ask.
        rest = " ".join(kept["-"] or reading.booleans)
        kept["-"] = ()
    return Query(
        rest,
        phrases=kept["quoted"],
        sites=kept[_SITE],
        barred_sites=kept["-" + _SITE],
        excluded=kept["-"],
        in_title=kept[_TITLE],
        before=reading.before,
        after=reading.after,
        barred_titles=kept["-" + _TITLE],
        kinds=kept[_TYPE],
        barred_kinds=kept["-" + _TYPE],
        collections=kept[_COLLECTION],
        ignored=tuple(dict.fromkeys(reading.ignored)),
    )


def loosen(query: str) -> str:
    """Return `query` without quotation marks and `intitle:`, its words and filters untouched.

    So it is what the query was before somebody put the marks there. A phrase behind a minus keeps
    its marks: without them its later words would be looked for.
    """

    def bare(match: re.Match[str]) -> str:
        if match["name"]:
            if match["sign"] not in ("", "+"):
                return match[0]
            value = _unquoted(match["value"])
            if _NAMES.get(match["name"].lower()) == _TITLE:
                return value
            return f"{match['sign']}{match['name']}:{match['gap']}{value}"
        if match["quoted"] and match["minus"] not in ("-", "−"):
            return match["quoted"][1:-1]
        return match[0]

    return _PIECE.sub(bare, normal(query))


def unmarked(query: str) -> str:
    """Return `query` without any quotation mark, wherever it stands; those behind a minus stay.

    A mark in the middle of an operator (`site:exam"ple.org`) makes another operator of it, which
    `loosen` does not undo.
    """
    pieces = _BARRED_PHRASE.split(normal(query))
    # Every second piece is a phrase that must not stand in a page.
    return "".join(piece if at % 2 else _ANY_MARK.sub("", piece) for at, piece in enumerate(pieces))


def normal(query: str) -> str:
    """Return the query with full-width letters, colons and marks as plain ones, and not too long.

    A longer one is cut at the end of a word.
    """
    text = unicodedata.normalize("NFKC", query[:LONGEST])
    if len(query) > LONGEST or len(text) > LONGEST:
        text = text[:LONGEST]
        text = text[: max(text.rfind(" "), 0) or LONGEST]
    return text


class _Reading:
    """What has been read so far; `piece` is called for each operator, from left to right."""

    KINDS = (
        "quoted", "-", _SITE, "-" + _SITE, _TITLE, "-" + _TITLE, _TYPE, "-" + _TYPE, _COLLECTION,
    )  # fmt: skip

    def __init__(self) -> None:
        self.lists: dict[str, list[str]] = {}
        self.before: int | None = None
        self.after: int | None = None
        self.ignored: list[Ignored] = []
        self.booleans: list[str] = []

    def piece(self, match: re.Match[str]) -> str:
        """Note one operator and return what of it is searched for."""
        if match["name"]:
            return self._operator(match)
        if match["quoted"]:
            phrase = " ".join(match["quoted"][1:-1].split()[:LONGEST_PHRASE])
            if match["minus"] in ("-", "−"):
                return self._keep("-", phrase)
            if len(phrase) > 1:
                self._keep("quoted", phrase)
            return f" {match['quoted'][1:-1]} "
        if match["word"]:
            word = match["word"].rstrip(_ENDING)
            # -40 and -3.5 °C are numbers; -2018 can only mean that year.
            if word[0].isdigit() and not re.fullmatch(r"\d{4}", word):
                return match[0]
            return self._keep("-", word)
        self.booleans.append(match["boolean"])
        return " "

    def _keep(self, kind: str, value: str) -> str:
        if value.strip():
            self.lists.setdefault(kind, []).append(value)
        return " "

    def _operator(self, match: re.Match[str]) -> str:
        name, value = match["name"].lower(), " ".join(_unquoted(match["value"]).split())
        sign = "-" if match["sign"] in ("-", "−") else ""
        if name in _FOREIGN:
            self.ignored.append(Ignored(f"{name}:", "not an operator of this search"))
            return " " if sign else f" {value} "
        name = _NAMES[name]
        if match["gap"] and not _meant(name, value):
            return self._words(match)
        if name == _TITLE:
            self._keep(sign + name, " ".join(value.split()[:LONGEST_PHRASE]))
            return " " if sign else f" {value} "
        if name in (_BEFORE, _AFTER):
            return self._day(match, (name == _BEFORE) == (sign == ""), value.rstrip(_ENDING))
        # Languages without spaces: the operator ends where their letters begin.
        letters, tail = UNSPACED.search(value), ""
        if letters and letters.start():
            value, tail = value[: letters.start()], value[letters.start() :]
        read = {_SITE: _site, _TYPE: _kind, _COLLECTION: _collection}[name](value.rstrip(_ENDING))
        if read is None:
            self.ignored.append(Ignored(match[0].strip(), f"no {_WANTED[name]}"))
            return self._words(match)
        if name == _COLLECTION and sign:
            self.ignored.append(Ignored(match[0].strip(), "a collection cannot be left out"))
        else:
            self._keep(sign + name, read)
        return f" {tail} "

    def _day(self, match: re.Match[str], before: bool, value: str) -> str:
        day = _day(value)
        if day is None:
            self.ignored.append(Ignored(match[0].strip(), "no date (YYYY, YYYY-MM, YYYY-MM-DD)"))
            return self._words(match)
        # Of several the narrowest counts, for each of them is meant.
        if before:
            self.before = day if self.before is None else min(self.before, day)
        else:
            self.after = day if self.after is None else max(self.after, day)
        return " "

    def _words(self, match: re.Match[str]) -> str:
        """Return what is no operator after all; a phrase in it is still one."""
        value = match["value"]
        if re.fullmatch(_DOUBLE, value):
            value = _PIECE.sub(self.piece, value)
        return f"{match['sign']}{match['name']}:{match['gap']}{value}"


def _meant(name: str, value: str) -> bool:
    """Tell whether an operator is meant with a space behind its colon, as in `site: a.example`.

    "The stamp collection: 1990" has none, and a filter that nobody asked for hides pages.
    """
    return name in (_TITLE, _TYPE) or (name == _SITE and "." in value.strip(_ENDING))


_TOO_MANY = {"quoted": '"…"', "-": "-word"}
_WANTED = {_SITE: "host name", _TYPE: "file ending", _COLLECTION: "collection's name"}


def _unquoted(value: str) -> str:
    if len(value) > 1 and re.fullmatch(_DOUBLE, value):
        return value[1:-1]
    return value.strip(_MARKS + "'‘’")


def _site(value: str) -> str | None:
    """Return `host` or `host/path` of a site as people write one: with a scheme, `www.`, `*.` …"""
    match = _HOST.match(value.lower())
    if match is None or " " in value or value[match.end() :][:1] not in ("", "/", "?", "#"):
        return None
    name = match[1].removeprefix("www.").strip(".")
    try:
        name = name if name.isascii() else name.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    if not _HOST_FORM.fullmatch(name):
        return None
    path = re.split(r"[?#]", value[match.end() :])[0]
    if not path.strip("/"):
        return name
    try:
        return canonical(f"https://{name}{path}").removeprefix("https://").rstrip("/")
    except UrlError:
        return name


def _kind(value: str) -> str | None:
    match = _KIND.fullmatch(value.lower())
    return match[1] if match else None


def _collection(value: str) -> str | None:
    return value.lower() if _COLLECTION_FORM.fullmatch(value.lower()) else None


def _day(value: str) -> int | None:
    """Return the ordinal of a day, month or year; the first day of the latter two."""
    match = _COMPACT_DAY.fullmatch(value) or _DAY.fullmatch(value)
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[2] or 1), int(match[3] or 1)).toordinal()
    except ValueError:
        return None
