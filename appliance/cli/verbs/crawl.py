"""`appliance crawl`: fetch pages into the store. The one verb that may reach outside."""

import os
import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from crawler.errors import NothingStoredError, SeedError, SitesError
from crawler.options import CrawlOptions
from crawler.progress import CrawlProgress
from crawler.report import CrawlReport, Preview
from crawler.run import crawl, preview
from crawler.sites import Site, read_seeds, read_sites, write_example
from store.errors import UrlError
from store.pages import PageStore
from store.urls import canonical

from ...errors import ConfigError
from ...gaps import wanted
from ...readers import open_store
from ...render.terminal import safe, shorten
from ..options import as_json, collection_option, config_from, print_json, say

DEFAULT_SITES = Path("sites.toml")
_PLAIN_NAMES = {"html", "htdocs", "www", "public", "site", "doc", "docs"}


@click.command("crawl")
@click.argument("targets", nargs=-1, metavar="[URL|FOLDER|SITES.TOML]...")
@click.option("--sites", type=click.Path(path_type=Path), help="A file of sites and settings.")
@click.option(
    "--seeds",
    "seed_list",
    type=click.Path(path_type=Path),
    help="A file of addresses to start from, one a line.",
)
@collection_option
@click.option(
    "--scope", type=click.Choice(["host", "prefix", "any"]), help="Which links to follow."
)
@click.option("--allow", multiple=True, metavar="REGEX", help="Follow only links that match.")
@click.option("--deny", multiple=True, metavar="REGEX", help="Follow no link that matches.")
@click.option("--max-pages", type=int, help="Stop after this many pages; run again to go on.")
@click.option("--per-host-pages", type=int, help="Take at most this many pages of one host.")
@click.option("--max-depth", type=int, help="Links away from the start.")
@click.option(
    "--max-bytes", type=int, help="The largest page to take, in bytes (default: 10 million)."
)
@click.option("--delay", type=float, help="Seconds between two requests to one host.")
@click.option("--timeout", type=float, help="Seconds to wait for a server.")
@click.option("--workers", type=int, help="Extraction processes (default: cores − 1).")
@click.option("--proxy", metavar="URL", help="An HTTP proxy to fetch everything through.")
@click.option("--user-agent", help="How to name yourself to servers.")
@click.option("--no-robots", is_flag=True, help="Ignore robots.txt (for your own servers only).")
@click.option("--gaps", is_flag=True, help="Fetch the pages that runs asked for in vain, no links.")
@click.option("--cookies", metavar="FILE", help="Cookies to send, in the Netscape form.")
@click.option(
    "--header",
    "headers",
    multiple=True,
    metavar="'NAME: ${VARIABLE}'",
    help="A header for the starting hosts; ${VARIABLE} is read from the environment.",
)
@click.option(
    "--login", metavar="VARIABLE", help="The environment variable that holds name:password."
)
@click.option(
    "--client-cert", metavar="FILE", help="A client certificate in PEM form, with its key."
)
@click.option("--client-key", metavar="FILE", help="The key, if it is in another file.")
@click.option("--ca", metavar="FILE", help="Certificate authorities to trust besides the system's.")
@click.option("--insecure", is_flag=True, help="Do not verify certificates (sends no secrets).")
@click.option("--dry-run", is_flag=True, help="Say what would be fetched first, and store nothing.")
@click.option("--restart", is_flag=True, help="Forget the queue of an unfinished crawl.")
@as_json
def command(
    targets: tuple[str, ...],
    sites: Path | None,
    seed_list: Path | None,
    collection: str | None,
    no_robots: bool,
    gaps: bool,
    dry_run: bool,
    as_json: bool,
    **chosen: Any,
) -> None:
    """Fetch pages from each URL (and what it links to) into the store.

    A URL may also be that of a feed or a sitemap. A FOLDER of HTML is served on loopback for the
    crawl; a file SITES.TOML lists sites with their settings, and without any target ./sites.toml
    is read. Stopped at any moment, the same command goes on where it was; finished, it fetches
    again only what has changed. Given twice at once, two processes share the work. With --gaps the
    pages are fetched that runs asked for in vain (appliance gaps lists them), but none from this
    machine or a private network unless the corpus has pages of that host.
    """
    config = config_from(collection=collection)
    # By identity: `--max-depth 0` and `--delay 0` were given, and 0 equals False.
    given = {n: value for n, value in chosen.items() if value is not None and value is not False}
    given = {name: value for name, value in given.items() if value != ()}
    given |= {"collection": config.collection} | ({"robots": False} if no_robots else {})
    reports: list[CrawlReport | Preview] = []
    vain: list[NothingStoredError] = []
    with ExitStack() as stack:
        named = _targets(targets, sites, seed_list) if targets or sites or not gaps else []
        jobs = [job for target in named for job in _jobs(target, given, stack)]
        if seed_list is not None:
            jobs.append(Site(tuple(read_seeds(seed_list)), CrawlOptions(**given)))
        if dry_run and not gaps:
            database = None
        else:
            database = stack.enter_context(open_store(config))
            if gaps:
                jobs += _gaps(PageStore(database, config.collection), given)
        for job in jobs:
            with CrawlProgress(quiet=as_json or dry_run) as progress:
                if database is None or dry_run:
                    reports.append(preview(job.seeds, job.options, progress))
                else:
                    try:
                        reports.append(crawl(database, job.seeds, job.options, progress))
                    except NothingStoredError as error:
                        # One dead site must not keep the others from being fetched.
                        reports.append(error.report)
                        vain.append(error)
            # Where it is the only one, the error says it all in one sentence.
            if not as_json and not (vain and len(jobs) == 1):
                for line in reports[-1].lines():
                    click.echo(safe(line), err=not dry_run)
    if as_json:
        print_json([report.json() for report in reports])
    if vain:
        raise _in_vain(vain, len(jobs))
    if as_json or dry_run:
        return
    if jobs:
        say("now run: appliance index")
    else:
        say("no run has asked for a page in vain that could be fetched; see: appliance gaps")


