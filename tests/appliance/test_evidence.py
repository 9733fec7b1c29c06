"""Evidence: what counts as a quote for a claim, and that every quote is a slice of its page."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from appliance.evidence import Evidence, checked, claims, fold, holds, occurrences, tie
from appliance.evidence.support import Judging
from appliance.evidence.tie import MOST_PLACES
from store.database import Database
from store.page import PageVersion
from store.pages import PageStore

Alter = Callable[[Database, str, str, str], None]
WHEN = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
BRIDGE = """# Forth Bridge

The Forth Bridge crosses the Firth of Forth. It is 2,467 metres long and was opened in 1890. The
designers were Sir John Fowler and Benjamin Baker.

A café stands 120 m away, with 54 seats. The tolls brought 1,890 pounds a day.

## Measures

| Part | Length (m) | Height (m) |
| --- | --- | --- |
| Main span | 521.3 | 46 |
| Approach | 54 | 40 |

- Painted since 1890 by 54 people
- Lowest temperature measured: −12 °C
"""


def page(text: str, title: str = "Forth Bridge", lang: str = "en") -> PageVersion:
    return PageVersion("https://a.example/" + title.replace(" ", "-"), title, text, WHEN, lang=lang)


def quoted(answer: str, question: str, *pages: PageVersion) -> list[tuple[str, str]]:
    return [
        (evidence.quote, evidence.label)
        for claim in tie(answer, question, pages or (page(BRIDGE),))
        for evidence in claim.evidence
    ]


@pytest.mark.parametrize(
    ("answer", "question", "expected"),
    [
        (
            "2,467 metres",
            "How long is the Forth Bridge?",
            [("It is 2,467 metres long and was opened in 1890.", "verbatim")],
        ),
        (
            "2467 metres",
            "How long is the Forth Bridge?",
            [("It is 2,467 metres long and was opened in 1890.", "contains")],
        ),
        (
            "2467",
            "What is the extent of the Forth Bridge in metres?",
            [("It is 2,467 metres long and was opened in 1890.", "contains")],
        ),
        (
            "john fowler",
            "Who designed the Forth Bridge?",
            [("The\ndesigners were Sir John Fowler and Benjamin Baker.", "contains")],
        ),
        (
            "521.3",
            "What is the length of the main span of the Forth Bridge?",
            [("| Main span | 521.3 | 46 |", "verbatim")],
        ),
        (
            "46",
            "What is the height of the main span?",
            [("| Main span | 521.3 | 46 |", "verbatim")],
        ),
        (
            "-12 °C",
            "What is the lowest temperature of the Forth Bridge?",
            [("- Lowest temperature measured: −12 °C", "contains")],
        ),
    ],
)
def test_a_claim_is_tied_to_the_unit_that_says_it(
    answer: str, question: str, expected: list[tuple[str, str]]
) -> None:
    assert quoted(answer, question) == expected


@pytest.mark.parametrize(
    ("answer", "question"),
    [
        # The number stands on the page, but of something else.
        ("54", "How high is the Forth Bridge?"),
        ("1890", "How many visitors has the Forth Bridge?"),
        # Part of another number is not the number.
        ("467 metres", "How long is the Forth Bridge?"),
        ("521", "What is the length of the main span of the Forth Bridge?"),
        ("3", "What is the length of the main span of the Forth Bridge?"),
        ("12 °C", "What is the lowest temperature of the Forth Bridge?"),
        ("8900", "When was the Forth Bridge opened?"),
        # Part of another word is not the word, and the page is not about it at all.
        ("owler", "Who designed the Forth Bridge?"),
        ("John Fowler", "Who painted Guernica?"),
        # That a page holds a yes says nothing.
        ("Yes", "Is the Forth Bridge long?"),
        ("", "Is the Forth Bridge long?"),
    ],
)
def test_what_only_looks_like_support_is_none(answer: str, question: str) -> None:
    text = BRIDGE + "\nYes, this bridge is long.\n"
    assert quoted(answer, question, page(text)) == []


def test_an_unsupported_claim_stays_visible() -> None:
    (claim,) = tie("3,000 metres", "How long is the Forth Bridge?", [page(BRIDGE)])
    assert (claim.text, claim.evidence) == ("3,000 metres", ())
    assert claim.to_json() == {"claim": "3,000 metres", "evidence": []}


def test_the_best_quote_comes_first_and_pages_keep_their_order() -> None:
    other = page("The bridge was opened in 1890 and is 12 km from here.", "Firth")
    found = quoted("1890", "When was the Forth Bridge opened?", other, page(BRIDGE))
    assert found[0] == ("It is 2,467 metres long and was opened in 1890.", "verbatim")
    twice = tie("1890", "When was the Forth Bridge opened?", [page(BRIDGE), page(BRIDGE)])
    keys = [(item.version_digest, item.start) for item in twice[0].evidence]
    assert len(keys) == len(set(keys))


def test_chinese() -> None:
    river = page("# 长江\n\n长江是中国最长的河流，全长6,300公里。它注入东海。\n", "长江", "zh")
    assert quoted("6300公里", "长江全长多少公里？", river) == [
        ("长江是中国最长的河流，全长6,300公里。", "contains")
    ]
    assert quoted("东海", "长江注入哪里？", river) == [("它注入东海。", "verbatim")]
    assert quoted("300公里", "长江全长多少公里？", river) == []
    assert quoted("黄海", "长江注入哪里？", river) == []


@pytest.mark.parametrize("separator", [",", "\u202f", "\u00a0", " ", "\u2009", "'", ""])
def test_separators_of_thousands(separator: str) -> None:
    text = f"The river is 1{separator}234{separator}567 m long."
    for claim in ("1234567 m", "1,234,567 m", "1 234 567 m"):
        assert [text[a:b] for a, b, _ in occurrences(claim, text)] == [
            f"1{separator}234{separator}567 m"
        ], claim
    if separator != " ":  # a plain space may also stand between two numbers
        assert list(occurrences("234", text)) == []
        assert list(occurrences("1", text)) == []


def test_markup_between_words_is_crossed_and_case_and_accents_are_folded() -> None:
    text = "By **Antonín** [Dvořák](https://a.example/d), composer."
    assert [text[a:b] for a, b, _ in occurrences("antonin dvorak", text)] == ["Antonín** [Dvořák"]
    assert list(occurrences("14–18", "From 14-18 on.")) == [(5, 10, "contains")]
    assert len(fold("ﬃ İ ẞ é")) == len("ﬃ İ ẞ é")


def test_long_answers_are_split_into_statements() -> None:
    assert claims("  one  two ") == ["one two"]
    assert claims("") == []
    text = (
        "The Forth Bridge is 2,467 metres long. It was opened in 1890 by the Prince of Wales! Yes?"
    )
    assert claims(text) == [
        "The Forth Bridge is 2,467 metres long.",
        "It was opened in 1890 by the Prince of Wales!",
        "Yes?",
    ]
    chinese = "长江是中国最长的河流。" * 8
    assert claims(chinese) == ["长江是中国最长的河流。"] * 8


def test_every_span_slices_back_however_long_its_line(database: Database) -> None:
    store = PageStore(database)
    long = "word " * 300 + "the bridge is 77 km long " + "word " * 300
    versions = [
        page(BRIDGE),
        page(long, "Long bridge"),
        page("x\r\n\ufeff77 km long bridge\u2028", "B"),
    ]
    store.add(versions)
    stored = [store.resolve(version.url) for version in versions]
    seen = 0
    asked = (
        ("77 km", "How long is the Long bridge?"),
        ("1890", "When was the Forth Bridge opened?"),
        ("54", "How many seats has the café at the Forth Bridge?"),
        ("John Fowler", "Who designed the Forth Bridge?"),
        ("Benjamin Baker", "Who were the designers of the Forth Bridge?"),
        ("521.3", "How long is the main span of the Forth Bridge?"),
        ("2,467 metres", "How long is the Forth Bridge?"),
        ("1,890 pounds", "How much did the tolls of the Forth Bridge bring?"),
    )
    for answer, question in asked:
        for claim in tie(answer, question, stored):  # type: ignore[arg-type]
            for evidence in claim.evidence:
                (version,) = [v for v in versions if v.url == evidence.url]
                assert version.text[evidence.start : evidence.end] == evidence.quote
                assert evidence.quote == evidence.quote.strip() != ""
                assert len(evidence.quote) <= 410
                assert holds(evidence, store)
                seen += 1
    assert seen >= 8


def test_holds_fails_when_quote_or_page_are_not_what_they_were(
    database: Database, alter: Alter
) -> None:
    store = PageStore(database)
    store.add([page(BRIDGE)])
    ((evidence,),) = [c.evidence for c in tie("2,467 metres", "How long is it?", [page(BRIDGE)])]
    assert holds(evidence, store)
    assert not holds(replace(evidence, start=evidence.start + 1), store)
    assert not holds(replace(evidence, quote=evidence.quote + "."), store)
    assert not holds(replace(evidence, url="https://a.example/other"), store)
    assert not holds(replace(evidence, version_digest="sha256:" + "0" * 64), store)
    alter(database, evidence.url, "2,467", "2,468")
    assert not holds(evidence, store)


def test_a_new_version_leaves_evidence_on_the_old_one_valid(database: Database) -> None:
    store = PageStore(database)
    store.add([page(BRIDGE)])
    ((evidence,),) = [c.evidence for c in tie("2,467 metres", "How long is it?", [page(BRIDGE)])]
    store.add([replace(page(BRIDGE.replace("2,467", "9,999")), fetched_at=datetime.now(UTC))])
    assert holds(evidence, store)


def test_a_page_whose_bytes_are_broken_holds_nothing(database: Database) -> None:
    store = PageStore(database)
    store.add([page(BRIDGE)])
    ((evidence,),) = [c.evidence for c in tie("2,467 metres", "How long is it?", [page(BRIDGE)])]
    with database.raw() as connection:
        connection.execute("UPDATE page_version SET body = %s", (b"no zstd frame",))
    assert not holds(evidence, store)


def test_a_common_word_on_a_long_page_is_looked_at_only_so_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[int] = []
    monkeypatch.setattr(Judging, "support", lambda *_: looked.append(1))
    quoted("a", "What is it?", page("a b\n" * 5000))
    assert len(looked) == MOST_PLACES == 200


def test_evidence_as_json_keeps_every_field() -> None:
    evidence = Evidence("u", "t", WHEN, "sha256:0", 1, 2, "q", "verbatim")
    assert evidence.to_json() == {
        "url": "u",
        "title": "t",
        "captured": "2026-01-02T03:04:00+00:00",
        "version": "sha256:0",
        "start": 1,
        "end": 2,
        "quote": "q",
        "label": "verbatim",
    }
    imported = replace(evidence, source="warc:a.warc.gz", capture="sha256:1")
    assert imported.to_json() == {
        **evidence.to_json(), "source": "warc:a.warc.gz", "capture": "sha256:1",
    }  # fmt: skip


RIVERS = """# Rivers

