"""When the loop has to stop calling tools and answer: turns, tokens, context, time, repetition.

One seam. `LiveLimits` reads the clock and the session; `RecordedLimits` repeats what a recorded
run decided, so that a replay takes the same way whatever the time is now.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from models.profiles import Profile

ANSWER_ROOM = 720
"""Tokens that every turn and tool result leave free in the context, for the final answer."""

SAME_CALL = 3
"""The same call this often, and no new one, means that the model turns in circles."""

IDLE_TURNS = 4
"""So many turns in a row with nothing that could be run: the model has lost the form."""

INTERRUPT_SECONDS = 20.0
"""What Ctrl-C leaves for the answer."""

Stage = Literal["turn", "answer", "opened"]
"""A turn that may call tools; the one that must answer; the answer that was opened for it."""

_SHARES: Mapping[Stage, float] = {"turn": 0.8, "answer": 0.93, "opened": 1.0}
"""At which share of the time a generation of a stage is cut off: the rest is for the later ones."""

STOPPED = "stopped by Ctrl-C"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is, before a turn.

    `position` is in tokens of the context, `tokens` all that were ever read or written, `repeats`
    how often the most frequent call was made since another was run, `idle` how many turns in a row
    ran nothing.
    """

    turn: int
    position: int = 0
    tokens: int = 0
    repeats: int = 0
    idle: int = 0


@dataclass(frozen=True, slots=True)
class Budget:
    """What one question may take; 0 and None mean what the profile says, or no bound.

    `tokens` bounds all that is read and written, `seconds` the wall time, `context` the window.
    `policy` names what makes room in it (`appliance.context`).
    """

    turns: int = 0
    tokens: int = 0
    seconds: float | None = None
    context: int = 0
    policy: str = ""


class Limits(Protocol):
    """Decides before each turn whether the model may still call tools."""

    @property
    def context(self) -> int:
        """The most tokens that the context may hold."""

    @property
    def spare(self) -> int:
        """Tokens that should stay free behind a response: for one more turn, and the answer."""

    def stop_reason(self, progress: Progress) -> str | None:
        """Return why this turn must be the answer, or None."""

    def turn_tokens(self, progress: Progress) -> int:
        """Return how many tokens a turn may have that calls tools."""

    def fits(self, turn: int, size: int) -> bool:
        """True when a response to `turn` fits that makes the context `size` tokens long."""

    def expired(self, stage: Stage) -> bool:
        """True when the generation that is under way has to be cut off."""


@dataclass(slots=True)
class LiveLimits:
    """Limits of a run that happens now. `seconds` is the whole budget, None for no bound.

    `turns` 0 means the profile's, `tokens` 0 none; `spent` are seconds that went before.
    """

    profile: Profile
    context: int
    seconds: float | None = None
    clock: Callable[[], float] = time.monotonic
    turns: int = 0
    tokens: int = 0
    spent: float = 0.0
    started: float = field(init=False)
    interrupted: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.started = self.clock()

    @property
    def turn_room(self) -> int:
        """Tokens that are kept free for one more turn."""
        return min(self.profile.turn_tokens, self.context // 8)

    @property
    def spare(self) -> int:
        """See `Limits`."""
        # Not a token less than `stop_reason` asks for, or a trim would end the search.
        return self.turn_room + ANSWER_ROOM + 1

    def interrupt(self) -> None:
        """End the turn that is under way and let the model answer shortly."""
        if self.interrupted is None:
            self.interrupted = self.clock()

    def over(self) -> bool:
        """True when nothing more may be begun: after Ctrl-C, or when the time is used up."""
        return self.interrupted is not None or self.expired("opened")

    def stop_reason(self, progress: Progress) -> str | None:
        """See `Limits`. Room for one more turn is kept, besides that for the answer."""
        turns = self.turns or self.profile.max_turns
        if self.interrupted is not None:
            return STOPPED
        if progress.turn > turns:
            return f"the limit of {turns} turn{'s' if turns > 1 else ''} is reached"
        if progress.position + self.turn_room + ANSWER_ROOM >= self.context:
            return f"the context of {self.context} tokens is nearly full"
        if self.tokens and self._left(progress) < self.turn_room:
            return f"the budget of {self.tokens} tokens is nearly used up"
        if progress.repeats >= SAME_CALL:
            return f"the same tool call was made {progress.repeats} times"
        if progress.idle >= IDLE_TURNS:
            return f"the last {progress.idle} turns held no call that could be run"
        if self.expired("turn"):
            return "the time budget is nearly used up"
        return None

    def turn_tokens(self, progress: Progress) -> int:
        """See `Limits`."""
        most = min(self.profile.turn_tokens, self.context - progress.position - ANSWER_ROOM)
        return min(most, self._left(progress)) if self.tokens else most

    def fits(self, turn: int, size: int) -> bool:
        """See `Limits`."""
        return size + ANSWER_ROOM <= self.context

    def expired(self, stage: Stage) -> bool:
        """See `Limits`. The last fifth of the time belongs to the final answer."""
        now = self.clock()
        if self.interrupted is not None:
            patience = INTERRUPT_SECONDS * (_SHARES[stage] if stage != "turn" else 0.0)
            return now - self.interrupted >= patience
        if self.seconds is None:
            return False
        return now - self.started + self.spent >= self.seconds * _SHARES[stage]

    def _left(self, progress: Progress) -> int:
        """Tokens of the budget that a turn may have."""
        return self.tokens - progress.tokens - ANSWER_ROOM


@dataclass(frozen=True, slots=True)
class RecordedLimits:
    """The decisions of a recorded run: turn number to reason, and the turns that were cut."""

    reasons: Mapping[int, str]
    cuts: frozenset[int] = frozenset()
    context: int = 1 << 30
    spare: int = 0

    def stop_reason(self, progress: Progress) -> str | None:
        """See `Limits`."""
        return self.reasons.get(progress.turn)

    def turn_tokens(self, progress: Progress) -> int:
        """See `Limits`. A recorded completion is as long as it was."""
        return self.context

    def fits(self, turn: int, size: int) -> bool:
        """See `Limits`."""
        return turn not in self.cuts

    def expired(self, stage: Stage) -> bool:
        """A recorded completion is never cut off again."""
        return False
