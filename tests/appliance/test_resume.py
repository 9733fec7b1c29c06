"""`ask --resume`: a run that did not end goes on, wherever it was cut off; nothing is doubled."""

import json

import pytest

from appliance.errors import RunBusy, RunError
from appliance.going_on import recorded_budget
from appliance.limits import Budget
from appliance.resume import LOOP, kept
from appliance.trace import Event, Run, RunWriter, read_run

from .conftest import Corpus, Done
from .scripts import DANUBE, QUESTION, Command, Scripted, calling

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
