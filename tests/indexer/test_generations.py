"""One collection an encoder and chunker, another at each rebuild, and the alias that is swapped."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.build import build
from indexer.encoders.lexical import LexicalEncoder
from indexer.generations import Generations
from indexer.milvus import VectorStore
from store.database import Database
from store.pages import PageStore

ENCODER = LexicalEncoder()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[VectorStore]:
    with VectorStore(tmp_path / "milvus") as opened:
        yield opened


def test_names_follow_the_digests_of_encoder_and_chunker(store: VectorStore) -> None:
    names = {Generations(store, e, c).working() for e in ("b2:1", "b2:2") for c in ("b2:3", "b2:4")}
    assert len(names) == 4
    assert all(len(name) == len("passages_") + 24 for name in names)
    assert Generations(store, "b2:1", "b2:3").working() in names


def test_a_rebuild_takes_the_next_number_and_the_alias_follows_when_it_is_published(
    store: VectorStore,
) -> None:
    names = Generations(store, "e", "c")
    first = names.working()
    store.prepare(first, 0)
    assert names.live() is None
    names.publish()
    assert (names.live(), names.spare()) == (first, [])
    second = names.following()
    assert second == f"{first}_2"
    store.prepare(second, 0)
    assert (names.working(), names.live()) == (second, first)
    names.publish()
    assert names.live() == second
    assert store.collections() == [second]
    # Ten comes after nine.
    for _ in range(9):
        store.prepare(names.following(), 0)
    assert names.working() == f"{first}_11"
    names.publish()
    assert store.collections() == [f"{first}_11"]


def test_another_encoder_takes_the_alias_over(store: VectorStore) -> None:
    old, new = Generations(store, "old", "c"), Generations(store, "new", "c")
    store.prepare(old.working(), 0)
    old.publish()
    store.prepare(new.working(), 0)
    assert new.live() == old.working()
    new.publish()
    assert new.live() == new.working()
    assert store.collections() == [new.working()]


def test_the_alias_and_the_number_survive_reopening(tmp_path: Path) -> None:
    with VectorStore(tmp_path) as store:
        names = Generations(store, "e", "c")
        store.prepare(names.working(), 0)
        names.publish()
        store.prepare(names.following(), 0)
    with VectorStore(tmp_path) as store:
        names = Generations(store, "e", "c")
        assert names.working().endswith("_2")
        assert names.live() == names.working().removesuffix("_2")


def test_while_a_rebuild_goes_on_the_alias_names_what_is_whole(
    database: Database, corpus: PageStore, home: Path
) -> None:
    report = build(database, home, ENCODER)

    class Stopped(Exception):
        pass

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "freeze":
            raise Stopped

    with pytest.raises(Stopped):
        build(database, home, ENCODER, stop, rebuild=True)
    with VectorStore(home / "milvus") as store:
        first, second = store.collections()
        assert store.aliased("passages_live") == first
        assert store.load(first)
        assert len(store.keys(first)) == report.passages
    resumed = build(database, home, ENCODER)
    assert (resumed.encoded, resumed.digest) == (0, report.digest)
    with VectorStore(home / "milvus") as store:
        assert store.collections() == [second]
        assert store.aliased("passages_live") == second
