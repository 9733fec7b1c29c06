"""The loop over a scripted model and a tool that says what it was given."""

import re
from collections.abc import Iterable, Mapping

from appliance.agent import (
    Step,
    research,
)
from appliance.limits import (
    Limits,
    LiveLimits,
)
from appliance.tools import BadArgumentsError, Toolbox, ToolResult
from models.profiles import profile
from models.scripted import ScriptedEngine, ScriptedSession

DEMO = profile("demo")


class Echo:
    """A tool that says what it was given, or refuses it."""

    name = "search"

    def __init__(self, size: int = 1) -> None:
        self.size = size

    def run(self, arguments: Mapping[str, object], question: str) -> ToolResult:
        query = arguments.get("query")
        if not query:
            raise BadArgumentsError('give "query" as a list of at least one string.')
        return ToolResult(f"found {query} " * self.size, {"query": query, "question": question})


def run(
    completions: Iterable[str],
    limits: Limits | None = None,
    capacity: int = 1 << 30,
    tool: Echo | None = None,
    question: str = "How long?",
) -> tuple[list[Step], ScriptedSession]:
    engine = ScriptedEngine(completions, capacity)
    session = engine.open()
    steps = list(
        research(
            question,
            session,
            Toolbox(tool or Echo()),
            DEMO,
            limits or LiveLimits(DEMO, 4096),
            "2026-01-02",
        )
    )
    assert engine.left == 0
    return steps, session


def observations(session: ScriptedSession) -> list[str]:
    """What came back to the model after its turns, in order."""
    return re.findall(r"<tool_response>\n(.*?)\n</tool_response>", session.text, re.DOTALL)
