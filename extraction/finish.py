"""What a page that came as text still lacks: Markdown, language, links, a title.

It runs in the extraction processes, each page in bounds. It knows no bytes.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import urljoin

from store.page import Outlink, PageVersion

from .extract import Refusal
from .metadata import MAX_TITLE, detect_language
from .wikitext import converter, markdown_of

MARKDOWN, WIKITEXT = "markdown", "wikitext"
MOST_LINKS = 5000
LEAST_OF_WIKITEXT = 20
"""Letters and digits; a page of nothing but templates has fewer."""

_LINK = re.compile(r"(?<!!)\[([^\[\]]{1,300})\]\(<?([^()\s<>]+(?:\([^()\s<>]*\)[^()\s<>]*)*)>?\)")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_SAMPLE = 4000
_LEAST_LETTERS = 20


class Unfinished(NamedTuple):
    """A page whose text is Markdown, or wikitext of a wiki whose pages begin with `base`, their
    titles with a capital letter if they are `raised`.
    """

    page: PageVersion
    form: str = MARKDOWN
    base: str = ""
    raised: bool = True


def finish_page(given: Unfinished) -> PageVersion | Refusal:
    """Return the page with what can be told from its text; what it says itself stays."""
    page = given.page
    if given.form == WIKITEXT:
        text = markdown_of(page.text, given.base, given.raised)
        if sum(map(str.isalnum, text)) < LEAST_OF_WIKITEXT:
            return Refusal("too-short", "next to nothing is left of it without its templates")
        page = replace(page, text=f"# {page.title}\n\n{text}", extractor=converter())
    lang, links, title = page.lang, page.outlinks, page.title
    if not lang:
        sample = page.text[:_SAMPLE]
        letters = sum(1 for letter in sample if letter.isalpha())
        lang = detect_language(sample) if letters >= _LEAST_LETTERS else ""
    if not links and "](" in page.text:
        links = tuple(_links(page.text, page.url))
    if not title:
        title = _first_line(page.text) or page.url
    return replace(page, lang=lang, outlinks=links, title=title)


def _links(text: str, url: str) -> Iterator[Outlink]:
    """Each link of the Markdown once, absolute, in its order."""
    seen: set[tuple[str, str]] = set()
    for found in _LINK.finditer(text):
        target = found[2]
        if target.startswith("#"):
            continue
        try:
            target = urljoin(url, target)
        except ValueError:
            continue
        if not _SCHEME.match(target):
            continue
        one = (target, " ".join(found[1].split()))
        if one not in seen:
            seen.add(one)
            yield Outlink(*one)
        if len(seen) >= MOST_LINKS:
            return


def _first_line(text: str) -> str:
    for line in text.split("\n", 50)[:50]:
        if words := " ".join(line.lstrip("# ").split()):
            return words[:MAX_TITLE]
    return ""
