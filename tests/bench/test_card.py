"""The card of the demo model: what it may not say, and how far its scores may be off."""

import json
from typing import Any

import pytest

from bench.card import CARD, Scores, counts, differences, faults
from models.demo.export import FILE, HERE

if not (HERE / FILE).exists():
    pytest.skip("the demo model is not built; run: make demo-model", allow_module_level=True)

SAID = {
    "scores": {
        "demo questions": {"one": [55, 60], "none": [9, 10]},
        "invented questions": {"right": 290, "questions": 300},
    }
}


def card() -> dict[str, Any]:
    return dict(json.loads(CARD.read_text("utf-8")))


def test_the_card_is_true_of_the_file() -> None:
    assert faults(card(), HERE / FILE) == []


@pytest.mark.parametrize(
    ("change", "said"), [("sha256", "digest"), ("size", "bytes"), ("parameters", "parameters")]
)
def test_an_untrue_card_is_found(change: str, said: str) -> None:
    (fault,) = faults({**card(), change: 7}, HERE / FILE)
    assert said in fault


def test_a_file_that_is_too_large_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.card.LARGEST", 1000)
    monkeypatch.setattr("bench.card.PARAMETERS", (1, 2))
    assert len(faults(card(), HERE / FILE)) == 2


@pytest.mark.parametrize(("right", "apart"), [(290, 0), (285, 0), (296, 0), (283, 1), (297, 1)])
def test_scores_may_be_two_points_away(right: int, apart: int) -> None:
    found = {"right": right, "questions": 300}
    measured = Scores({"one": [56, 60], "none": [9, 10]}, invented=found)
    assert len(differences(SAID, measured)) == apart


@pytest.mark.parametrize(("right", "apart"), [(8, 0), (7, 1)])
def test_of_ten_questions_one_may_differ(right: int, apart: int) -> None:
    assert len(differences(SAID, Scores({"none": [right, 10]}))) == apart


def test_a_score_that_the_card_lacks_is_found() -> None:
    measured = Scores({"two": [1, 10]}, invented={"right": 1, "questions": 2})
    assert differences({}, measured) == [
        "demo questions, two: not in the card",
        "invented questions: not in the card",
    ]


def test_counts_by_kind() -> None:
    records = [{"kind": "one", "correct": True}, {"kind": "one", "correct": False}]
    assert counts(records) == {"one": [1, 2]}
