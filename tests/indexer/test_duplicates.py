"""Pages that say the same, and pages that only look as if they did."""

import random

from indexer.duplicates import (
    ALIKE,
    SIZE,
    has_words,
    marks,
    resemblance,
    sketch,
    titles_agree,
)

CHANCE = random.Random(4)
WORDS = [f"word{CHANCE.randrange(4000)}" for _ in range(3000)]


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
        assert abs(alike(" ".join(WORDS), " ".join(other)) - truth) < 0.06
    assert len(sketch(" ".join(WORDS))) == SIZE


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
