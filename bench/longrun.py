"""A long run in a small window: 150 steps, a real KV cache, real tools, words from a script.

It counts what the engine evaluated against what was appended, and what was read again because
older results were left out to make room.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from appliance.agent import AnswerStep, CallStep, CutStep, TrimStep, TurnStep
from appliance.ask import Inquiry, manifest
from appliance.limits import Budget
from appliance.readers import Readers
from appliance.trace import RunWriter
from models.engine import Engine
from models.profiles import profile
from models.registry import ModelCard

from .puppet import Puppet

DATE = "2026-01-02"
STEPS, WINDOW = 150, 16_384
PROFILE = replace(
    profile("demo"), results=4, snippet_words=20, evidence_words=120, turn_tokens=600,
    max_turns=1_000, demonstration=False,
)  # fmt: skip
"""Results of such a size that a step has some 800 of the tiny model's tokens, which are letters:
as many as a step of the published trajectories has of a real model's."""
CARD = ModelCard("scripted", "none", "sha256:" + "0" * 64, 0, "none", "bench", PROFILE.name)


@dataclass(slots=True)
class LongRun:
    """What a long run cost, in tokens. `uneven` are turns whose prefill was not what was due."""

    run: str = ""
    outcome: str = ""
    turns: int = 0
    calls: int = 0
    cut: int = 0
    appended: int = 0
    prefilled: int = 0
    freed: int = 0
    again: int = 0
    prompts: int = 0
    """What prompts sent whole each turn would have made the engine evaluate."""
    trims: int = 0
    dropped: int = 0
    most: int = 0
    uneven: list[int] = field(default_factory=list)

    def __str__(self) -> str:
        """Say it in a line."""
        return (
            f"{self.outcome} after {self.turns} turns and {self.calls} calls, at most "
            f"{self.most:,} tokens in the context; {self.appended:,} tokens appended and as many "
            f"evaluated in turns without a trim; {self.trims} trims left out {self.freed:,} and "
            f"had {self.again:,} evaluated again ({self.again / max(1, self.appended):.0%})"
        )


class _Speaking:
    """An engine whose sessions say the words of a script."""

    def __init__(self, engine: Engine, words: Iterator[str]) -> None:
        self._engine, self._words = engine, words
        self.sessions: list[Puppet] = []

    def describe(self) -> Mapping[str, object]:
        return self._engine.describe()

    def open(self) -> Puppet:
        self.sessions.append(Puppet(self._engine.open(), self._words))
        return self.sessions[-1]

    def close(self) -> None:
        self._engine.close()


def ask_long(
    readers: Readers,
    runs: Path,
    engine: Engine,
    steps: int = STEPS,
    window: int = WINDOW,
    policy: str = "trim",
) -> LongRun:
    """Search for and open the pages of the corpus in turn, `steps` times, then answer."""
    speaking = _Speaking(engine, _words(readers, steps))
    budget = Budget(context=window, policy=policy)
    question = "What do the pages of the almanac say?"
    entry = manifest(question, readers, DATE, 0, speaking, CARD, PROFILE, budget)
    found = LongRun()
    appended = due = 0
    with RunWriter(runs, entry) as writer:
        found.run = writer.id
        inquiry = Inquiry(question, readers, writer)
        for step in inquiry.steps(speaking, PROFILE, DATE, 0, budget):
            session = speaking.sessions[-1]
            found.most = max(found.most, session.position)
            if isinstance(step, TurnStep):
                new = session.appended - appended
                appended = session.appended
                if step.completion.prefilled != new + due:
                    found.uneven.append(step.number)
                found.turns += 1
                found.appended += new
                found.prefilled += step.completion.prefilled
                found.prompts += session.position - step.completion.tokens
                due = 0
            elif isinstance(step, CallStep):
                found.calls += 1
            elif isinstance(step, CutStep):
                found.cut += 1
            elif isinstance(step, TrimStep):
                due += step.prefill
                found.trims += 1
                found.freed += step.freed
                found.again += step.prefill
                found.dropped += len(step.dropped)
            elif isinstance(step, AnswerStep):
                found.outcome = step.outcome
    return found


def _words(readers: Readers, steps: int) -> Iterator[str]:
    pages = sorted(readers.pages.current(), key=lambda page: page.url)
    for number in range(steps):
        page = pages[number // 2 % len(pages)]
        asked = f"{page.title} {number}"  # each call is another one
        arguments: dict[str, object] = {"query": [asked]}
        if number % 2:
            arguments = {"url": [page.url], "goal": asked}
        call = {"name": "visit" if number % 2 else "search", "arguments": arguments}
        yield (
            f"What {page.title} has to do with it I do not know yet, so I look at step {number}."
            f"</think>\n<tool_call>\n{json.dumps(call)}\n</tool_call>"
        )
    yield "That is what they say.</think>\n<answer>a great deal</answer>"
