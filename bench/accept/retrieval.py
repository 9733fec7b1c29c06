"""How well is searched, and how fast: floors, and the rows of the bench that have a target."""

from collections.abc import Callable, Iterator

from .. import encoding, frozen, quality
from ..rows import Row
from ..scratch import appliance
from .check import Check, NotRun, demand, under
from .stage import Stage

FIRST = 1.0
"""Seconds from the start of a process to what it found, the database running."""


def well(stage: Stage) -> str:
    """Each set that is there, by BM25 through the product's own path."""
    sets = quality.read_floors()
    found: list[quality.Measured] = []
    for name, held in sets.items():
        folder = quality.folder_of(name, held, quality.shared())
        if name != quality.DEMO and not folder.is_dir():
            continue
        quality.check_data(name, held, folder)
        found += quality.judge(name, held, quality.measured(name, folder).measures)
    figures = ", ".join(f"{one.set} {one.measure} {one.figure:.3f}" for one in found)
    demand(all(one.held and one.reaches for one in found), f"below its floor or target: {figures}")
    return figures


def benched(rows: Callable[[bool], Iterator[Row]]) -> Callable[[Stage], str]:
    """Return a check that every target of a group of the bench is kept."""

    def act(stage: Stage) -> str:
        found = [row for row in rows(stage.full) if row.met is not None]
        if not found:
            raise NotRun("it is measured with APPLIANCE_SIZES=full and the [query] extra")
        said = "; ".join(f"{row.name} {row.figure:.3g} {row.unit}".strip() for row in found)
        missed = [row for row in found if not row.met]
        demand(not missed, "; ".join(f"{r.name}: {r.figure:.3g}, {r.target}" for r in missed))
        return said

    return act


def first_search(stage: Stage) -> str:
    """`search` in a fresh process with the database running, the best of five."""
    home, taken = stage.demo_home, []
    for _ in range(5):
        done = appliance(home, "search", "longest river in Europe")
        demand(done.code == 0, done.last_words())
        taken.append(done.seconds)
    return under(min(taken), FIRST)


CHECKS = (
    Check(
        "quality",
        "search keeps its floors and reaches its targets on the demo corpus, and on the measuring "
        "data where they are",
        well,
    ),
    Check(
        "frozen index",
        "a hybrid query over made-up vectors keeps its targets of time, recall, opening and memory",
        benched(frozen.rows),
    ),
    Check(
        "query encoder",
        "a query of 16 tokens at the true shape of BGE-M3, and the first search of a process, keep "
        "theirs",
        benched(encoding.queries),
    ),
    Check("first search", f"`appliance search` in a fresh process: under {FIRST} s", first_search),
)
