"""Operators in queries, and words that only look like them."""

from datetime import date

from indexer.query import parse


def test_every_operator() -> None:
    query = parse(
        '"event loop" blocking -javascript site:docs.test -site:old.test intitle:asyncio '
        "after:2020-05 before:2024"
    )
    assert query.text == "blocking asyncio event loop"
    assert query.phrases == ("event loop",)
    assert query.sites == ("docs.test",)
    assert query.barred_sites == ("old.test",)
    assert query.excluded == ("javascript",)
    assert query.in_title == ("asyncio",)
    assert query.after == date(2020, 5, 1).toordinal()
    assert query.before == date(2024, 1, 1).toordinal()


def test_other_quotation_marks_and_site_addresses() -> None:
    assert parse("“长江 全长”").phrases == ("长江 全长",)
    assert parse("「長江の長さ」").phrases == ("長江の長さ",)
    assert parse("x site:https://www.Docs.test/path").sites == ("docs.test",)


def test_what_is_no_operator_stays_a_word() -> None:
    assert parse("well-known 1914-1918 a - b").text == "well-known 1914-1918 a - b"
    assert parse("before:soon").text == "before:soon"
    assert parse("-only").text == "only"
    assert parse('say "half open').text.startswith("say")
    assert parse("").text == ""
