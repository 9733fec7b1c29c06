"""Invented questions: a seed of their own, one in ten without an answer, answers in their pages."""

import random
from itertools import islice

from appliance.evaluate import read_questions
from bench.explain import page_ends
from bench.invented import UNANSWERABLE, draw, markdown, seed_number, versions
from models.demo.traces import traces
from models.turns import ABSTAIN


def test_the_draw_is_the_same_for_the_same_seed_and_fresh_for_another() -> None:
    one, two, other = (draw(20, 60, seed)[0] for seed in (5, 5, 6))
    assert [made.question for made in one] == [made.question for made in two]
    assert not {made.question for made in one} & {made.question for made in other}


def test_no_training_seed_gives_these_questions() -> None:
    asked = {made.question for made in draw(30, 60, 7)[0]}
    for seed in (7, "7/0"):
        drawn = {made.question for made in islice(traces(seed), 200)}  # type: ignore[arg-type]
        assert not asked & drawn
    assert seed_number(7) > 2**64
    assert random.Random(seed_number(7)).random() != random.Random(7).random()


def test_one_in_ten_has_no_answer_and_scenarios_can_be_left_out() -> None:
    asked, pages = draw(40, 100, 1)
    assert len(asked) == 40
    assert len(pages) >= 100
    assert sum(made.answer == ABSTAIN for made in asked) == round(40 * UNANSWERABLE)
    kind = next(made.scenario for made in asked if made.answer != ABSTAIN)
    assert all(made.scenario != kind for made in draw(20, 50, 1, without=[kind])[0])


def test_an_answer_stands_in_the_last_of_its_pages() -> None:
    for made in draw(40, 100, 1)[0]:
        if made.answer != ABSTAIN:
            assert made.answer in markdown(made.pages[-1])


def test_a_page_is_markdown_of_its_units() -> None:
    pages = draw(40, 100, 1)[1]
    for page, version in zip(pages, versions(pages), strict=True):
        assert version.text.startswith(f"# {page.title}\n")
        for unit in page.units:
            assert unit.text in version.text
    ruled = [markdown(page) for page in pages if any(u.form == "row" for u in page.units)]
    assert ruled
    assert all("|---|" in text for text in ruled)


def test_the_model_is_asked_through_the_real_loop(asked) -> None:  # type: ignore[no-untyped-def]
    file = asked.root / "questions.jsonl"
    assert len(read_questions(file)) == len(asked.found.explained) == 20
    assert set(page_ends(file)) == {one.id for one in asked.found.explained}
    assert asked.found.right >= 9
    assert asked.found.pages >= 120
    assert asked.found.threads >= 1
    assert f"{asked.found.right} of 20 right" in asked.found.lines()
