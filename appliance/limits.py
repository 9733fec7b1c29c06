"""When the loop has to stop calling tools and answer: turns, context, time, repetition.

One seam of two methods. `LiveLimits` reads the clock and the session; `RecordedLimits` repeats
what a recorded run decided, so that a replay takes the same way whatever the time is now.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from models.profiles import Profile

ANSWER_RESERVE = 0.2
"""Share of a time budget that is kept for the final answer."""

ANSWER_ROOM = 720
"""Tokens that every turn and tool result leave free in the context, for the final answer."""

SAME_CALL = 3
"""The same call this often in a run means that the model turns in circles."""


class Limits(Protocol):
    """Decides before each turn whether the model may still call tools."""

    def stop_reason(self, turn: int, position: int, repeats: int) -> str | None:
        """Return why this turn must be the answer, or None. `position` is in tokens."""

    def expired(self, final: bool) -> bool:
        """True when the generation that is under way has to be cut off."""


@dataclass(slots=True)
class LiveLimits:
    """Limits of a run that happens now. `seconds` is the whole budget, None for no bound."""

    profile: Profile
    context: int
    seconds: float | None = None
    clock: Callable[[], float] = time.monotonic
    started: float = field(init=False)

    def __post_init__(self) -> None:
        self.started = self.clock()

    def stop_reason(self, turn: int, position: int, repeats: int) -> str | None:
        """See `Limits`. Room for one more turn is kept, besides that for the answer."""
        if turn > self.profile.max_turns:
            return f"the limit of {self.profile.max_turns} turns is reached"
        turn_room = min(self.profile.turn_tokens, self.context // 8)
        if position + turn_room + ANSWER_ROOM >= self.context:
            return f"the context of {self.context} tokens is nearly full"
        if repeats >= SAME_CALL:
            return f"the same tool call was made {repeats} times"
        if self.expired(final=False):
            return "the time budget is nearly used up"
        return None

    def expired(self, final: bool) -> bool:
        """See `Limits`. The last fifth of the budget belongs to the final answer."""
        if self.seconds is None:
            return False
        share = 1.0 if final else 1.0 - ANSWER_RESERVE
        return self.clock() - self.started >= self.seconds * share


@dataclass(frozen=True, slots=True)
class RecordedLimits:
    """The decisions of a recorded run: turn number to reason."""

    reasons: Mapping[int, str]

    def stop_reason(self, turn: int, position: int, repeats: int) -> str | None:
        """See `Limits`."""
        return self.reasons.get(turn)

    def expired(self, final: bool) -> bool:
        """A recorded completion is never cut off again."""
        return False
