"""`appliance search`: the ranked pages for a query."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import click

from indexer.query import parse
from indexer.results import Hit, Results
from indexer.shaping import Shape
from store.page import clean

from ...readers import open_readers
from ...render.byline import byline
from ...render.terminal import safe, shorten
from ...tools.search import hit_json
from ..options import (
    Words,
    as_json,
    collection_option,
    config_from,
    encoder_option,
    print_json,
    say,
)

ECHOED = 100
"""Letters of a query that are said back: it may have a hundred thousand."""


@click.command("search", cls=Words)
@click.argument("query", nargs=-1, required=True)
@click.option(
    "-k",
    "--results",
    default=10,
    show_default=True,
    type=click.IntRange(1, 100),
    help="How many pages to show.",
)
@click.option("--per-site", type=click.IntRange(1, 100), help="At most so many pages of one host.")
@click.option("--duplicates", is_flag=True, help="Show pages that say the same one by one.")
@encoder_option
@collection_option
@as_json
def command(
    query: tuple[str, ...],
    results: int,
    per_site: int | None,
    duplicates: bool,
    encoder: str | None,
    collection: str | None,
    as_json: bool,
) -> None:
    """Search the index for QUERY and print the best pages.

    A quoted phrase and intitle:WORD are preferred, never required. These filter: -word, -"a
    phrase", site:HOST, filetype:pdf, after:2020, before:2021-06-30, and with a minus site:,
    filetype: and intitle:. collection:NAME is the option --collection.
    """
    text = clean(" ".join(query))
    named = parse(text).collections
    if collection is None and len(named) == 1:
        collection = named[0]
    shape = Shape(results, fold=not duplicates, per_site=per_site, highlight=True)
    with open_readers(config_from(collection=collection, encoder=encoder)) as readers:
        say(f"encoder: {readers.encoder}")
        found = readers.searcher.results(text, shape)
        gone = readers.pages.gone([hit.url for hit in found.hits])
    if as_json:
        print_json(_json(text, found, gone))
        return
    for hit in found.hits:
        click.echo("\n".join([*_lines(hit, gone.get(hit.url)), ""]))
    for sentence in _remarks(text, found):
        say(sentence)


def _lines(hit: Hit, gone: datetime | None) -> Iterator[str]:
    yield f"{hit.rank}. {safe(hit.title)}"
    yield f"   {safe(hit.url)}"
    if signed := byline(hit):
        yield f"   {safe(' '.join(signed))}"
    if gone is not None:
        yield f"   gone from the web since {gone.date().isoformat()}; this is what it said last"
    if hit.folded:
        yield f"   the same at {safe(', '.join(hit.folded))}"
    yield f"   {_lit(hit)}"


def _lit(hit: Hit) -> str:
    """The snippet with the query's words in bold; click takes that off again for a file."""
    pieces, at = [], 0
    for start, end in hit.highlights:
        pieces.append(safe(hit.snippet[at:start]))
        pieces.append(click.style(safe(hit.snippet[start:end]), bold=True))
        at = end
    return "".join([*pieces, safe(hit.snippet[at:])])


def _remarks(text: str, found: Results) -> Iterator[str]:
    """What a reader of the list should know of how it came about, one sentence each."""
    for one in found.ignored:
        yield f"ignored {shorten(one.written, ECHOED)}: {safe(one.why)}"
    if found.loosened:
        yield "nothing was found as quoted; these are the pages for the words without the marks"
    if found.emptied_by:
        filters = shorten(", ".join(found.emptied_by), 4 * ECHOED)
        undated = f"; {found.undated} have no date" if found.undated else ""
        yield f"pages match, but none passes {filters}{undated}; search again without it"
    elif not found.hits:
        yield f"no stored page matches {shorten(text, ECHOED)!r}; try other words"


def _json(text: str, found: Results, gone: Mapping[str, datetime]) -> dict[str, object]:
    hits = [_hit(hit, gone.get(hit.url)) for hit in found.hits]
    value: dict[str, object] = {"query": text, "hits": hits}
    if found.emptied_by:
        value["emptied_by"] = list(found.emptied_by)
    if found.ignored:
        value["ignored"] = [{"written": i.written, "why": i.why} for i in found.ignored]
    if found.loosened:
        value["loosened"] = True
    return value


def _hit(hit: Hit, gone: datetime | None) -> dict[str, object]:
    """A hit as a run keeps it, with what is only for people."""
    return hit_json(hit) | {
        "published": hit.published.isoformat() if hit.published else None,
        "author": hit.author or None,
        **({"gone": gone.isoformat()} if gone else {}),
        "folded": list(hit.folded),
        "highlights": [list(span) for span in hit.highlights],
    }
