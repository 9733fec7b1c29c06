"""Rows in every layout of the field, and what is refused of them."""

import bz2
import gzip
import io
import json
import lzma
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import zstandard

import importers.jsonl
from importers.base import Ready, Reject
from importers.errors import DamagedError
from importers.formats import detect
from importers.jsonl import items
from importers.rows import Origin, read_row
from importers.seen import Seen
from store.digest import sha256
from store.page import PageVersion, content_digest
from store.urls import LONGEST

from .rows import row, write_rows

WHEN = datetime(2026, 1, 2, tzinfo=UTC)
LAYOUTS = {
    "LiteResearcher": {"url": "https://a.test/1", "title": "One", "doc": "The text."},
    "nested": {"id": 7, "text": "The text.", "metadata": {"title": "One", "url": "a.test/1"}},
    "BrowseComp": {"docid": "9", "url": "https://a.test/1", "text": "The text."},
    "Search-R1": {"id": "7", "contents": '"One"\nThe text.'},
    "BEIR": {"_id": "MED-10", "title": "One", "text": "The text.", "metadata": {}},
    "bare": {"title": "One", "text": "The text."},
}


def read(value: object) -> PageVersion:
    found = read_row(value, "line 1", Origin("corpus x", "jsonl:a", WHEN))
    assert isinstance(found, Ready), found
    return found.page


def refused(value: object) -> Reject:
    found = read_row(value, "line 1", Origin("a", "jsonl:a", WHEN))
    assert isinstance(found, Reject)
    return found


@pytest.mark.parametrize(
    ("layout", "url", "title"),
    [
        ("LiteResearcher", "https://a.test/1", "One"),
        ("nested", "https://a.test/1", "One"),
        ("BrowseComp", "https://a.test/1", ""),
        ("Search-R1", "doc://corpus%20x/7", "One"),
        ("BEIR", "doc://corpus%20x/MED-10", "One"),
    ],
)
def test_layouts_of_the_field(layout: str, url: str, title: str) -> None:
    page = read(LAYOUTS[layout])
    assert (page.url, page.title, page.text, page.source) == (url, title, "The text.", "jsonl:a")
    assert page.fetched_at == WHEN


def test_a_row_without_id_and_address_is_named_by_what_it_says() -> None:
    first, again = read(LAYOUTS["bare"]), read(LAYOUTS["bare"])
    assert first.url == again.url
    assert first.url.startswith("doc://corpus%20x/")
    assert read({**LAYOUTS["bare"], "text": "Another."}).url != first.url


def test_what_a_row_says_of_its_page_is_kept() -> None:
    more = {
        "fetched_at": "2025-03-04T05:06:07+02:00", "date": "2024-05-06", "language": "de",
        "author": "Ada", "status": 203,
    }  # fmt: skip
    page = read({**LAYOUTS["LiteResearcher"], **more})
    assert page.fetched_at == datetime(2025, 3, 4, 3, 6, 7, tzinfo=UTC)
    assert (page.published, page.lang, page.author) == (date(2024, 5, 6), "de", "Ada")
    assert (page.status, page.site) == (203, "a.test")


def test_the_title_of_a_text_with_front_matter() -> None:
    text = "---\nauthor: A\ntitle: 'The Danube'\ndate: 2020-01-01\n---\nIt is long."
    assert read({"docid": "1", "url": "https://a.test/1", "text": text}).title == "The Danube"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([1, 2], "bad-row"),
        ("text", "bad-row"),
        ({"url": "https://a.test/1"}, "no-text"),
        ({"url": "https://a.test/1", "text": " \n"}, "no-text"),
        ({"url": "https://a.test/1", "text": None}, "no-text"),
        ({"url": "javascript:alert(1)", "text": "x"}, "bad-address"),
        ({"url": "https://a.test/1", "text": "x" * 5_000_001}, "too-large"),
    ],
)
def test_what_is_refused(value: object, reason: str) -> None:
    assert refused(value).reason == reason


def test_an_exported_row_that_was_altered_is_refused() -> None:
    whole = {
        "url": "https://a.test/1", "title": "One", "text": "The text.", "outlinks": [],
        "aliases": [], "fetched_at": WHEN.isoformat(),
    }  # fmt: skip
    assert refused(whole).reason == "bad-row", "without a digest nothing is proved"
    whole["digest"] = content_digest("One", "The text.")
    assert read(whole).digest == whole["digest"]
    assert refused({**whole, "text": "Another text."}).reason == "damaged"
    for name, value in (("fetched_at", "soon"), ("outlinks", [1]), ("status", "x"), ("text", 1)):
        assert refused({**whole, name: value}).reason == "bad-row"


