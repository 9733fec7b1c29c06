"""Imports: killed, damaged, measured. What a format promises for itself is in its tests."""

from store.database import Database, open_database
from store.pages import PageStore

from .. import archived, archives
from ..importing import LEAST, MOST_GROWTH, measured, memory
from ..killing import Tally, Target, strike, undisturbed
from ..making import MAKERS
from ..scratch import COMMAND, appliance, surroundings
from .check import Check, demand
from .stage import Stage

PAGES = 3000
DAMAGED, FEW_DAMAGED = 1000, 60
ROWS, FEW_ROWS = 1_000_000, 20_000
IN_FLIGHT, FEW_KILLS = 0.8, 10


def killed(stage: Stage) -> str:
    """Each time into a new collection; the same command again must end as an undisturbed one."""
    folder = stage.root / "kill-import"
    home = folder / "home"
    home.mkdir(parents=True)
    path = MAKERS["jsonl"](folder, PAGES)

    def target(name: str) -> Target:
        words = [COMMAND, "import", str(path), "--collection", name]
        return Target(words, surroundings(home))

    tally = Tally(stage.kills, undisturbed(target("whole")), seed=9)
    with open_database(home) as database:
        wanted = _state(database, "whole")
        for number, moment in enumerate(tally.moments()):
            name, point = f"killed-{number}", moment * tally.seconds
            tally.add(strike(target(name), point, alone=number % 2 == 1))
            done = appliance(home, "import", str(path), "--collection", name)
            demand(done.code == 0, f"killed at {point:.2f} s: {done.last_words()}")
            found = _state(database, name)
            demand(found == wanted, f"killed at {point:.2f} s: {len(found)} pages, or others")
            versions = _versions(database, name)
            demand(versions == PAGES, f"killed at {point:.2f} s: {versions} versions")
    demand(stage.kills < FEW_KILLS or tally.share >= IN_FLIGHT, f"only {tally}")
    return f"{tally}: each time {PAGES:,} pages, one version each"


def _state(database: Database, name: str) -> dict[str, str]:
    return {page.url: page.digest for page in PageStore(database, name).current()}


def _versions(database: Database, name: str) -> int:
    with database.read() as connection:
        row = connection.execute(
            "SELECT count(*) FROM page_version JOIN page ON page.id = page_id "
            "JOIN collection ON collection.id = collection_id WHERE name = %s",
            (name,),
        ).fetchone()
    return int(row[0]) if row else 0


def damaged(stage: Stage) -> str:
    """Damaged copies of an archive of every format, and all that are hostile by design."""
    outcome = archives.run(DAMAGED if stage.full else FEW_DAMAGED)
    demand(not outcome.wrong, f"{outcome.said()}: {'; '.join(outcome.wrong[:5])}")
    return outcome.said()


def speed(stage: Stage) -> str:
    """Rows of JSON, a WARC and a ZIM into the store, beside reading and extracting them alone."""
    rows = [measured("jsonl", 6000 if stage.full else 1500, LEAST), *archived.rows(stage.full)]
    figure = "; ".join(f"{row.name}: {row.figure:,.0f} pages/s, {row.ratio:.0%}" for row in rows)
    # A file that is read in two seconds says more of the machine's other work than of the import.
    demand(not stage.full or all(row.met for row in rows), f"{figure} ({LEAST:.0%} is wanted)")
    return figure


def bounded(stage: Stage) -> str:
    """The memory of a long import beside that of one of a tenth of its rows."""
    count = ROWS if stage.full else FEW_ROWS
    few, many = memory(count // 10), memory(count)
    figure = f"{count:,} rows: {many} MB; a tenth of them: {few} MB"
    demand(many <= MOST_GROWTH * few, figure)
    return figure


CHECKS = (
    Check("kill import", "killed anywhere, an import loses and doubles nothing", killed),
    Check("damaged archives", "none crashes, escapes or is half imported", damaged),
    Check("import speed", f"at least {LEAST:.0%} of reading plus extraction", speed),
    Check("import memory", "ten times the rows take no more memory", bounded),
)
