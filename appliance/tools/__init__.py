"""The tools a researcher may call, and what comes back.

A tool is one object with a `name` and a `run`; `Toolbox` finds it by name and turns every mistake
of the model into an observation that the model can act on. Each result carries the text in the
trained form (`models.wire`) and the same facts as structure, for evidence, replay and people.
How to add a tool: docs/extending.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from models.turns import Call
from store.digest import blake_json

_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool returned: the text the model reads and the same as JSON values."""

    text: str
    data: Mapping[str, object]

    @property
    def digest(self) -> str:
        """Digest of text and structure; equal digests mean the same result to the byte.

        Only the time of capture is left out: a page that was fetched again and says what it said
        is the same page.
        """
        return blake_json({"text": self.text, "data": without_capture(self.data)})


_CAPTURE = frozenset({"captured", "source", "capture"})


def without_capture(value: object) -> object:
    """A copy of JSON values without when, from where and as which bytes pages were captured."""
    if isinstance(value, Mapping):
        return {key: without_capture(item) for key, item in value.items() if key not in _CAPTURE}
    if isinstance(value, (list, tuple)):
        return [without_capture(item) for item in value]
    return value


class Tool(Protocol):
    """One tool. `run` gets the arguments as the model wrote them and the question asked."""

    @property
    def name(self) -> str:
        """The name the model calls it by."""

    def run(self, arguments: Mapping[str, object], question: str) -> ToolResult:
        """Do it. Wrong arguments raise `BadArgumentsError`; nothing else raises."""


class BadArgumentsError(ValueError):
    """Arguments a tool cannot use. The message is shown to the model, not to the user."""


class Toolbox:
    """The tools of one run, by name."""

    def __init__(self, *tools: Tool) -> None:
        self._tools = {tool.name: tool for tool in tools}

    def call(self, call: Call, question: str) -> ToolResult:
        """Run one call; a call that cannot be run becomes an observation with data `error`."""
        if call.error:
            return _observation(
                f"This tool call could not be read: {call.error}. Write it as "
                '<tool_call>\n{"name": "search", "arguments": {"query": ["..."]}}\n</tool_call>'
            )
        # Some write `functions.search`, or a capital letter.
        tool = self._tools.get(call.name) or self._tools.get(call.name.split(".")[-1].casefold())
        if tool is None:
            asked, names = call.name[:_LONGEST_NAME], ", ".join(self._tools)
            return _observation(f"There is no tool called {asked!r}. The tools are: {names}.")
        try:
            return tool.run(call.arguments, question)
        except BadArgumentsError as error:
            return _observation(f"The tool {tool.name} could not be run: {error}")


def _observation(text: str) -> ToolResult:
    return ToolResult(text, {"error": text})
