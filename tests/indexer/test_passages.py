"""The splitter: exact spans, nothing lost, whole tables, overlap only inside a section."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.passages import Chunker, count_tokens, passage_id, split

SMALL = Chunker(least=20, most=40, overlap=16)
WORDS = st.sampled_from(
    ["river", "bridge", "3.14", "2,850", "a", "internationalisation", "長江の長さ", "Dvořák", "x_y"]
)
LINE = st.lists(WORDS, min_size=1, max_size=30).map(" ".join)
BLOCK = st.one_of(
    LINE,
    LINE.map(lambda s: f"## {s}"),
    LINE.map(lambda s: f"{s}. {s}! {s}"),
    st.lists(LINE, min_size=1, max_size=8).map(lambda ls: "\n".join(f"- {x}" for x in ls)),
    st.lists(LINE, min_size=1, max_size=8).map(lambda ls: "\n".join(f"| {x} | y |" for x in ls)),
    st.lists(LINE, min_size=1, max_size=8).map(lambda ls: "```\n" + "\n".join(ls) + "\n```"),
    st.text(max_size=60),
)
PAGE = st.lists(BLOCK, max_size=12).map("\n\n".join)


def uncovered(text: str, spans: list[tuple[int, int]]) -> str:
    """Return the non-blank characters of `text` that no span covers."""
    seen = bytearray(len(text))
    for start, end in spans:
        seen[start:end] = b"\x01" * (end - start)
    return "".join(c for c, s in zip(text, seen, strict=True) if not s and not c.isspace())


@settings(max_examples=150, deadline=None)
@given(PAGE)
def test_passages_cover_every_character_that_is_not_blank(text: str) -> None:
    passages = split(text, "t", SMALL)
    assert uncovered(text, [(p.start, p.end) for p in passages]) == ""
    assert [p.ordinal for p in passages] == list(range(len(passages)))
    for p in passages:
        assert text[p.start : p.end].strip()
        assert count_tokens(text[p.start : p.end]) <= 2 * SMALL.most
    assert passages == split(text, "t", SMALL)


def test_uncovered_sees_a_gap() -> None:
    assert uncovered("ab cd", [(0, 2)]) == "cd"


def test_small_sections_share_a_passage_and_long_ones_overlap() -> None:
    sentence = "The river bends towards the old town and leaves it again. "
    text = f"# Danube\n\nShort.\n\n## Course\n\n{sentence * 12}\n\n## Trade\n\nGrain went down it."
    passages = split(text, "Danube", SMALL)
    course = [p for p in passages if p.headings == ("Course",)]
    assert len(course) > 2
    assert all(a.end > b.start for a, b in pairwise(course))
    last = passages[-1]
    assert last.headings == ("Trade",)
    assert last.start >= course[-1].end, "no overlap from one section into the next"


def test_a_table_that_fits_is_never_cut() -> None:
    table = "| Quantity | Value |\n|---|---|\n" + "\n".join(f"| q{i} | {i} |" for i in range(6))
    text = "Word " * 35 + "\n\n" + table + "\n\n" + "Word " * 35
    assert any(
        text[p.start : p.end].count("|---|") and table in text[p.start : p.end]
        for p in split(text, "", SMALL)
    )


def test_one_endless_word_or_line_is_cut() -> None:
    for text in ("x" * 5000, "字" * 500, "word " * 500):
        passages = split(text, "", SMALL)
        assert len(passages) > 3
        assert uncovered(text, [(p.start, p.end) for p in passages]) == ""


def test_ids_are_pinned_and_differ_by_page() -> None:
    one = passage_id("https://a.test/x", "sha256:00", 0, 10, "b2:11")
    assert one == passage_id("https://a.test/x", "sha256:00", 0, 10, "b2:11")
    assert 0 <= one < 2**63
    assert one != passage_id("https://a.test/y", "sha256:00", 0, 10, "b2:11")
    assert one == 4899184798129701057
