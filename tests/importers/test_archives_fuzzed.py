"""Web archives with flipped bits, wrong numbers and missing ends: damage, never a crash."""

import random
import resource
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.webarchives import Capture, arc, page, wacz, warc, warc_with_dictionary
from bench.zimmaking import Item as Made
from bench.zimmaking import seal, zim
from importers.base import Document, Reject
from importers.errors import ImporterError
from importers.formats import importer

SPARE = 600 << 20
"""Bytes of memory that reading may take beyond what the tests have."""
MUTATIONS = 25

CAPTURES = [
    Capture("http://a.test/old", b"", "301 Moved", {"Location": "/1"}),
    *(Capture(f"http://a.test/{number}", page(number)) for number in range(4)),
    Capture(
        "http://a.test/5",
        b"5\r\nhello\r\n0\r\n\r\n",
        headers={"Content-Type": "text/html", "Transfer-Encoding": "chunked"},
    ),
]
ARTICLES = [
    *(Made(f"A{number}", page(number), f"Article {number}") for number in range(5)),
    Made("B", target="A1"),
]
SEEDS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "warc": ("warc", lambda: warc(CAPTURES, "plain")),
    "warc.gz": ("warc", lambda: warc(CAPTURES, "gzip")),
    "warc.gz, whole": ("warc", lambda: warc(CAPTURES, "gzip-whole")),
    "warc.zst": ("warc", lambda: warc(CAPTURES, "zstd")),
    "warc.zst, dictionary": ("warc", lambda: warc_with_dictionary(CAPTURES)),
    "arc": ("warc", lambda: arc(CAPTURES, "plain")),
    "wacz": ("wacz", lambda: wacz({"a.warc.gz": warc(CAPTURES)}, [{"url": "http://a.test/1"}])),
    "zim": ("zim", lambda: zim(ARTICLES)),
    "zim, xz": ("zim", lambda: zim(ARTICLES, packing="xz", wide=True)),
    "zim, plain": ("zim", lambda: zim(ARTICLES, packing="plain", new=False)),
}


@pytest.fixture
def bounded() -> Iterator[None]:
    """What takes much more memory gets a MemoryError, which nothing here may raise."""
    had = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + SPARE, had[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, had)


def mutated(data: bytes, chance: random.Random) -> bytes:
    """The data with something wrong."""
    found = bytearray(data)
    for _ in range(chance.choice((1, 1, 3, 20))):
        at = chance.randrange(len(found))
        way = chance.randrange(5)
        if way == 0:
            found[at] ^= 1 << chance.randrange(8)
        elif way == 1:
            found[at : at + 4] = struct.pack("<I", chance.choice((0, 1, 2**31, 2**32 - 1, 80)))
        elif way == 2:
            found[at : at + chance.randrange(1, 60)] = b""
        elif way == 3:
            found[at:at] = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 60)))
        elif found[at : at + 1].isdigit():
            found[at] = ord(chance.choice("0123456789"))
        if not found:
            break
    if chance.random() < 0.2:
        del found[chance.randrange(len(found) + 1) :]
    return bytes(found)


@pytest.mark.parametrize("name", SEEDS)
def test_no_mutation_crashes(tmp_path: Path, bounded: None, name: str) -> None:
    kind, make = SEEDS[name]
    reader, seed = importer(kind), make()
    path = tmp_path / "a"
    path.write_bytes(seed)
    whole = {(one.url, one.body) for one in reader.items(path) if isinstance(one, Document)}
    assert whole
    chance = random.Random(f"{name} 1")
    outcomes = set()
    said = []
    for _ in range(MUTATIONS):
        data = mutated(seed, chance)
        # A check sum that is right lets the fault through to what follows the sum.
        path.write_bytes(seal(data) if kind == "zim" and len(data) > 80 else data)
        reader.claims(path, data[:4096])
        try:
            for item in reader.items(path):
                outcomes.add(type(item))
                assert isinstance(item, Document | Reject)
        except ImporterError as error:
            outcomes.add(type(error))
            said.append(str(error))
    assert len(outcomes) >= 2
    assert all(len(one) > 30 for one in said)
    assert [one.name for one in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("name", [name for name in SEEDS if name.startswith(("warc", "wacz"))])
def test_no_mutation_changes_a_page_unseen(tmp_path: Path, name: str) -> None:
    """Every record of these has a digest: what is given out is what was put in."""
    kind, make = SEEDS[name]
    reader, seed = importer(kind), make()
    path = tmp_path / "a"
    path.write_bytes(seed)
    bodies = {one.body for one in reader.items(path) if isinstance(one, Document)}
    chance = random.Random(f"{name} 2")
    for _ in range(MUTATIONS):
        data = bytearray(seed)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        path.write_bytes(data)
        try:
            for item in reader.items(path):
                if isinstance(item, Document) and item.body not in bodies:
                    # The name of a digest itself was hit, so that there is none.
                    assert name == "warc"
                    assert data.count(b"WARC-Block-Digest: sha1:") < seed.count(b"Block-Digest")
        except ImporterError:
            continue


def test_a_crash_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("importers.bodies.zlib.decompressobj", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            test_no_mutation_crashes(tmp_path, None, "warc.gz")


@pytest.mark.parametrize("name", SEEDS)
def test_an_archive_is_the_same_each_time(tmp_path: Path, name: str) -> None:
    """A killed import goes on after so many items: they have to come in the same order."""
    kind, make = SEEDS[name]
    path = tmp_path / "a"
    path.write_bytes(make())
    assert list(importer(kind).items(path)) == list(importer(kind).items(path))
