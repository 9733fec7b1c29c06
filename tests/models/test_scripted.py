"""The scripted engine has the manners of the real one."""

import pytest

from models.engine import Completion, Engine, Piece, Sampling, append_all
from models.errors import ContextFull, EngineError
from models.scripted import ScriptedEngine
from models.transcript import opening, tool_response


def test_a_conversation_reads_as_the_template_says() -> None:
    engine = ScriptedEngine(["a\n</think>\n\n<tool_call>{}</tool_call>", "b"])
    as_engine: Engine = engine
    session = as_engine.open()
    appended = append_all(session, opening("S", "Q <think>"))
    heard: list[str] = []
    first = session.generate(50, on_text=heard.append)
    assert "".join(heard) == first.text == "a\n</think>\n\n<tool_call>{}</tool_call>"
    assert (first.finish, first.closed, first.prefilled) == ("stop", True, appended)
    append_all(session, tool_response("R", first.closed))
    session.generate(50, seed=4, sampling=Sampling(temperature=0), stop=["x"])
    assert engine.sessions[0].text == (
        "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nQ <think><|im_end|>\n"
        "<|im_start|>assistant\n<think>\na\n</think>\n\n<tool_call>{}</tool_call><|im_end|>\n"
        "<|im_start|>user\n<tool_response>\nR\n</tool_response><|im_end|>\n"
        "<|im_start|>assistant\n<think>\nb<|im_end|>"
    )
    assert engine.sessions[0].appended[1] == Piece("user\nQ <think>", trusted=False)
    assert engine.sessions[0].calls[1] == (50, ("x",), Sampling(temperature=0), 4)


def test_stops_limits_and_cancels_cut_as_a_real_engine_does() -> None:
    session = ScriptedEngine(["one two<stop>three", "one two three", "one two"]).open()
    session.append("x", trusted=True)
    stopped = session.generate(50, stop=["<stop>"])
    assert (stopped.text, stopped.finish, stopped.closed) == ("one two", "stop", True)
    cut = session.generate(2)
    assert (cut.text, cut.finish, cut.closed) == ("one ", "length", False)
    cancelled = session.generate(9, cancel=lambda: True)
    assert (cancelled.text, cancelled.finish) == ("", "cancelled")


def test_a_recorded_completion_is_given_as_it_was() -> None:
    recorded = Completion("said", 3, "length", closed=False, prefilled=7, chunks=(7,), ids=(1, 2))
    session = ScriptedEngine([recorded]).open()
    assert session.generate(1) is recorded


def test_an_ended_script_says_so() -> None:
    engine = ScriptedEngine(["only"])
    session = engine.open()
    session.generate(5)
    assert engine.left == 0
    with pytest.raises(EngineError, match="the script of 1 completions has ended"):
        session.generate(5)


def test_rollback_trim_and_a_full_context() -> None:
    session = ScriptedEngine(["a", "b"], capacity=12).open()
    session.append("one two", trusted=False)
    here = session.checkpoint()
    session.append(" three four", trusted=False)
    assert session.replace(here, [Piece(" 3", trusted=False)], until=here + 2) == 2
    assert session.text == "one two 3 four"
    with pytest.raises(ContextFull, match="room for 12"):
        append_all(session, [Piece(" a", False), Piece(" b c d e f", False)])
    assert session.text == "one two 3 four"
    session.rollback(here)
    assert session.text == "one two"
    with pytest.raises(EngineError, match="outside the session"):
        session.rollback(99)
