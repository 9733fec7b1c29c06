"""An assistant turn, read: from a completion's text to its thinking and its calls or answer.

Tolerant of what models emit (PROTOCOL: text before the tag, code fences, several calls in a turn,
unclosed tags; `models.calls` reads what stands inside them). It does not run tools, and what a
turn that holds nothing is told is the loop's business.
"""

import re
from dataclasses import dataclass

from .calls import Call, read_call, read_calls, string_list

__all__ = [
    "ABSTAIN",
    "Call",
    "Turn",
    "abstains",
    "begins_call",
    "read_call",
    "read_turn",
    "string_list",
]

ABSTAIN = "not found"
"""The answer that a model gives when the corpus does not hold what was asked."""

_TAG = re.compile(
    r"[<＜]\s?([/／]?)\s?(tool_call|answer|think)s?(\s[^<>＜＞]{0,80})?[>＞]", re.IGNORECASE
)
_CALL = re.compile(
    r"<tool_call(\s[^>]{0,80})?>(.*?)(?:</tool_call>|(?=<tool_call[\s>])|\Z)", re.DOTALL
)
_ANSWER = re.compile(
    r"<answer>(.*?)(?:</answer>|</?(?:a(?:n(?:s(?:w(?:er?)?)?)?)?)?\Z|\Z)", re.DOTALL
)
_FENCED = re.compile(r"\A```[\w-]*\s*\n(.*?)\n?\s*```\Z", re.DOTALL)
_LAST = re.compile(
    r"(<tool_call(?:\s[^>]*)?>(?:(?!<tool_call).)*</tool_call>|<answer>(?:(?!<answer>).)*</answer>)"
    r"\s*\Z",
    re.DOTALL,
)
_STRAY = re.compile(r"</?(?:tool_call|answer|think)[^>]*>")
_BARE = re.compile(
    r"""\A\s*(?:```[\w-]*\s*)?[{｛\[]|<(?:function|invoke)\b[^>]*>|["'“”]arguments["'“”]\s*[:：]"""
)
"""What an untagged call looks like: nothing but an object, or the forms that no prose has."""
_BEGUN = re.compile(
    r"""\A\s*(?:```[\w-]*\s*)?(?:</?tool_call|[{｛\[]+\s*["'“]?(?:name|tool|function|arguments)\b)"""
)


@dataclass(frozen=True, slots=True)
class Turn:
    """One assistant turn: the thinking, then calls or an answer; neither means an empty turn.

    `said` is what an empty turn holds behind its thinking, outside any tag.
    """

    thinking: str
    calls: tuple[Call, ...]
    answer: str | None
    said: str = ""

    @property
    def parsed(self) -> bool:
        """True when the turn has an answer or calls that could all be read."""
        return self.answer is not None or (
            bool(self.calls) and not any(call.error for call in self.calls)
        )


def read_turn(completion: str, opened: bool = True) -> Turn:
    """Split a completion into thinking, calls, answer; `opened`: the prompt opened its thinking.

    Tags inside the thinking do not count, unless the turn ends with them and nothing else follows.
    A completion that never closes its thinking is read whole as both, because some models skip the
    closing tag and go straight to the call.
    """
    text = _TAG.sub(_tag, completion)
    thinking, closed, rest = text.partition("</think>")
    # What is thought again behind the first thinking is no more said than that.
    *thoughts, rest = rest.split("</think>")
    rest = "".join([*(piece.partition("<think>")[0] for piece in thoughts), rest])
    if closed and not _STRAY.sub("", rest).strip() and (last := _LAST.search(thinking)):
        thinking, rest = thinking[: last.start()], last[1]
    if not closed:
        rest = text
        places = (rest.find("<tool_call"), rest.find("<answer>"))
        cut = min((place for place in places if place >= 0), default=-1)
        thinking = rest if cut < 0 else rest[:cut]
    thinking = thinking.replace("<think>", "").strip()
    first_call = rest.find("<tool_call")
    if closed and first_call < 0 and "<answer>" not in rest and "</answer>" in rest:
        rest = f"<answer>{rest}"  # its first tag was forgotten
    answer = _ANSWER.search(rest)
    if answer and (first_call < 0 or answer.start() < first_call):
        inside = answer.group(1).replace("<answer>", "").strip()
        if not begins_call(inside):
            fenced = _FENCED.match(inside)
            return Turn(thinking, (), fenced[1].strip() if fenced else inside)
    calls = tuple(call for match in _CALL.finditer(rest) for call in _calls(match))
    if len(calls) > 1:
        # A tag opened twice leaves an empty one behind.
        calls = tuple(call for call in calls if call.raw.strip()) or calls[:1]
    if not calls and (closed or not opened) and _BARE.search(rest):
        calls = tuple(call for call in read_calls(rest) if not call.error)
    if calls:
        return Turn(thinking, calls, None)
    plain = closed or (not opened and "<think>" not in text)
    return Turn("" if plain and not closed else thinking, (), None, _said(rest) if plain else "")


def _tag(match: re.Match[str]) -> str:
    """A tag as it should have been written: brackets, spaces, capitals and plural."""
    slash = "/" if match[1] else ""
    attributes = match[3] if match[3] and match[3].strip() and not slash else ""
    return f"<{slash}{match[2].lower()}{attributes}>"


def _calls(match: re.Match[str]) -> tuple[Call, ...]:
    return read_calls(match[2], match[1] or "")


def _said(rest: str) -> str:
    return _STRAY.sub("", rest).strip()


def begins_call(text: str) -> bool:
    """True for a text that is a tool call, whole or not, and so no answer."""
    return bool(_BEGUN.match(text))


def abstains(answer: str) -> bool:
    """True when an answer says that the corpus does not hold what was asked."""
    return answer.strip().strip(".!\"'").casefold() == ABSTAIN
