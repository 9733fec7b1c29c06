"""Ctrl-C: the first asks for the answer, the second ends the run, and it may go on."""

import signal
import threading

import pytest

from appliance.interrupts import first_asks
from appliance.limits import INTERRUPT_SECONDS
from appliance.resume import kept
from appliance.trace import Event, read_run

from .conftest import Corpus
from .scripts import DANUBE, QUESTION, Command, Scripted, calling

SEARCH = calling("search", query=["Danube length"])
VISIT = calling("visit", url=[DANUBE], goal="length of the Danube")


def test_the_first_ctrl_c_asks_for_the_answer_and_the_run_may_go_on(
    corpus: Corpus, command: Command, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = scripted(SEARCH, "I think on and on.", "x</think><answer>2,850 km</answer>")
    give = engine.take

    def take() -> object:
        if engine.left == 2:
            signal.raise_signal(signal.SIGINT)
        return give()

    monkeypatch.setattr(engine, "take", take)
    before = signal.getsignal(signal.SIGINT)
    done = command("ask", "--date", "2026-01-02", QUESTION)
    assert signal.getsignal(signal.SIGINT) is before
    run = read_run(corpus.runs, "last")
    assert done.code == 130
    assert "Answer: 2,850 km\n" in done.out
    assert done.err.endswith(f"go on with it: appliance ask --resume {run.id}\n")
    assert (run.outcome, run.answer) == ("interrupted", "2,850 km")
    assert [event["reason"] for event in run.all("stop")] == ["stopped by Ctrl-C"]
    cut = run.all("turn")[1]
    assert (cut["finish"], cut["completion"]) == ("cancelled", "")
    assert command("replay", "last").out.endswith("all 1 tool calls identical\n")
    # What was cut off is generated anew, and the answer that was asked for does not count.
    assert turns(kept(run).events) == 1
    scripted(VISIT, "x</think><answer>2,850 kilometres</answer>")
    assert command("ask", "--resume", "last").code == 0
    run = read_run(corpus.runs, "last")
    assert (run.outcome, run.answer, turns(run.in_force)) == ("answered", "2,850 kilometres", 3)
    assert not run.all("stop")
    assert command("replay", "last").out.endswith("all 2 tool calls identical\n")


def test_the_second_ctrl_c_ends_at_once() -> None:
    asked: list[int] = []
    with first_asks(lambda: asked.append(1)):
        signal.raise_signal(signal.SIGINT)
        assert asked == [1]
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert asked == [1]
    assert INTERRUPT_SECONDS <= 30


def test_beside_the_main_thread_ctrl_c_is_left_alone() -> None:
    found = []

    def elsewhere() -> None:
        before = signal.getsignal(signal.SIGINT)
        with first_asks(lambda: None):
            found.append(signal.getsignal(signal.SIGINT) is before)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert found == [True]


def turns(events: tuple[Event, ...]) -> int:
    return sum(event["type"] == "turn" for event in events)
