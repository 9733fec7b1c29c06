"""The same weights, prompt and seed give the same run, to the token, in three fresh processes."""

import json

import pytest

from appliance.evaluate import read_questions
from bench.fresh import in_fresh_processes

HOT = ("--temperature", "3.0")
"""So hot that a model which is sure of every token is sampled from all the same."""
SAMPLED = (*HOT, "--seed", "5")


@pytest.fixture(scope="module")
def questions(asked) -> list[str]:  # type: ignore[no-untyped-def]
    return [one.question for one in read_questions(asked.root / "questions.jsonl")][:2]


@pytest.mark.parametrize("options", [(), SAMPLED], ids=["greedy", "sampled"])
def test_three_processes_print_the_same_run(asked, questions, options) -> None:  # type: ignore[no-untyped-def]
    printed = in_fresh_processes(asked.root / "home", questions, *options)
    assert len(printed) == 3
    assert len(set(printed)) == 1
    runs = json.loads(printed[0])["runs"]
    assert len(runs) == len(questions)
    for run in runs:
        assert all(event["ids"] for event in run if "ids" in event)
        assert run[-1]["outcome"]


def test_another_seed_gives_another_run(asked, questions) -> None:  # type: ignore[no-untyped-def]
    seeds = [
        in_fresh_processes(asked.root / "home", questions, *HOT, "--seed", seed, processes=1)
        for seed in ("5", "6")
    ]
    assert seeds[0] != seeds[1]
