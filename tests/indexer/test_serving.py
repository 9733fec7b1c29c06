"""What serves a goal on a long page: the right places, whole tables, budgets kept, same bytes."""

import os
import random
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.corpus import text as invented
from indexer.inline import bare
from indexer.outline import LONGEST, bits, outline
from indexer.select import Span
from indexer.serving import Served, serve
from models.tokens import likely_tokens
from store.pagemarks import page_mark, page_of_mark, shown_marks

BRIDGE = """## Tay crossing

The crossing was proposed in 1854. It was opened by the Duke of Argyll on 13 July 1878. Critics
called it reckless.

| Pier | Depth |
|---|---|
| North | 12 m |
| South | 19 m |

### Builders

- Albert Grothe, resident engineer
- Gilkes and Company, contractor
"""
CHINESE = "## 长江\n\n长江发源于青藏高原，全长约6300公里。它注入东海。"


def long_page(*sections: str, seed: int = 3, filler: int = 60) -> str:
    """The sections somewhere among invented ones, of about 5,000 tokens."""
    chance = random.Random(seed)
    found = ["## " + part for part in invented(seed, filler).split("## ")[1:]]
    for section in sections:
        found.insert(chance.randrange(len(found) + 1), section + "\n\n")
    return "".join(found)


def served(
    text: str, goal: str, budget: int = 120, title: str = "", language: str = "en"
) -> Served:
    return serve(
        text,
        title,
        goal,
        budget,
        language=language,
        cost=lambda start, end: likely_tokens(bare(text[start:end])),
    )


def shown(found: Served) -> str:
    return "\n".join(found.text[start:end] for start, end in found.spans())


@pytest.mark.parametrize("seed", range(5))
def test_the_sentence_is_found_among_thousands_of_tokens(seed: int) -> None:
    text = long_page(BRIDGE, seed=seed)
    assert likely_tokens(text) > 5000
    assert "13 July 1878" in shown(served(text, "Who opened the Tay crossing and when?"))


def test_a_goal_that_the_page_does_not_serve_finds_something_else() -> None:
    assert "13 July 1878" not in shown(served(long_page(BRIDGE), "zimu bako", 60))


def test_evidence_names_its_section() -> None:
    found = served(long_page(BRIDGE), "resident engineer Grothe")
    said = shown(found)
    assert "### Builders" in said
    start = found.text.index("Albert Grothe")
    assert found.place(start, start + 6).section == ("Tay crossing", "Builders")


def test_a_small_table_is_whole_and_a_large_one_gives_its_header_and_the_rows_that_matter() -> None:
    small = shown(served(long_page(BRIDGE), "depth of the piers of the Tay crossing"))
    assert "| Pier | Depth |\n|---|---|\n| North | 12 m |\n| South | 19 m |" in small
    rows = "\n".join(f"| Station {n} | {n * 7} m | {1800 + n} |" for n in range(200))
    large = f"## Stations\n\n| Name | Height | Opened |\n|---|---|---|\n{rows}\n"
    said = shown(served(long_page(large), "height of Station 137", 60))
    assert "| Name | Height | Opened |" in said
    assert "| Station 137 | 959 m | 1937 |" in said
    assert "Station 12 |" not in said


def test_a_pronoun_brings_the_sentence_that_it_points_to() -> None:
    text = long_page("## Keeper\n\nAda Brix kept the lamp. She retired in 1911 to Skye.\n")
    assert "Ada Brix kept the lamp. She retired" in shown(served(text, "retired to Skye", 80))


def test_chinese_and_english_goals_and_pages() -> None:
    text = long_page(CHINESE, BRIDGE)
    assert "6300公里" in shown(served(text, "长江全长多少公里", 60, language="zh"))
    # Across languages numbers and names in Latin letters lead.
    assert "1878" in shown(served(text, "1878年 Argyll 公爵", 60, language="en"))
    assert "6300公里" in shown(served(text, "Which river is 6300 km long?", 60, language="zh"))


def test_a_page_that_fits_is_whole() -> None:
    found = served(BRIDGE, "anything", 400)
    assert found.spans() == [Span(0, len(BRIDGE.rstrip()))]
    assert served("", "anything").spans() == []
    assert served(BRIDGE, "anything", 0).spans() == []
    assert served("# One\n\n## Two\n", "two", 20).spans() == [Span(0, 13)]


def test_page_marks_come_with_what_stands_on_the_page() -> None:
    pages = [f"{page_mark(n)}\n\n{invented(n, 12)}" for n in range(1, 9)]
    pages[5] += "\nThe lock gate weighs 91 tonnes.\n"
    text = "\n\n".join(pages)
    found = served(text, "weight of the lock gate", 60)
    assert page_mark(6) in shown(found)
    assert "[page 6]" in shown_marks(shown(found))
    start = text.index("The lock gate")
    assert found.place(start, start + 5).page == 6
    assert page_of_mark(page_mark(6)) == 6
    assert page_of_mark("<!-- page six -->") is None


@settings(max_examples=60, deadline=None)
@given(
    text=st.text("ab 1.。\n#|-*[]()长é<!>", max_size=400),
    goal=st.text("ab 1长", max_size=20),
    budget=st.integers(1, 90),
)
def test_spans_are_slices_in_order_within_the_budget(text: str, goal: str, budget: int) -> None:
    spans = served(text, goal, budget).spans()
    assert all(0 <= a < b <= len(text) for a, b in spans)
    assert all(one.end <= two.start for one, two in pairwise(spans))
    said = "\n".join(bare(text[a:b].strip()) for a, b in spans)
    assert likely_tokens(said) <= budget
    assert not text.strip() or budget < 20 or spans


def test_a_sentence_without_an_end_is_cut_at_words() -> None:
    text = "word, " * 2000
    part = outline(text).parts[0]
    found = bits(text, part)
    assert all(bit.end - bit.start <= LONGEST for bit in found)
    assert "".join(text[b.start : b.end] for b in found).count("word") == 2000


def test_the_same_bytes_in_other_processes() -> None:
    code = (
        "import sys\nfrom indexer.serving import serve\n"
        "text = sys.stdin.read()\n"
        "print(serve(text, 'Tay', 'who opened the Tay crossing', 200, "
        "cost=lambda a, b: (b - a) // 4).spans())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            input=long_page(BRIDGE),
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1


LATIN = "The harbour was opened with much noise and many flags and songs on the day of "
HANZI = "港口开放的那一天人们唱歌跳舞并且挂起了许多旗帜庆祝这个日子它的日期正是"


@pytest.mark.parametrize(
    ("before", "whole"),
    [
        (LATIN, "5 May 1920"),
        (LATIN, "May 5, 1920"),
        (LATIN, "5 de mayo de 1920"),
        (LATIN, "2,850 km"),
        (HANZI, "1920年5月5日"),
        (HANZI, "63001234"),
    ],
)
def test_no_cut_leaves_half_a_date_or_amount(before: str, whole: str) -> None:
    """A sentence that is longer than the budget ends before a date, or behind it."""
    text = f"{before}{whole} by the old queen and all the people of the town, who had waited for it"
    parts = tuple(before[-3:] + whole[:end] for end in range(1, len(whole)))
    for budget in range(8, 80):
        spans = served(text, "harbour 港口", budget).spans()
        assert not text[spans[-1].start : spans[-1].end].endswith(parts)
