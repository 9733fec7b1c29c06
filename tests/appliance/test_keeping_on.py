"""The loop under stress: made-up turns, a long run in a small window, kills during `ask`."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance.config import load
from appliance.readers import Readers, open_readers
from appliance.replay import replay
from appliance.trace import Run, read_run
from bench import asking
from bench.asking import Asking, kill_asks
from bench.fuzzed import ask_fuzzed
from bench.fuzzing import turns
from bench.longrun import PROFILE, ask_long
from models.llama.client import LlamaEngine
from models.llama.options import LlamaOptions
from models.llama.tiny import write_tiny

from .conftest import PAGES, ROOT, Corpus

KILLS = int(os.environ.get("APPLIANCE_KILLS", "10"))
IN_FLIGHT = 0.8
TURNS = 250


@contextmanager
def readers(corpus: Corpus) -> Iterator[Readers]:
    with open_readers(load({})) as opened:
        yield opened


def test_made_up_turns_end_in_something_defined(corpus: Corpus) -> None:
    with readers(corpus) as opened:
        found = ask_fuzzed(opened, corpus.runs, list(PAGES), TURNS)
    assert not found.faults
    assert found.turns >= TURNS
    assert sum(found.led_to.values()) == found.turns
    # They are not all of one kind.
    assert {
        "answered",
        "ran a tool",
        "told what is wrong with the call",
        "told how to call or answer",
    } <= set(found.led_to)


def test_a_turn_that_is_told_nothing_is_a_fault(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.agent.nothing_in", lambda turn, completion: "")
    with readers(corpus) as opened:
        found = ask_fuzzed(opened, corpus.runs, list(PAGES), 40)
    assert "were told" in found.faults[0]


def test_a_turn_that_raises_is_a_fault(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_turn(completion: str, opened: bool) -> None:
        raise IndexError(completion[:0])

    monkeypatch.setattr("appliance.agent.read_turn", read_turn)
    with readers(corpus) as opened:
        found = ask_fuzzed(opened, corpus.runs, list(PAGES), 3)
    assert "IndexError" in found.faults[0]


def test_made_up_turns_are_those_of_their_seed_and_bytes_can_hold_them() -> None:
    some = list(turns(200, ["https://a.test/"]))
    assert some == list(turns(200, ["https://a.test/"]))
    assert some != list(turns(200, ["https://a.test/"], seed=6))
    assert len(set(some)) > 180
    for text in some:
        text.encode()


def test_a_long_run_in_a_small_window_ends_with_its_answer(corpus: Corpus, tmp_path: Path) -> None:
    """Real session, real tools: what is evaluated is what was appended, or was counted again."""
    steps, window = 30, 4_096
    weights = write_tiny(tmp_path / "tiny.gguf", context=window, layers=1)
    options = LlamaOptions(context=window, threads=1)
    with (
        LlamaEngine(weights, options, log=tmp_path / "log") as engine,
        readers(corpus) as opened,
    ):
        found = ask_long(opened, corpus.runs, engine, steps, window)
        assert (found.outcome, found.calls, found.uneven) == ("answered", steps, [])
        assert found.trims > 1
        assert found.prefilled == found.appended + found.again
        assert found.most < window
        run = read_run(corpus.runs, found.run)
        trims = run.all("trim")
        assert sum(int(str(event["prefill"])) for event in trims) == found.again
        box = opened.toolbox(PROFILE, record_misses=False)
        assert sum(1 for _ in replay(run, box)) == steps
        # Without the policy the same run is asked for its answer early.
        plain = ask_long(opened, corpus.runs, engine, steps, window, "none")
    assert (plain.outcome, plain.trims, plain.again) == ("answered", 0, 0)
    assert plain.calls < steps
    assert plain.prefilled == plain.appended


@pytest.mark.kill
def test_a_run_that_was_killed_goes_on_to_the_undisturbed_end(
    corpus: Corpus, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = {**corpus.environment, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "appliance"]
    asked = Asking(command, {**os.environ, **environment}, corpus.runs, "How long is the Rhine?")
    found = kill_asks(asked, KILLS)
    with capsys.disabled():
        print(f"\nkills of ask: {found}", end="")
    assert not found.faults
    assert found.tally.share >= IN_FLIGHT
    assert found.resumed > 0


def test_what_the_kills_look_for_is_found() -> None:
    turn = {"type": "turn", "turn": 1, "completion": "x"}
    end = [{"type": "answer"}, {"type": "evidence"}, {"type": "end", "outcome": "answered"}]
    assert asking._doubled(Run("r", {}, (turn, *end))) == ""
    assert asking._doubled(Run("r", {}, (turn, turn, *end))) == "its turns are [1, 1]"
    assert asking._doubled(Run("r", {}, (turn, *end, end[2]))) == "it has 2 end events"
    assert asking._doubled(Run("r", {}, (turn, *end[:2]))) == "it has 0 end events"
    other = json.loads(json.dumps({**turn, "completion": "y"}))
    assert asking._said(Run("r", {}, (turn,))) != asking._said(Run("r", {}, (other,)))
