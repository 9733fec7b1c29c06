"""WACZ files: digests before anything, then the pages on the list."""

import json
import zipfile
from pathlib import Path

import pytest

from bench.webarchives import Capture, page, wacz, warc
from importers import wacz as reader
from importers.base import Document, Item, Reject
from importers.errors import DamagedError, LockedError
from importers.formats import detect
from importers.run import ImportOptions, run_import
from store.database import Database
from store.pages import PageStore

CAPTURES = [
    Capture("http://a.test/start", b"", "302 Found", {"Location": "/1"}),
    Capture("http://a.test/1", page(1)),
    Capture("http://a.test/2", page(2)),
    Capture("http://a.test/frame", page(3)),
    Capture("http://a.test/gone", b"", "404 Not Found"),
    Capture("http://a.test/x.js", b"x()", headers={"Content-Type": "text/javascript"}),
]
LISTED = [
    {"url": "http://a.test/start", "title": "The start"},
    {"url": "https://a.test/2/", "title": "The second"},
    {"url": "http://a.test/gone"},
    {"url": "http://a.test/never"},
]


def write(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "a.wacz"
    path.write_bytes(data)
    return path


def read(tmp_path: Path, data: bytes) -> list[Item]:
    return list(reader.items(write(tmp_path, data)))


def outcome(items: list[Item]) -> tuple[list[str], list[tuple[str, str]]]:
    return (
        [one.url for one in items if isinstance(one, Document)],
        [(one.reason, one.url) for one in items if isinstance(one, Reject)],
    )


def test_the_pages_are_those_on_the_list(tmp_path: Path) -> None:
    found = read(tmp_path, wacz({"a.warc.gz": warc(CAPTURES)}, LISTED))
    assert outcome(found) == (
        ["http://a.test/1", "http://a.test/2"],
        [
            ("not-listed", "http://a.test/frame"),
            ("http-404", "http://a.test/gone"),
            ("not-html", ""),
            ("missing", "http://a.test/never"),
        ],
    )
    first = next(one for one in found if isinstance(one, Document))
    assert (first.title, first.aliases) == ("The start", ("http://a.test/start",))
    assert first.source == "wacz:a.wacz"
    assert first.place.startswith("archive/a.warc.gz: record ")
    assert detect(tmp_path / "a.wacz").NAME == "wacz"


def test_without_a_list_all_are_pages(tmp_path: Path) -> None:
    found = read(tmp_path, wacz({"a.warc.gz": warc(CAPTURES)}))
    assert len(outcome(found)[0]) == 3


def test_redirects_and_revisits_reach_across_its_files(tmp_path: Path) -> None:
    archives = {"b.warc.gz": warc(CAPTURES[:1]), "a.warc": warc(CAPTURES[1:3], "plain")}
    found = read(tmp_path, wacz(archives, LISTED[:2]))
    assert outcome(found) == (["http://a.test/1", "http://a.test/2"], [])


@pytest.mark.parametrize("name", ["archive/a.warc.gz", "pages/pages.jsonl", "datapackage.json"])
def test_other_bytes_than_those_of_the_digest_are_refused_whole(tmp_path: Path, name: str) -> None:
    other = {"archive/a.warc.gz": warc(CAPTURES[:2]), "pages/pages.jsonl": b"{}\n"}
    other["datapackage.json"] = b'{"resources": []}'
    data = wacz({"a.warc.gz": warc(CAPTURES)}, LISTED, damaged={name: other[name]})
    path = write(tmp_path, data)
    with pytest.raises(DamagedError, match=name):
        next(reader.items(path))


def test_what_has_no_digest_is_not_read(tmp_path: Path) -> None:
    archives = {"a.warc.gz": warc(CAPTURES[:2])}
    found = read(tmp_path, wacz(archives, extra={"archive/z.warc.gz": warc(CAPTURES[2:])}))
    assert outcome(found) == (["http://a.test/1"], [("no-digest", "")])


def test_what_is_no_warc_is_named(tmp_path: Path) -> None:
    found = read(tmp_path, wacz({"a.warc.gz": warc(CAPTURES[1:2]), "b.txt": b"hello"}))
    assert outcome(found) == (["http://a.test/1"], [("no-warc", "")])


def test_a_bad_line_of_the_list_is_named(tmp_path: Path) -> None:
    data = wacz({"a.warc.gz": warc(CAPTURES)}, [{"title": "no address"}, *LISTED[:1]])
    assert outcome(read(tmp_path, data))[1][0] == ("bad-page-list", "")


def test_a_signature_is_said_to_be_unverified(tmp_path: Path) -> None:
    data = wacz({"a.warc.gz": warc(CAPTURES[:2])})
    path = write(tmp_path, data)
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    signed = json.loads(files["datapackage-digest.json"])
    signed["signedData"] = {"domain": "signer.test", "signature": "AA=="}
    extra = {"datapackage-digest.json": json.dumps(signed).encode()}
    found = read(tmp_path, wacz({"a.warc.gz": warc(CAPTURES[:2])}, extra=extra))
    (reject,) = (one for one in found if isinstance(one, Reject))
    assert reject.reason == "unverified"
    assert "signer.test" in reject.detail


def zipped(tmp_path: Path, names: list[str], kind: int = zipfile.ZIP_STORED) -> Path:
    path = tmp_path / "a.wacz"
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), b"x", kind)
    return path


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["datapackage.json", "../../etc/passwd"], "leads out"),
        (["datapackage.json", "/etc/passwd"], "leads out"),
        (["datapackage.json", "archive/..\\x"], "leads out"),
        (["datapackage.json"], "is not JSON"),
        (["archive/a.warc"], "has no datapackage.json"),
    ],
)
def test_names_that_lead_out_and_missing_parts_are_refused(
    tmp_path: Path, names: list[str], why: str
) -> None:
    with pytest.raises(DamagedError, match=why):
        next(reader.items(zipped(tmp_path, names)))
    assert {one.name for one in tmp_path.iterdir()} == {"a.wacz"}


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        path = zipped(tmp_path, ["datapackage.json", "datapackage.json"])
    with pytest.raises(DamagedError, match="two files"):
        next(reader.items(path))


