"""What a reader of documents makes: a draft of a page, and how it becomes one.

It knows no format. A draft's text is Markdown; what the document says about itself stands beside
it, and what it does not say is filled in here: a title that is never empty, a language.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import unquote

from store.errors import UrlError
from store.page import Outlink, PageVersion
from store.urls import canonical, url_hash

from ..metadata import detect_language

MAX_TEXT = 5_000_000
"""Letters of a document's text, as of a web page's."""
MAX_TITLE = 300
MAX_BYTES = 100_000_000
"""Bytes of a document; pictures make most of a large one, so it may have more than a web page."""

_LANGUAGE = re.compile(r"([a-z]{2,3})(?:$|[-_])", re.IGNORECASE)
_BLANK = re.compile(r"\n{3,}")
_SPACE = re.compile(r"\s+")
_TARGET = re.compile(r"\]\([^()\s]*\)")
_HEADING = re.compile(r"(?m)^#{1,6} +(.+?) *#*$")
_MARK = re.compile(r"(?m)^[ \t]*<!-- page \d+ -->[ \t]*$")
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,8}\Z")
_DATE = re.compile(r"(?:D:)?\s*(\d{4})[-/]?(\d{2})[-/]?(\d{2})")
# What programs write where a title belongs: their own name before the file's, or nothing at all.
_PROGRAM = re.compile(
    r"^(?:microsoft (?:word|powerpoint|excel|office \w+)|powerpoint presentation|adobe \w+"
    r"|quarkxpress)\b[\s:–-]*|^(?:untitled|no ?name|document\s*\d*|presentation\s*\d*|title|"
    r"slide 1|unknown|\(?anonymous\)?)$",
    re.IGNORECASE,
)
_FILE_NAME = re.compile(r"^\S+\.[A-Za-z]{1,5}$")


class Unfit(Exception):
    """A document that becomes no page: `reason` is one stable word, `detail` a sentence's rest."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Draft:
    """A document as it was read. `by` names the library or the reader, with its version.

    `title` is what the document calls itself, `""` where it does not; `url` is an address that it
    names as its own, which then is the page's, and the one it was found under an alias.
    """

    text: str
    by: str
    title: str = ""
    lang: str = ""
    author: str = ""
    published: date | None = None
    outlinks: tuple[Outlink, ...] = ()
    url: str = ""
    fetched_at: datetime | None = None
    site: str = ""


def page_of(draft: Draft, url: str, fetched_at: datetime, status: int, source: str) -> PageVersion:
    """Return the page of a draft that was found at `url`.

    Raises Unfit where nothing can be read in it, or more than a page holds.
    """
    text = tidy(draft.text)
    weight = sum(1 for char in _TARGET.sub("]", _MARK.sub("", text)) if char.isalnum())
    if weight == 0:
        raise Unfit("no-text", "there is not a letter in it")
    if len(text) > MAX_TEXT:
        raise Unfit("too-large", f"its text has {len(text):,} letters, more than {MAX_TEXT:,}")
    address = canonical(url)
    aliases: tuple[str, ...] = ()
    # Of a file alone: what came from a site might name another site's address as its own.
    if draft.url and url.startswith("doc:"):
        try:
            if url_hash(draft.url) != url_hash(url):
                address, aliases = canonical(draft.url), (address,)
        except UrlError:
            pass  # what it says of itself is no address: it keeps the one it was found under
    return PageVersion(
        url=address,
        title=title_of(draft.title, text, url),
        text=text,
        fetched_at=draft.fetched_at or fetched_at,
        lang=language_of(draft.lang, text),
        site=draft.site,
        published=draft.published,
        author=line(draft.author)[:MAX_TITLE],
        status=status,
        source=source,
        extractor=draft.by,
        outlinks=draft.outlinks,
        aliases=aliases,
    )


def tidy(text: str) -> str:
    """Return Markdown without blank lines in a row, or white space at its ends and its lines'."""
    lines = (one.rstrip() for one in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return _BLANK.sub("\n\n", "\n".join(lines)).strip()


def line(text: str | None) -> str:
    """Return `text` on one line, its white space collapsed."""
    return _SPACE.sub(" ", text or "").strip()


def believed(said: str) -> str:
    """Return the title that a document gives itself, `""` for a file's or a program's name."""
    title = line(_PROGRAM.sub("", line(said)))
    if _FILE_NAME.match(title) or not any(char.isalpha() for char in title):
        return ""
    return title[:MAX_TITLE]


def title_of(said: str, text: str, url: str) -> str:
    """Return a title that is never empty: what the document says, its first heading, its name."""
    if title := believed(said):
        return title
    heading = _HEADING.search(text[:20_000])
    if heading and any(char.isalpha() for char in heading[1]):
        return plain(heading[1])[:MAX_TITLE]
    return name_of(url)[:MAX_TITLE]


def plain(text: str) -> str:
    """Return a line of Markdown without its marks of links and emphasis."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return line(re.sub(r"[*_`]{1,3}(\S(?:.*?\S)?)[*_`]{1,3}", r"\1", text)) or line(text)


def name_of(url: str) -> str:
    """Return the file name in an address, without its ending, its underscores spaces."""
    last = unquote(url.split("?")[0].rstrip("/").rpartition("/")[2]) or url
    return line(_ENDING.sub("", last).replace("_", " ")) or last


def language_of(said: str, text: str) -> str:
    """Return the code of a document's language: what it says, else what its letters say."""
    bare = _MARK.sub("", text)
    # Names and figures in tables are in no language.
    prose = "\n".join(one for one in bare.split("\n") if not one.startswith("|"))
    sample = (prose if sum(map(str.isalpha, prose[:4000])) >= 100 else bare)[:4000]
    letters = sum(1 for char in sample if char.isalpha())
    told = _LANGUAGE.match(said.strip())
    if letters >= 100:
        # What a program writes of a document's language is the language of the program.
        return detect_language(sample)
    if told:
        return told[1].lower()
    return detect_language(sample) if letters >= 20 else ""


def day_of(value: str | None) -> date | None:
    """Return the day of an ISO date, or of a PDF's (`D:20170224…`); None where it is neither."""
    found = _DATE.match(value or "")
    if found is None:
        return None
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None
    return day if day.year > 1400 else None
