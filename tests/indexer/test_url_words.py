"""What an address says: its words, and none of what only a machine reads."""

import pytest

from indexer.url_words import MOST, url_words


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://almanac.test/rivers/blue-danube", "rivers blue danube"),
        ("https://en.wikipedia.org/wiki/Mayor_Max_II", "Mayor Max II"),
        ("https://a.test/docs/asyncEventLoop.html", "docs async Event Loop"),
        ("https://a.test/2024/05/HTTPServer.php?id=77#top", "2024 HTTP Server"),
        ("https://a.test/w/Dvo%C5%99%C3%A1k_(composer)", "Dvořák composer"),
        ("https://a.test/zh/%E9%95%BF%E6%B1%9F", "zh 长江"),
        ("https://a.test/item/9f86d081884c7d65/B0C5XYZ7Q/12345", "item"),
        ("https://a.test/release-3.12", "release"),
        ("https://a.test/", ""),
        ("https://[broken", ""),
        ("urn:isbn:0451450523", "isbn"),
    ],
)
def test_words_of_an_address(url: str, words: str) -> None:
    assert url_words(url) == words


def test_a_long_address_is_read_to_a_bound() -> None:
    assert len(url_words("https://a.test/" + "-".join(["word"] * 500)).split()) == MOST
