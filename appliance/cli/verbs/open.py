"""`appliance open`: a stored page as local HTML, with a run's quotes highlighted."""

from pathlib import Path

import click

from store.commits import Moment
from store.digest import write_atomic
from store.errors import UrlError
from store.page import PageVersion
from store.pages import PageStore

from ...config import Config
from ...errors import RunError
from ...readers import open_store
from ...render.page import page_html
from ...trace import Run, find_run, read_run
from ..moments import at_option, moment_of, not_then
from ..options import collection_option, config_from


@click.command("open")
@click.argument("target", metavar="RUN|URL")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where to write the file.")
@at_option
@collection_option
def command(target: str, output: Path | None, at: str | None, collection: str | None) -> None:
    """Write the page behind a run's answer, or the stored page URL, as HTML and print its path.

    For a run it is the page of the first quote, with every quote from it highlighted, in the
    version that the run read. A URL is shown as it is now, or with --at as it was in a past state
    of the store.
    """
    config = config_from(collection=collection)
    with open_store(config) as database:
        pages = PageStore(database, config.collection)
        run = _as_run(config, target)
        if run and at:
            raise click.UsageError("a run is shown with the versions that it read; leave --at away")
        moment = moment_of(database, at)
        page, spans = _of_run(run, pages) if run else (_of_url(target, pages, moment), [])
        name = f"{run.id if run else 'page'}-{page.digest[7:19]}.html"
    path = output or config.home.root / "opened" / name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomic(path, page_html(page, spans).encode("utf-8"))
    click.echo(path)


def _as_run(config: Config, target: str) -> Run | None:
    if "/" in target or "." in target:
        return None
    return read_run(config.home.runs, find_run(config.home.runs, target).name)


def _of_run(run: Run, pages: PageStore) -> tuple[PageVersion, list[tuple[int, int]]]:
    quotes = [
        item
        for event in (*run.all("evidence"), *run.all("quotes"))
        for item in (
            [quote for claim in event["claims"] for quote in claim["evidence"]]  # type: ignore[attr-defined]
            if event["type"] == "evidence"
            else event["items"]
        )
    ]
    if not quotes:
        raise RunError(f"the run {run.id} has no quotes to show; see: appliance runs show {run.id}")
    page = pages.by_digest(quotes[0]["url"], quotes[0]["version"])
    if page is None:
        raise RunError(
            f"the page version that run {run.id} quotes ({quotes[0]['url']}) is not in the store; "
            "crawl it again or restore the store from a backup"
        )
    if page.digest != quotes[0]["version"]:
        raise RunError(
            f"the page that run {run.id} quotes ({page.url}) was altered in the store and no "
            "longer says what was read; see: appliance verify"
        )
    spans = {(q["start"], q["end"]) for q in quotes if q["version"] == page.digest}
    return page, sorted(spans)


def _of_url(url: str, pages: PageStore, moment: Moment | None) -> PageVersion:
    page = pages.resolve(url, None if moment is None else moment.seq)
    if page is None and moment is not None:
        raise UrlError(not_then(pages, url, moment))
    if page is None:
        near = "; ".join(address for address, _ in pages.nearest(url, 3))
        raise UrlError(
            f"the corpus does not hold {url}"
            + (f"; the nearest pages are {near}" if near else "; fetch it with: appliance crawl")
        )
    return page
