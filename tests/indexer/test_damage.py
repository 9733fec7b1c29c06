"""Damaged frozen files: one sentence for the reader, and `build` makes a whole index again."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from indexer.audit.run import audit
from indexer.build import build
from indexer.encoders.lexical import LexicalEncoder
from indexer.errors import IndexDamaged
from indexer.frozen import FrozenIndex
from indexer.milvus import VectorStore
from indexer.search import Hit, Searcher
from store.database import Database
from store.pages import PageStore

from .conftest import version

ENCODER = LexicalEncoder()
QUERY = "Danube"


def hits(database: Database, home: Path) -> list[Hit]:
    return Searcher.open(database, home).search(QUERY)


def folder_of(home: Path) -> Path:
    return home / "frozen" / (home / "frozen" / "current").read_text().strip()


def overwritten(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Change what is in a file, but not its length."""
    before = path.read_bytes()
    after = change(before)
    assert len(after) == len(before)
    assert after != before
    path.write_bytes(after)


def noise(size: int) -> bytes:
    return np.random.default_rng(3).bytes(size)


# Each of them leaves all lengths as they were.


def header_of_noise(home: Path) -> None:
    overwritten(folder_of(home) / "page_first.npy", lambda data: noise(64) + data[64:])


def header_not_closed(home: Path) -> None:
    overwritten(folder_of(home) / "page_day.npy", lambda data: data.replace(b"}", b"(", 1))


def header_like_an_archive(home: Path) -> None:
    overwritten(folder_of(home) / "terms.npy", lambda data: b"PK\x03\x04" + data[4:])


def header_of_another_type(home: Path) -> None:
    overwritten(
        folder_of(home) / "posting_impact.npy", lambda data: data.replace(b"<u2", b"<i2", 1)
    )


def header_of_another_length(home: Path) -> None:
    def shorter(data: bytes) -> bytes:
        at = data.index(b"(", data.index(b"shape")) + 1
        return data[:at] + b"1" * (data.index(b",", at) - at) + data[data.index(b",", at) :]

    overwritten(folder_of(home) / "posting_passage.npy", shorter)


def current_of_noise(home: Path) -> None:
    overwritten(home / "frozen" / "current", lambda data: noise(len(data)))


def current_not_ascii(home: Path) -> None:
    (home / "frozen" / "current").write_text("indeks-č\n", encoding="utf-8")


def current_too_long(home: Path) -> None:
    (home / "frozen" / "current").write_text("a" * 5000)


def current_with_a_null(home: Path) -> None:
    overwritten(home / "frozen" / "current", lambda data: b"\0" + data[1:])


def current_elsewhere(home: Path) -> None:
    (home / "frozen" / "current").write_text("..\n")


def pages_of_noise(home: Path) -> None:
    overwritten(folder_of(home) / "pages.bin", lambda data: noise(len(data)))


def pages_of_other_json(home: Path) -> None:
    overwritten(folder_of(home) / "pages.bin", lambda data: data.replace(b'"', b"7"))


def wild(name: str) -> Callable[[Path], None]:
    def change(home: Path) -> None:
        path = folder_of(home) / f"{name}.npy"
        size = np.load(path).nbytes
        overwritten(path, lambda data: data[:-size] + noise(size))

    change.__name__ = f"wild_{name}"
    return change


def manifest_of_a_list(home: Path) -> None:
    overwritten(
        folder_of(home) / "manifest.json",
        lambda data: b'{"files":[1]' + b" " * (len(data) - 13) + b"}",
    )


DAMAGE = [
    header_of_noise,
    header_not_closed,
    header_like_an_archive,
    header_of_another_type,
    header_of_another_length,
    current_of_noise,
    current_not_ascii,
    current_too_long,
    current_with_a_null,
    current_elsewhere,
    pages_of_noise,
    pages_of_other_json,
    wild("posting_passage"),
    wild("page_first"),
    wild("page_site"),
    wild("page_offset"),
    wild("term_first"),
    manifest_of_a_list,
]


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("repair", [False, True], ids=["index", "repair"])
def test_a_damaged_file_is_named_and_made_again(
    database: Database,
    corpus: PageStore,
    home: Path,
    damage: Callable[[Path], None],
    repair: bool,
) -> None:
    first = build(database, home, ENCODER)
    wanted = hits(database, home)
    damage(home)
    with pytest.raises(IndexDamaged, match=r"^[^\n]*: run appliance index[^\n]*\.$"):
        hits(database, home)
    if repair:
        outcome = audit(database, home, ENCODER, repair=True)
        assert not outcome.before.clean
        assert outcome.clean
    else:
        again = build(database, home, ENCODER)
        assert (again.digest, again.unchanged, again.encoded) == (first.digest, False, 0)
    assert hits(database, home) == wanted
    assert build(database, home, ENCODER).unchanged
    assert not FrozenIndex.open(home / "frozen").verify()


def test_damage_that_no_query_meets_is_made_good_too(
    database: Database, corpus: PageStore, home: Path
) -> None:
    build(database, home, ENCODER)
    wild("page_anchors")(home)
    assert hits(database, home)
    assert not build(database, home, ENCODER).unchanged
    assert not FrozenIndex.open(home / "frozen").verify()


def test_an_error_of_ours_is_not_called_damage(
    database: Database, corpus: PageStore, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(database, home, ENCODER)
    searcher = Searcher.open(database, home)

    def wrong(*_: object) -> object:
        raise IndexError("ours")

    monkeypatch.setattr(searcher, "_rankings", wrong)
    with pytest.raises(IndexError, match="ours"):
        searcher.search(QUERY)
    wild("page_anchors")(home)
    with pytest.raises(IndexDamaged, match="page_anchors"):
        searcher.search(QUERY)


@pytest.mark.parametrize("deleted", ["milvus", "milvus/index.db"])
def test_vectors_that_were_deleted_are_encoded_again(
    database: Database, corpus: PageStore, home: Path, deleted: str
) -> None:
    first = build(database, home, ENCODER)
    assert build(database, home, ENCODER).encoded == 0
    shutil.rmtree(home / deleted)
    again = build(database, home, ENCODER)
    assert (again.encoded, again.unchanged) == (first.passages, True)
    with VectorStore(home / "milvus") as store:
        (collection,) = store.collections()
        store.load(collection)
        assert store.count(collection) == first.passages
    assert audit(database, home, ENCODER).clean


def test_two_readers_keep_what_they_opened(
    database: Database, corpus: PageStore, home: Path
) -> None:
    build(database, home, ENCODER)
    first = Searcher.open(database, home)
    before = first.search(QUERY)
    corpus.add([version("https://almanac.test/danube", "Danube", "Other words altogether.")])
    build(database, home, ENCODER)
    second = Searcher.open(database, home)
    between = second.search(QUERY)
    corpus.add([version("https://almanac.test/danube", "Danube", "The Danube, once more.")])
    build(database, home, ENCODER)
    after = hits(database, home)
    assert before != between != after != before
    for _ in range(2):
        assert first.search(QUERY) == before
        assert second.search(QUERY) == between
