"""`ask --resume`: a run that did not end goes on, wherever it was cut off; nothing is doubled."""

import json
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.errors import RunBusy, RunError
from appliance.going_on import recorded_budget
from appliance.interrupts import first_asks
from appliance.limits import INTERRUPT_SECONDS, Budget
from appliance.resume import LOOP, kept
from appliance.trace import Event, Run, RunWriter, read_run
from models.errors import EngineError
from models.llama.client import LlamaEngine
from models.llama.options import LlamaOptions
from models.llama.tiny import write_tiny
from models.scripted import ScriptedEngine

from .conftest import Corpus, Done

Command = Callable[..., Done]
Scripted = Callable[..., ScriptedEngine]

DANUBE = "https://almanac.example/danube"
QUESTION = "How long is the Danube?"


def calling(name: str, **arguments: object) -> str:
    body = json.dumps({"name": name, "arguments": arguments})
    return f"I look.</think>\n<tool_call>\n{body}\n</tool_call>"


SEARCH = calling("search", query=["Danube length"])
VISIT = calling("visit", url=[DANUBE], goal="length of the Danube")
TURNS = [
    SEARCH,
    SEARCH,
    "Hm.</think>\n<tool_call>{oops</tool_call>",
    VISIT + calling("search", query=["Rhine"]).partition("</think>")[2],
    "It says so.</think>\n<answer>2,850 km</answer>",
]


def steps(run: Run) -> list[dict[str, object]]:
    """What the loop did, without times."""
    times = ("seconds", "prefill_seconds", "decode_seconds", "prefilled", "chunks")
    return [
        {name: value for name, value in event.items() if name not in times}
        for event in run.in_force
        if event["type"] in LOOP
    ]


def turns(events: tuple[Event, ...]) -> int:
    return sum(event["type"] == "turn" for event in events)


def asked(command: Command, scripted: Scripted) -> Done:
    scripted(*TURNS)
    return command("ask", "--date", "2026-01-02", QUESTION)


def test_wherever_a_run_was_cut_off_it_goes_on_to_the_same_end(
    corpus: Corpus, command: Command, scripted: Scripted
) -> None:
    whole = asked(command, scripted)
    undisturbed = read_run(corpus.runs, "last")
    path = corpus.runs / undisturbed.id / "run.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    assert turns(undisturbed.events) == len(TURNS)
    # The line of the end is the last: without it the run has not ended.
    for count in range(1, len(lines)):
        for torn in (b"", b'{"type":"tu'):
            path.write_bytes(b"".join(lines[:count]) + torn)
            left = TURNS[turns(read_run(corpus.runs, undisturbed.id).events) :]
            engine = scripted(*left)
            done = command("ask", "--resume", undisturbed.id)
            assert (done.code, engine.left) == (0, 0), done.err
            assert done.out == whole.out
            run = read_run(corpus.runs, undisturbed.id)
            assert steps(run) == steps(undisturbed)
            assert (run.outcome, run.torn) == ("answered", False)
            assert [run.all(kind) for kind in ("answer", "evidence")] == [
                undisturbed.all(kind) for kind in ("answer", "evidence")
            ]
            (resumed,) = run.all("resume")
            assert resumed["torn"] is bool(torn)
            replayed = command("replay", undisturbed.id)
            assert replayed.out == f"run {run.id}: all 5 tool calls identical\n", replayed.err


def test_what_was_written_stays_and_the_session_is_rebuilt_at_once(
    corpus: Corpus, command: Command, scripted: Scripted
) -> None:
    asked(command, scripted)
    undisturbed = read_run(corpus.runs, "last")
    path = corpus.runs / undisturbed.id / "run.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    before = b"".join(lines[:6])
    path.write_bytes(before)
    known = turns(read_run(corpus.runs, "last").events)
    scripted(*TURNS[known:])
    done = command("ask", "--resume", "last")
    assert path.read_bytes().startswith(before)
    assert "going on with run" in done.err
    assert "1. searched" not in done.err

    def cost(run: Run, name: str) -> list[int]:
        return [int(str(event[name])) for event in run.all("turn")]

    read, wrote = cost(undisturbed, "prefilled"), cost(undisturbed, "tokens")
    again = cost(read_run(corpus.runs, "last"), "prefilled")
    assert again[known] == sum(read[: known + 1]) + sum(wrote[:known])
    assert again[known + 1 :] == read[known + 1 :]


