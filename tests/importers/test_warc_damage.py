"""WARC files with something wrong: one fault costs one record, and each is named."""

import gzip
from pathlib import Path

import pytest

from bench.webarchives import Capture, pack, page, records
from importers import warc as reader
from importers.base import Document, Item, Reject
from importers.bodies import MAX_BODY
from importers.errors import DamagedError
from importers.members import Members
from importers.records import BEGINS

CAPTURES = [Capture(f"http://a.test/{number}", page(number, size=40)) for number in range(6)]


def read(tmp_path: Path, data: bytes) -> tuple[list[Item], str]:
    """What was read, and the error at its end, if there was one."""
    path = tmp_path / "a.warc"
    path.write_bytes(data)
    found: list[Item] = []
    try:
        for item in reader.items(path):
            found.append(item)
    except DamagedError as error:
        return found, str(error)
    return found, ""


def urls(items: list[Item]) -> list[str]:
    return [one.url.rpartition("/")[2] for one in items if isinstance(one, Document)]


def reasons(items: list[Item]) -> list[str]:
    return [one.reason for one in items if isinstance(one, Reject)]


@pytest.fixture
def parts() -> list[bytes]:
    return records(CAPTURES)


def response(parts: list[bytes], number: int) -> int:
    """Where the response of a capture stands among the records."""
    return next(
        at
        for at, part in enumerate(parts)
        if b"WARC-Type: response" in part and f"http://a.test/{number}\r".encode() in part
    )


def test_a_flipped_bit_in_a_member_costs_its_record(tmp_path: Path, parts: list[bytes]) -> None:
    at = response(parts, 2)
    packed = [gzip.compress(part, mtime=0) for part in parts]
    packed[at] = packed[at][:200] + bytes([packed[at][200] ^ 4]) + packed[at][201:]
    found, error = read(tmp_path, b"".join(packed))
    assert (urls(found), error) == (["0", "1", "3", "4", "5"], "")
    assert reasons(found) == ["damaged"]


def test_a_wrong_check_sum_of_a_member_costs_its_record(tmp_path: Path, parts: list[bytes]) -> None:
    at = response(parts, 2)
    packed = [gzip.compress(part, mtime=0) for part in parts]
    packed[at] = packed[at][:-6] + bytes([packed[at][-6] ^ 1]) + packed[at][-5:]
    found, error = read(tmp_path, b"".join(packed))
    assert (urls(found), error) == (["0", "1", "3", "4", "5"], "")
    assert reasons(found) == ["damaged"]


@pytest.mark.parametrize("packing", ["plain", "gzip", "gzip-whole", "zstd"])
def test_a_changed_letter_is_seen_by_the_digest(
    tmp_path: Path, parts: list[bytes], packing: str
) -> None:
    at = response(parts, 2)
    parts[at] = parts[at].replace(b"mills", b"gills", 1)
    found, error = read(tmp_path, pack(parts, packing))
    assert (urls(found), error) == (["0", "1", "3", "4", "5"], "")
    assert reasons(found) == ["wrong-digest"]


def test_without_a_digest_nobody_can_see_it(tmp_path: Path, parts: list[bytes]) -> None:
    at = response(parts, 2)
    lines = parts[at].replace(b"mills", b"gills", 1).split(b"\r\n")
    parts[at] = b"\r\n".join(line for line in lines if not line.startswith(b"WARC-Block-Digest"))
    found, _ = read(tmp_path, pack(parts, "gzip"))
    assert urls(found) == ["0", "1", "2", "3", "4", "5"]


def lengthened(part: bytes, by: int) -> bytes:
    head, mark, rest = part.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    for at, line in enumerate(lines):
        if line.startswith(b"Content-Length: "):
            lines[at] = b"Content-Length: %d" % (int(line.partition(b": ")[2]) + by)
    return b"\r\n".join(lines) + mark + rest


@pytest.mark.parametrize("packing", ["plain", "gzip", "gzip-whole", "zstd"])
@pytest.mark.parametrize("by", [-700, 500, 100_000])
def test_a_wrong_length_costs_its_record(
    tmp_path: Path, parts: list[bytes], packing: str, by: int
) -> None:
    at = response(parts, 2)
    parts[at] = lengthened(parts[at], by).replace(b"Block-Digest: sha1:", b"Block-Digest: sha1:X")
    found, error = read(tmp_path, pack(parts, packing))
    others = ["0", "1", "3", "4", "5"]
    if packing == "gzip-whole" and by > 400:
        # What was passed over cannot be gone back to.
        others = [one for one in urls(found) if one != "2"]
        assert {"0", "1"} <= set(others)
    assert urls(found) == others
    assert {"wrong-length", "cut-off"} & set(reasons(found))
    assert not error or packing == "gzip-whole"


