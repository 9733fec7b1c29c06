"""The page value: what it cleans, and what its digest covers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.errors import UrlError
from store.page import Outlink, PageVersion, clean

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAGE = PageVersion("http://example.org/a?utm_source=x", "Title", "Text", NOW)


def test_url_is_canonical() -> None:
    assert PAGE.url == "http://example.org/a"
    with pytest.raises(UrlError):
        replace(PAGE, url="nonsense")


def test_what_no_database_holds_is_cleaned() -> None:
    page = replace(PAGE, title="a\0b", text="\ud800x\0", outlinks=(Outlink("u\0", "\udfff"),))
    assert (page.title, page.text) == ("ab", "\ufffdx")
    assert page.outlinks == (Outlink("u", "\ufffd"),)


@given(st.text(st.characters(codec=None)))
def test_clean_text_always_encodes(text: str) -> None:
    assert "\0" not in clean(text)
    clean(text).encode("utf-8")
    assert clean(clean(text)) == clean(text)


def test_time_needs_a_zone_and_becomes_utc() -> None:
    east = datetime(2026, 3, 1, 14, tzinfo=timezone(timedelta(hours=2)))
    assert replace(PAGE, fetched_at=east).fetched_at == NOW
    assert replace(PAGE, fetched_at=east).fetched_at.tzinfo is UTC
    with pytest.raises(ValueError, match="time zone"):
        replace(PAGE, fetched_at=datetime(2026, 3, 1))


def test_digest_covers_title_and_text_alone() -> None:
    assert PAGE.digest.startswith("sha256:")
    assert replace(PAGE, url="https://other.org/", lang="en", status=203).digest == PAGE.digest
    assert replace(PAGE, title="Title.").digest != PAGE.digest
    assert replace(PAGE, text="Text.").digest != PAGE.digest
    assert replace(PAGE, title="Tit", text="leText").digest != PAGE.digest
