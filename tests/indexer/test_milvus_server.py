"""A Milvus server by its address: the same code as for Lite.

No Milvus server runs here. What answers is Milvus Lite's own server over TCP on loopback, which
speaks the same protocol; so this proves our side of the wire, not what a cluster does.
"""

import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psycopg
import pytest

from indexer.audit import audit
from indexer.build import build, generations
from indexer.encoders.base import Vectors
from indexer.encoders.lexical import LexicalEncoder
from indexer.errors import IndexBusy, VectorStoreError
from indexer.frozen import FrozenIndex
from indexer.generations import Generations
from indexer.milvus import LITE, Backend, VectorStore
from indexer.passages import DEFAULT_CHUNKER
from store.database import Database
from store.pages import PageStore

from .conftest import version

ENCODER = LexicalEncoder()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Backend]:
    from milvus_lite.adapter.grpc.server import start_server_in_thread

    running, database, port = start_server_in_thread(str(tmp_path / "server.db"))
    yield Backend(f"http://127.0.0.1:{port}", token="root:secret")
    running.stop(grace=1).wait()
    database.close()


def test_everything_that_is_done_with_lite_is_done_with_a_server(
    server: Backend, tmp_path: Path
) -> None:
    with VectorStore(tmp_path / "milvus", server) as store:
        store.prepare("c", 4)
        store.prepare("c", 4)
        keys = list(range(1, 1201))
        ones = np.full(4, 0.5, dtype=np.float32)
        store.upsert("c", keys, [Vectors(ones, {key: 0.25}) for key in keys])
        store.upsert("c", [7], [Vectors(ones, {7: 0.75})])
        store.delete("c", keys[600:])
        store.flush("c")
        assert store.count("c") == 600
        assert store.keys("c") == keys[:600]
        ((found, vectors),) = list(store.export("c", [9, 7, 601]))
        assert found == [9, 7]
        assert vectors[1].sparse == {7: 0.75}
        assert vectors[1].dense is not None
        assert vectors[1].dense.tolist() == ones.tolist()
        store.point("live", "c")
        assert store.aliased("live") == "c"
        store.prepare("d", 0)
        store.point("live", "d")
        assert store.aliased("live") == "d"
        store.drop("d")
        assert store.aliased("live") is None
        assert store.collections() == ["c"]
    assert not (tmp_path / "milvus" / "index.db").exists(), "no Lite file is made beside it"


def test_a_second_run_of_the_same_home_is_refused_there_too(
    server: Backend, tmp_path: Path
) -> None:
    with VectorStore(tmp_path, server), pytest.raises(IndexBusy):
        VectorStore(tmp_path, server)


def test_the_frozen_index_is_that_of_lite(
    server: Backend, database: Database, corpus: PageStore, home: Path
) -> None:
    lite = build(database, home / "lite", ENCODER)
    there = build(database, home / "there", ENCODER, backend=server)
    assert (there.encoded, there.digest) == (lite.passages, lite.digest)
    assert audit(database, home / "there", ENCODER, backend=server).clean
    corpus.add([version("https://almanac.test/vienna", "Vienna", "A giant ferris wheel.")])
    again = build(database, home / "there", ENCODER, backend=server)
    assert (again.encoded, again.deleted) == (1, 1)
    rebuilt = build(database, home / "there", ENCODER, backend=server, rebuild=True)
    assert rebuilt.encoded == rebuilt.passages
    assert rebuilt.digest == again.digest
    with VectorStore(home / "there" / "milvus", server) as store:
        names = generations(database, store, ENCODER, DEFAULT_CHUNKER, server)
        assert store.collections() == [names.working()]
        assert names.live() == names.working()
        store.delete(names.working(), store.keys(names.working())[:1] if _loaded(store) else [])
    found = audit(database, home / "there", ENCODER, backend=server, repair=True)
    assert [f"{one.part} {one.kind}" for one in found.before.findings] == ["vectors missing"]
    assert found.clean
    assert FrozenIndex.open(home / "there" / "frozen").digest == again.digest


def _loaded(store: VectorStore) -> bool:
    return all(store.load(name) for name in store.collections())


def test_two_databases_on_one_server_leave_each_other_alone(
    server: Backend, database: Database, corpus: PageStore, home: Path, cluster_url: str,
    template_database: str,
) -> None:  # fmt: skip
    name = "second_on_one_server"
    with psycopg.connect(cluster_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database}".encode())
    with Database(cluster_url.replace("@/postgres?", f"@/{name}?")) as second:
        PageStore(second).add([version("https://else.test/", "Else", "Another corpus.")])
        assert second.identity() != database.identity()
        build(database, home / "a", ENCODER, backend=server)
        build(second, home / "b", ENCODER, backend=server)
        assert audit(database, home / "a", ENCODER, backend=server).clean
        assert audit(second, home / "b", ENCODER, backend=server).clean
        with VectorStore(home / "a" / "milvus", server) as store:
            assert len(store.collections()) == 2
            assert database.identity() == database.identity()


def test_without_an_owner_they_would_not(server: Backend, tmp_path: Path) -> None:
    with VectorStore(tmp_path, server) as store:
        for owner in ("", "one", "two"):
            store.prepare(Generations(store, "e", "c", owner).working(), 0)
        assert len(store.collections()) == 3
        Generations(store, "e", "c", "one").publish()
        assert len(store.collections()) == 3
        Generations(store, "e", "c").publish()
        assert len(store.collections()) == 1


def test_a_server_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    backend = Backend(f"http://me:secret@127.0.0.1:{port}")
    with pytest.raises(VectorStoreError) as refused:
        VectorStore(tmp_path, backend)
    said = str(refused.value)
    assert said.startswith(f"Milvus does not answer at http://…@127.0.0.1:{port} (")
    assert said.endswith("check milvus_uri and milvus_token, and that the server is running.")
    assert "secret" not in said
    assert "\n" not in said
    with VectorStore(tmp_path, LITE) as store:
        assert store.collections() == []


def test_a_token_is_not_shown() -> None:
    assert "secret" not in repr(Backend("http://127.0.0.1", token="secret"))
