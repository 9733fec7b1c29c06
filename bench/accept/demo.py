"""The demo: answered with evidence, quickly the second time, and well enough over all questions."""

import json
import re
from typing import Any

from ..scratch import QUESTIONS, appliance
from .check import Check, demand, under
from .stage import Stage

RIGHT, OF, QUOTED = 20, 60, 54


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
    """All questions to the demonstration model."""
    stage.need_model()
    records = _eval(stage, "demo")
    one = [record for record in records if record["kind"] == "one"]
    right = sum(bool(record["correct"]) for record in one)
    unread = sum(not record["parsed"] for record in records)
    figure = f"{right} of {len(one)} right, {unread} runs with a call that could not be parsed"
    demand(len(one) == OF and right >= RIGHT and unread == 0, figure)
    return figure


def quote_eval(stage: Stage) -> str:
    """All questions without a model."""
    one = [record for record in _eval(stage, "none") if record["kind"] == "one"]
    right = sum(bool(record["correct"]) for record in one)
    demand(len(one) == OF and right >= QUOTED, f"{right} of {len(one)}")
    return f"{right} of {len(one)}"


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
    Check("eval demo", f"at least {RIGHT} of {OF} right, every tool call parsed", model_eval),
    Check("eval none", f"the answer in the top three quotes for {QUOTED} of {OF}", quote_eval),
)
