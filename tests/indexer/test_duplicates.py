"""Pages that say the same, and pages that only look as if they did."""

import hashlib
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from indexer.duplicates import (
    ALIKE,
    EXACT,
    SIZE,
    has_words,
    marks,
    resemblance,
    sketch,
    titles_agree,
)

ROOT = Path(__file__).resolve().parents[2]
CHANCE = random.Random(4)
WORDS = [f"word{CHANCE.randrange(4000)}" for _ in range(3000)]


FINGERPRINT = "6b7565ce7145951d95b546de5af3910f344b1c7b9c35d0e2457a047cf2134859"
"""Written down on a processor with AVX-512; one with AVX2 (Valgrind's) gives it too."""


def alike(one: str, other: str) -> float:
    return resemblance(sketch(one), sketch(other))


def test_the_same_words_are_alike_whatever_their_case_and_punctuation() -> None:
    assert alike("The Danube, a river.", "the danube\n\n a *river*") == 1.0
    assert alike("长江是亚洲最长的河流", "长江是亚洲，最长的河流。") == 1.0


def test_other_pages_are_not() -> None:
    assert alike("The Danube is a river in Europe", "Vienna is the capital of Austria") == 0.0
    assert alike("", "") == 1.0
    assert alike("", "a word") == 0.0


def test_the_estimate_is_near_the_truth_on_long_pages() -> None:
    for changed in (10, 100, 400):
        other = [*WORDS]
        for at in range(0, 3000, 3000 // changed):
            other[at] = "changed"
        shingles = [{tuple(words[i : i + 3]) for i in range(2998)} for words in (WORDS, other)]
        truth = len(shingles[0] & shingles[1]) / len(shingles[0] | shingles[1])
        assert abs(alike(" ".join(WORDS), " ".join(other)) - truth) < 0.04
    assert len(sketch(" ".join(WORDS)).hashed.digest()) == SIZE


def test_the_estimate_is_exact_on_short_pages_and_no_estimate_is() -> None:
    for length in (3, 30, 300, EXACT + 2):
        page = WORDS[:length]
        other = [*page[: length // 3], "changed", *page[length // 3 + 1 :]]
        shingles = [{tuple(words[i : i + 3]) for i in range(length - 2)} for words in (page, other)]
        truth = len(shingles[0] & shingles[1]) / len(shingles[0] | shingles[1])
        assert alike(" ".join(page), " ".join(other)) == truth
    assert sketch(" ".join(WORDS[: EXACT + 2])).few is not None
    # One word more, and it is an estimate.
    assert sketch(" ".join(WORDS[: EXACT + 3])).few is None


def test_a_short_page_and_a_long_one_are_compared_too() -> None:
    short, long = WORDS[: EXACT + 1], WORDS[: EXACT + 40]
    assert abs(alike(" ".join(short), " ".join(long)) - len(short) / len(long)) < 0.04


def test_a_text_with_half_a_character_is_compared_as_well() -> None:
    assert alike("a\ud800 river in Europe", "a\ud800 river in Europe") == 1.0


PRINT = """
from tests.indexer.test_duplicates import fingerprint
print(fingerprint())
"""


def fingerprint() -> str:
    """The values of sketches of all lengths, sparse and dense, in several scripts."""
    texts = [" ".join(WORDS[:length]) for length in (1, 3, 20, 60, 513, 1500, 3000)]
    texts += ["长江是亚洲最长的河流" * 80, "Über die Straße nach Łódź " * 40]
    values = [sketch(text).hashed.digest() for text in texts]
    return hashlib.sha256(repr(values).encode()).hexdigest()


@pytest.mark.parametrize("seed", ["1", "2"])
def test_sketches_are_the_same_in_every_process_and_on_every_processor(seed: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRINT],
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == fingerprint() == FINGERPRINT


def test_one_word_in_fifty_does_not_part_two_pages_and_ten_do() -> None:
    page = WORDS[:50]
    assert alike(" ".join(page), " ".join([*page[:25], "other", *page[26:]])) >= ALIKE
    assert alike(" ".join(page), " ".join([*page[:20], *"abcdefghij", *page[30:]])) < ALIKE


def test_numbers_and_the_words_asked_for_part_pages() -> None:
    words = {"vienna"}
    assert marks("Vienna grew", "Report 2019", words, "en") != marks(
        "Vienna grew", "Report 2020", words, "en"
    )
    assert marks("about 30 towns", "T", words, "en") != marks("about 31 towns", "T", words, "en")
    assert marks("Vienna is old", "T", words, "en") != marks("Graz is old", "T", words, "en")
    assert marks("Vienna is old", "T", words, "en") == marks("old Vienna", "U", words, "en")


def test_words_are_counted_up_to_what_is_asked() -> None:
    assert has_words("one two three", 3)
    assert not has_words("one two three", 4)
    assert has_words("长江", 2)


def test_titles_agree_when_one_holds_the_other() -> None:
    assert titles_agree("Danube", "Danube – The Mirror")
    assert titles_agree("DANUBE", "Danube")
    assert not titles_agree("Explorers: Safe House", "Explorers: High Wire")
    assert not titles_agree("", "Danube")
    assert not titles_agree("", "")
