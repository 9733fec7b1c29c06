"""The loop on made-up turns: every turn must end in an answer or in something the model is told.

The real loop, tools, corpus and runs; only the model is a script. Each run is then replayed.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from appliance.agent import CallStep, CutStep, Step, StopStep, TrimStep, TurnStep
from appliance.ask import Inquiry, manifest
from appliance.limits import Budget
from appliance.readers import Readers
from appliance.replay import replay
from appliance.resume import FINISHED
from appliance.trace import RunWriter, read_run
from models.profiles import profile
from models.registry import ModelCard
from models.scripted import ScriptedEngine, ScriptedSession

from .fuzzing import SEED, turns

DATE = "2026-01-02"
PROFILE = replace(profile("generic"), max_turns=40)
BUDGET = Budget(context=8_000)
"""A small window, so that results are left out and cut as well."""
CARD = ModelCard("scripted", "none", "sha256:" + "0" * 64, 0, "none", "bench", PROFILE.name)


@dataclass(slots=True)
class Fuzzed:
    """What became of the turns: how many led where, and each that ended in nothing defined."""

    turns: int = 0
    runs: int = 0
    replayed: int = 0
    led_to: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Say it in a line."""
        where = ", ".join(f"{count} {name}" for name, count in self.led_to.most_common())
        return (
            f"{self.turns} turns in {self.runs} runs: {where}; {self.replayed} calls replayed "
            f"identically; {len(self.faults)} without a defined end"
        )


def ask_fuzzed(
    readers: Readers, runs: Path, urls: list[str], count: int, seed: int = SEED
) -> Fuzzed:
    """Ask questions until `count` made-up turns were read; the runs are written to `runs`."""
    found = Fuzzed()
    # What a run that is under way may still ask for.
    spare = PROFILE.max_turns + 2
    engine = ScriptedEngine(list(turns(count + spare, urls, seed)))
    while engine.left > spare:
        before = engine.left
        entry = manifest(f"Question {found.runs}?", readers, DATE, 0, engine, CARD, PROFILE, BUDGET)
        with RunWriter(runs, entry) as writer:
            inquiry = Inquiry(f"Question {found.runs}?", readers, writer)
            try:
                steps = list(inquiry.steps(engine, PROFILE, DATE, 0, BUDGET))
            except Exception as error:  # whatever it is, it is what is looked for
                found.faults.append(f"run {writer.id}: {type(error).__name__}: {error}")
                steps = []
        found.turns += before - engine.left
        found.runs += 1
        if steps:
            _judge(found, inquiry, steps, engine.sessions[-1])
            _again(found, readers, runs, writer.id)
    return found


def _judge(found: Fuzzed, inquiry: Inquiry, steps: list[Step], session: ScriptedSession) -> None:
    """Count where each turn led; a turn that led to nothing is a fault."""
    if inquiry.outcome not in FINISHED:
        found.faults.append(f"run {inquiry.writer.id} ended as {inquiry.outcome}")
    # Every turn without an answer is followed by a response, but those that were asked for one.
    told = [
        session.appended[at + 1].text.strip()
        for at, piece in enumerate(session.appended)
        if piece.trusted and piece.text.endswith("<tool_response>")
    ]
    turns = [at for at, step in enumerate(steps) if isinstance(step, TurnStep)]
    stop = next((at for at, step in enumerate(steps) if isinstance(step, StopStep)), len(steps))
    owed = sum(at < stop and not _answer(steps[at]) for at in turns)
    if len(told) != owed or not all(told):
        found.faults.append(f"run {inquiry.writer.id}: {owed} turns went on, {len(told)} were told")
    for at, end in zip(turns, [*turns[1:], len(steps)], strict=True):
        found.led_to[_where(steps[at], steps[at + 1 : end])] += 1


def _answer(step: Step) -> bool:
    return isinstance(step, TurnStep) and bool(step.turn.answer)


def _where(step: Step, then: list[Step]) -> str:
    calls = [each.result.data for each in then if isinstance(each, CallStep)]
    if _answer(step):
        return "answered"
    if any(isinstance(each, CutStep) for each in then):
        return "too long a result"
    if any(not {"error", "repeats"} & data.keys() for data in calls):
        return "ran a tool" + (
            " after a trim" if any(isinstance(e, TrimStep) for e in then) else ""
        )
    if any("repeats" in data for data in calls):
        return "told of a repetition"
    if calls:
        return "told what is wrong with the call"
    return "told how to call or answer"


def _again(found: Fuzzed, readers: Readers, runs: Path, run_id: str) -> None:
    run = read_run(runs, run_id)
    try:
        box = readers.toolbox(PROFILE, record_misses=False)
        found.replayed += sum(1 for _ in replay(run, box))
    except Exception as error:  # as above
        found.faults.append(f"replay of {run_id}: {type(error).__name__}: {error}")
