"""`appliance visit`: what a stored page says for a goal, as the model would read it."""

import click

from models.profiles import profile
from store.commits import Moment
from store.database import Database
from store.page import clean
from store.pages import PageStore

from ...config import Config
from ...readers import open_store
from ...render.terminal import safe, table
from ...tools.visit import VisitTool
from ..moments import at_option, moment_of, not_then
from ..options import as_json, collection_option, config_from, print_json, say


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
@at_option
@click.option("--versions", is_flag=True, help="List the versions of each page instead.")
@collection_option
@as_json
def command(
    urls: tuple[str, ...],
    goal: str,
    tokens: int,
    at: str | None,
    versions: bool,
    collection: str | None,
    as_json: bool,
) -> None:
    """Show the passages of each stored page URL that serve the goal, verbatim.

    With --at the pages, and where links and redirects lead, are those of a past state of the store;
    --versions says from and up to which commit each version holds. A version stays as long as it
    is the newest, or a run or a named snapshot refers to it.
    """
    config = config_from(collection=collection)
    asked = [clean(url) for url in urls]
    if versions and (at or goal):
        raise click.UsageError("--versions lists versions; read one with --at and its number")
    with open_store(config) as database:
        if versions:
            missing = _list(PageStore(database, config.collection), asked, as_json)
        else:
            moment = moment_of(database, at)
            missing = _visit(config, database, moment, asked, clean(goal), tokens, as_json)
    if missing:
        say(f"not in the corpus: {safe(', '.join(missing))}")
        raise click.exceptions.Exit(1)


def _visit(
    config: Config,
    database: Database,
    moment: Moment | None,
    urls: list[str],
    goal: str,
    tokens: int,
    as_json: bool,
) -> list[str]:
    """Print what the pages say; return the addresses of those that are not there."""
    pages = PageStore(database, config.collection, at=None if moment is None else moment.seq)
    tool = VisitTool(pages, 0, record_misses=False, evidence_tokens=tokens)
    result = tool.run({"url": urls, "goal": goal}, "")
    found: list[dict[str, object]] = result.data["pages"]  # type: ignore[assignment]
    held = [str(page["page"]) for page in found if "page" in page]
    gone, captures = pages.gone(held), _captures(pages, held)
    if as_json:
        since = {url: when.isoformat() for url, when in gone.items()}
        more: dict[str, object] = {} if moment is None else {"at": moment.to_json()}
        more |= {"gone": since} if gone else {}
        print_json({"text": result.text, **result.data, "captures": captures, **more})
    else:
        click.echo(safe(result.text).rstrip())
    for url, facts in captures.items():
        if facts["source"] not in ("", "crawl"):
            say(safe(f"captured {facts['captured'][:10]} from {facts['source']}: {url}"))
    for url, when in gone.items():
        say(f"gone from the web since {when.date().isoformat()}: {safe(url)}")
    missing = [str(page["url"]) for page in found if page.get("missing")]
    if moment is not None:
        for url in missing:
            say(safe(not_then(PageStore(database, config.collection), url, moment)))
        say(f"as at {safe(str(moment))}")
    return missing


def _list(pages: PageStore, urls: list[str], as_json: bool) -> list[str]:
    """Print the versions of the pages; return the addresses of those that are not there."""
    missing, listed = [], []
    for url in urls:
        found = pages.history(url)
        if found is None:
            missing.append(url)
            listed.append({"url": url, "missing": True})
            continue
        page, held = found
        listed.append({"url": url, "page": page, "versions": [one.to_json() for one in held]})
        if not as_json:
            rows = [
                (
                    str(one.seq_from),
                    "now" if one.seq_to is None else str(one.seq_to - 1),
                    f"{one.fetched_at:%Y-%m-%d %H:%M}",
                    f"{one.digest[:19]}…",
                    one.title[:60],
                )
                for one in held
            ]
            click.echo(safe(page))
            click.echo(table(rows, ("from", "up to", "captured", "version", "title")))
    if as_json:
        print_json({"pages": listed})
    return missing


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
