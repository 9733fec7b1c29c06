"""How soon the command line answers: the best of a few fresh processes."""

from .. import crawling
from ..scratch import COMMAND, appliance, run
from .check import Check, demand, under
from .stage import Stage

HELP, SEARCH = 0.2, 1.5


def help_time(stage: Stage) -> str:
    """`--help`, the best of five."""
    taken = []
    for _ in range(5):
        done = run([COMMAND, "--help"], stage.root / "home-empty")
        demand(done.code == 0, done.last_words())
        taken.append(done.seconds)
    return under(min(taken), HELP)


def cold_search(stage: Stage) -> str:
    """`search` with the database stopped before, the best of three."""
    home, taken = stage.demo_home, []
    for _ in range(3):
        stop = appliance(home, "stop")
        demand(stop.code == 0, stop.last_words())
        done = appliance(home, "search", "longest river in Europe")
        demand(done.code == 0, done.last_words())
        taken.append(done.seconds)
    return under(min(taken), SEARCH, ", PostgreSQL's start included")


def crawl_speed(stage: Stage) -> str:
    """A site on loopback, beside the extraction of its pages alone."""
    row = next(crawling.rows(stage.full))
    figure = f"{row.figure:.1f} pages/s, {row.ratio:.0%} of {row.baseline}"
    # A few hundred pages say more of the start than of the crawl.
    demand(not stage.full or bool(row.met), figure)
    return figure


CHECKS = (
    Check("help", f"`appliance --help` in under {HELP} s", help_time),
    Check(
        "crawl speed",
        f"at least {crawling.LEAST:.0%} of extraction alone with as many extraction processes",
        crawl_speed,
    ),
    Check("cold search", f"a cold `appliance search` in under {SEARCH} s", cold_search),
)
