"""`appliance search`: the ranked pages for a query."""

import click

from store.page import clean

from ...readers import open_readers
from ...render.terminal import safe
from ...tools.search import hit_json
from ..options import as_json, collection_option, config_from, print_json


@click.command("search")
@click.argument("query", nargs=-1, required=True)
@click.option(
    "-k",
    "--results",
    default=10,
    show_default=True,
    type=click.IntRange(1, 100),
    help="How many pages to show.",
)
@collection_option
@as_json
def command(query: tuple[str, ...], results: int, collection: str | None, as_json: bool) -> None:
    """Search the index for QUERY and print the best pages.

    A quoted phrase is preferred, never required; site:HOST and -word filter.
    """
    text = clean(" ".join(query))
    with open_readers(config_from(collection=collection)) as readers:
        hits = readers.searcher.search(text, results)
        if as_json:
            print_json({"query": text, "hits": [hit_json(hit) for hit in hits]})
            return
        for hit in hits:
            click.echo(f"{hit.rank}. {safe(hit.title)}\n   {safe(hit.url)}")
            click.echo(f"   {safe(hit.snippet)}\n")
        if not hits:
            click.echo(f"no stored page matches {text!r}; try other words", err=True)
