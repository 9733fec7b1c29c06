"""Whose word counts for a page's address and day: of a file on disk its own, of a site's answer the
site's.
"""

from datetime import UTC, datetime

import pytest

from extraction.kinds import read
from store.page import PageVersion

WHEN = datetime(2026, 5, 4, tzinfo=UTC)
CLAIMED = "https://harbour.test/book"
PROSE = "The ferry crosses the strait twice a day, in winter once. " * 8
SAVED = f"""From: <Saved by a browser>
Snapshot-Content-Location: {CLAIMED}
Date: Mon, 02 Jan 2023 10:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/related; boundary="b"

--b
Content-Type: text/html; charset=utf-8
Content-Location: {CLAIMED}

<html><head><title>Ferry</title></head><body><main><h1>Ferry</h1><p>{PROSE}</p></main></body></html>
--b--
""".encode()


def page(url: str, kind: str) -> PageVersion:
    found = read(SAVED, {"content-type": kind}, url, WHEN)
    assert isinstance(found, PageVersion)
    return found


@pytest.mark.parametrize("kind", ["multipart/related", "message/rfc822"])
@pytest.mark.parametrize("url", ["https://evil.test/x", "http://evil.test/x", "zim://evil/x"])
def test_a_site_cannot_give_its_page_the_address_or_the_day_of_another(url: str, kind: str) -> None:
    found = page(url, kind)
    assert (found.url, found.aliases, found.fetched_at) == (url, (), WHEN)
    assert "ferry crosses" in found.text


def test_a_file_has_the_address_that_it_was_saved_from() -> None:
    found = page("doc://notes/ferry.mhtml", "multipart/related")
    assert (found.url, found.aliases) == (CLAIMED, ("doc://notes/ferry.mhtml",))
    assert found.fetched_at == datetime(2023, 1, 2, 10, tzinfo=UTC)
