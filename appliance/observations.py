"""What the loop itself says to the model: short, and naming what to do next.

The tools' own words stand in `models.wire` and `appliance.tools`. All of it is text that a run
replays, so none of it may hang on a clock, a machine or the order of a set.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from models.engine import Completion
from models.turns import Call, Turn

from .tools import ToolResult

EMPTY_TURN = (
    "That turn held neither a tool call nor an answer. Call one tool inside <tool_call> tags, "
    "or finish inside <answer> tags."
)
UNTAGGED = (
    "That turn held text outside of any tags, which is not read. If it was the answer, write it "
    "as <answer>the answer</answer>; if not, call one tool inside <tool_call> tags."
)
CUT_SHORT = (
    "That turn reached its limit of length before it held a tool call or an answer. Think less, "
    "then call one tool inside <tool_call> tags, or finish inside <answer> tags."
)
DID_NOT_FIT = "The result of this call did not fit into the context. Ask for less, or answer."
ANSWER_NOW = (
    "Stop calling tools now. With what the pages above say, give your best answer inside "
    "<answer> tags."
)
MOST_CALLS = 8
"""Calls of one turn that are run."""
TOO_MANY = f"Only the first {MOST_CALLS} calls of a turn are run. Make the others in later turns."

_WORDS = 60
_URLS = 3


def nothing_in(turn: Turn, completion: Completion) -> str:
    """What a turn without a call and without an answer is told."""
    if turn.answer is None and turn.said:
        return UNTAGGED
    if turn.answer is None and completion.finish == "length":
        return CUT_SHORT
    return EMPTY_TURN


def repeated(call: Call, turn: int) -> ToolResult:
    """What a call is told that was made before and whose result still stands in the context."""
    text = (
        f"This {call.name} was made before, in turn {turn}, and its result stands above; it would "
        "be the same. Call a tool with other arguments, or answer inside <answer> tags."
    )
    return ToolResult(text, {"repeats": turn})


def left_out(call: Call, result: ToolResult) -> str:
    """One line in the place of a result: what was called, how much came back, which pages."""
    data: Mapping[str, Any] = result.data
    if queries := data.get("queries"):
        asked = "; ".join(f"“{_short(str(query['query']))}”" for query in queries)
        urls = list(dict.fromkeys(hit["url"] for query in queries for hit in query["hits"]))
        found = f"{_count(len(urls), 'page')}{_named(urls)}"
        return f"(Left out to make room: search {asked} found {found}. Search again if needed.)"
    if pages := data.get("pages"):
        read = "; ".join(_page(page) for page in pages)
        goal = _short(str(data.get("goal", "")))
        return f"(Left out to make room: visit for “{goal}” of {read}. Visit again if needed.)"
    if "error" in data or "repeats" in data:
        return result.text
    return f"(Left out to make room: the result of {call.name}. Call it again if needed.)"


def dropped(numbers: Sequence[int]) -> str:
    """One line in the place of whole turns."""
    return f"(Turns {min(numbers)} to {max(numbers)} were left out to make room.)"


def _page(page: Mapping[str, Any]) -> str:
    if page.get("missing"):
        return f"{page['url']}, which is not there"
    return f"{page['url']} ({_short(str(page.get('title', '')))})"


def _named(urls: Sequence[str]) -> str:
    if not urls:
        return ""
    return f", the first {min(_URLS, len(urls))}: {' '.join(urls[:_URLS])}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _WORDS else flat[: _WORDS - 1] + "…"