def _in_vain(errors: list[NothingStoredError], jobs: int) -> NothingStoredError:
    """One error for the crawls that stored nothing, once all of them have run."""
    if jobs == 1:
        return errors[0]
    said = "; ".join(str(error).rstrip(".") for error in errors)
    return NothingStoredError(
        f"{len(errors)} of {jobs} crawls stored nothing ({said}); the others were run.",
        errors[0].report,
    )


def _targets(targets: tuple[str, ...], sites: Path | None, seed_list: Path | None) -> list[str]:
    """What to crawl; with nothing given ./sites.toml, which is written as an example if missing."""
    if targets or sites or seed_list:
        return [*targets, *([str(sites)] if sites else [])]
    if not DEFAULT_SITES.exists():
        write_example(DEFAULT_SITES)
        raise SitesError(
            f"there was no {DEFAULT_SITES}, so an example was written to "
            f"{DEFAULT_SITES.absolute()}; name your sites in it and run the same command again"
        )
    return [str(DEFAULT_SITES)]


def _jobs(target: str, given: dict[str, Any], servers: ExitStack) -> list[Site]:
    if not target.strip():
        raise click.UsageError("a target is empty; give a URL, a folder or a sites.toml")
    # os.path and not Path: what is too long for a file name is then no file, and no error.
    name = os.path.expanduser(target)
    path = Path(name)
    if target.endswith(".toml") or os.path.isfile(name):
        return list(read_sites(path, **given))
    if os.path.isdir(name):
        proxy = servers.enter_context(_served(path))
        root = f"http://{_host_name(path)}.localhost/"
        seeds = tuple(root + quote(name) for name in _first_pages(path))
        return [Site(seeds, CrawlOptions(**(given | {"proxy": proxy})))]
    if _is_path(target):
        raise SeedError(f"there is no folder or file {target}; check the path")
    return [Site((target,), CrawlOptions(**given))]


def _gaps(pages: PageStore, given: dict[str, Any]) -> list[Site]:
    """The pages that runs asked for in vain as one job: those pages, and nothing they link to."""
    found = wanted(pages.misses(), pages.knows_host)
    for url, why in found.left_out:
        say(f"left out: {shorten(url, 90)} {why}")
    own = {"max_depth": 0, "sitemaps": False} | given
    return [Site(found.urls, CrawlOptions(**own, inside=found.known))] if found.urls else []


def _is_path(target: str) -> bool:
    """True if a target that does not exist was meant as a path and not as an address."""
    if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//", target):
        return False
    if target.startswith(("/", ".", "~")):
        return True
    try:
        canonical(target)
    except UrlError:
        return "/" in target
    return False


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """Serve a folder on a free loopback port while the block runs; yields its address.

    It is used as a proxy, so that the pages keep the same URLs whatever the port is.
    """
    from crawler.serve_folder import serve

    server = serve(folder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def _host_name(folder: Path) -> str:
    """A host name for a folder, from the first name on its path that says something."""
    names = [name for name in reversed(folder.resolve().parts) if name.lower() not in _PLAIN_NAMES]
    return re.sub(r"[^a-z0-9.]+", "-", names[0].lower()).strip("-.") or "folder"


def _first_pages(folder: Path) -> list[str]:
    """Where to begin: the index page, or every page, since without one nothing links them."""
    if (folder / "index.html").is_file():
        return [""]
    pages = sorted(page.name for page in folder.glob("*.htm*") if page.is_file())
    if not pages:
        raise ConfigError(f"{folder} holds no HTML page at its top; name the folder that does")
    return pages
