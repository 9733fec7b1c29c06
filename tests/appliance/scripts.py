"""What a scripted model says in these tests, and what they ask."""

import json
from collections.abc import Callable

from models.scripted import ScriptedEngine
from store.database import Database

from .conftest import Done

Command = Callable[..., Done]
Scripted = Callable[..., ScriptedEngine]
Alter = Callable[[Database, str, str, str], None]

DANUBE = "https://almanac.example/danube"
QUESTION = "How long is the Danube?"
ANSWER = "It says so.</think>\n<answer>2,850 km</answer>"


def calling(name: str, **arguments: object) -> str:
    """A turn that calls a tool."""
    body = json.dumps({"name": name, "arguments": arguments})
    return f"I look.</think>\n<tool_call>\n{body}\n</tool_call>"


SEARCH = calling("search", query=["Danube length", "long rivers of Europe"])
VISIT = calling("visit", url=[DANUBE, "https://almanac.example/elbe"], goal="length of the Danube")
BROKEN = "Hm.</think>\n<tool_call>{oops</tool_call>"


def asked(scripted: Scripted, command: Command, *turns: str) -> Done:
    """Ask QUESTION of a model that says `turns`: a search, a slip, a visit, the answer."""
    engine = scripted(*(turns or (SEARCH, BROKEN, VISIT, ANSWER)))
    done = command("ask", "--date", "2026-01-02", QUESTION)
    assert engine.left == 0
    return done