def test_an_exported_row_has_the_bounds_of_any_other() -> None:
    def sealed(**named: object) -> dict[str, object]:
        row = {
            "url": "https://a.test/1", "title": "One", "text": "The text.", "outlinks": [],
            "aliases": [], "fetched_at": WHEN.isoformat(), **named,
        }  # fmt: skip
        return {**row, "digest": content_digest(str(row["title"]), str(row["text"]))}

    longest = "https://a.test/" + "a" * (LONGEST - 15)
    page = read(sealed(text="x" * 5_000_000, outlinks=[[longest, "a"]], aliases=[longest]))
    assert (len(page.text), page.outlinks[0].url, page.aliases) == (5_000_000, longest, (longest,))
    assert refused(sealed(text="x" * 5_000_001)).reason == "too-large"
    assert refused(sealed(url=longest + "a")).reason == "bad-address"
    for name, value in (
        ("title", "x" * (LONGEST + 1)), ("outlinks", [["https://a.test/", "x" * 1_000_000]] * 5), ("author", longest + "a"),
        ("aliases", [longest + "a"]), ("declared", longest + "a"), ("etag", longest + "a"),
    ):  # fmt: skip
        assert refused(sealed(**{name: value})).reason == "bad-row", name


def test_lines_that_are_no_rows_are_named_by_their_number(tmp_path: Path) -> None:
    lines = [row(1), "", "{", "[" * 100_000, '{"a": 1' + "0" * 5000 + "}", row(1), row(2)]
    path = write_rows(tmp_path / "a.jsonl", lines)
    with path.open("ab") as file:
        file.write(b'{"url": "https://a.test/9", "text": "\xff\xfe"}\n')
    found = list(items(path))
    assert [(one.place, one.reason) for one in found if isinstance(one, Reject)] == [
        ("line 3", "bad-json"), ("line 4", "bad-json"), ("line 5", "bad-json"),
        ("line 6", "duplicate"), ("line 8", "bad-encoding"),
    ]  # fmt: skip
    good = [one for one in found if isinstance(one, Ready)]
    assert [one.place for one in good] == ["line 1", "line 7"]
    assert good[0].page.capture == sha256(json.dumps(row(1)).encode())


def test_a_line_without_end_is_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importers.jsonl, "LONGEST_LINE", 1000)
    path = write_rows(tmp_path / "a.jsonl", [row(1), "x" * 5000, row(2), "y" * 999])
    assert [getattr(one, "reason", "") for one in items(path)] == ["", "too-long", "", "bad-json"]


def test_what_no_database_holds_is_cleaned(tmp_path: Path) -> None:
    text = '{"url": "https://a.test/1", "title": "a\\u0000b", "text": "x \\ud800 y \\u0000 z"}'
    (found,) = items(write_rows(tmp_path / "a.jsonl", [text]))
    assert isinstance(found, Ready)
    assert (found.page.title, found.page.text) == ("ab", "x \ufffd y  z")


PACKERS = {
    "gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress,
    "zstd": lambda data: zstandard.compress(data[:50]) + zstandard.compress(data[50:]),
}  # fmt: skip


@pytest.mark.parametrize("name", PACKERS)
@pytest.mark.parametrize("rows", [50, 4000])
def test_compression_is_told_by_the_bytes(tmp_path: Path, name: str, rows: int) -> None:
    plain = write_rows(tmp_path / "plain.jsonl", [row(number) for number in range(rows)])
    path = tmp_path / "rows.txt"
    path.write_bytes(PACKERS[name](plain.read_bytes()))
    assert detect(path).NAME == "jsonl"
    assert len(list(items(path))) == rows


@pytest.mark.parametrize("name", PACKERS)
def test_what_breaks_off_is_damage_behind_what_was_good(tmp_path: Path, name: str) -> None:
    plain = write_rows(tmp_path / "plain.jsonl", [row(number) for number in range(5000)])
    packed = PACKERS[name](plain.read_bytes())
    path = tmp_path / "rows.txt"
    path.write_bytes(packed[: len(packed) * 2 // 3])
    found: list[object] = []
    with pytest.raises(DamagedError, match=r"damaged|not JSON"):
        found.extend(items(path))
    assert len(found) < 5000


def test_a_set_that_grows_forgets_nothing() -> None:
    seen = Seen()
    assert all(seen.add(f"https://a.test/{number}") for number in range(20_000))
    assert not any(seen.add(f"https://a.test/{number}") for number in range(20_000))
    assert len(seen) == 20_000


def test_rows_of_a_file_named_like_any_other_get_the_name_of_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "nfcorpus"
    folder.mkdir()
    (found,) = items(write_rows(folder / "corpus.jsonl", [LAYOUTS["BEIR"]]))
    assert isinstance(found, Ready)
    assert found.page.url == "doc://nfcorpus/MED-10"


def test_a_stream_that_is_no_data_is_not_claimed(tmp_path: Path) -> None:
    for head in (
        b"\x1f\x8b\x08garbage",
        b"{}\n"[:0],
        b"{\n",
        b"[1]",
        b"{bad}\n",
        io.BytesIO().read(),
    ):
        path = tmp_path / "a.jsonl"
        path.write_bytes(head)
        assert not importers.jsonl.claims(path, head)
    assert not importers.jsonl.claims(tmp_path / "missing", b"\x1f\x8b\x08garbage")
