"""The training data holds nothing of the demo corpus: no name, question, answer or sentence."""

import itertools
import json
import re
from pathlib import Path

import pytest

from models.demo.names import Echoing
from models.demo.tokenizer import pieces_of
from models.demo.traces import trace
from models.turns import ABSTAIN

CORPUS = Path(__file__).parents[3] / "appliance" / "demo"
SEEDS = (7, 11, 13, 17)
BLOCKS = 6
RUN = 7
"""Words in a row that may not be shared; fewer are common English ("is the highest peak of the")."""
_WORD = re.compile(r"\w+")

if not (CORPUS / "questions.jsonl").exists():
    pytest.skip("the demo corpus is not in this checkout", allow_module_level=True)


def words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def runs(text: str, size: int = RUN) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[i : i + size]) for i in range(len(found) - size + 1)}


def drawn() -> list[tuple[str, str, str]]:
    """(question, answer, everything) of traces as the training draws them."""
    made = []
    for seed, block in itertools.product(SEEDS, range(BLOCKS)):
        rng = Echoing(f"{seed}/{block}", loose=block % 2 == 1)
        for _ in range(60):
            one = trace(rng)
            text = "\n".join(text for text, _ in pieces_of(one, ""))
            made.append((one.question, one.answer, text))
    return made


@pytest.fixture(scope="module")
def traces() -> list[tuple[str, str, str]]:
    return drawn()


@pytest.fixture(scope="module")
def pages() -> list[str]:
    return [path.read_text("utf-8") for path in sorted((CORPUS / "pages").rglob("*.md"))]


@pytest.fixture(scope="module")
def questions() -> list[dict[str, object]]:
    lines = (CORPUS / "questions.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def shared(traces: list[tuple[str, str, str]], texts: list[str]) -> set[tuple[str, ...]]:
    """Runs of words that the traces and the texts have in common."""
    theirs = set().union(*(runs(text) for text in texts))
    return theirs & set().union(*(runs(text) for _, _, text in traces))


def test_no_run_of_words_is_shared_with_the_corpus(
    traces: list[tuple[str, str, str]], pages: list[str]
) -> None:
    assert len(pages) >= 100
    found = shared(traces, pages)
    assert not found


def test_a_sentence_of_the_corpus_would_be_found(
    traces: list[tuple[str, str, str]], pages: list[str]
) -> None:
    longest = max(pages[3].split("\n"), key=len)
    assert shared([*traces[:3], ("", "", f"before {longest} after")], pages)


def test_no_question_and_no_named_answer_is_shared(
    traces: list[tuple[str, str, str]], questions: list[dict[str, object]]
) -> None:
    theirs = {" ".join(words(str(one["question"]))) for one in questions}
    met = theirs & {" ".join(words(question)) for question, _, _ in traces}
    assert not met
    answers: set[str] = set()
    for one in questions:
        given = one["answer"]
        answers.update([given] if isinstance(given, str) else given or [])  # type: ignore[arg-type]
    # Bare numbers, years and plain words meet by chance and say nothing; names do.
    named = {a for a in answers if len(a.split()) > 1 and any(c.isupper() for c in a)}
    invented = {answer for _, answer, _ in traces if answer != ABSTAIN}
    dated = {a for a in named if re.search(r"\d", a)}
    known = (named - dated) & invented
    assert not known
