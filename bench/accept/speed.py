"""How soon the command line answers: the best of a few fresh processes."""

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


CHECKS = (
    Check("help", f"`appliance --help` in under {HELP} s", help_time),
    Check("cold search", f"a cold `appliance search` in under {SEARCH} s", cold_search),
)
