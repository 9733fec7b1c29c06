"""Snippets: matching sentences, verbatim, within their words."""

from indexer.snippets import JOIN, snippet
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
