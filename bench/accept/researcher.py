"""The demo researcher: does it read under other names, does it answer fresh questions, is it the
same in every process, is its card true, and do strangers' models run.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from ..card import CARD, POINTS, SEED, Scores, counts, differences, faults, invented_scores
from ..card import mean_fall as mean
from ..fresh import PROCESSES, in_fresh_processes
from ..invented import TWO_PAGES, Measured, measure
from ..renamed import SEEDS, Comparison, compare
from ..scratch import ROOT
from .check import Check, demand
from .demo import records
from .stage import DEMO_WEIGHTS, Stage

FALL = 5.0
"""Points that the accuracy may fall under other names."""
SHARE = 0.95
SECONDS = 1.0
FULL = 300
"""Questions of the whole measurement; with fewer, one copy is asked instead of three."""
ASKED = ("Who invented the piano?", "How long is the Volga?", "Who invented the typewriter?")
SAMPLED = ("--temperature", "3.0", "--seed", "11")
"""Hot, so that a model which is sure of every token is sampled from all the same."""
IMPORTS = ("tests/models/test_generic.py", "tests/appliance/test_generic.py")
"""The tests that import made-up models of other architectures and ask them."""


def other_names(stage: Stage) -> str:
    """Half of the entities renamed."""
    stage.need_model()
    seeds = SEEDS if stage.questions >= FULL else SEEDS[:1]
    compared: list[Comparison] = stage.once(
        "renamed", lambda: list(compare(stage.root / "renamed", seeds, ["demo"]))
    )
    first = compared[0]
    after = ", ".join(one.after.said("all") for one in compared)
    figure = (
        f"{first.before.said('all')} → {after}: falls by {mean(compared, 'all'):.1f} points, "
        f"single-page by {mean(compared, 'one'):.1f} ({first.renamed} of {first.entities} renamed)"
    )
    demand(mean(compared, "all") <= FALL and mean(compared, "one") <= FALL, figure)
    return figure


def invented(stage: Stage) -> str:
    """Fresh invented questions over a corpus of invented pages."""
    found = _invented(stage)
    asked = len(found.explained)
    figure = (
        f"{found.right} of {asked} right over {found.pages} pages, {found.unread} runs with a turn "
        f"that could not be parsed, {found.mean:.2f} s a question"
    )
    whole = asked == stage.questions and found.pages >= _pages(stage.questions)
    kept = found.right >= SHARE * asked and not found.unread and found.mean < SECONDS
    demand(whole and kept, figure)
    return figure


def same_everywhere(stage: Stage) -> str:
    """Greedy and sampled, each in fresh processes: completions, ids, calls and answers."""
    stage.need_model()
    runs = []
    for options in ((), SAMPLED):
        printed = in_fresh_processes(stage.demo_home, list(ASKED), *options)
        word = "sampled" if options else "greedy"
        demand(len(set(printed)) == 1, f"{word}: {len(set(printed))} different runs")
        runs.append(printed[0])
    demand(runs[0] != runs[1], "what was sampled is what greedy decoding gives")
    ids = sum(len(event.get("ids", ())) for run in json.loads(runs[1])["runs"] for event in run)
    return f"{PROCESSES} processes, greedy and sampled: equal to the token ({ids} sampled)"


def true_card(stage: Stage) -> str:
    """Digest, size and parameters; the scores when the measurement is the card's."""
    stage.need_model()
    card: dict[str, Any] = json.loads(CARD.read_text("utf-8"))
    wrong = faults(card, DEMO_WEIGHTS)
    found = None
    if stage.questions >= FULL:
        found = invented_scores(_invented(stage), SEED)
    wrong += differences(card, Scores(counts(records(stage, "demo")), invented=found))
    demand(not wrong, "; ".join(wrong))
    size = DEMO_WEIGHTS.stat().st_size
    return f"{card['parameters']:,} parameters, {size:,} bytes, scores within {POINTS:g} points"


def strangers(stage: Stage) -> str:
    """The tests that make a Qwen3 and a Llama of random weights, import and ask them."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *IMPORTS],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    last = (done.stdout.strip().splitlines() or ["pytest said nothing"])[-1].strip("= ")
    demand(done.returncode == 0, last)
    return last


def _invented(stage: Stage) -> Measured:
    stage.need_model()
    found: Measured = stage.once("invented", lambda: _measured(stage.root, stage.questions))
    return found


def _measured(root: Path, questions: int) -> Measured:
    return measure(root / "invented", questions, _pages(questions), SEED, without=TWO_PAGES)


def _pages(questions: int) -> int:
    return questions * 2000 // FULL


CHECKS = (
    Check(
        "renamed", f"half of the names changed: at most {FALL:g} points fewer right", other_names
    ),
    Check("invented", f"fresh questions: {SHARE:.0%} right, all parsed, under 1 s each", invented),
    Check("processes", "the same run to the token in three fresh processes", same_everywhere),
    Check("model card", "the demo model is as small and as good as its card says", true_card),
    Check("model import", "a tiny Qwen3 and a tiny Llama run to a defined end", strangers),
)
