"""One run to the token, as JSON: `python -m bench.fresh HOME QUESTION…`.

The real loop in a home that is crawled and indexed. Two fresh processes with the same weights,
prompt and seed must print the same bytes; there is no time and no path in what is printed.
"""

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

from appliance.agent import AnswerStep, CallStep, TurnStep, research
from appliance.config import Config
from appliance.home import Home
from appliance.limits import LiveLimits
from appliance.readers import Readers, open_readers
from appliance.researcher import Researcher, open_researcher
from models.registry import DEMO

from .scratch import ROOT, run

DATE = "2026-01-01"
PROCESSES = 3


def record(
    readers: Readers, researcher: Researcher, question: str, seed: int, temperature: float | None
) -> list[dict[str, Any]]:
    """Research one question; every turn with its token ids, every call, the answer."""
    profile = researcher.profile
    if temperature is not None:
        sampling = dataclasses.replace(profile.sampling, temperature=temperature)
        profile = dataclasses.replace(profile, sampling=sampling)
    session = researcher.engine.open()
    events: list[dict[str, Any]] = []
    try:
        limits = LiveLimits(profile, min(session.capacity, profile.context), None)
        toolbox = readers.toolbox(profile, record_misses=False)
        for step in research(question, session, toolbox, profile, limits, DATE, seed):
            if isinstance(step, TurnStep):
                said = step.completion
                events.append({"completion": said.text, "ids": said.ids, "finish": said.finish})
            elif isinstance(step, CallStep):
                arguments = dict(step.call.arguments)
                call = {"call": step.call.name, "arguments": arguments}
                events.append({**call, "text": step.result.text, "digest": step.result.digest})
            elif isinstance(step, AnswerStep):
                events.append({"answer": step.text, "outcome": step.outcome})
    finally:
        session.close()
    return events


def in_fresh_processes(
    home: Path, questions: list[str], *options: str, processes: int = PROCESSES
) -> list[str]:
    """What so many fresh processes print for the questions; RuntimeError when one fails.

    Each has a hash seed of its own, so that nothing may depend on the order of a set.
    """
    printed = []
    for number in range(processes):
        done = run(
            [sys.executable, "-m", "bench.fresh", home, *questions, *options],
            cwd=ROOT, environment={"PYTHONHASHSEED": str(number + 1)}, timeout=300,
        )  # fmt: skip
        if done.code:
            raise RuntimeError(f"bench.fresh: {done.last_words()}")
        printed.append(done.out)
    return printed


def main(arguments: list[str] | None = None) -> int:
    """Research the questions in order and print everything that was sampled and shown."""
    parser = argparse.ArgumentParser(prog="python -m bench.fresh", description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("questions", nargs="+")
    parser.add_argument("--model", default=DEMO)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--temperature", type=float, help="instead of the profile's")
    chosen = parser.parse_args(arguments)
    config = Config(Home(chosen.home.absolute()))
    with open_readers(config) as readers, open_researcher(config, chosen.model) as researcher:
        weights = researcher.card.sha256
        runs = [
            record(readers, researcher, question, chosen.seed, chosen.temperature)
            for question in chosen.questions
        ]
    print(json.dumps({"weights": weights, "runs": runs}, ensure_ascii=False, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
