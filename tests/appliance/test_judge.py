"""The model as judge: asked only about what the program could not tie, and kept word for word."""

import signal
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from appliance.evidence import tie
from appliance.evidence.judge import MOST, SYSTEM, judged, nearest, verdict
from appliance.limits import LiveLimits
from appliance.trace import read_run
from models.profiles import profile
from models.scripted import ScriptedEngine
from store.page import PageVersion

from .conftest import Corpus, Done

Command = Callable[..., Done]
Scripted = Callable[..., ScriptedEngine]
PAGE = PageVersion(
    "https://a.example/anning",
    "Mary Anning",
    "# Mary Anning\n\nMary Anning found fossils. In 1833 a fall of rock killed Tray, her black "
    "and white terrier, beside her.\n\nShe lived in Lyme Regis. She sold shells.\n",
    datetime(2026, 1, 2, tzinfo=UTC),
)
DAY = "2026-01-02"
QUESTION = "What was the name of Mary Anning's dog?"


@pytest.mark.parametrize(
    ("said", "yes"),
    [
        ("It says so.</think><answer>yes</answer>", True),
        ("<answer> Yes. </answer>", True),
        ("The passage says it: yes.", True),
        ("no, not at all</think><answer>yes</answer>", True),
        ("<answer>yes</answer> or <answer>no</answer>", False),
        ("no", False),
        ("yes and no, I cannot tell", False),
        ("", False),
    ],
)
def test_only_a_last_yes_is_one(said: str, yes: bool) -> None:
    assert verdict(said) is yes


def test_a_claim_without_a_quote_is_judged_and_the_verdict_kept() -> None:
    claims = tie("Tray", QUESTION, [PAGE])
    assert [claim.supported for claim in claims] == [False]
    engine = ScriptedEngine(["no</think><answer>no</answer>", "so</think><answer>yes</answer>"])
    (claim,), verdicts = judged(claims, QUESTION, [PAGE], engine, profile("demo"), DAY)
    assert [one.entailed for one in verdicts] == [False, True]
    assert verdicts[1].said == "so</think><answer>yes</answer>"
    ((evidence),) = claim.evidence
    assert evidence.label == "entailed"
    assert PAGE.text[evidence.start : evidence.end] == evidence.quote
    assert verdicts[1].to_json()["evidence"] == evidence.to_json()
    assert len(engine.sessions) == 2
    assert SYSTEM in engine.sessions[0].text
    assert f"Question: {QUESTION}\nAnswer: Tray\nPassage: " in engine.sessions[0].text


def test_what_a_quote_carries_is_not_judged_and_a_no_changes_nothing() -> None:
    tied = tie("Lyme Regis", "Where did Mary Anning live?", [PAGE])
    engine = ScriptedEngine([])
    assert judged(tied, "Where did Mary Anning live?", [PAGE], engine, profile("demo"), DAY) == (
        tied, [],
    )  # fmt: skip
    claims = tie("Rex", QUESTION, [PAGE])
    engine = ScriptedEngine(["<answer>no</answer>"] * MOST)
    found, verdicts = judged(claims, QUESTION, [PAGE], engine, profile("demo"), DAY)
    assert found == claims
    assert [one.evidence for one in verdicts] == nearest(f"{QUESTION} Rex", [PAGE])


def test_what_is_cut_off_is_no_judgement_and_the_rest_is_not_asked() -> None:
    claims = tie("Rex", QUESTION, [PAGE])
    engine = ScriptedEngine(["no</think><answer>no</answer>", "x</think><answer>yes</answer> or"])

    def over() -> bool:
        # In the second judgement, behind its first letter.
        return engine.left == 0

    found, verdicts = judged(claims, QUESTION, [PAGE], engine, profile("demo"), DAY, cancel=over)
    assert found == claims
    assert [one.said for one in verdicts] == ["no</think><answer>no</answer>"]
    engine = ScriptedEngine([])
    assert judged(
        claims, QUESTION, [PAGE], engine, profile("demo"), DAY, cancel=lambda: True
    ) == (claims, [])  # fmt: skip


JUDGED = "no</think><answer>no</answer>"
RHINE = [
    '<tool_call>{"name": "visit", "arguments": {"url": ["https://almanac.example/rhine"], '
    '"goal": "length"}}</tool_call>',
    "x</think><answer>3,210 km</answer>",
]
ASKED = ("ask", "How long is the Rhine?")


def test_a_resumed_run_is_judged_as_it_was_to_be(
    corpus: Corpus, command: Command, scripted: Scripted
) -> None:
    def judgements() -> int:
        run = read_run(corpus.runs, "last")
        assert run.outcome == "answered"
        return len(run.all("judgements"))

    scripted(RHINE[0])
    assert command(*ASKED, "--judge").code == 1  # the script has ended
    assert read_run(corpus.runs, "last").manifest["judge"] is True
    scripted()
    assert command("ask", "--resume", "last").code == 1
    scripted(RHINE[1], *[JUDGED] * MOST)
    assert command("ask", "--resume", "last").code == 0
    assert judgements() == 1
    # One that was to go without a judge does, whatever the settings say now; the flag decides.
    for words, count in (((), 0), (("--judge",), 1)):
        scripted(RHINE[0])
        assert command(*ASKED).code == 1
        assert "judge" not in read_run(corpus.runs, "last").manifest
        engine = scripted(RHINE[1], *[JUDGED] * MOST)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("APPLIANCE_JUDGE", "true")
            assert command("ask", "--resume", "last", *words).code == 0
        assert judgements() == count
        assert (engine.left == MOST) is (count == 0)


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_ends_the_judging_and_the_answer_stands(
    times: int,
    corpus: Corpus,
    command: Command,
    scripted: Scripted,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = scripted(*RHINE, JUDGED, JUDGED)
    give = engine.take

    def take() -> object:
        if engine.left == 1:
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)
        return give()

    monkeypatch.setattr(engine, "take", take)
    done = command(*ASKED, "--judge")
    assert done.code == 0, done.err
    assert "Answer: 3,210 km\n\n3,210 km  ← no page that was read supports this" in done.out
    run = read_run(corpus.runs, "last")
    assert run.outcome == "answered"
    (event,) = run.all("judgements")
    assert event["ended_early"] is True
    assert len(event["items"]) == (1 if times == 1 else 0)  # type: ignore[arg-type]
    assert len(run.all("evidence")) == 1


def test_the_time_of_the_question_is_that_of_its_judge() -> None:
    now = 0.0
    limits = LiveLimits(profile("demo"), 4096, 10.0, lambda: now)
    now = 9.9
    assert not limits.over()
    now = 10.0
    assert limits.over()
    limits = LiveLimits(profile("demo"), 4096)
    assert not limits.over()
    limits.interrupt()
    assert limits.over()


def test_passages_are_near_and_few() -> None:
    found = nearest(f"{QUESTION} Tray", [PAGE])
    assert len(found) <= MOST
    assert "Tray" in found[0].quote
    assert nearest("zxqvy", [PAGE]) == []