def test_a_run_may_be_resumed_again_and_again(
    corpus: Corpus, command: Command, scripted: Scripted
) -> None:
    """Each time the engine dies one turn later."""
    scripted(TURNS[0])
    assert command("ask", "--date", "2026-01-02", QUESTION).code == 1
    for turn in TURNS[1:-1]:
        scripted(turn)
        assert command("ask", "--resume", "last").code == 1
        assert read_run(corpus.runs, "last").outcome == "failed"
    scripted(TURNS[-1])
    assert command("ask", "--resume", "last").code == 0
    run = read_run(corpus.runs, "last")
    assert (run.outcome, run.answer) == ("answered", "2,850 km")
    assert turns(run.in_force) == len(TURNS)
    assert len(run.all("end")) == 1
    assert len(run.all("resume")) == len(TURNS) - 1
    assert command("replay", "last").out.endswith("all 5 tool calls identical\n")
    shown = command("runs", "show", "last")
    assert shown.out.count("2,850 km</answer>") == 1


def test_a_run_that_has_ended_is_refused_in_a_sentence(
    corpus: Corpus, command: Command, scripted: Scripted
) -> None:
    asked(command, scripted)
    run = read_run(corpus.runs, "last")
    before = (corpus.runs / run.id / "run.jsonl").read_bytes()
    done = command("ask", "--resume", "last")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        f"appliance: the run {run.id} has ended (answered), so there is nothing to go on with; ask "
        f"the question again, or see: appliance runs show {run.id}\n"
    )
    assert (corpus.runs / run.id / "run.jsonl").read_bytes() == before


def test_a_run_from_which_texts_were_purged_is_refused() -> None:
    run = Run("r", {}, ({"type": "turn", "turn": 1}, {"type": "purged"}))
    with pytest.raises(RunError, match="a purge took texts out of the run r, so that"):
        kept(run)


@pytest.mark.parametrize(
    "words",
    [
        ("--in", "web"),
        ("--site", "a.test"),
        ("--seed", "3"),
        ("--seed", "0"),
        ("How", "long?"),
        ("--date", "2026-01-02"),
        ("--before", ""),
        ("--model", "demo"),
        ("--site", ""),
    ],
)
def test_what_belongs_to_the_run_is_not_given_again(command: Command, words: tuple[str]) -> None:
    done = command("ask", "--resume", "last", *words)
    assert done.code == 2
    assert "--resume goes on with the run's own: leave out" in done.err


def test_two_do_not_write_to_one_run(corpus: Corpus, command: Command, scripted: Scripted) -> None:
    scripted(SEARCH)
    command("ask", QUESTION)
    run = read_run(corpus.runs, "last")
    with RunWriter.resume(corpus.runs, run.id):
        with pytest.raises(RunBusy, match="is being written by another process; wait until"):
            RunWriter.resume(corpus.runs, run.id)
        assert command("ask", "--resume", "last").code == 1
    scripted("x</think><answer>2,850 km</answer>")
    assert command("ask", "--resume", "last").code == 0


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("weights", "sha256:" + "1" * 64, "was made with the weights sha256:1111"),
        ("profile", "generic", "was made with the profile generic and scripted has demo now"),
        ("loop", 1, "was made by a version whose loop has other rules; ask the question again"),
        ("budget", {"turns": "many"}, "the budget of run"),
    ],
)
def test_a_run_of_other_weights_or_rules_is_refused(
    corpus: Corpus,
    command: Command,
    scripted: Scripted,
    field: str,
    value: object,
    said: str,
) -> None:
    scripted(SEARCH)
    command("ask", QUESTION)
    path = corpus.runs / read_run(corpus.runs, "last").id / "run.jsonl"
    first, *others = path.read_bytes().splitlines(keepends=True)
    manifest = {**json.loads(first), field: value}
    path.write_bytes(b"".join([json.dumps(manifest).encode() + b"\n", *others]))
    before = path.read_bytes()
    done = command("ask", "--resume", "last")
    assert done.code == 1
    assert said in done.err
    assert path.read_bytes() == before


def test_a_record_that_the_loop_would_not_make_is_refused(
    corpus: Corpus, command: Command, scripted: Scripted
) -> None:
    scripted(SEARCH)
    command("ask", QUESTION)
    path = corpus.runs / read_run(corpus.runs, "last").id / "run.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    calls = [line for line in lines if b'"type":"call"' in line]
    path.write_bytes(b"".join([lines[0], *calls]))
    scripted(SEARCH)
    done = command("ask", "--resume", "last")
    assert done.code == 1
    assert "so it cannot be resumed; ask the question again" in done.err


