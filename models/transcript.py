"""A conversation in the ChatML form of Qwen3-Thinking, piece by piece, each trusted or not.

Text in, pieces out: this module knows nothing about token ids, tools or sessions. History is
never rendered again. Each function gives only what is appended next, so what the model reads is
what it wrote plus what came back, and the thinking of every turn of a question stays (the
template keeps it, because a user message inside `<tool_response>` tags is not a real one).

A piece of untrusted text (a question, a page) reaches from one control token to the next, with
the line breaks that stand beside it. So for ordinary text the ids are exactly those that the
whole rendered conversation would give, and a tag in untrusted text is never more than letters.
"""

from dataclasses import dataclass
from typing import Protocol

END = "<|im_end|>"
"""What closes a message; the engine appends it to a completion that stops by itself."""

THINK = f"{END}\n<|im_start|>assistant\n<think>\n"
"""The generation prompt: a completion begins inside its thinking."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Text to append. Tags in `trusted` text become control tokens, in other text never."""

    text: str
    trusted: bool


def opening(system: str, question: str) -> tuple[Piece, ...]:
    """The system message (ours, trusted), the question (untrusted) and the first turn's prompt."""
    return (
        Piece(f"<|im_start|>system\n{system}{END}\n<|im_start|>", trusted=True),
        Piece(f"user\n{question}", trusted=False),
        Piece(THINK, trusted=True),
    )


def tool_response(result: str, closed: bool = True) -> tuple[Piece, ...]:
    """A tool's result and the next turn's prompt.

    `closed` says that the turn before ended with `<|im_end|>`, as `Completion.closed` tells; a
    turn that was cut by a limit is closed here.
    """
    start = "\n<|im_start|>user\n<tool_response>"
    return (
        Piece(start if closed else END + start, trusted=True),
        Piece(f"\n{result}\n", trusted=False),
        Piece(f"</tool_response>{THINK}", trusted=True),
    )


def answer_now(closed: bool = True) -> tuple[Piece, ...]:
    """Open the answer for the model, when no turn is left: the next completion is the answer.

    After a closed turn a new one is opened with empty thinking; a turn that was cut goes on. The
    completion then ends with `</answer>` and has no thinking.
    """
    start = "\n<|im_start|>assistant\n<think>\n" if closed else ""
    return (Piece(f"{start}\n</think>\n\n<answer>", trusted=True),)


class Transcript(Protocol):
    """How one family of models is talked to: what the loop appends, turn by turn."""

    @property
    def end(self) -> str:
        """The token that closes a message; empty when the model has none."""
        ...

    @property
    def stops(self) -> tuple[str, ...]:
        """Texts besides it that end a turn."""
        ...

    @property
    def opened(self) -> bool:
        """True when the prompt of a turn opens its thinking."""
        ...

    def opening(self, system: str, question: str, date: str) -> tuple[Piece, ...]:
        """The system text, the question and the first turn's prompt; `date` in ISO form."""
        ...

    def tool_response(self, result: str, closed: bool = True) -> tuple[Piece, ...]:
        """A tool's result and the next turn's prompt."""
        ...

    def answer_now(self, closed: bool = True) -> tuple[Piece, ...]:
        """Open the answer for the model."""
        ...


class Qwen3Thinking:
    """The functions of this module as a `Transcript`."""

    end = END
    stops: tuple[str, ...] = ()
    opened = True

    def opening(self, system: str, question: str, date: str) -> tuple[Piece, ...]:
        """See `opening`; the date stands in the system text."""
        return opening(system, question)

    def tool_response(self, result: str, closed: bool = True) -> tuple[Piece, ...]:
        """See `tool_response`."""
        return tool_response(result, closed)

    def answer_now(self, closed: bool = True) -> tuple[Piece, ...]:
        """See `answer_now`."""
        return answer_now(closed)


QWEN3_THINKING: Transcript = Qwen3Thinking()
