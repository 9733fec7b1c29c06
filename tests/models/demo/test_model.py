"""The shipped demo researcher answers invented questions through llama.cpp."""

import json

import pytest

from models.demo.evaluate import Corpus, Outcome, outcomes, summary
from models.demo.export import FILE, HERE
from models.demo.traces import traces
from models.turns import ABSTAIN
from store.digest import sha256_file

if not (HERE / FILE).exists():
    pytest.skip("the demo model is not built; run: make demo-model", allow_module_level=True)


@pytest.fixture(scope="module")
def done() -> list[Outcome]:
    return list(outcomes(HERE / FILE, 60, 300, seed=31))


def test_card_names_the_file_as_it_is() -> None:
    card = json.loads((HERE / "card.json").read_text("utf-8"))
    assert card["file"] == FILE
    assert card["sha256"] == sha256_file(HERE / FILE)
    assert card["parameters"] <= 5_000_000
    assert (HERE / FILE).stat().st_size <= 8_000_000


def test_every_turn_of_invented_questions_is_read(done: list[Outcome]) -> None:
    # How many are right is measured through the real loop: tests/bench, `make accept`.
    scores = summary(done)
    assert scores["parsed"] >= 0.95, scores
    assert scores["accuracy"] > 0.4, scores


def test_a_wrong_answer_is_counted_as_wrong(done: list[Outcome]) -> None:
    from dataclasses import replace

    right = next(one for one in done if one.right and one.wanted != ABSTAIN)
    assert not replace(right, given=right.given + " x").right
    assert not replace(right, given=ABSTAIN).right


def test_search_finds_the_page_of_a_name() -> None:
    drawn = [one for one, _ in zip(traces(5), range(40), strict=False)]
    pages = [page for one in drawn for page in one.pages]
    corpus = Corpus(pages)
    found = [page.url in {r.url for r in corpus.search(page.title, 3, 16)} for page in pages]
    assert sum(found) >= 0.9 * len(found)
