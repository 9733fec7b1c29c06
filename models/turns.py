"""An assistant turn, read: from a completion's text to its thinking and its calls or answer.

Tolerant of what models emit (PROTOCOL: text before the tag, code fences, a lone string for a
list, several calls in a turn, unclosed tags, trailing commas, JSON5 and Python literals). It does
not run tools and does not judge arguments: whether a tool exists is the tools' business.
"""

import ast
import json
import math
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import json5

ABSTAIN = "not found"
"""The answer that a model gives when the corpus does not hold what was asked."""

_CALL = re.compile(r"<tool_call>(.*?)(?:</tool_call>|(?=<tool_call>)|\Z)", re.DOTALL)
_ANSWER = re.compile(r"<answer>(.*?)(?:</answer>|\Z)", re.DOTALL)
_FENCE = re.compile(r"\A\s*```[\w-]*\s*\n?(.*?)\n?\s*```\s*\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call as written. `error` says why it could not be read; then `name` is empty."""

    name: str
    arguments: Mapping[str, object]
    raw: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One assistant turn: the thinking, then calls or an answer; neither means an empty turn."""

    thinking: str
    calls: tuple[Call, ...]
    answer: str | None

    @property
    def parsed(self) -> bool:
        """True when the turn has an answer or calls that could all be read."""
        return self.answer is not None or (
            bool(self.calls) and not any(call.error for call in self.calls)
        )


def read_turn(completion: str) -> Turn:
    """Split a completion (generated after an opening `<think>`) into thinking, calls, answer.

    Tags inside the thinking do not count. A completion that never closes its thinking is read
    whole as both, because some models skip the closing tag and go straight to the call.
    """
    thinking, closed, rest = completion.partition("</think>")
    if not closed:
        rest = completion
        cut = min(
            (i for i in (rest.find("<tool_call>"), rest.find("<answer>")) if i >= 0), default=-1
        )
        thinking = rest if cut < 0 else rest[:cut]
    thinking = thinking.replace("<think>", "").strip()
    answer = _ANSWER.search(rest)
    first_call = rest.find("<tool_call>")
    if answer and (first_call < 0 or answer.start() < first_call):
        return Turn(thinking, (), answer.group(1).strip())
    calls = tuple(read_call(match.group(1)) for match in _CALL.finditer(rest))
    return Turn(thinking, calls, None)


def read_call(body: str) -> Call:
    """Read the inside of one `<tool_call>`: JSON, JSON5, then a Python literal, as upstream.

    Only JSON values come out, whatever was written: a run keeps the arguments and hashes them.
    """
    text = body.strip()
    fence = _FENCE.match(text)
    if fence:
        text = fence.group(1).strip()
    value = _literal(text)
    if value is None:
        start, end = text.find("{"), text.rfind("}")
        value = _literal(text[start : end + 1]) if 0 <= start < end else None
    if not isinstance(value, dict):
        return Call("", {}, body, "the call is not a JSON object")
    name = value.get("name")
    arguments = value.get("arguments", value.get("parameters", {}))
    if isinstance(arguments, str):
        arguments = _literal(arguments)
    if not isinstance(name, str) or not name:
        return Call("", {}, body, 'the call has no "name"')
    if not isinstance(arguments, dict):
        return Call("", {}, body, 'the call\'s "arguments" are not a JSON object')
    try:
        plain = {_letters(str(key)): _plain(item) for key, item in arguments.items()}
    except (ValueError, RecursionError):
        return Call("", {}, body, 'the call\'s "arguments" hold a value that JSON does not know')
    return Call(_letters(name.strip()), plain, body)


def _plain(value: object) -> object:
    """Return `value` as JSON values; ValueError for a set, bytes, NaN and the like."""
    if isinstance(value, str):
        return _letters(value)
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {_letters(str(key)): _plain(item) for key, item in value.items()}
    raise ValueError(f"{type(value).__name__} is no JSON value")


def _letters(text: str) -> str:
    # A lone surrogate (an escape cut in half) has no UTF-8 and NUL is in no database.
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def _literal(text: str) -> object:
    for reader in (json.loads, _json5, _python):
        try:
            return reader(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
    return None


def _python(text: str) -> object:
    with warnings.catch_warnings():
        # An odd backslash in a model's string is no business of the user.
        warnings.simplefilter("ignore")
        return ast.literal_eval(text)


def _json5(text: str) -> object:
    # The library is pure Python and slow on long input; a call longer than this is malformed.
    if len(text) > 20_000:
        raise ValueError("too long for a tool call")
    return json5.loads(text)


def string_list(value: object) -> list[str]:
    """Read a tool argument that should be a list of strings; a lone string is a list of one."""
    if isinstance(value, str):
        return [value] if value.strip() else []
    if isinstance(value, (list, tuple)):
        return [item for item in value if isinstance(item, str) and item.strip()]
    return []


def abstains(answer: str) -> bool:
    """True when an answer says that the corpus does not hold what was asked."""
    return answer.strip().strip(".!\"'").casefold() == ABSTAIN
