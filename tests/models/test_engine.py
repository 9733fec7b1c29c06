"""Sessions through the real worker: counts, ends, stops, rollback, trims, cancel."""

import os
from pathlib import Path

import pytest

from models.engine import Completion, Engine, Sampling, Session, append_all
from models.errors import ContextFull, EngineError, ModelFileError
from models.llama.client import LlamaEngine
from models.llama.options import LlamaOptions
from models.transcript import Piece, opening, tool_response

GREEDY = Sampling(temperature=0)
WARM = Sampling(temperature=1.0, top_k=0, top_p=1.0, presence_penalty=0.0)
LONG = "The river rises in the hills and reaches the sea. " * 3


def first_text(engine: LlamaEngine) -> Completion:
    session = engine.open()
    append_all(session, opening("You search.", "Where does it rise?"))
    completion = session.generate(30, sampling=GREEDY)
    session.close()
    return completion


def test_the_engine_is_an_engine(engine: LlamaEngine) -> None:
    as_engine: Engine = engine
    session: Session = as_engine.open()
    assert session.position == 0
    assert session.capacity == 1024


def test_describe_names_what_decides_the_bits(engine: LlamaEngine) -> None:
    said = engine.describe()
    assert said["engine"] == "llama.cpp"
    assert str(said["sha256"]).startswith("sha256:")
    assert said["llama_cpp_python"] == "0.3.36"
    wanted = {"n_ctx": 1024, "n_batch": 32, "n_ubatch": 32, "threads": 1, "kv_type": "f16"}
    assert {key: said[key] for key in wanted} == wanted
    assert said["flash_attention"] is True
    # 2 layers of 2 KV heads of 64, key and value, at two bytes, for 1,024 tokens
    assert said["memory_bytes"] == 2_504_704 + 2 * 2 * 64 * 2 * 2 * 1024


