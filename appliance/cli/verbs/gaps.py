"""`appliance gaps`: what runs asked the corpus for in vain."""

import click

from ...gaps import miss_json, unanswered
from ...proving import collection_of
from ...readers import open_store
from ...render.terminal import safe, shorten, table
from ...trace import read_runs
from ..options import as_json, collection_option, config_from, print_json, say


@click.command("gaps")
@collection_option
@as_json
def command(collection: str | None, as_json: bool) -> None:
    """List the pages that runs asked for and the corpus lacks, and the questions left open.

    `appliance crawl --gaps` fetches those pages. A question is open when its last run gave no
    answer, or one that no quote supports. Questions of other collections, and the same question
    within other bounds (--site, --before, --after), are others.
    """
    from store.pages import PageStore

    config = config_from(collection=collection)
    with open_store(config) as database:
        misses = PageStore(database, config.collection).misses()
    runs = read_runs(config.home.runs)
    own = (run for run in runs if collection_of(run, config.collection) == config.collection)
    left = unanswered(own)
    if as_json:
        print_json(
            {
                "pages": [miss_json(miss) for miss in misses],
                "questions": [question.to_json() for question in left],
            }
        )
        return
    if misses:
        rows = [(str(miss.runs), f"{miss.last_at:%Y-%m-%d}", safe(miss.url)) for miss in misses]
        click.echo(table(rows, ("runs", "last", "page that is missing")))
        say("fetch them with: appliance crawl --gaps")
    for question in left:
        click.echo(f"\n{shorten(question.question, 90)}  ({question.why}, run {question.run})")
        if question.bounds:
            click.echo(f"  within: {shorten(question.bounds, 90)}")
        for query in question.queries:
            click.echo(f"  searched: {shorten(query, 90)}")
        for url in question.missing:
            click.echo(f"  not in the corpus: {shorten(url, 90)}")
    if not misses and not left:
        click.echo("No run has asked for anything in vain.")