def test_the_index_of_now_is_noted_and_recorded_results_stay(
    corpus: Corpus, command: Command, scripted: Scripted
) -> None:
    scripted(SEARCH)
    command("ask", QUESTION)
    path = corpus.runs / read_run(corpus.runs, "last").id / "run.jsonl"
    first, *others = path.read_bytes().splitlines(keepends=True)
    manifest = json.loads(first)
    then, manifest["index"]["digest"] = manifest["index"]["digest"], "b2:" + "0" * 32
    path.write_bytes(b"".join([json.dumps(manifest).encode() + b"\n", *others]))
    scripted("x</think><answer>2,850 km</answer>")
    assert command("ask", "--resume", "last").code == 0
    (resumed,) = read_run(corpus.runs, "last").all("resume")
    assert resumed["changed"] == {"index.digest": ["b2:" + "0" * 32, then]}


def test_the_budget_is_for_the_whole_of_a_run(
    corpus: Corpus, command: Command, scripted: Scripted
) -> None:
    queries = [calling("search", query=[str(number)]) for number in range(3)]
    scripted(queries[0], queries[1])
    assert command("ask", "--turns", "3", QUESTION).code == 1
    scripted(queries[2], "x</think><answer>2,850 km</answer>")
    assert command("ask", "--resume", "last").code == 0
    run = read_run(corpus.runs, "last")
    (stop,) = run.all("stop")
    assert (stop["turn"], stop["reason"]) == (4, "the limit of 3 turns is reached")
    # It may be raised, again for the whole.
    scripted(queries[0], queries[1])
    assert command("ask", "--turns", "3", QUESTION).code == 1
    scripted(queries[2], "", "x</think><answer>2,850 km</answer>")
    assert command("ask", "--resume", "last", "--turns", "4").code == 0
    assert read_run(corpus.runs, "last").all("stop") == [
        {"type": "stop", "turn": 5, "reason": "the limit of 4 turns is reached"}
    ]


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


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("weights") / "tiny.gguf", context=2048)


def test_a_real_session_that_is_fed_its_record_goes_on_as_it_would_have(
    weights: Path, tmp_path: Path
) -> None:
    options = LlamaOptions(context=2048, batch=64, micro_batch=64, threads=1)
    with LlamaEngine(weights, options, log=tmp_path / "llama.log") as engine:
        session = engine.open()
        session.append("The Danube " * 20, trusted=True)
        first = session.generate(30)
        session.append(" and the Rhine " * 10, trusted=True)
        position = session.position
        second = session.generate(30)
        session.close()
        again = engine.open()
        again.append("The Danube " * 20, trusted=True)
        assert again.feed(first) == len(first.ids)
        again.append(" and the Rhine " * 10, trusted=True)
        assert again.position == position
        fed = again.generate(30)
        assert (fed.prefilled, fed.carried) == (position, 0)
        # Greedy text of equal ids; the bits may differ with the chunks, so the ids decide.
        assert fed.ids[:1] == second.ids[:1]


def test_a_record_without_ids_or_of_other_weights_cannot_be_fed(
    weights: Path, tmp_path: Path
) -> None:
    options = LlamaOptions(context=512, batch=64, micro_batch=64, threads=1)
    with LlamaEngine(weights, options, log=tmp_path / "llama.log") as engine:
        session = engine.open()
        session.append("The Danube", trusted=True)
        done = session.generate(5)
        with pytest.raises(EngineError, match="has no token ids"):
            session.feed(replace(done, ids=()))
        with pytest.raises(EngineError, match="use the weights that sampled them"):
            session.feed(replace(done, ids=(1 << 20,)))


def test_a_damaged_budget_is_one_sentence() -> None:
    run = Run("r", {"budget": {"seconds": "soon"}}, ())
    with pytest.raises(RunError, match="the budget of run r cannot be read"):
        recorded_budget(run, Budget())
    run = Run("r", {"budget": {"turns": 4, "seconds": 9}}, ())
    assert recorded_budget(run, Budget(turns=7)) == Budget(turns=7, seconds=9.0)