def test_a_length_that_is_too_short_is_forgiven_where_the_digest_proves_it(
    tmp_path: Path, parts: list[bytes]
) -> None:
    at = response(parts, 2)
    parts[at] = lengthened(parts[at], -7)
    found, error = read(tmp_path, pack(parts, "plain"))
    assert (urls(found), reasons(found), error) == (["0", "1", "2", "3", "4", "5"], [], "")
    document = next(one for one in found if isinstance(one, Document) and one.url.endswith("2"))
    assert document.body == CAPTURES[2].body


@pytest.mark.parametrize("packing", ["plain", "gzip", "gzip-whole", "zstd"])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
def test_an_archive_that_is_cut_off_says_so_and_gives_what_is_whole(
    tmp_path: Path, parts: list[bytes], packing: str, share: float
) -> None:
    at = response(parts, 5) if share == 0.9 else response(parts, 3)
    whole = pack(parts[:at], packing) if packing != "gzip-whole" else b""
    data = pack(parts, packing)
    end = len(whole) + 150 if whole else int(len(data) * share)
    found, error = read(tmp_path, data[:end])
    wanted = [one.url.rpartition("/")[2] for one in CAPTURES]
    assert urls(found) == wanted[: len(urls(found))]
    assert len(urls(found)) < len(wanted)
    if whole:
        assert len(urls(found)) == (5 if share == 0.9 else 3)
    assert error
    assert "get it anew" in error


def test_zeros_at_the_end_and_blank_lines_between_are_nothing(
    tmp_path: Path, parts: list[bytes]
) -> None:
    for data in (b"".join(parts) + bytes(70_000), b"\r\n".join(parts),
                 pack(parts, "gzip") + bytes(512)):  # fmt: skip
        found, error = read(tmp_path, data)
        assert (len(urls(found)), reasons(found), error) == (6, [], "")


def test_rubbish_between_records_is_named(tmp_path: Path, parts: list[bytes]) -> None:
    at = response(parts, 2)
    found, error = read(tmp_path, b"".join([*parts[:at], b"rubbish\r\n" * 5000, *parts[at:]]))
    assert (len(urls(found)), error) == (6, "")
    assert set(reasons(found)) <= {"wrong-length", "damaged"}
    assert reasons(found)


@pytest.mark.parametrize(
    "head", [b"WARC/1.0\r\n" + b"A: b\r\n" * 400_000, b"WARC/1.0\r\nA: " + b"b" * 9_000_000]
)
def test_headers_without_end_are_bounded(tmp_path: Path, parts: list[bytes], head: bytes) -> None:
    found, error = read(tmp_path, b"".join([*parts[:2], head, b"\r\n\r\n", *parts[2:]]))
    assert (len(urls(found)), error) == (6, "")
    assert "damaged" in reasons(found)


def test_a_block_that_is_too_large_is_passed_over(tmp_path: Path, parts: list[bytes]) -> None:
    (_, large, *_) = records([Capture("http://a.test/large", bytes(MAX_BODY + 1))])
    found, error = read(tmp_path, pack([*parts[:3], large, *parts[3:]], "gzip"))
    assert (len(urls(found)), reasons(found), error) == (6, ["too-large"], "")


def test_what_only_claims_to_be_one_is_not_read(tmp_path: Path) -> None:
    for data in (b"", b"hello\n", b"WARC\n", gzip.compress(b"hello"), b"\x1f\x8b\x08rubbish" * 9):
        path = tmp_path / "a.warc.gz"
        path.write_bytes(data)
        assert not reader.claims(path, data[:4096])


def test_no_read_gives_more_than_was_asked_for(tmp_path: Path) -> None:
    import zstandard

    path = tmp_path / "bomb"
    for data in (gzip.compress(bytes(300 << 20)), zstandard.compress(bytes(300 << 20))):
        path.write_bytes(data)
        with path.open("rb") as file:
            stream = Members(file)
            assert len(stream.read(1000)) == 1000
            assert len(stream._plain) < 64 << 20
            assert stream.skip(1 << 40) == (300 << 20) - 1000


def test_members_are_found_again_behind_a_broken_one(tmp_path: Path, parts: list[bytes]) -> None:
    packed = [gzip.compress(part, mtime=0) for part in parts]
    path = tmp_path / "a"
    path.write_bytes(b"".join(packed))
    with path.open("rb") as file:
        stream = Members(file)
        assert stream.seek_member(3, BEGINS)
        assert stream.offset == len(packed[0])
        assert stream.read(len(parts[1])) == parts[1]
        assert not stream.seek_member(path.stat().st_size - 20, BEGINS)
