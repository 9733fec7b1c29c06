"""Snippets: matching sentences, verbatim, within their words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.snippets import JOIN, LEAST, snippet
from indexer.tokens import count_words, terms

TEXT = (
    "# Loop\n\nThe weather is mild. The event loop runs callbacks. Nobody knows the rest of it. "
    "Trees are green in May.\n\nUse run_in_executor for a blocking function. It returns a future."
)


def weights(query: str) -> dict[str, float]:
    return dict.fromkeys(terms(query, single=False), 1.0)


def test_it_shows_the_sentences_that_match_joined_by_an_ellipsis() -> None:
    shown = snippet(TEXT, 0, len(TEXT), weights("event loop blocking function"), words=13)
    assert shown == (
        "The event loop runs callbacks. … Use run_in_executor for a blocking function."
    )


def test_every_piece_is_a_piece_of_the_passage() -> None:
    flat = " ".join(TEXT.split())
    for query in ("event", "green future", "nothing at all like it"):
        shown = snippet(TEXT, 0, len(TEXT), weights(query), words=25)
        assert shown
        assert count_words(shown.replace(JOIN, " ")) <= 25
        assert all(piece in flat for piece in shown.split(JOIN))


def test_one_endless_sentence_is_cut_around_the_match() -> None:
    text = "word " * 200 + "needle in the haystack " + "word " * 200
    shown = snippet(text, 0, len(text), weights("needle haystack"), words=20)
    assert "needle in the haystack" in shown
    assert count_words(shown) <= 20
    chinese = "字" * 300 + "长江发源" + "字" * 300
    shown = snippet(chinese, 0, len(chinese), weights("长江发源"), words=20)
    assert "长江发源" in shown
    assert len(shown) <= 40


def test_a_passage_without_prose_still_has_a_snippet() -> None:
    assert snippet("# Only a heading", 0, 16, {}, words=20)
    assert snippet("| a | b |", 0, 9, {}, words=20) == "| a | b |"


LONG = TEXT + "\n\n## Later\n\n" + " ".join(f"Sentence {n} is here for you." for n in range(20))


@pytest.mark.parametrize("part", ["It returns a future.", "# Loop", "Sentence 7 is here for you."])
def test_a_short_passage_is_filled_from_what_stands_around_it(part: str) -> None:
    start = LONG.index(part)
    shown = snippet(LONG, start, start + len(part), weights("future sentence"), words=45)
    assert LEAST <= count_words(shown.replace(JOIN, " ")) <= 45
    assert part.lstrip("# ") in shown or part == "# Loop"
    # The demo model was trained on snippets of twelve words: nothing is added to those.
    short = snippet(LONG, start, start + len(part), weights("future sentence"), words=12)
    assert count_words(short) <= 12


def test_a_long_neighbour_is_cut_at_a_word() -> None:
    text = "Short one here. Some " + "word " * 80 + "end."
    shown = snippet(text, 0, len(text), weights("short"), words=40)
    assert shown == "Short one here. Some " + " ".join(["word"] * 26)
    text = "Begin " + "word " * 80 + "end. Short one here."
    shown = snippet(text, 0, len(text), weights("short"), words=40)
    assert shown == " ".join(["word"] * 26) + " end. Short one here."


def test_a_match_too_long_to_show_whole_still_fills_the_snippet() -> None:
    long = "Another loop " + "word " * 60 + "end."
    text = f"An event loop here. {long} Short end."
    shown = snippet(text, 0, len(text), weights("event loop"), words=40)
    assert shown.startswith("An event loop here. Another loop word")
    assert count_words(shown) == LEAST


def test_nothing_is_shown_twice_and_a_short_page_is_shown_whole() -> None:
    text = "# Forth Bridge\n\nIt was opened in 1890. It was designed by Fowler."
    shown = snippet(text, 0, len(text), weights("designed"), words=45)
    assert shown == "It was opened in 1890. It was designed by Fowler."
    chinese = "长江是亚洲最长的河流。" + "上海位于长江口。" * 20
    shown = snippet(chinese, 0, 11, weights("亚洲"), language="zh", words=45)
    assert LEAST <= count_words(shown) <= 45


@given(st.text("ab .\n|-#`长。", max_size=200), st.data())
def test_any_passage_of_any_text_has_its_words(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    shown = snippet(text, start, end, weights("ab 长"), words=40)
    assert count_words(shown.replace(JOIN, " ")) <= 40
    flat = " ".join(text.split())
    for piece in shown.split(JOIN):
        assert all(word in flat for word in piece.split())
