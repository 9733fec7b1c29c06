"""The keys under which pages are found by their words."""

import hashlib
from collections import Counter

from store.wordkeys import SHELLS, page_keys, page_slug, page_words, shell, want_keys, wants


def test_each_shell_holds_a_quarter_of_the_next_lower_one() -> None:
    hashes = [
        hashlib.blake2b(bytes([n % 256, n // 256]), digest_size=16).digest() for n in range(65536)
    ]
    sizes = Counter(map(shell, hashes))
    for level in range(5):
        assert 3 < sizes[level] / sizes[level + 1] < 5
    assert sorted(sizes) == list(range(max(sizes) + 1))
    assert shell(bytes(16)) == SHELLS - 1
    assert shell(b"\xff" * 16) == 0


def test_a_key_names_word_shell_and_collection() -> None:
    found = page_words("https://a.example/wiki/Salt_road", "The salt road")
    assert page_keys(found, b"\xff" * 16, 3) == ["a.example"[2:] + " 0.3", "road 0.3", "salt 0.3"]
    assert want_keys(("salt", "road"), 3) == '{"salt ~.3","road ~.3"}'


def test_the_slug_is_of_the_last_segment_that_has_words() -> None:
    assert page_slug("https://a.example/history/Salt_road/index.html") == "salt road"
    assert page_slug("https://a.example/") == "example"
    assert len(page_slug("https://a.example/" + "x-" * 500)) == 120


def test_a_word_is_wanted_by_itself_and_with_others_the_longest_first() -> None:
    assert wants(["a", "bcd", "ef", "ef", "ghij", "k"]) == [
        ("ghij", "bcd", "ef", "a"),
        ("ghij", "bcd"),
        ("ghij", "ef"),
        ("bcd", "ef"),
        ("ghij",),
        ("bcd",),
        ("ef",),
        ("a",),
    ]
    assert wants(["one"]) == [("one",)]
    assert wants([]) == []
