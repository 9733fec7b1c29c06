"""The demo: answered with evidence, quickly the second time, and well enough over all questions."""

import json
import re
from typing import Any

from ..scratch import QUESTIONS, appliance
from .check import Check, demand, under
from .stage import Stage

RIGHT, OF, QUOTED = 54, 60, 54
ABSTAINED, LACKING = 8, 10
KINDS = ("one", "two", "none")


def answered(stage: Stage) -> str:
    """A demo question, its answer, its evidence, and how to ask the next one."""
    done = stage.first_demo()
    demand(done.code == 0, done.last_words())
    demand("Answer: " in done.out, "there is no answer on standard output")
    demand("“" in done.out and "almanac.test" in done.out, "the answer stands without evidence")
    demand("demonstration model" in done.out + done.err, "it is not labelled a demonstration")
    demand("Ask the next one" in done.err, "it does not say how to ask the next one")
    answer = re.search(r"Answer: (.*)", done.out)
    assert answer is not None
    return f"“{answer[1][:60]}” with its evidence, {done.seconds:.1f} s from an empty home"


def second_time(stage: Stage) -> str:
    """The same again."""
    demand(stage.first_demo().code == 0, stage.first_demo().last_words())
    done = stage.demo()
    demand(done.code == 0, done.last_words())
    return under(done.seconds, 20)


def home_of_its_own(stage: Stage) -> str:
    """The demo, typed in a folder with a home of its own, leaves that home alone."""
    home = stage.demo_home
    demand(not (stage.box / "data" / "postgres").exists(), "the demo wrote into the user's home")
    return f"{home.name} beside an untouched data"


def model_eval(stage: Stage) -> str:
    """All questions to the demonstration model, in one run; the figure of two pages beside."""
    stage.need_model()
    found = records(stage, "demo")
    right = {kind: sum(bool(r["correct"]) for r in _of(found, kind)) for kind in KINDS}
    asked = {kind: len(_of(found, kind)) for kind in KINDS}
    unread = sum(not record["parsed"] for record in found)
    figure = (
        f"{right['one']} of {asked['one']} right, abstained {right['none']} of {asked['none']}, "
        f"two pages {right['two']} of {asked['two']}, {unread} runs with a call that could not "
        "be parsed"
    )
    kept = right["one"] >= RIGHT and right["none"] >= ABSTAINED and unread == 0
    demand(kept and (asked["one"], asked["none"]) == (OF, LACKING), figure)
    return figure


def quote_eval(stage: Stage) -> str:
    """All questions without a model."""
    one = _of(records(stage, "none"), "one")
    right = sum(bool(record["correct"]) for record in one)
    demand(len(one) == OF and right >= QUOTED, f"{right} of {len(one)}")
    return f"{right} of {len(one)}"


def records(stage: Stage, model: str) -> list[dict[str, Any]]:
    """What `appliance eval` says of every demo question, asked once."""
    found: list[dict[str, Any]] = stage.once(f"eval {model}", lambda: _eval(stage, model))
    return found


def _of(found: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [record for record in found if record["kind"] == kind]


def _eval(stage: Stage, model: str) -> list[dict[str, Any]]:
    done = appliance(
        stage.demo_home, "eval", QUESTIONS, "--model", model, "--json", "--restart", timeout=300
    )
    demand(done.code == 0, done.last_words())
    return list(json.loads(done.out)["records"])


CHECKS = (
    Check("demo", "a demo question answered through llama.cpp, with its evidence", answered),
    Check("demo again", "the second `make demo` takes under 20 s", second_time),
    Check("demo home", "the demo lives in a home of its own", home_of_its_own),
    Check(
        "eval demo",
        f"{RIGHT} of {OF} right and {ABSTAINED} of {LACKING} abstained in one run, all parsed",
        model_eval,
    ),
    Check("eval none", f"the answer in the top three quotes for {QUOTED} of {OF}", quote_eval),
)
