"""WARC and ARC files: what becomes a document, what becomes none and why, in every packing."""

import gzip
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard

from bench.webarchives import (
    PACKINGS,
    Capture,
    arc,
    page,
    records,
    warc,
    warc_with_dictionary,
)
from importers import warc as reader
from importers.base import Document, Item, Reject
from importers.formats import detect
from importers.run import ImportOptions, run_import
from store.database import Database
from store.pages import PageStore

HTML = {"Content-Type": "text/html; charset=utf-8"}


def read(tmp_path: Path, data: bytes, name: str = "a.warc.gz") -> list[Item]:
    path = tmp_path / name
    path.write_bytes(data)
    return list(reader.items(path))


def reasons(items: list[Item]) -> list[tuple[str, str]]:
    return [(one.reason, one.url) for one in items if isinstance(one, Reject)]


def documents(items: list[Item]) -> list[Document]:
    return [one for one in items if isinstance(one, Document)]


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz", "whatever"])
@pytest.mark.parametrize("make", [warc, arc])
def test_the_bytes_say_how_it_is_packed_and_not_the_name(
    tmp_path: Path, packing: str, name: str, make: object
) -> None:
    captures = [Capture(f"http://a.test/{number}", page(number)) for number in range(5)]
    data = {warc: warc, arc: arc}[make](captures, packing)  # type: ignore[index]
    found = read(tmp_path, data, name)
    assert [(one.url, one.body) for one in documents(found)] == [
        (one.url, one.body) for one in captures
    ]
    assert len(found) == 5
    first = documents(found)[0]
    assert first.fetched_at == datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert first.source == f"warc:{name}"
    assert first.headers["content-type"] == "text/html"
    assert detect(tmp_path / name).NAME == "warc"


def test_a_dictionary_before_zstd_frames_is_used(tmp_path: Path) -> None:
    captures = [Capture(f"http://a.test/{number}", page(number)) for number in range(20)]
    found = read(tmp_path, warc_with_dictionary(captures))
    assert [one.body for one in documents(found)] == [one.body for one in captures]


def test_a_place_leads_to_the_record(tmp_path: Path) -> None:
    captures = [Capture("http://a.test/1", page(1)), Capture("http://a.test/2", page(2))]
    data = warc(captures)
    (_, second) = documents(read(tmp_path, data))
    assert second.place.startswith("record 4 at byte ")
    offset = int(second.place.rpartition(" ")[2].replace(",", ""))
    assert b"http://a.test/2" in zlib.decompressobj(31).decompress(data[offset:])


def coded(name: str, body: bytes) -> bytes:
    import brotli

    raw = zlib.compressobj(wbits=-15)
    return {
        "gzip": gzip.compress,
        "deflate": zlib.compress,
        "deflate, raw": lambda data: raw.compress(data) + raw.flush(),
        "br": brotli.compress,
        "zstd": zstandard.ZstdCompressor().compress,
        "identity": bytes,
        "x-gzip": gzip.compress,
    }[name](body)


@pytest.mark.parametrize(
    "name", ["gzip", "deflate", "deflate, raw", "br", "zstd", "identity", "x-gzip"]
)
@pytest.mark.parametrize("chunked", [False, True])
def test_bodies_are_decoded(tmp_path: Path, name: str, chunked: bool) -> None:
    body = page(7, size=4000)
    sent = coded(name, body)
    headers = {**HTML, "Content-Encoding": name.partition(",")[0]}
    if chunked:
        headers["Transfer-Encoding"] = "chunked"
        parts = [sent[at : at + 1000] for at in range(0, len(sent), 1000)]
        sent = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    (found,) = documents(read(tmp_path, warc([Capture("http://a.test/", sent, headers=headers)])))
    assert found.body == body
    assert not {"content-encoding", "transfer-encoding"} & set(found.headers)


