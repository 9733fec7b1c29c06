"""Evidence: right answers are shown as supported, wrong ones taken from the corpus are not."""

import os

from appliance.config import load
from appliance.readers import open_readers

from ..evidence import DENIED, SOURCES, Line, lines, of_runs, over_corpus
from ..scratch import QUESTIONS
from .check import Check, demand
from .stage import Stage

LEAST_RIGHT, SHARE, MOST_WRONG, WRONG = 50, 0.9, 5, 100
LEAST_DENIED = 30
"""Sentences that support a right answer by themselves, so that to deny them says something."""


def given_answers(stage: Stage) -> str:
    """The right answer of every question, then wrong ones: 100 of a source, swaps, denials."""
    home = stage.demo_home
    with open_readers(load({}, {**os.environ, "APPLIANCE_HOME": str(home)})) as readers:
        found = lines(over_corpus(readers, QUESTIONS, WRONG))
    right = found[0]
    wrong = [line for line in found if line.source.startswith("wrong")]
    demand(right.asked >= LEAST_RIGHT, f"{right.asked} right answers")
    demand(right.supported >= SHARE * right.asked, f"{right.said()} right answers supported")
    for line in wrong:
        enough = LEAST_DENIED if line.source.endswith(DENIED) else WRONG
        demand(line.asked >= enough, f"{_said(line)}, of {enough} that there are to be")
        demand(line.supported * WRONG <= MOST_WRONG * line.asked, _said(line))
    demand(len(wrong) == len(SOURCES) + 1, f"{len(wrong)} sources of wrong answers")
    return f"right {right.said()}, " + ", ".join(map(_said, wrong))


def model_answers(stage: Stage) -> str:
    """What the demonstration model answered right, over what its runs have read."""
    stage.need_model()
    found = stage.once("evidence of runs", lambda: of_runs(stage.demo_home, QUESTIONS))
    right = [one for one in found if one.source == "the model, right"]
    supported = sum(one.supported for one in right)
    figure = f"{supported} of {len(right)} right answers supported"
    demand(supported >= SHARE * len(right), figure)
    demand(len(right) >= LEAST_RIGHT, f"{figure}, of {LEAST_RIGHT} that there are to be")
    return figure


def _said(line: Line) -> str:
    return f"{line.source} {line.supported} of {line.asked}"


CHECKS = (
    Check(
        "evidence",
        f"{SHARE:.0%} of the right answers supported, at most {MOST_WRONG} of {WRONG} wrong ones",
        given_answers,
    ),
    Check(
        "evidence model",
        f"the demonstration model, one run: of {LEAST_RIGHT} right answers {SHARE:.0%} supported",
        model_answers,
    ),
)
