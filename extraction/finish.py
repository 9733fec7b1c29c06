"""What a page that came as text still lacks: language, links, a title. It knows no bytes."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from urllib.parse import urljoin

from store.page import Outlink, PageVersion

from .metadata import MAX_TITLE, detect_language

_LINK = re.compile(r"(?<!!)\[([^\[\]]{1,300})\]\(<?([^()\s<>]+(?:\([^()\s<>]*\)[^()\s<>]*)*)>?\)")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_SAMPLE = 4000
_LEAST_LETTERS = 20
MOST_LINKS = 5000


def finish_pages(pages: Sequence[PageVersion]) -> list[PageVersion]:
    """Return the pages with language, links and title filled in where they have none."""
    return [finish_page(page) for page in pages]


def finish_page(page: PageVersion) -> PageVersion:
    """Return `page` with what can be told from its text; what it says itself stays."""
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