@pytest.mark.parametrize(
    ("headers", "sent"),
    [
        ({"Content-Encoding": "gzip"}, page(1)),
        ({"Content-Encoding": "br"}, page(1)),
        ({"Content-Encoding": "zstd"}, page(1)),
        ({"Content-Encoding": "deflate"}, page(1)),
        ({"Transfer-Encoding": "chunked"}, page(1)),
    ],
)
def test_headers_that_the_archive_did_not_take_away_do_no_harm(
    tmp_path: Path, headers: dict[str, str], sent: bytes
) -> None:
    capture = Capture("http://a.test/", sent, headers={**HTML, **headers})
    (found,) = documents(read(tmp_path, warc([capture])))
    assert found.body == page(1)


def test_what_is_no_page_is_named(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(80 << 20))
    captures = [
        Capture("http://a.test/gone", b"gone", "404 Not Found"),
        Capture("http://a.test/part", page(1), "206 Partial Content"),
        Capture("http://a.test/x.png", b"\x89PNG", headers={"Content-Type": "image/png"}),
        Capture("http://a.test/x", page(1), headers={**HTML, "Content-Encoding": "sdch"}),
        Capture("http://a.test/y", b"\x1f\x8b\0\1\2", headers={**HTML, "Content-Encoding": "gzip"}),
        Capture("http://a.test/bomb", bomb, headers={**HTML, "Content-Encoding": "gzip"}),
        Capture("dns:a.test", b"1.2.3.4", headers={"Content-Type": "text/dns"}),
        Capture("http://", page(1)),
        Capture("http://a.test/date", page(1), date="yesterday"),
        Capture("http://a.test/seg", page(1), more={"WARC-Segment-Number": "1"}),
        Capture("http://a.test/moved", b"", "302 Found", {"Location": "/away"}),
    ]
    found = read(tmp_path, warc(captures))
    assert not documents(found)
    assert reasons(found) == [
        ("http-404", "http://a.test/gone"),
        ("http-206", "http://a.test/part"),
        ("not-html", ""),
        ("unknown-coding", "http://a.test/x"),
        ("bad-coding", "http://a.test/y"),
        ("too-large", "http://a.test/bomb"),
        ("not-web", ""),
        ("bad-address", ""),
        ("bad-date", "http://a.test/date"),
        ("segmented", "http://a.test/seg"),
        ("redirect", "http://a.test/moved"),
    ]


def test_a_redirect_is_another_address_of_what_it_leads_to(tmp_path: Path) -> None:
    def moved(url: str, target: str) -> Capture:
        return Capture(url, b"", "301 Moved Permanently", {"Location": target})

    captures = [
        moved("http://a.test/1", "/2"),
        Capture("http://a.test/goal", page(1)),
        moved("http://a.test/2", "https://www.a.test/goal/"),
        moved("http://www.a.test/goal", "https://a.test/goal"),
        moved("http://a.test/loop", "http://a.test/pool"),
        moved("http://a.test/pool", "http://a.test/loop"),
        moved("http://a.test/out", "http://b.test/"),
    ]
    found = read(tmp_path, warc(captures))
    (goal,) = documents(found)
    assert sorted(goal.aliases) == ["http://a.test/1", "http://a.test/2"]
    assert reasons(found) == [
        ("redirect", "http://a.test/loop"),
        ("redirect", "http://a.test/pool"),
        ("redirect", "http://a.test/out"),
    ]


def revisit(url: str, digest: str, date: str = "2022-01-01T00:00:00Z") -> Capture:
    more = {"WARC-Payload-Digest": digest, "WARC-Refers-To-Target-URI": "http://a.test/1"}
    return Capture(url, b"", date=date, kind="revisit", more=more)