| River | Length |
| --- | --- |
| Danube | 2,860 km |
| Rhine | 1,230 km |
"""
DANUBE = "# Danube\n\nThe Danube is 2,850 kilometres long. The Breg and the Brigach form it.\n"


@pytest.mark.parametrize(
    ("answer", "question"),
    [
        # Dates and numbers in another form, names without a title, a list in another order.
        ("5 May 1920", "When was Ada Stone born?"),
        ("May 5, 1920", "When was Ada Stone born?"),
        ("1920-05-05", "When was Ada Stone born?"),
        ("1920", "In which year was Ada Stone born?"),
        ("2.5 million", "How many people live in Stonetown?"),
        ("2,500,000", "How many people live in Stonetown?"),
        ("Dr Karl Meyer", "Who taught Ada Stone?"),
        ("Karl Meyer", "Who taught Ada Stone?"),
        ("Meyer", "Who taught Ada Stone?"),
        ("the violin and the cello", "Which instruments did Ada Stone play?"),
        ("cello and violin", "Which instruments did Ada Stone play?"),
        ("12 m", "How high is the tower of Stonetown?"),
        ("37 years", "How old was Ada Stone when she died?"),
    ],
)
def test_answers_as_people_write_them(answer: str, question: str) -> None:
    stone = page(
        "# Ada Stone\n\nAda Stone was born in Stonetown on 5 May 1920. She was taught by Karl "
        "Meyer. Ada Stone played the violin and the cello.\n\n- Age at death: 37\n",
        "Ada Stone",
    )
    town = page(
        "# Stonetown\n\nStonetown has 2.5 million inhabitants.\n\n"
        "| Building | Height (m) |\n| --- | --- |\n| Tower | 12 |\n| Gate | 9 |\n",
        "Stonetown",
    )
    claims = tie(answer, question, [stone, town])
    assert claims
    assert all(claim.supported for claim in claims)


@pytest.mark.parametrize(
    ("answer", "question"),
    [
        # The same page says it, of another thing.
        ("1,230 km", "How long is the Danube?"),
        ("2,467 metres", "How long is the main span of the Forth Bridge?"),
        ("46", "How high is the approach of the Forth Bridge?"),
        # The same thing, another property.
        ("1890", "When was the Forth Bridge sold?"),
        ("120 m", "How long is the Forth Bridge?"),
        # Another kind of thing.
        ("Firth of Forth", "When was the Forth Bridge opened?"),
        ("2,467 metres", "Who designed the Forth Bridge?"),
        ("521.3", "In which year was the Forth Bridge opened?"),
        # A part of a date or of a name, a rounded number, another unit.
        ("2.5 km", "How long is the Forth Bridge?"),
        ("2,467 km", "How long is the Forth Bridge?"),
        ("Queensferry", "Which is longer, Forth Bridge or Tay Bridge?"),
        ("Forth", "Which firth does the Forth Bridge cross?"),
    ],
)
def test_what_is_said_of_something_else_supports_nothing(answer: str, question: str) -> None:
    assert quoted(answer, question, page(BRIDGE), page(RIVERS, "Rivers")) == []


def test_another_page_that_says_otherwise_is_a_conflict(database: Database) -> None:
    pages = [page(DANUBE, "Danube"), page(RIVERS, "Rivers")]
    (claim,) = tie("2,850 km", "How long is the Danube?", pages)
    assert [item.quote for item in claim.evidence] == ["The Danube is 2,850 kilometres long."]
    ((value, other),) = [(item.value, item.evidence) for item in claim.conflicts]
    assert (value, other.quote) == ("2,860 km", "| Danube | 2,860 km |")
    store = PageStore(database)
    store.add(pages)
    assert checked([claim], store) == [claim]
    assert claim.to_json()["conflicts"] == [{"value": "2,860 km", "evidence": other.to_json()}]
    # The twin: what the other page says in other words, in another unit or of another, is none.
    for row in ("Danube | 2850 km", "Danube | 1,770 miles", "Elbe | 1,094 km"):
        same = page(RIVERS.replace("Danube | 2,860 km", row), "Rivers")
        (claim,) = tie("2,850 km", "How long is the Danube?", [pages[0], same])
        assert claim.supported
        assert claim.conflicts == ()


def test_each_entry_of_a_list_is_tied_by_itself() -> None:
    question = "Which two streams form the Danube?"
    found = tie("Brigach, Breg and Iller", question, [page(DANUBE, "Danube")])
    assert [(claim.text, claim.supported) for claim in found] == [
        ("Brigach", True), ("Breg", True), ("Iller", False),
    ]  # fmt: skip
