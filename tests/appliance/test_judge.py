"""The model as judge: asked only about what the program could not tie, and kept word for word."""

from datetime import UTC, datetime

import pytest

from appliance.evidence import tie
from appliance.evidence.judge import MOST, SYSTEM, judged, nearest, verdict
from models.profiles import profile
from models.scripted import ScriptedEngine
from store.page import PageVersion

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


def test_passages_are_near_and_few() -> None:
    found = nearest(f"{QUESTION} Tray", [PAGE])
    assert len(found) <= MOST
    assert "Tray" in found[0].quote
    assert nearest("zxqvy", [PAGE]) == []
