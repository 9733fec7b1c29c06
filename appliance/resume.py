"""Going on with a run that did not end: the real loop again, fed from the record, then live.

What a run recorded is given to the loop in the place of the model, the tools, the limits and the
context policy; where the record ends, the real ones take over in the same conversation. So the
session holds what it held, id for id, and is evaluated at once. Nothing here reads or writes files.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from models.chat import chat_form
from models.engine import Completion, Sampling, Session
from models.over import SessionOver
from models.profiles import Profile, profile
from models.turns import Call

from .context import Policy, RecordedPolicy
from .conversation import Conversation, Plan
from .errors import RunError
from .limits import STOPPED, Limits, Progress, RecordedLimits, Stage
from .tools import Toolbox, ToolResult
from .trace import Event, Run

FINISHED = ("answered", "abstained", "no-answer")
LOOP = ("turn", "call", "trim", "cut", "stop", "answer")
"""The events that are steps of the loop, in its order; a resumed loop takes the same ones first."""


def kept(run: Run) -> Run:
    """The run with the events that stay in force when it is resumed.

    What was written at its end goes (quotes, evidence), and with an interruption the turn that it
    cut off and the answer that was asked for. Raises RunError for a run that has ended.
    """
    if run.outcome in FINISHED:
        raise RunError(
            f"the run {run.id} has ended ({run.outcome}), so there is nothing to go on with; "
            "ask the question again, or see: appliance runs show " + run.id
        )
    if run.all("purged"):
        raise RunError(
            f"a purge took texts out of the run {run.id}, so that its conversation cannot be "
            "rebuilt; ask the question again"
        )
    events = list(run.in_force)
    for at, event in enumerate(events):
        if event["type"] == "stop" and event["reason"] == STOPPED:
            events = events[:at]
            break
    # A turn that was cut off and led to nothing is generated anew.
    telling = [at for at, event in enumerate(events) if event["type"] in ("turn", "stop", "answer")]
    if telling and events[telling[-1]].get("finish") == "cancelled":
        events = events[: telling[-1]]
    last = max((at for at, event in enumerate(events, 1) if event["type"] in LOOP), default=0)
    return replace(run, events=tuple(events[:last]))


def recorded_profile(manifest: Mapping[str, object]) -> Profile:
    """The profile of a run, with the form in which its model was talked to."""
    chosen = profile(str(manifest["profile"]))
    form: Any = manifest.get("form")
    return chosen if form is None else replace(chosen, form=chat_form(form))


def completion_of(event: Event) -> Completion:
    """The completion of a recorded turn, with the ids that it had in its session."""
    values: Mapping[str, Any] = event
    return Completion(
        text=str(values["completion"]),
        tokens=int(values["tokens"]),
        finish=values["finish"],
        closed=bool(values["closed"]),
        prefilled=int(values["prefilled"]),
        ids=tuple(int(token) for token in values.get("ids", ())),
    )


def recorded_policy(events: Sequence[Event]) -> RecordedPolicy:
    """The changes of context that a run recorded, for its replay."""
    plans: dict[tuple[int, bool], Plan] = {}
    cut: set[int] = set()
    for event in events:
        values: Mapping[str, Any] = event
        if values["type"] == "cut":
            cut.add(values["turn"])
        elif values["type"] == "trim":
            plan = Plan(tuple(values["stubbed"]), tuple(values["dropped"]))
            plans[values["turn"], values["turn"] in cut] = plan
    return RecordedPolicy(plans)


def recorded_limits(events: Sequence[Event]) -> RecordedLimits:
    """What a run decided about going on, for its replay."""
    values: Sequence[Mapping[str, Any]] = events
    return RecordedLimits(
        {event["turn"]: str(event["reason"]) for event in values if event["type"] == "stop"},
        frozenset(event["turn"] for event in values if event["type"] == "cut"),
    )


@dataclass(slots=True)
class Record:
    """The steps of a run that are in force, while a resumed loop takes them again."""

    events: Sequence[Event]
    _left: deque[Event] = field(init=False)
    _turns: deque[Event] = field(init=False)
    _calls: deque[Event] = field(init=False)

    def __post_init__(self) -> None:
        self._left = deque(event for event in self.events if event["type"] in LOOP)
        self._turns = deque(event for event in self._left if event["type"] == "turn")
        # A repeated call reached no tool.
        self._calls = deque(
            event
            for event in self._left
            if event["type"] == "call" and "repeats" not in _data(event)
        )

    @property
    def turns(self) -> int:
        """The number of the last turn whose completion was recorded."""
        return max((int(str(e["turn"])) for e in self.events if e["type"] == "turn"), default=0)

    @property
    def seconds(self) -> float:
        """What the recorded steps took."""
        names = ("prefill_seconds", "decode_seconds", "seconds")
        values: Sequence[Mapping[str, Any]] = self.events
        return sum(
            float(event[name])
            for event in values
            if event["type"] in LOOP
            for name in names
            if name in event
        )

    def took(self, kind: str) -> bool:
        """True when the next step of the loop stands in the record; RunError when another does."""
        if not self._left:
            return False
        then = self._left.popleft()
        if then["type"] != kind:
            raise RunError(
                f"the run has a {then['type']} where this version of the loop makes a {kind}, so "
                "it cannot be resumed; ask the question again"
            )
        return True

    def session(self, live: Session) -> Session:
        """A session that completes as recorded, then as `live` does."""
        return _Session(live, self._turns)

    def toolbox(self, live: Toolbox) -> Toolbox:
        """Tools that return what was recorded, then what `live` returns."""
        return _Tools(live, self._calls)

    def limits(self, live: Limits) -> Limits:
        """Limits that decide as recorded, then as `live` does."""
        return _Limits(live, recorded_limits(self.events), self.turns)

    def policy(self, live: Policy) -> Policy:
        """A policy that plans as recorded, then as `live` does."""
        return _Policy(live, recorded_policy(self.events), self.turns)


def _data(event: Event) -> Mapping[str, object]:
    data = event["data"]
    assert isinstance(data, Mapping)
    return data


class _Session(SessionOver):
    """The live session, whose first completions are the recorded ones."""

    def __init__(self, live: Session, turns: deque[Event]) -> None:
        super().__init__(live)
        self._turns = turns

    def _instead(self, sampling: Sampling) -> Completion | None:
        if not self._turns:
            return None
        completion = completion_of(self._turns.popleft())
        self.live.feed(completion)
        return completion


class _Tools(Toolbox):
    """The live tools, whose first results are the recorded ones."""

    def __init__(self, live: Toolbox, calls: deque[Event]) -> None:
        super().__init__()
        self._live = live
        self._calls = calls

    def call(self, call: Call, question: str) -> ToolResult:
        """See `Toolbox`."""
        if not self._calls:
            return self._live.call(call, question)
        event = self._calls.popleft()
        return ToolResult(str(event["text"]), _data(event))


@dataclass(slots=True)
class _Limits:
    """The live limits; of turns up to `known` the record tells."""

    live: Limits
    then: RecordedLimits
    known: int

    @property
    def context(self) -> int:
        return self.live.context

    @property
    def spare(self) -> int:
        return self.live.spare

    def stop_reason(self, progress: Progress) -> str | None:
        if progress.turn <= self.known or progress.turn in self.then.reasons:
            return self.then.stop_reason(progress)
        return self.live.stop_reason(progress)

    def turn_tokens(self, progress: Progress) -> int:
        return self.live.turn_tokens(progress)

    def fits(self, turn: int, size: int) -> bool:
        if turn < self.known or turn in self.then.cuts:
            return self.then.fits(turn, size)
        return self.live.fits(turn, size)

    def expired(self, stage: Stage) -> bool:
        return self.live.expired(stage)


@dataclass(slots=True)
class _Policy:
    """The live policy; of turns before `known` the record tells, and of `known` what it holds."""

    live: Policy
    then: RecordedPolicy
    known: int

    def plan(self, talk: Conversation, number: int, need: int, cut: bool = False) -> Plan | None:
        plan = self.then.plan(talk, number, need, cut)
        if plan is not None or number < self.known:
            return plan
        return self.live.plan(talk, number, need, cut)
