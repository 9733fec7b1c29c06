"""Making room in a full context: what is left out, what stays, what it costs, and that it replays."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.agent import (
    AnswerStep,
    CallStep,
    CutStep,
    Step,
    StopStep,
    TrimStep,
    TurnStep,
    research,
)
from appliance.context import (
    HIGH_WATER,
    KEPT,
    LOW_WATER,
    NoPolicy,
    Policy,
    RecordedPolicy,
    TrimPolicy,
    policy,
)
from appliance.conversation import Plan
from appliance.limits import LiveLimits, RecordedLimits
from appliance.observations import left_out
from appliance.tools import Toolbox, ToolResult
from bench.puppet import Puppet
from models.llama.client import LlamaEngine
from models.llama.options import LlamaOptions
from models.llama.tiny import write_tiny
from models.profiles import profile
from models.scripted import ScriptedEngine, ScriptedSession
from models.turns import Call

LONG = replace(profile("generic"), max_turns=200, turn_tokens=1_000)
WINDOW = 12_000


class Pages:
    """A search that returns so many words a query, which begin with the query."""

    name = "search"

    def __init__(self, size: int = 300) -> None:
        self.size = size
        self.asked: list[object] = []

    def run(self, arguments: Mapping[str, object], question: str) -> ToolResult:
        (query,) = arguments["query"]  # type: ignore[misc]
        self.asked.append(query)
        hits = [{"url": f"https://a.test/{query}/{n}"} for n in range(5)]
        text = f"found {query}: " + "word " * self.size
        return ToolResult(text, {"queries": [{"query": query, "hits": hits}]})


def call(query: str, thinking: str = "I look") -> str:
    body = json.dumps({"name": "search", "arguments": {"query": [query]}})
    return f"{thinking} for {query}.</think>\n<tool_call>\n{body}\n</tool_call>"


ANSWER = "Enough.</think>\n<answer>42</answer>"


def run(
    completions: list[str],
    how: Policy,
    tool: Pages | None = None,
    window: int = WINDOW,
) -> tuple[list[Step], ScriptedSession]:
    engine = ScriptedEngine(completions, window)
    session = engine.open()
    limits = LiveLimits(LONG, window)
    box = Toolbox(tool or Pages())
    steps = list(research("q", session, box, LONG, limits, "2026-01-02", policy=how))
    return steps, session


def test_the_oldest_results_become_a_line_and_the_search_goes_on() -> None:
    turns = [call(f"q{number}") for number in range(30)]
    steps, session = run([*turns, ANSWER], TrimPolicy(WINDOW))
    assert steps[-1] == AnswerStep(31, "42", "answered")
    trims = [step for step in steps if isinstance(step, TrimStep)]
    assert trims
    assert not any(isinstance(step, (StopStep, CutStep)) for step in steps)
    # Every thought is still there, and the latest results whole.
    for number in range(30):
        assert f"I look for q{number}." in session.text
    assert "found q29: word word" in session.text
    assert "found q0: word" not in session.text
    assert (
        "<tool_response>\n(Left out to make room: search “q0” found 5 pages, the first 3: "
        "https://a.test/q0/0 https://a.test/q0/1 https://a.test/q0/2. Search again if needed.)"
        "\n</tool_response>"
    ) in session.text
    assert session.position <= WINDOW


def test_without_a_policy_the_search_ends_where_the_context_does() -> None:
    turns = [call(f"q{number}") for number in range(30)]
    steps, session = run([*turns, ANSWER], NoPolicy())
    (stop,) = (step for step in steps if isinstance(step, StopStep))
    assert stop.reason == f"the context of {WINDOW} tokens is nearly full"
    assert stop.number < 20
    assert isinstance(steps[-1], AnswerStep)
    assert "found q0: word" in session.text


def test_a_trim_frees_enough_for_several_turns_and_says_what_it_did() -> None:
    turns = [call(f"q{number}") for number in range(30)]
    engine = ScriptedEngine([*turns, ANSWER], WINDOW)
    session = engine.open()
    before: list[int] = []
    for step in research(
        "q", session, Toolbox(Pages()), LONG, LiveLimits(LONG, WINDOW), "2026-01-02",
        policy=TrimPolicy(WINDOW),
    ):  # fmt: skip
        if isinstance(step, TrimStep):
            assert before[-1] - session.position == step.freed > 0
            assert step.stubbed == tuple(sorted(step.stubbed))
            assert step.number - KEPT not in step.stubbed
            assert step.prefill < session.position
            assert session.position <= WINDOW * (1 + LOW_WATER) / 2
        before.append(session.position)


def test_where_lines_are_not_enough_the_oldest_turns_go_whole() -> None:
    """The thinking alone is more than the window holds."""
    turns = [call(f"q{number}", "thought " * 120) for number in range(60)]
    steps, session = run([*turns, ANSWER], TrimPolicy(WINDOW))
    assert steps[-1] == AnswerStep(61, "42", "answered")
    gone = [number for step in steps if isinstance(step, TrimStep) for number in step.dropped]
    assert gone == list(range(1, max(gone) + 1))
    assert session.text.count("thought " * 120) == 61 - 1 - len(gone)
    assert (
        f"<tool_response>\n(Turns 1 to {max(gone)} were left out to make room.)\n" in session.text
    )
    # What is left is a conversation: the question, then turns and responses by turns.
    assert session.text.count("<|im_start|>assistant\n<think>\n") == 61 - len(gone)
    assert session.text.count("<tool_response>\n") == 60 - len(gone)


def test_trims_are_seldom_also_when_all_results_are_lines() -> None:
    """Where each freed only what the next result needs, every turn would be read again."""
    turns = [call(f"q{number}", "thought " * 20) for number in range(150)]
    steps, _ = run([*turns, ANSWER], TrimPolicy(WINDOW))
    trims = [step for step in steps if isinstance(step, TrimStep)]
    assert steps[-1] == AnswerStep(151, "42", "answered")
    assert 5 < len(trims) < 150 / 4
    room = WINDOW * (1 - HIGH_WATER) / 2
    assert all(step.freed > room for step in trims)


def test_what_was_left_out_may_be_asked_again() -> None:
    turns = [call(f"q{number}") for number in range(20)]
    tool = Pages()
    again = [call("q0"), call("q19"), ANSWER]
    steps, _ = run([*turns, *again], TrimPolicy(WINDOW), tool)
    assert any(isinstance(step, TrimStep) for step in steps)
    assert tool.asked.count("q0") == 2
    assert tool.asked.count("q19") == 1
    calls = [step for step in steps if isinstance(step, CallStep)]
    assert calls[-1].result.data == {"repeats": 20}


def test_a_result_that_no_trim_makes_room_for_is_cut_and_nothing_is_lost_for_it() -> None:
    steps, session = run([call("a"), call("b"), ANSWER], TrimPolicy(2_500), Pages(900), 2_500)
    assert [step for step in steps if isinstance(step, TrimStep)] == []
    assert steps[-1] == AnswerStep(3, "42", "answered")
    huge, session = run([call("a"), ANSWER], TrimPolicy(2_500), Pages(9_000), 2_500)
    assert [step for step in huge if isinstance(step, CutStep)] == [CutStep(1)]
    assert "did not fit" in session.text


@pytest.mark.parametrize("size", [0, 7, 100, 500, 1_000, 3_000])
@pytest.mark.parametrize("thinking", [1, 60, 400])
@pytest.mark.parametrize("window", [2_400, 4_096, 9_000])
def test_the_context_never_overflows_whatever_is_trimmed(
    size: int, thinking: int, window: int
) -> None:
    turns = [call(f"q{number}", "thought " * thinking) for number in range(40)]
    engine = ScriptedEngine([*turns, ANSWER, ANSWER], window)
    session = engine.open()
    limits = LiveLimits(LONG, window)
    steps = []
    for step in research(
        "q", session, Toolbox(Pages(size)), LONG, limits, "2026-01-02", policy=TrimPolicy(window)
    ):
        steps.append(step)
        assert session.position <= window
    assert isinstance(steps[-1], AnswerStep)
    assert all(most >= 60 for most, *_ in session.calls), [m for m, *_ in session.calls]


def test_the_plans_of_a_run_take_the_same_parts_out_again() -> None:
    turns = [call(f"q{number}", "thought " * 60) for number in range(40)]
    steps, session = run([*turns, ANSWER], TrimPolicy(WINDOW))
    plans = {
        (step.number, False): Plan(step.stubbed, step.dropped)
        for step in steps
        if isinstance(step, TrimStep)
    }
    engine = ScriptedEngine([*turns, ANSWER])
    repeated = engine.open()
    again = list(
        research(
            "q", repeated, Toolbox(Pages()), LONG, RecordedLimits({}), "2026-01-02",
            policy=RecordedPolicy(plans),
        )
    )  # fmt: skip
    assert repeated.text == session.text
    assert [type(step) for step in again] == [type(step) for step in steps]
    # Without them it would have read something else.
    engine = ScriptedEngine([*turns, ANSWER])
    other = engine.open()
    list(research("q", other, Toolbox(Pages()), LONG, RecordedLimits({}), "2026-01-02"))
    assert other.text != session.text


def test_names_of_policies() -> None:
    assert policy("trim", 100) == TrimPolicy(100)
    assert policy("none", 100) == NoPolicy()


def test_the_line_says_what_was_called_and_what_it_gave() -> None:
    visit = Call("visit", {}, "")
    pages = [
        {"url": "https://a.test/x", "title": "X", "page": "https://a.test/x"},
        {"url": "https://a.test/y", "missing": True},
    ]
    assert left_out(visit, ToolResult("long", {"goal": "how  long", "pages": pages})) == (
        "(Left out to make room: visit for “how long” of https://a.test/x (X); https://a.test/y, "
        "which is not there. Visit again if needed.)"
    )
    nothing = {"queries": [{"query": "a" * 99, "hits": []}]}
    assert left_out(Call("search", {}, ""), ToolResult("long", nothing)) == (
        f"(Left out to make room: search “{'a' * 59}…” found 0 pages. Search again if needed.)"
    )
    assert left_out(visit, ToolResult("wrong", {"error": "wrong"})) == "wrong"
    assert left_out(Call("sum", {}, ""), ToolResult("long", {"n": 1})) == (
        "(Left out to make room: the result of sum. Call it again if needed.)"
    )


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("weights") / "tiny.gguf", context=16_384)


def words(count: int) -> Iterator[str]:
    yield from (call(f"q{number}", "I weigh what I have read so far") for number in range(count))
    yield ANSWER


def test_a_real_session_evaluates_what_is_appended_and_again_what_a_trim_moved(
    tiny: Path, tmp_path: Path
) -> None:
    """The promise of every turn, counted in a real KV cache."""
    window = 4_096
    options = LlamaOptions(context=window, batch=256, micro_batch=256, threads=1)
    with LlamaEngine(tiny, options, log=tmp_path / "llama.log") as engine:
        live = engine.open()
        session = Puppet(live, words(40))
        steps = []
        appended = due = 0
        for step in research(
            "q", session, Toolbox(Pages(60)), LONG, LiveLimits(LONG, window), "2026-01-02",
            policy=TrimPolicy(window),
        ):  # fmt: skip
            steps.append(step)
            if isinstance(step, TurnStep):
                new = session.appended - appended
                appended = session.appended
                assert step.completion.prefilled == new + due
                due = 0
            elif isinstance(step, TrimStep):
                due = step.prefill
    assert steps[-1] == AnswerStep(41, "42", "answered")
    assert sum(isinstance(step, TrimStep) for step in steps) >= 2
