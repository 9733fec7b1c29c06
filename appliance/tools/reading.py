"""One page read for one goal: verbatim evidence within a budget of tokens, where it stands, and
where its links lead.

The evidence is slices of the stored text. In what the model reads a link is its words alone, a page
mark is `[page 12]`, and the links follow in the summary: absolute, those whose target the corpus
holds first and apart. It knows no tool call and no model.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import urljoin

from indexer.inline import Link, bare, links
from indexer.select import Span, best_sentence, merge
from indexer.serving import Served, serve
from indexer.url_words import url_words
from models.tokens import likely_tokens
from models.wire import NOTHING, link_title, one_line
from store.errors import UrlError
from store.page import PageVersion
from store.pagemarks import shown_marks
from store.pages import PageStore
from store.urls import canonical, identity, words

LINKS_SHARE = 6
"""The links take at most this part of the budget, beside it."""
MOST_LINKS = 60
"""Links of the evidence that are looked up."""
SUMMARY_TOKENS = 100
SUMMARY_FROM = 120
"""Tokens of what was taken first, among which the summary is chosen."""
HELD = "Links to pages that are available:"
OTHER = "Other links:"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: two texts in the form that a model reads, and the same as spans and places.

    `held` are the addresses among the links that the corpus holds.
    """

    evidence: str
    summary: str
    spans: tuple[Span, ...]
    places: tuple[dict[str, object], ...] = ()
    held: tuple[str, ...] = field(default=())


def read(page: PageVersion, goal: str, question: str, tokens: int, pages: PageStore) -> Reading:
    """Read `page` for `goal` into at most `tokens` tokens of evidence (`models.tokens`).

    Deterministic: the same page, goal, question and corpus give the same bytes.
    """

    @cache
    def cost(start: int, end: int) -> int:
        return likely_tokens(shown(page.text[start:end]))

    served = serve(
        page.text,
        page.title,
        goal,
        tokens,
        cost=cost,
        question=question,
        language=page.lang,
        address=url_words(page.url),
    )
    spans = served.spans()
    body = "\n".join(page.text[start:end].strip() for start, end in spans)
    evidence = shown(body)
    summary = _summary(served, page, goal or question, question)
    held, told = _links(page, served, tokens // LINKS_SHARE, pages)
    return Reading(
        evidence or NOTHING,
        "\n".join([summary or NOTHING, *told]),
        tuple(spans),
        tuple(_places(served, spans)),
        tuple(held),
    )


def shown(markdown: str) -> str:
    """Return a slice of a stored text as the model reads it."""
    return bare(shown_marks(markdown))


def _summary(served: Served, page: PageVersion, goal: str, question: str) -> str:
    """Return the one sentence, item or row that serves the goal best, of those taken first."""
    first, cost = [], 0
    for pick in served.picks:
        first += [Span(pick.start, pick.end), *pick.also]
        cost += pick.cost
        if cost > SUMMARY_FROM:
            break
    body = "\n".join(page.text[start:end] for start, end in merge(page.text, first))
    best = best_sentence(body, page.title, goal, question=question, language=page.lang)
    line = one_line(shown(body[best.start : best.end])) if best else ""
    while likely_tokens(line) > SUMMARY_TOKENS:
        line = line[: len(line) * 3 // 4].rsplit(" ", 1)[0].removesuffix(" …") + " …"
    return line


def _places(served: Served, spans: Sequence[Span]) -> Iterator[dict[str, object]]:
    """For each span the headings above it and, in a paged document, its page."""
    for span in spans:
        place = served.place(span.start, span.end)
        found: dict[str, object] = {"section": list(place.section)}
        if place.page is not None:
            found["page"] = place.page
        yield found


def _links(
    page: PageVersion, served: Served, tokens: int, pages: PageStore
) -> tuple[list[str], list[str]]:
    """Return which links lead to stored pages, and the sentences that name links."""
    found: dict[str, tuple[str, str]] = {}
    own = identity(page.url)
    for pick in served.picks:
        for link in links(page.text, pick.start, pick.end):
            if len(found) == MOST_LINKS:
                break
            absolute = _absolute(page.url, link)
            if absolute and (key := identity(absolute)) != own:
                found.setdefault(key, (absolute, link.words))
    if not found:
        return [], []
    stored = pages.held([url for url, _ in found.values()])
    held = [one for one in found.values() if one[0] in stored]
    others = [one for one in found.values() if one[0] not in stored]
    told, left = [], tokens
    for head, group in ((HELD, held), (OTHER, others)):
        named: list[str] = []
        for url, anchor in group:
            name = _named(url, anchor)
            price = likely_tokens(name) + 1 + (0 if named else likely_tokens(head))
            if price <= left:
                named.append(name)
                left -= price
        if named:
            told.append(f"{head} {'; '.join(named)}")
    return [url for url, _ in held], told


def _absolute(base: str, link: Link) -> str:
    """Return the address that a link leads to, without its fragment; "" where none is a page."""
    try:
        return canonical(urljoin(base, link.target))
    except (UrlError, ValueError):
        return ""


def _named(url: str, anchor: str) -> str:
    """Return a link as short as it says what it is: an address that holds its words goes alone."""
    title = link_title(anchor)
    return url if set(words(title)) <= set(words(url)) else f"[{title}]({url})"