def test_a_run_that_made_room_goes_on_with_the_same_conversation(
    corpus: Corpus,
    command: Command,
    scripted: Scripted,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Cut off anywhere, before a trim, behind it or between the two: the session is the same."""
    monkeypatch.setenv("APPLIANCE_CONTEXT", "2400")
    searches = [
        f"{'I think of it. ' * 9}</think>"
        + calling("search", query=[f"Danube {n}", f"river {n}"]).partition("</think>")[2]
        for n in range(7)
    ]
    words = [*searches, TURNS[-1]]
    engine = scripted(*words)
    assert command("ask", "--date", "2026-01-02", QUESTION).code == 0
    undisturbed = read_run(corpus.runs, "last")
    conversation = engine.sessions[-1].text
    trims = [at for at, event in enumerate(undisturbed.events) if event["type"] == "trim"]
    assert len(trims) > 1
    assert command("replay", "last").out.endswith("all 7 tool calls identical\n")
    path = corpus.runs / undisturbed.id / "run.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    for at in trims:
        for count in (at, at + 1, at + 2, at + 3):  # the manifest is the first line
            path.write_bytes(b"".join(lines[:count]))
            engine = scripted(*words[turns(read_run(corpus.runs, undisturbed.id).events) :])
            assert command("ask", "--resume", undisturbed.id).code == 0
            assert engine.sessions[-1].text == conversation
            assert steps(read_run(corpus.runs, undisturbed.id)) == steps(undisturbed)
    # Another policy from there on would have read something else.
    path.write_bytes(b"".join(lines[: trims[0]]))
    scripted(*words[turns(read_run(corpus.runs, undisturbed.id).events) :])
    command("ask", "--resume", undisturbed.id, "--context-policy", "none")
    assert steps(read_run(corpus.runs, undisturbed.id)) != steps(undisturbed)


def test_an_answer_by_quotes_goes_on_too(corpus: Corpus, command: Command) -> None:
    whole = command("ask", "--model", "none", QUESTION)
    assert whole.code == 0
    undisturbed = read_run(corpus.runs, "last")
    path = corpus.runs / undisturbed.id / "run.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    for count in range(1, len(lines)):
        path.write_bytes(b"".join(lines[:count]) + b"{")
        done = command("ask", "--resume", undisturbed.id)
        assert (done.code, done.out) == (0, whole.out), done.err
        run = read_run(corpus.runs, undisturbed.id)
        assert run.all("quotes") == undisturbed.all("quotes")
        assert run.outcome == "answered"
        assert command("replay", undisturbed.id).code == 0


def test_a_run_that_never_began_is_one_sentence(corpus: Corpus, command: Command) -> None:
    folder = corpus.runs / "20260101-000000-000000"
    folder.mkdir(parents=True)
    (folder / "run.jsonl").write_bytes(b'{"type":"mani')
    done = command("ask", "--resume", "last")
    assert (done.code, done.out) == (1, "")
    assert done.err.count("\n") == 1
    assert "has no manifest; it was ended before it began" in done.err


def test_budget_and_policy_are_those_of_flags_settings_and_profile(
    corpus: Corpus, command: Command, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def budget(*words: str) -> object:
        scripted(TURNS[-1])
        assert command("ask", *words, QUESTION).code == 0
        return read_run(corpus.runs, "last").manifest["budget"]

    plain = {"turns": 0, "tokens": 0, "seconds": None, "context": 0, "policy": "trim"}
    assert budget() == plain
    monkeypatch.setenv("APPLIANCE_CONTEXT_POLICY", "none")
    assert budget("--turns", "5", "--tokens", "9000", "--budget", "10m") == {
        "turns": 5, "tokens": 9000, "seconds": 600.0, "context": 0, "policy": "none",
    }  # fmt: skip
    assert budget("--context-policy", "trim") == plain
    monkeypatch.setenv("APPLIANCE_CONTEXT_POLICY", "some")
    done = command("ask", QUESTION)
    assert done.code == 2
    assert "the setting context_policy is 'some'; give trim or none" in done.err


def test_the_settings_of_now_are_not_those_of_a_resumed_run(
    corpus: Corpus, command: Command, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def resumed(*words: str) -> dict[str, object]:
        scripted(SEARCH)
        assert command("ask", QUESTION).code == 1
        with monkeypatch.context() as now:
            now.setenv("APPLIANCE_CONTEXT_POLICY", "none")
            now.setenv("APPLIANCE_CONTEXT", "2048")
            scripted(TURNS[-1])
            assert command("ask", "--resume", "last", *words).code == 0
        (event,) = read_run(corpus.runs, "last").all("resume")
        budget = event["budget"]
        assert isinstance(budget, dict)
        return {name: budget[name] for name in ("context", "policy")}

    assert resumed() == {"context": 0, "policy": "trim"}
    assert resumed("--context-policy", "none") == {"context": 0, "policy": "none"}