def test_tokens_prefilled_in_a_turn_are_the_tokens_appended(engine: LlamaEngine) -> None:
    session = engine.open()
    appended = append_all(session, opening("You search.", LONG))
    first = session.generate(5, sampling=GREEDY)
    assert (first.prefilled, first.carried) == (appended, 0)
    assert first.chunks == (32,) * (appended // 32) + ((appended % 32,) if appended % 32 else ())
    assert session.position == appended + first.tokens
    for turn in range(3):
        appended = append_all(session, tool_response(LONG[turn:], first.closed))
        later = session.generate(5, sampling=GREEDY)
        assert later.prefilled == appended
        assert later.carried == 1  # the last token of the turn before
        assert sum(later.chunks) == appended + 1
        assert later.decoded == later.tokens - 1


def test_threads_are_chosen_by_the_size_of_the_weights(tiny: Path) -> None:
    assert LlamaEngine(tiny).options.threads == 1
    assert LlamaOptions(threads=3).settled(1) == LlamaOptions(threads=3)
    assert 1 <= LlamaOptions().settled(4 << 30).threads <= 16


def test_a_count_is_what_an_append_adds(engine: LlamaEngine) -> None:
    session = engine.open()
    for trusted in (True, False):
        text = f"<think>{LONG}</think>"
        counted = session.count(text, trusted)
        before = session.position
        assert session.append(text, trusted) == counted == session.position - before


def test_a_stop_string_is_neither_text_nor_history(engine: LlamaEngine) -> None:
    whole = first_text(engine).text
    stop = next(c for c in reversed(whole) if c != "\ufffd" and c.isprintable())
    expected = whole[: whole.index(stop)]
    session = engine.open()
    start = append_all(session, opening("You search.", "Where does it rise?"))
    heard: list[str] = []
    stopped = session.generate(30, stop=[stop], sampling=GREEDY, on_text=heard.append)
    assert (stopped.finish, stopped.closed) == ("stop", True)
    assert stopped.text == expected == "".join(heard)
    end = session.generate(1, sampling=GREEDY).ids  # anything: the end token was evaluated
    assert len(end) == 1
    assert session.position == start + len(stopped.ids) + 1


def test_streamed_text_is_the_text_and_whole_characters(engine: LlamaEngine) -> None:
    session = engine.open()
    append_all(session, opening("You search.", "¿Dónde nace el río? 多瑙河"))
    heard: list[str] = []
    completion = session.generate(200, sampling=WARM, seed=3, on_text=heard.append)
    assert "".join(heard) == completion.text
    assert all(piece.encode() for piece in heard)


def test_equal_seeds_give_equal_ids_and_another_seed_does_not(engine: LlamaEngine) -> None:
    def ids(seed: int) -> tuple[int, ...]:
        session = engine.open()
        append_all(session, opening("You search.", LONG))
        completion = session.generate(40, sampling=WARM, seed=seed)
        session.close()
        return completion.ids

    assert ids(1) == ids(1)
    assert ids(1) != ids(2)


def test_a_rolled_back_branch_leaves_no_trace(engine: LlamaEngine) -> None:
    session = engine.open()
    append_all(session, opening("You search.", LONG))
    session.generate(9, sampling=WARM, seed=1)
    here = session.checkpoint()
    append_all(session, tool_response(LONG, closed=False))
    wanted = session.generate(20, sampling=WARM, seed=2)
    session.rollback(here)
    append_all(session, tool_response("Something else. " * 9, closed=False))
    other = session.generate(20, sampling=WARM, seed=2)
    session.rollback(here)
    assert session.position == here
    append_all(session, tool_response(LONG, closed=False))
    again = session.generate(20, sampling=WARM, seed=2)
    assert (again.ids, again.chunks, again.text) == (wanted.ids, wanted.chunks, wanted.text)
    assert other.ids != wanted.ids


def test_the_same_prompt_can_be_completed_twice(engine: LlamaEngine) -> None:
    session = engine.open()
    append_all(session, opening("You search.", LONG))
    here = session.checkpoint()
    once = session.generate(10, sampling=WARM, seed=5)
    session.rollback(here)
    twice = session.generate(10, sampling=WARM, seed=5)
    assert once.ids == twice.ids
    assert twice.prefilled == 0
    assert twice.carried > 0


def test_a_trim_keeps_later_ids_and_prefills_once(engine: LlamaEngine) -> None:
    session = engine.open()
    append_all(session, opening("You search.", "Where?"))
    session.generate(4, sampling=GREEDY)
    start = session.checkpoint()
    append_all(session, tool_response(LONG, closed=False))
    end = session.checkpoint()
    session.generate(4, sampling=GREEDY)
    tail = session.position - end
    stub = [Piece("\n<|im_start|>user\n<tool_response>…</tool_response>", trusted=True)]
    added = session.replace(start, stub, until=end)
    assert session.position == start + added + tail
    after = session.generate(4, sampling=GREEDY)
    assert after.prefilled == added + tail

    # The bits are those of a session that was written so from the start.
    short = session.checkpoint()
    rest = session.generate(12, sampling=GREEDY).ids
    session.rollback(short)
    assert session.generate(12, sampling=GREEDY).ids == rest


def test_what_does_not_fit_changes_nothing(engine: LlamaEngine) -> None:
    session = engine.open()
    session.append("Hello", trusted=True)
    before = session.position
    with pytest.raises(ContextFull, match="1023; raise the model's context"):
        session.append("x" * 1024, trusted=False)
    with pytest.raises(ContextFull):
        append_all(session, [Piece("y" * 600, False), Piece("z" * 600, False)])
    assert session.position == before
    assert session.append("x" * (1023 - before), trusted=False) == 1023 - before
    last = session.generate(50, sampling=GREEDY)
    assert (last.finish, last.tokens) == ("length", 1)


def test_a_cancel_returns_what_was_said(tiny: Path) -> None:
    options = LlamaOptions(context=16_384, batch=8, micro_batch=8, threads=1)
    with LlamaEngine(tiny, options) as engine:
        session = engine.open()
        session.append(LONG, trusted=False)
        heard: list[str] = []
        cut = session.generate(
            16_000, sampling=GREEDY, on_text=heard.append, cancel=lambda: len(heard) > 3
        )
        assert cut.finish == "cancelled"
        assert 3 < cut.tokens < 16_000
        assert session.position == len(LONG.encode()) - merged(session, LONG) + cut.tokens
        # A cancel that comes before the first chunk stops the prefill, and it can go on later.
        appended = session.append("b " * 1000, trusted=False)
        early = session.generate(5, sampling=GREEDY, cancel=lambda: True)
        assert (early.finish, early.tokens, early.text) == ("cancelled", 0, "")
        assert early.prefilled < appended
        later = session.generate(5, sampling=GREEDY)
        assert early.prefilled + later.prefilled == appended


def merged(session: Session, text: str) -> int:
    """How many bytes of `text` the vocabulary's merges save."""
    return len(text.encode()) - session.count(text, trusted=False)


def test_an_error_in_on_text_ends_the_worker_and_the_engine_opens_anew(
    engine: LlamaEngine,
) -> None:
    session = engine.open()
    session.append(LONG, trusted=False)

    def fail(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        session.generate(100, sampling=GREEDY, on_text=fail)
    with pytest.raises(EngineError, match="the session is closed; open a new one"):
        session.append("more", trusted=False)
    assert engine.open().append("a", trusted=False) == 1


def test_one_session_at_a_time(engine: LlamaEngine) -> None:
    first = engine.open()
    with pytest.raises(EngineError, match="close it before opening the next"):
        engine.open()
    first.close()
    first.close()
    second = engine.open()
    with pytest.raises(EngineError, match="closed"):
        first.append("a", trusted=False)
    assert second.position == 0


def test_wrong_positions_are_refused(engine: LlamaEngine) -> None:
    session = engine.open()
    with pytest.raises(EngineError, match="append a text before generating"):
        session.generate(3)
    session.append("abc", trusted=False)
    for position in (-1, 99):
        with pytest.raises(EngineError, match=r"use positions that checkpoint\(\) gave"):
            session.rollback(position)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="is not there; run: appliance models import"):
        LlamaEngine(tmp_path / "none.gguf").open()


def test_a_path_with_bytes_that_are_no_text(tiny: Path, tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/mod\xe8le \xe6\xb2\xb3.gguf"))
    odd.symlink_to(tiny)
    with LlamaEngine(odd) as engine:
        assert engine.open().append("a", trusted=False) == 1


def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ModelFileError, match="cannot be loaded as a GGUF model"):
        LlamaEngine(broken).open()
