"""What a visit of a long page shows of what was asked, and how long it takes."""

from .. import quality, storing, visiting
from ..scratch import scratch
from .check import Check, demand
from .stage import Stage

DEMO_SHARE, QA_SHARE, WORLD_SHARE, RESOLVED = 0.9, 0.85, 0.75, 0.99
ROUNDS = 5


def long_pages(stage: Stage) -> str:
    """The demo corpus always, the measuring data where they are."""
    least = {quality.DEMO: DEMO_SHARE, "world": WORLD_SHARE}
    data = quality.shared()
    found = [visiting.SETS[quality.DEMO](data)]
    for name in ("world", "musique", "hotpotqa"):
        if any(folder.is_dir() for folder in (data / name, data / "qa" / name)):
            found.append(visiting.SETS[name](data))
    said = "; ".join(
        f"{one.set} {one.share:.3f} of {one.asked:,} (first {visiting.TOKENS} tokens "
        f"{one.first_share:.3f})" + (f", {one.found:.4f} resolved" if one.resolved else "")
        for one in found
    )
    kept = all(
        one.share >= least.get(one.set, QA_SHARE)
        and one.found >= RESOLVED
        and not one.errors
        and one.longest <= visiting.TOKENS
        for one in found
    )
    demand(kept, said)
    return said


def visit_time(stage: Stage) -> str:
    """Pages of 20,000 tokens, each visited once: the best of a few rounds, for noise only adds."""
    from store.database import open_database

    rows = []
    for _ in range(ROUNDS):
        with scratch() as home, open_database(home) as database:
            rows.append(storing.visit(database, 20))
    row = min(rows, key=lambda row: row.figure)
    said = f"{row.figure:.1f} ms, reading the page {row.baseline_figure:.2f} ms"
    demand(bool(row.met), f"{said}, {row.target}")
    return said


CHECKS = (
    Check(
        "visit keeps",
        "visits of pages that stand among 5,000 tokens of other sections, in 400 tokens of "
        "evidence: the answers of the demo questions, and on the measuring data where they are the "
        "answers and what published summaries took; addresses respelled are found",
        long_pages,
    ),
    Check(
        "visit time",
        f"a visit of a page of 20,000 tokens, read for the first time: p50 at most "
        f"{storing.VISIT_MS} ms, the best of {ROUNDS} rounds",
        visit_time,
    ),
)
