"""Operators in queries, and words that only look like them."""

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexer.query import LONGEST, MOST_OPERATORS, Query, loosen, normal, parse

PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *("site:", "-site:", "intitle:", "-intitle:", "filetype:", "before:", "after:"),
                *("collection:", "inurl:", "AND", "OR", "NOT", "2020", "2020-05", "a.test", "长江"),
                *"\"“”«「」『》‘’'-−：＂()/.",
            ]
        ),
        st.sampled_from([" ", "", "\u3000", "\n"]),
        st.text(max_size=6),
    ),
    max_size=14,
).map("".join)


def day(*parts: int) -> int:
    return date(*parts).toordinal()


def test_every_operator() -> None:
    query = parse(
        '"event loop" blocking -javascript -"for ever" site:docs.test -site:old.test '
        "intitle:asyncio -intitle:draft filetype:pdf -filetype:txt after:2020-05 before:2024"
    )
    assert query == Query(
        "event loop blocking asyncio",
        phrases=("event loop",),
        sites=("docs.test",),
        barred_sites=("old.test",),
        excluded=("javascript", "for ever"),
        in_title=("asyncio",),
        before=day(2024, 1, 1),
        after=day(2020, 5, 1),
        barred_titles=("draft",),
        kinds=("pdf",),
        barred_kinds=("txt",),
    )


@pytest.mark.parametrize(
    "marks",
    [
        '""',
        "“”",
        "„“",
        "”“",
        "«»",
        "»«",
        "‹›",
        "「」",
        "『』",
        "《》",
        "〈〉",
        "＂＂",
        "〝〟",
        "‘’",
        "''",
    ],
)
def test_quotation_marks_of_every_language(marks: str) -> None:
    query = parse(f"how {marks[0]}long 长江{marks[1]} is")
    assert query.phrases == ("long 长江",)
    assert query.text == "how long 长江 is"


def test_full_width_letters_colons_and_minus() -> None:
    assert parse("ｓｉｔｅ：ａ.test　ｆｏｏ －ｂａｒ −baz") == Query(
        "foo", sites=("a.test",), excluded=("bar", "baz")
    )


def test_operators_between_words_of_a_language_without_spaces() -> None:
    query = parse("长江site:docs.test全长 after:2020年5月")
    assert (query.text, query.sites, query.after) == ("长江 全长", ("docs.test",), day(2020, 5, 1))


@pytest.mark.parametrize(
    ("written", "site"),
    [
        ("https://www.Docs.test", "docs.test"),
        ("docs.test:8080/", "docs.test"),
        ("*.docs.test", "docs.test"),
        (".edu", "edu"),
        ("docs.test/Path/", "docs.test/Path"),
        ("docs.test/wiki/Žižka", "docs.test/wiki/%C5%BDi%C5%BEka"),
        ('"docs.test"', "docs.test"),
        (" docs.test", "docs.test"),
        ("docs.test),", "docs.test"),
        ("münchen.de", "xn--mnchen-3ya.de"),
    ],
)
def test_a_site_as_people_write_it(written: str, site: str) -> None:
    assert parse(f"x site:{written}").sites == (site,)


def test_several_sites_in_brackets() -> None:
    query = parse("(site:a.test OR site:b.test) river")
    assert query.sites == ("a.test", "b.test")
    assert "river" in query.text
    assert "OR" not in query.text


@pytest.mark.parametrize(
    ("written", "before"),
    [
        ("2021", (2021, 1, 1)),
        ("2021-06", (2021, 6, 1)),
        ("2021-6-3", (2021, 6, 3)),
        ("2021/06/03", (2021, 6, 3)),
        ("20210603", (2021, 6, 3)),
        ('"2021"', (2021, 1, 1)),
    ],
)
def test_dates(written: str, before: tuple[int, int, int]) -> None:
    assert parse(f"x before:{written}").before == day(*before)
    assert parse(f"x -after:{written}").before == day(*before)
    assert parse(f"x after:{written}").after == day(*before)


def test_of_several_dates_the_narrowest_counts() -> None:
    query = parse("x before:2021 before:2019 after:2001 after:2005")
    assert (query.before, query.after) == (day(2019, 1, 1), day(2005, 1, 1))


@pytest.mark.parametrize("written", ["before:soon", "after:2020-13", "site:???", 'site:"a b"'])
def test_an_operator_with_a_value_that_cannot_be_read_is_words_and_is_named(written: str) -> None:
    query = parse(f"x {written}")
    assert written.replace('"', "") in query.text.replace(": ", ":")
    assert [one.written for one in query.ignored] == [written]


def test_operators_of_other_engines_leave_their_words() -> None:
    query = parse("inurl:danube -intext:x intext:vienna")
    assert query.text == "danube vienna"
    assert [one.written for one in query.ignored] == ["inurl:", "intext:"]


def test_what_is_no_operator_stays_a_word() -> None:
    assert parse("well-known 1914-1918 a - b").text == "well-known 1914-1918 a - b"
    assert parse("git log --oneline").text == "git log --oneline"
    assert parse("-40 °C or -3.5").text == "-40 °C or -3.5"
    assert parse("cup -2018").excluded == ("2018",)
    for prose in ("the stamp collection: 1990", "an excavation site: Troy", "life before: 1990"):
        assert parse(prose) == Query(prose)
    assert parse('after: "event loop"').phrases == ("event loop",)
    assert parse("redis cache: eviction").text == "redis cache: eviction"
    assert parse("-only").text == "only"
    assert parse("NOT").text == "NOT"
    assert parse("don't rock 'n' roll").text == "don't rock n roll"
    assert parse('say "half open').text.startswith("say")
    assert parse("").text == ""
    assert parse('""').text == ""


def test_filters_alone_leave_no_words() -> None:
    for query in ("site:a.test", "-site:a.test -x", "before:2020 -x", "filetype:pdf"):
        assert parse(query).text == ""
    assert parse("before:2020 -x").excluded == ("x",)


def test_only_so_many_operators_count() -> None:
    query = parse(" ".join(f'-w{i} "a b{i}"' for i in range(MOST_OPERATORS + 9)))
    assert (len(query.excluded), len(query.phrases)) == (MOST_OPERATORS, MOST_OPERATORS)
    assert len(query.ignored) == 2
    assert len(parse("word " * LONGEST).text) <= LONGEST


@given(PIECES)
@example("intitle:site:x")
@example('site:"')
def test_no_text_is_refused(text: str) -> None:
    query = parse(text)
    assert query == parse(text)
    parse(loosen(text))
    assert query.text == " ".join(query.text.split())


WORDS = st.lists(
    st.sampled_from(
        ("danube", "长江", "site:a.test", "-opera", "before:2020", "well-known", "inurl:x", "a:b")
    ),
    min_size=1,
    max_size=6,
)


@given(WORDS, st.data())
def test_a_loosened_query_is_the_one_that_marks_were_added_to(
    words: list[str], data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    left, right = data.draw(st.sampled_from(['""', "“”", "「」", "«»"]))
    marked = [*words]
    marked[first] = left + marked[first]
    marked[last] += right
    bare = " ".join(words)
    assert loosen(" ".join(marked)) == normal(bare)
    titled = [*words]
    titled[first] = "intitle:" + titled[first]
    assert parse(loosen(" ".join(titled))) == parse(loosen(bare))
