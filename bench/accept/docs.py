"""Real pages that nobody here wrote: the HTML of Debian's python3.11-doc and postgresql-doc-15."""

import json
from pathlib import Path

from store.page import PageVersion

from .. import reading
from ..errors import BenchError
from ..realpages import POSTGRESQL, PYTHON, Collection
from ..scratch import appliance, run
from .check import Check, CheckFailed, demand
from .stage import Stage

QUERY = "run blocking function in executor event loop"
PAGES = 480
ALL_PAGES = 1600
SAMPLE = 100


def documentation(collection: Collection = PYTHON) -> Path:
    """The folder of HTML: as installed, or taken out of the package; CheckFailed without either."""
    try:
        return collection.place()
    except BenchError as reason:
        raise CheckFailed(str(reason)) from None


def well_read(stage: Stage) -> str:
    """Read all pages of both documentations; hold a sample against the HTML."""
    read, wrong = 0, []
    for collection in (PYTHON, POSTGRESQL):
        documentation(collection)
        pages = collection.pages()
        step = max(1, len(pages) // (SAMPLE // 2))
        for number, (url, body) in enumerate(pages):
            page = reading.read(url, body)
            if not isinstance(page, PageVersion):
                wrong.append(f"{url}: refused, {page.reason}")
                continue
            read += 1
            found = list(reading.faults(collection, page))
            if number % step == 0 and number // step < SAMPLE // 2:
                found += reading.differences(collection, page, body)
            wrong += [f"{url}: {fault}" for fault in found]
    figure = (
        f"{read} pages, {len(wrong)} faults in titles, links and languages, and in headings and "
        f"code of {SAMPLE}"
    )
    demand(not wrong, f"{figure}: {'; '.join(wrong[:4])}")
    demand(read >= ALL_PAGES, figure)
    return figure


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
    Check(
        "docs read",
        f"Python's and PostgreSQL's documentation: titles, links, languages; headings of {SAMPLE}",
        well_read,
    ),
    Check("docs search", f'`appliance search "{QUERY}"`: the event-loop page first', found),
    Check("sites.toml", "without SITES an example is written and named", example_sites),
)
