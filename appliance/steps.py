"""What happens in a run, one value a step: what the loop yields, a run keeps and a terminal shows.

Values only. Each is made in `appliance.agent`, and its order there is its order in the run.
"""

from dataclasses import dataclass

from models.engine import Completion
from models.turns import Call, Turn

from .tools import ToolResult


@dataclass(frozen=True, slots=True)
class TurnStep:
    """The model wrote a turn."""

    number: int
    turn: Turn
    completion: Completion


@dataclass(frozen=True, slots=True)
class CallStep:
    """A tool call was run; `seconds` is wall time."""

    number: int
    call: Call
    result: ToolResult
    seconds: float


@dataclass(frozen=True, slots=True)
class TrimStep:
    """Earlier results were left out to make room.

    `stubbed` and `dropped` are numbers of turns: of the first only the result became a line, the
    others are gone whole. `freed` tokens are fewer in the context; `prefill` tokens stand behind
    the first change and are evaluated once more by the next turn.
    """

    number: int
    stubbed: tuple[int, ...]
    dropped: tuple[int, ...]
    freed: int
    prefill: int


@dataclass(frozen=True, slots=True)
class CutStep:
    """What the tools returned did not fit; the model was told so instead of reading it."""

    number: int


@dataclass(frozen=True, slots=True)
class StopStep:
    """The loop told the model to answer now, and why."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class AnswerStep:
    """The end: `outcome` is `answered`, `abstained` or `no-answer`."""

    number: int
    text: str
    outcome: str


Step = TurnStep | CallStep | TrimStep | CutStep | StopStep | AnswerStep
