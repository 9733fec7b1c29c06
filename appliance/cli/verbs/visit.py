"""`appliance visit`: what a stored page says for a goal, as the model would read it."""

import click

from models.profiles import profile
from store.page import clean
from store.pages import PageStore

from ...readers import open_store
from ...render.terminal import safe
from ...tools.visit import VisitTool
from ..options import as_json, collection_option, config_from, print_json


@click.command("visit")
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@click.option("--goal", default="", help="What to look for (default: what the page is about).")
@click.option(
    "--tokens",
    type=click.IntRange(20, 30_000),
    default=profile("literesearcher").evidence_tokens,
    show_default=True,
    help="Budget of evidence a page, as a model counts.",
)
@collection_option
@as_json
def command(
    urls: tuple[str, ...], goal: str, tokens: int, collection: str | None, as_json: bool
) -> None:
    """Show the passages of each stored page URL that serve the goal, verbatim."""
    config = config_from(collection=collection)
    with open_store(config) as database:
        pages = PageStore(database, config.collection)
        tool = VisitTool(pages, 0, record_misses=False, evidence_tokens=tokens)
        result = tool.run({"url": [clean(url) for url in urls], "goal": clean(goal)}, "")
        found = [str(page["page"]) for page in result.data["pages"] if "page" in page]  # type: ignore[attr-defined]
        gone = pages.gone(found)
        captures = _captures(pages, found)
    if as_json:
        since = {url: at.isoformat() for url, at in gone.items()}
        print_json(
            {"text": result.text, **result.data, "captures": captures}
            | ({"gone": since} if gone else {})
        )
    else:
        click.echo(safe(result.text).rstrip())
    for url, facts in captures.items():
        if facts["source"] not in ("", "crawl"):
            line = f"captured {facts['captured'][:10]} from {facts['source']}: {url}"
            click.echo(safe(line), err=True)
    for url, at in gone.items():
        click.echo(f"gone from the web since {at.date().isoformat()}: {safe(url)}", err=True)
    missing = [page["url"] for page in result.data["pages"] if page.get("missing")]  # type: ignore[attr-defined]
    if missing:
        click.echo(f"not in the corpus: {', '.join(missing)}", err=True)
        raise click.exceptions.Exit(1)


def _captures(pages: PageStore, urls: list[str]) -> dict[str, dict[str, str]]:
    """When, from where and as which bytes each of these pages was captured."""
    found = {url: pages.resolve(url) for url in urls}
    return {
        url: {
            "captured": page.fetched_at.isoformat(),
            "source": page.source,
            "capture": page.capture,
        }
        for url, page in found.items()
        if page is not None
    }
