"""What ends the search and leaves room for the answer: turns, tokens, time, the context."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from appliance.agent import (
    AnswerStep,
    CallStep,
    CutStep,
    StopStep,
    TurnStep,
    research,
)
from appliance.limits import (
    ANSWER_ROOM,
    INTERRUPT_SECONDS,
    LiveLimits,
    Progress,
    RecordedLimits,
)
from appliance.observations import (
    ANSWER_NOW,
    DID_NOT_FIT,
    EMPTY_TURN,
)
from appliance.tools import Toolbox
from models.errors import ContextFull
from models.profiles import profile
from models.scripted import ScriptedEngine

from .looping import DEMO, Echo, observations, run
from .scripts import ANSWER, calling


def test_the_limit_of_turns() -> None:
    limits = LiveLimits(replace(DEMO, max_turns=2), 4096)
    turns = [calling("search", query=[str(number)]) for number in range(2)]
    steps, session = run([*turns, ANSWER], limits)
    assert StopStep(3, "the limit of 2 turns is reached") in steps
    assert observations(session)[-1] == f"found ['1'] \n\n{ANSWER_NOW}"
    assert steps[-1] == AnswerStep(3, "2,850 km", "answered")
    steps, session = run([turns[0], ANSWER], LiveLimits(DEMO, 4096, turns=1))
    assert StopStep(2, "the limit of 1 turn is reached") in steps


def test_the_budget_of_tokens_leaves_room_for_the_answer() -> None:
    turns = [calling("search", query=[str(number)]) for number in range(20)]
    engine = ScriptedEngine([*turns, ANSWER])
    session = engine.open()
    limits = LiveLimits(replace(DEMO, max_turns=99), 4096, tokens=1500)
    steps = list(research("q", session, Toolbox(Echo()), DEMO, limits, "2026-01-02"))
    (stop,) = (step for step in steps if isinstance(step, StopStep))
    assert stop.reason == "the budget of 1500 tokens is nearly used up"
    assert 2 < stop.number < 20
    assert session.position <= 1500
    assert all(most <= 1500 - ANSWER_ROOM for most, *_ in session.calls[:-1])
    assert isinstance(steps[-1], AnswerStep)


def test_a_model_that_goes_on_calling_gets_its_answer_opened() -> None:
    limits = LiveLimits(replace(DEMO, max_turns=1), 4096)
    call = calling("search", query=["a"])
    steps, session = run([call, call, " 2,850 km</answer> and more"], limits)
    assert [type(step) for step in steps] == [
        TurnStep,
        CallStep,
        StopStep,
        TurnStep,
        TurnStep,
        AnswerStep,
    ]
    assert steps[-1] == AnswerStep(2, "2,850 km", "answered")
    assert session.appended[-1].text == ("\n<|im_start|>assistant\n<think>\n\n</think>\n\n<answer>")
    assert session.calls[-1][:2] == (120, ("</answer>",))
    steps, _ = run([call, "still thinking", "not found"], limits)
    assert steps[-1] == AnswerStep(2, "not found", "abstained")
    steps, _ = run([call, "", ""], limits)
    assert steps[-1] == AnswerStep(2, "", "no-answer")
    # A call, whole or cut off, is no answer, also where nothing else was asked for.
    for said in (
        '{"name": "search", "arguments": {"query": ["DDDD',
        "<tool_call>x",
        "```json\n[{name:",
    ):
        steps, _ = run([call, f"x</think>{said}", said], limits)
        assert steps[-1] == AnswerStep(2, "", "no-answer")


def ticking(seconds: Iterable[float]) -> Callable[[], float]:
    moments = iter(seconds)
    last = [0.0]

    def clock() -> float:
        last[0] = next(moments, last[0])
        return last[0]

    return clock


def test_the_time_budget_keeps_a_fifth_for_the_answer() -> None:
    limits = LiveLimits(DEMO, 4096, seconds=10.0, clock=ticking([0.0]))
    assert not limits.expired("turn")
    now = [7.9]
    limits = LiveLimits(DEMO, 4096, seconds=10.0, clock=lambda: now[0])
    limits.started = 0.0
    assert limits.stop_reason(Progress(1)) is None
    now[0] = 8.0
    assert limits.stop_reason(Progress(1)) == "the time budget is nearly used up"
    assert not limits.expired("answer")
    now[0] = 9.5
    assert limits.expired("answer")
    assert not limits.expired("opened")
    now[0] = 10.0
    assert limits.expired("opened")
    limits.seconds = None
    assert not limits.expired("opened")
    limits.seconds, limits.spent, now[0] = 10.0, 5.0, 3.0
    assert limits.expired("turn")


def test_after_ctrl_c_the_answer_has_a_little_time() -> None:
    now = [1.0]
    limits = LiveLimits(DEMO, 4096, clock=lambda: now[0])
    assert not limits.expired("turn")
    limits.interrupt()
    assert limits.expired("turn")
    assert limits.stop_reason(Progress(1)) == "stopped by Ctrl-C"
    assert not limits.expired("answer")
    now[0] = 1.0 + INTERRUPT_SECONDS
    limits.interrupt()
    assert limits.expired("answer")
    assert limits.expired("opened")


def test_time_that_runs_out_in_the_middle_of_a_turn_cuts_it_and_asks_for_the_answer() -> None:
    # Nothing passes until the third word of the first turn; from then on it is late.
    limits = LiveLimits(DEMO, 4096, seconds=10.0, clock=ticking([0.0] * 5 + [9.0]))
    steps, session = run(["one two three four five", ANSWER], limits)
    first = steps[0]
    assert isinstance(first, TurnStep)
    assert (first.completion.finish, first.completion.closed) == ("cancelled", False)
    assert observations(session) == [f"{EMPTY_TURN}\n\n{ANSWER_NOW}"]
    assert StopStep(2, "the time budget is nearly used up") in steps
    assert steps[-1] == AnswerStep(2, "2,850 km", "answered")
    # The turn that was cut is closed before the next message begins.
    cut = session.text.partition(first.completion.text)[2]
    assert cut.startswith("<|im_end|>\n<|im_start|>user\n<tool_response>")


def test_a_result_that_does_not_fit_is_replaced_and_the_loop_goes_on() -> None:
    call = calling("search", query=["a"])
    steps, session = run([call, ANSWER], LiveLimits(DEMO, 2000), capacity=2000, tool=Echo(size=400))
    assert observations(session) == [DID_NOT_FIT]
    assert CutStep(1) in steps
    assert steps[-1] == AnswerStep(2, "2,850 km", "answered")


@pytest.mark.parametrize("size", [1, 40, 55, 58, 62, 66, 70, 75, 100, 1000])
@pytest.mark.parametrize("capacity", [1300, 1500, 2000, 4096])
def test_the_context_never_overflows(size: int, capacity: int) -> None:
    """A model that always writes as much as it may, calls on and on, and never answers."""
    long = "word " * 200
    turns = [
        f"{long}</think><tool_call>{{'name': 'search', 'arguments': {{'query': ['{n}']}}}}"
        for n in range(8)
    ]
    engine = ScriptedEngine([*turns, long, long], capacity)
    session = engine.open()
    limits = LiveLimits(DEMO, capacity)
    steps = list(research("q", session, Toolbox(Echo(size)), DEMO, limits, "2026-01-02"))
    assert isinstance(steps[-1], AnswerStep)
    assert any(isinstance(step, StopStep) for step in steps)
    assert session.position <= capacity
    for most, *_ in session.calls:
        assert most >= 60


def test_without_that_room_the_context_does_overflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.limits.ANSWER_ROOM", -10_000)
    with pytest.raises(ContextFull):
        run([calling("search", query=["a"]), ANSWER], LiveLimits(DEMO, 2000), 2000, Echo(1000))


def test_a_profile_with_long_turns_leaves_room_for_the_answer() -> None:
    chosen = profile("literesearcher")
    capacity = 4000
    engine = ScriptedEngine(["word " * 9000] * 3, capacity)
    session = engine.open()
    limits = LiveLimits(chosen, capacity)
    steps = list(research("q", session, Toolbox(), chosen, limits, "2026-01-02"))
    assert isinstance(steps[-1], AnswerStep)
    assert session.position <= capacity


def test_recorded_limits_repeat_what_was_decided() -> None:
    limits = RecordedLimits({2: "the time budget is nearly used up"})
    call = calling("search", query=["a"])
    steps, _ = run([call, ANSWER], limits)
    assert StopStep(2, "the time budget is nearly used up") in steps
    assert not limits.expired("opened")
