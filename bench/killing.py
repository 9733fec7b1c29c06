"""Killing a process at a random moment of its work, and counting whether it was at work then.

The clock starts when the process says that its set-up is over, so a kill lands in flight unless
the process ended before. It knows processes and moments, and nothing of what they do; whoever
kills compares what is left with what an undisturbed run leaves.
"""

import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

SEED = 4
PATIENCE = 300.0
"""Seconds after which a process that neither gets ready nor ends is given up."""


@dataclass(frozen=True, slots=True)
class Target:
    """A process to kill: `ready` begins the line that ends its set-up; empty: it has none.

    A line that begins with `stage: ` names what it does from then on.
    """

    argv: Sequence[str]
    environment: Mapping[str, str]
    ready: str = ""


@dataclass(frozen=True, slots=True)
class Blow:
    """One kill: whether it hit a process at work, in which stage, how many seconds after its
    set-up; for a process that had ended, its whole time.
    """

    landed: bool
    seconds: float
    stage: str = ""
    code: int = 0


@dataclass(slots=True)
class Tally:
    """The kills so far. `seconds` is the least that an undisturbed run took after its set-up."""

    kills: int
    seconds: float
    seed: int = SEED
    blows: list[Blow] = field(default_factory=list)

    def moments(self) -> list[float]:
        """Return shares of the duration, uniformly random; the same for the same seed."""
        chance = random.Random(self.seed)
        return [chance.random() for _ in range(self.kills)]

    def add(self, blow: Blow) -> None:
        """Count a kill; a process that ended by itself tells how fast the machine is now."""
        self.blows.append(blow)
        if not blow.landed:
            self.seconds = min(self.seconds, blow.seconds)

    @property
    def share(self) -> float:
        """The share of kills that hit a process at work."""
        return sum(blow.landed for blow in self.blows) / max(1, len(self.blows))

    def __str__(self) -> str:
        """Say it in a line."""
        stages = Counter(blow.stage for blow in self.blows if blow.landed and blow.stage)
        where = ", ".join(f"{count} in {stage}" for stage, count in stages.most_common())
        return (
            f"{len(self.blows)} kills at random over {self.seconds:.1f} s, {self.share:.0%} in "
            f"flight{f' ({where})' if where else ''}"
        )


def undisturbed(target: Target) -> float:
    """Run to the end; return the seconds after set-up. Raises RuntimeError when it fails."""
    blow = strike(target, PATIENCE)
    if blow.landed or blow.code:
        raise RuntimeError(f"{target.argv[0]} ended with {blow.code} without being killed")
    return blow.seconds


def strike(target: Target, after: float, alone: bool = False) -> Blow:
    """Start the process and kill it `after` seconds of work, with all its children or `alone`."""
    process = subprocess.Popen(
        target.argv, env=dict(target.environment), start_new_session=True, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    ready, stages = threading.Event(), [""]
    began = [time.monotonic()]

    def listen() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("stage: "):
                stages[0] = line.removeprefix("stage: ").strip()
            if target.ready and line.startswith(target.ready) and not ready.is_set():
                began[0] = time.monotonic()
                ready.set()
        ready.set()

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    if target.ready:
        ready.wait(PATIENCE)
    try:
        code = process.wait(max(0.0, began[0] + after - time.monotonic()))
        took = time.monotonic() - began[0]
        landed, stage = False, ""
    except subprocess.TimeoutExpired:
        stage = stages[0]
        (os.kill if alone else os.killpg)(process.pid, signal.SIGKILL)
        code = process.wait()
        took = time.monotonic() - began[0]
        # One that had just ended by itself was not hit.
        landed = code == -signal.SIGKILL
    # What the process started may live on and hold the pipe.
    listener.join(5)
    if not listener.is_alive():
        process.stdout.close()
    return Blow(landed, took, stage, code)