def test_other_packings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DamagedError, match="packed in a way"):
        next(reader.items(zipped(tmp_path, ["datapackage.json"], zipfile.ZIP_BZIP2)))


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wacz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("datapackage.json", "{}")
        with archive.open("archive/a.warc", "w", force_zip64=True) as file:
            for _ in range(1100):
                file.write(bytes(1 << 20))
    with pytest.raises(DamagedError, match="swells"):
        next(reader.items(path))


def test_a_locked_one_is_said_to_be_locked(tmp_path: Path) -> None:
    path = zipped(tmp_path, ["datapackage.json"])
    data = bytearray(path.read_bytes())
    for magic, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(magic) + flags] |= 1
    path.write_bytes(data)
    with pytest.raises(LockedError, match="password"):
        next(reader.items(path))


def test_one_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    data = wacz({"a.warc.gz": warc(CAPTURES)}, LISTED)
    path = write(tmp_path, data[:-200])
    assert detect(path).NAME == "wacz"
    with pytest.raises(DamagedError, match="no whole zip"):
        next(reader.items(path))


def test_it_is_stored_with_the_titles_of_the_list(database: Database, tmp_path: Path) -> None:
    bare = page(1).replace(b"<title>River 1</title>", b"").replace(b"<h1>River 1</h1>", b"")
    captures = [Capture("http://a.test/1", bare), *CAPTURES[2:3]]
    path = write(tmp_path, wacz({"a.warc.gz": warc(captures)},
                                [{"url": one.url, "title": "Listed"} for one in captures]))  # fmt: skip
    report = run_import(database, path, ImportOptions(workers=1))
    assert (report.state, report.new) == ("finished", 2)
    titles = {page.url: page.title for page in PageStore(database).current()}
    assert titles == {"http://a.test/1": "Listed", "http://a.test/2": "River 2"}
