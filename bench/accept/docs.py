"""Real pages that nobody here wrote: the HTML of Debian's python3.11-doc."""

import json
import subprocess
from pathlib import Path

from ..scratch import ROOT, appliance, run
from .check import Check, CheckFailed, demand
from .stage import Stage

INSTALLED = Path("/usr/share/doc/python3.11/html")
FETCHED = ROOT / ".build" / "python3.11-doc"
QUERY = "run blocking function in executor event loop"
PAGES = 480


def documentation() -> Path:
    """The folder of HTML: as installed, or taken out of the package; CheckFailed without either."""
    inside = FETCHED / INSTALLED.relative_to("/")
    for folder in (INSTALLED, inside):
        if (folder / "index.html").is_file():
            return folder
    FETCHED.mkdir(parents=True, exist_ok=True)
    got = subprocess.run(
        ["apt-get", "-q", "download", "python3.11-doc"],
        cwd=FETCHED, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    package = next(iter(sorted(FETCHED.glob("python3.11-doc_*.deb"))), None)
    if got.returncode or package is None:
        words = (got.stderr.strip().splitlines() or ["apt-get failed"])[-1]
        raise CheckFailed(f"python3.11-doc cannot be had ({words}); apt-get install python3.11-doc")
    subprocess.run(["dpkg-deb", "-x", package, FETCHED], check=True, timeout=120)
    return inside


def crawled(stage: Stage) -> str:
    """`make crawl index SITES=…`, then every stored page has a title."""
    from store.database import open_database
    from store.pages import PageStore

    home, seconds = _home(stage)
    with open_database(home) as database:
        store = PageStore(database)
        titles = [page.title for page in store.current()]
    bare = sum(not title.strip() for title in titles)
    figure = f"{len(titles)} pages, {bare} without a title, crawled and indexed in {seconds:.0f} s"
    demand(len(titles) >= PAGES and bare == 0, figure)
    return figure


def found(stage: Stage) -> str:
    """The event-loop page is first for the question."""
    home, _ = _home(stage)
    done = appliance(home, "search", "--json", QUERY)
    demand(done.code == 0, done.last_words())
    hits = json.loads(done.out)["hits"]
    first = hits[0]["url"] if hits else "nothing"
    demand("asyncio-eventloop" in first, f"{first} is first")
    return f"{first} is first"


def example_sites(stage: Stage) -> str:
    """`appliance crawl` without a target writes a commented example and stops by naming it."""
    folder = stage.root / "empty"
    folder.mkdir()
    done = run([_command(), "crawl"], stage.root / "home-empty", cwd=folder)
    written = folder / "sites.toml"
    demand(done.code != 0, "it did not stop")
    demand(written.is_file(), "no example was written")
    demand("#" in written.read_text(), "the example has no comment")
    demand(str(written) in done.err, f"the message does not name it: {done.last_words()}")
    demand(done.err.strip().count("\n") == 0, "the message is more than one sentence on one line")
    return f"sites.toml written, exit code {done.code}"


def _home(stage: Stage) -> tuple[Path, float]:
    home: tuple[Path, float] = stage.once("docs home", lambda: _build(stage))
    return home


def _build(stage: Stage) -> tuple[Path, float]:
    home = stage.root / "docs"
    sites = documentation()
    # The environment is the one that this command runs in: `make` need not build it again.
    words = ["make", "--no-print-directory", "-o", ".build/stamps/setup", "crawl", "index"]
    done = run([*words, f"SITES={sites}"], home, timeout=400)
    demand(done.code == 0, f"make crawl index: {done.last_words()}")
    return home, done.seconds


def _command() -> str:
    from ..scratch import COMMAND

    return COMMAND


CHECKS = (
    Check("docs crawl", f"Python's documentation: {PAGES} pages, none without a title", crawled),
    Check("docs search", f'`appliance search "{QUERY}"`: the event-loop page first', found),
    Check("sites.toml", "without SITES an example is written and named", example_sites),
)