@pytest.mark.parametrize("packing", ["plain", "gzip", "zstd"])
def test_a_revisit_has_the_body_of_what_it_repeats(tmp_path: Path, packing: str) -> None:
    first = Capture("http://a.test/1", page(1))
    digest = next(
        line.partition(b": ")[2].strip().decode()
        for line in records([first])[1].split(b"\r\n")
        if line.startswith(b"WARC-Payload-Digest")
    )
    captures = [first, Capture("http://a.test/2", page(2)), revisit("http://a.test/3", digest),
                revisit("http://a.test/4", "sha1:ELSEWHERE")]  # fmt: skip
    found = read(tmp_path, warc(captures, packing))
    assert [(one.url, one.body, one.fetched_at.year) for one in documents(found)] == [
        ("http://a.test/1", page(1), 2021),
        ("http://a.test/2", page(2), 2021),
        ("http://a.test/3", page(1), 2022),
    ]
    assert reasons(found) == [("revisit", "http://a.test/4")]


def test_resources_and_conversions_are_documents(tmp_path: Path) -> None:
    captures = [
        Capture("http://a.test/1", page(1), kind="resource"),
        Capture("http://a.test/2", b"plain", headers={"Content-Type": "text/plain"},
                kind="conversion"),
        Capture("urn:pageinfo:http://a.test/", b"{}", kind="resource"),
        Capture("http://a.test/", b"outlink: x", kind="metadata"),
    ]  # fmt: skip
    found = read(tmp_path, warc(captures))
    assert [one.headers["content-type"] for one in documents(found)] == ["text/html", "text/plain"]
    assert reasons(found) == [("not-web", "")]


def test_an_address_in_angle_brackets_is_one(tmp_path: Path) -> None:
    data = b"".join(records([Capture("http://a.test/long", page(1))]))
    data = data.replace(b"URI: http://a.test/long", b"URI: <http://a.test/long>")
    (found,) = documents(read(tmp_path, data))
    assert found.url == "http://a.test/long"


def test_what_was_imported_is_found_with_its_date_and_source(
    database: Database, tmp_path: Path
) -> None:
    captures = [
        Capture("http://a.test/old", b"", "301 Moved", {"Location": "/1"}),
        Capture("http://a.test/1", page(1, ["/2"])),
        Capture("http://a.test/2", page(2)),
        Capture("http://a.test/1", page(3), date="2023-01-01T00:00:00Z"),
        Capture("http://a.test/3", b"<html><p>short</html>"),
    ]
    path = tmp_path / "a.warc.gz"
    path.write_bytes(warc(captures))
    report = run_import(database, path, ImportOptions(workers=1))
    assert (report.state, report.new, report.changed) == ("finished", 2, 1)
    assert report.rejects == {"too-short": 1}
    store = PageStore(database)
    one = store.resolve("http://a.test/old")
    assert one is not None
    assert (one.url, one.source) == ("http://a.test/1", "warc:a.warc.gz")
    assert one.fetched_at == datetime(2023, 1, 1, tzinfo=UTC)
    assert "River 3" in one.text
    assert run_import(database, path, ImportOptions(workers=1)).state == "known"
    again = run_import(database, path, ImportOptions(workers=1, again=True))
    assert again.new == 0


def test_an_import_goes_on_where_it_was_limited(database: Database, tmp_path: Path) -> None:
    captures = [
        Capture("http://a.test/old", b"", "301 Moved", {"Location": "/5"}),
        *(Capture(f"http://a.test/{number}", page(number)) for number in range(6)),
        Capture("http://a.test/away", b"", "301 Moved", {"Location": "http://b.test/"}),
    ]
    path = tmp_path / "a.warc.gz"
    path.write_bytes(warc(captures))
    first = run_import(database, path, ImportOptions(workers=1, limit=2))
    assert (first.state, first.new) == ("limited", 2)
    second = run_import(database, path, ImportOptions(workers=1))
    assert (second.state, second.before, second.new) == ("finished", 2, 4)
    assert second.rejects == {"redirect": 1}
    old = PageStore(database).resolve("http://a.test/old")
    assert old is not None
    assert old.url == "http://a.test/5"
