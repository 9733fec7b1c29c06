"""The renamed copy: nothing old is left, nothing else is changed, and the same seed is the same."""

import json
import random
from pathlib import Path

import pytest

from appliance.evaluate import read_questions
from bench.renaming import almanac
from bench.renaming.almanac import DEMO, PACKAGE, RenamingError, copy
from bench.renaming.entities import Entity
from bench.renaming.names import Names
from bench.renaming.rewrite import Renaming, renaming, traces
from bench.renaming.words import fold, plain

NAMES = Renaming(
    {"danube": "Orvella", "clark": "Tamm-Ebo", "dvorak": "Égger", "koto": "Ambrin"},
    {"Golden Gate": "Eldava", "长江": "沅江"},
    frozenset({"dvorak"}),
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("The Danube Delta and a Danube boat.", "The Orvella Delta and an Orvella boat."),
        ("an old bridge, a Danube", "an old bridge, an Orvella"),
        ("A *Danube* song", "An *Orvella* song"),
        ("Clark's plan; Adam Clark’s", "Tamm-Ebo's plan; Adam Tamm-Ebo’s"),
        ("Antonín Dvořák, also Dvorak", "Antonín Égger, also Egger"),
        ("a koto, two Kotos of koto", "an ambrin, two Kotos of ambrin"),
        ("[Golden Gate Bridge](/bridges/golden-gate-bridge)", "[Eldava Bridge](/bridges/eldava-bridge)"),
        ("http://almanac.test/rivers/danube/", "http://almanac.test/rivers/orvella/"),
        ("长江大桥", "沅江大桥"),
        ("Danubes and danubeite", "Orvellas and orvellaite"),
        ("golden gate of a castle", "golden gate of a castle"),
    ],
)  # fmt: skip
def test_text_under_the_new_names(old: str, new: str) -> None:
    assert NAMES.text(old) == new
    assert not traces(NAMES.text(old), NAMES)


def test_a_foreign_a_is_no_article() -> None:
    assert NAMES.text("llega a Danube", english=False) == "llega a Orvella"


@pytest.mark.parametrize(
    "left", ["the Danube", "DANUBE", "subdanubean", "/x/old-golden-gate", "Golden Gate", "南长江"]
)
def test_a_trace_is_found(left: str) -> None:
    assert traces(left, NAMES)


def test_names_are_new_and_handed_out_once() -> None:
    names = Names(random.Random(1), ["volga", "kama"])
    made = [names.word(kind) for kind in ("person", "place", "thing") for _ in range(60)]
    assert len({fold(name) for name in made}) == len(made)
    assert any(fold(name)[0] in "aeiou" for name in made)
    assert any("-" in name for name in made)
    assert any(plain(name) != name for name in made)
    assert not any("volga" in fold(name) for name in made)


def test_a_spelling_is_renamed_with_its_name() -> None:
    entity = Entity("Yangtze", "place", ("yangtze",), (), True)
    made = renaming([entity], Names(random.Random(1), []), "Yangtze")
    assert "长江" in made.phrases
    assert made.phrases["长江"].endswith("江")
    assert not traces(made.text("长江（Yangtze）"), made)


def written(folder: Path) -> dict[str, str]:
    files = sorted((folder / PACKAGE).rglob("*.*"))
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in files}


def test_the_copy_is_whole_and_the_same_for_the_same_seed(tmp_path: Path) -> None:
    one, two, other = (copy(tmp_path / name, seed) for name, seed in (("a", 1), ("b", 1), ("c", 2)))
    assert written(one.folder) == written(two.folder)
    assert written(one.folder) != written(other.folder)
    assert len(written(one.folder)) == len(list((DEMO / "pages").rglob("*.md"))) + 3
    assert 0.45 * one.entities <= len(one.renamed) <= 0.55 * one.entities
    assert {entity.kind for entity in one.renamed} == {"person", "place", "thing"}
    before, after = read_questions(DEMO / "questions.jsonl"), read_questions(one.questions)
    assert [question.id for question in before] == [question.id for question in after]
    changed = {a.id for a, b in zip(before, after, strict=True) if a != b}
    assert changed == set(one.changed)
    assert len(changed) >= 25


def test_every_page_of_a_question_is_in_the_copy(tmp_path: Path) -> None:
    made = copy(tmp_path, 4)
    for line in made.questions.read_text("utf-8").splitlines():
        for page in json.loads(line)["pages"]:
            assert (made.folder / PACKAGE / f"pages{page}.md").is_file()


def test_a_name_that_was_forgotten_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Renaming, "slug", lambda self, slug: slug)
    with pytest.raises(RenamingError, match="still holds"):
        copy(tmp_path, 1)
    assert not (tmp_path / PACKAGE).exists()


def test_an_answer_that_its_page_lost_is_refused() -> None:
    question = {"question": "How long?", "answer": "5 km", "pages": ["/rivers/volga"]}
    pages = {"pages/rivers/volga.md": "It is 5 km long."}
    almanac._check_answers([question], pages, [question], pages)
    with pytest.raises(RenamingError, match="does not say"):
        almanac._check_answers([question], pages, [{**question, "answer": "6 km"}], pages)
