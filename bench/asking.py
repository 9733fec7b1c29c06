"""Kills during `ask`: each run that is left is read, resumed to its end, and replayed.

The demonstration model answers, in processes of its own as a user's would be. What a run must be
after it was resumed is what an undisturbed one is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from appliance.errors import RunError
from appliance.resume import FINISHED, LOOP
from appliance.trace import FILE, Run, read_run, run_ids

from .killing import SEED, Tally, Target, strike, undisturbed
from .scratch import run

DATE = "2026-01-02"
READY = "model demo"
"""How the line begins that `ask` says when weights and index are open."""
UNDISTURBED = 2
AGAIN = 3
"""Every so manieth resumption is killed as well."""


@dataclass(frozen=True, slots=True)
class Asking:
    """How `ask` is typed, and where its runs lie."""

    command: Sequence[str]
    environment: Mapping[str, str]
    runs: Path
    question: str

    def ask(self, *words: str) -> Target:
        """The process that asks the question, or with `words` goes on with a run."""
        asked = words or ("--model", "demo", "--date", DATE, self.question)
        return Target([*self.command, "ask", *asked], self.environment, READY)


@dataclass(slots=True)
class Killed:
    """What became of the runs. `faults` says of each that is not as it should be why."""

    tally: Tally
    begun: int = 0
    resumed: int = 0
    twice: int = 0
    torn: int = 0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Say it in a line."""
        return (
            f"{self.tally}: {self.begun} runs left, {self.resumed} of them unfinished and resumed "
            f"({self.twice} killed again while they were), {self.torn} with a torn line; all ended "
            "and replayed as an undisturbed run does"
        )


def kill_asks(asking: Asking, kills: int, seed: int = SEED) -> Killed:
    """Kill `ask` at random moments of its work; see `Killed`."""
    taken = [undisturbed(asking.ask()) for _ in range(UNDISTURBED)]
    wanted = read_run(asking.runs, "last")
    found = Killed(Tally(kills, min(taken), seed))
    for number, moment in enumerate(found.tally.moments()):
        before = set(run_ids(asking.runs))
        alone = number % 2 == 1
        point = moment * found.tally.seconds
        found.tally.add(strike(asking.ask(), point, alone))
        for name in sorted(set(run_ids(asking.runs)) - before):
            fault = _go_on(found, asking, name, point if number % AGAIN == 0 else None, wanted)
            if fault:
                found.faults.append(f"killed at {point:.2f} s, run {name}: {fault}")
    return found


def _go_on(found: Killed, asking: Asking, name: str, again: float | None, wanted: Run) -> str:
    """Resume one run to its end; returns what is wrong with it then, or nothing."""
    path = asking.runs / name / FILE
    left = path.read_bytes()
    if not left.count(b"\n"):
        return ""  # its first line was not yet whole: it never began
    found.begun += 1
    whole = left[: left.rfind(b"\n") + 1]
    found.torn += whole != left
    try:
        before = read_run(asking.runs, name)
    except RunError as error:
        return str(error)
    if before.outcome not in FINISHED:
        found.resumed += 1
        if again is not None and strike(asking.ask("--resume", name), again).landed:
            found.twice += 1
        if read_run(asking.runs, name).outcome not in FINISHED:
            done = run(
                asking.ask("--resume", name).argv, environment=asking.environment, timeout=60
            )
            if done.code:
                return done.last_words()
    if not path.read_bytes().startswith(whole):
        return "what was written before the kill has changed"
    after = read_run(asking.runs, name)
    if fault := _doubled(after):
        return fault
    if _said(after) != _said(wanted):
        return f"its steps are not those of an undisturbed run: {after.answer!r}"
    replayed = run([*asking.command, "replay", name], environment=asking.environment, timeout=60)
    return replayed.last_words() if replayed.code else ""


def _doubled(after: Run) -> str:
    numbers = [int(str(event["turn"])) for event in after.all("turn")]
    if numbers != list(range(1, len(numbers) + 1)):
        return f"its turns are {numbers}"
    for kind in ("answer", "evidence", "end"):
        if len(after.all(kind)) != 1:
            return f"it has {len(after.all(kind))} {kind} events"
    return "" if after.outcome in FINISHED else f"it ended as {after.outcome}"


def _said(one: Run) -> list[tuple[object, ...]]:
    """The steps of a run, without what they cost."""
    names = ("type", "turn", "completion", "digest", "text", "reason")
    return [
        tuple(event.get(name) for name in names) for event in one.in_force if event["type"] in LOOP
    ]
