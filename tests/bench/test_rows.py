"""The acceptance rows on the demo researcher: kept by figures that are good enough, and by no others."""

from pathlib import Path

import pytest

from bench.accept import researcher
from bench.accept.check import CheckFailed
from bench.accept.stage import Stage
from bench.explain import Explained
from bench.invented import Measured
from bench.renamed import Comparison, Score


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(Stage, "need_model", lambda stage: None)
    return Stage(tmp_path, questions=300)


def measured(
    right: int = 285, asked: int = 300, pages: int = 2000, unread: int = 0, seconds: float = 0.9
) -> Measured:
    return Measured(
        tuple(
            Explained(
                str(place), "fact", "?", ("x",), "x", "right" if place < right else "reading",
                (), (), (), (), seconds, place >= unread,
            )
            for place in range(asked)
        ),
        pages, 1,
    )  # fmt: skip


def test_good_answers_to_invented_questions_keep_the_row(stage: Stage) -> None:
    stage.once("invented", measured)
    assert researcher.invented(stage).startswith("285 of 300 right over 2000 pages, 0 runs")


@pytest.mark.parametrize(
    "change",
    [{"right": 284}, {"unread": 1}, {"seconds": 1.0}, {"pages": 1999}, {"asked": 290}],
)
def test_anything_less_breaks_it(stage: Stage, change: dict[str, int]) -> None:
    stage.once("invented", lambda: measured(**change))
    with pytest.raises(CheckFailed, match="right over"):
        researcher.invented(stage)


@pytest.mark.parametrize(("after", "kept"), [(57, True), (60, True), (56, False)])
def test_a_fall_of_more_than_five_points_breaks_the_row(
    stage: Stage, after: int, kept: bool
) -> None:
    before, renamed = (Score({"all": n, "one": n}, {"all": 60, "one": 60}) for n in (60, after))
    stage.once("renamed", lambda: [Comparison(1, "demo", 200, 100, before, renamed)])
    if kept:
        assert f"60/60 → {after}/60" in researcher.other_names(stage)
    else:
        with pytest.raises(CheckFailed, match=r"falls by 6\.7 points"):
            researcher.other_names(stage)


def test_processes_that_differ_break_the_row(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stage, "demo_home", property(lambda stage: stage.root))
    hot = '{"runs": [[{"ids": [1, 2]}]]}'

    def printing(*greedy: str) -> None:
        said = iter([list(greedy), [hot] * 3])
        monkeypatch.setattr(researcher, "in_fresh_processes", lambda *_: next(said))

    printing("cold", "cold", "cold")
    assert "2 sampled" in researcher.same_everywhere(stage)
    printing("cold", "cold", "warm")
    with pytest.raises(CheckFailed, match="greedy: 2 different runs"):
        researcher.same_everywhere(stage)
    printing(hot, hot, hot)
    with pytest.raises(CheckFailed, match="what greedy decoding gives"):
        researcher.same_everywhere(stage)
