"""Milvus Lite for real: what we rely on, and the traps that we keep away from."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from indexer.encoders.base import Vectors
from indexer.errors import IndexBusy, VectorStoreError
from indexer.milvus import VectorStore

SIZE = 8


@pytest.fixture
def store(tmp_path: Path) -> Iterator[VectorStore]:
    with VectorStore(tmp_path / "milvus") as opened:
        opened.prepare("c", SIZE)
        yield opened


def vectors(keys: list[int], scale: float = 1.0) -> list[Vectors]:
    return [
        Vectors(
            np.full(SIZE, scale * (key % 7 + 1), dtype=np.float32),
            {key % 100 + 1: scale * 0.1, 2**31 - 1: 0.3},
        )
        for key in keys
    ]


def read(store: VectorStore, keys: list[int]) -> dict[int, Vectors]:
    return {
        key: vector
        for found, batch in store.export("c", keys)
        for key, vector in zip(found, batch, strict=True)
    }


def test_everything_comes_back_exactly_in_the_order_asked_for(store: VectorStore) -> None:
    keys = [(i * 7919) % 5003 + 2**62 for i in range(1200)]
    written = vectors(keys)
    store.upsert("c", keys, written)
    store.flush("c")
    assert store.count("c") == 1200
    assert store.keys("c") == sorted(keys)
    back = read(store, keys)
    assert list(back) == keys
    for key, vector in zip(keys, written, strict=True):
        assert back[key].dense is not None
        assert np.array_equal(back[key].dense, vector.dense)  # type: ignore[arg-type]
        assert back[key].sparse == {k: float(np.float32(w)) for k, w in vector.sparse.items()}


def test_upsert_replaces_and_delete_by_key_deletes(store: VectorStore) -> None:
    keys = list(range(1, 700))
    store.upsert("c", keys, vectors(keys))
    store.flush("c")
    store.upsert("c", [5], vectors([5], scale=3.0))
    store.delete("c", list(range(100, 700)))
    store.flush("c")
    assert store.keys("c") == list(range(1, 100))
    assert store.count("c") == 99
    assert read(store, [5, 650])[5].sparse[6] == pytest.approx(0.3)
    assert list(read(store, [5, 650])) == [5]


def test_it_is_all_there_after_closing_and_opening(tmp_path: Path) -> None:
    with VectorStore(tmp_path) as first:
        first.prepare("c", 0)
        first.upsert("c", [1, 2], [Vectors(None, {1: 0.5}), Vectors(None, {2: 0.5})])
        first.flush("c")
    with VectorStore(tmp_path) as second:
        second.prepare("c", 0)
        assert second.keys("c") == [1, 2]
        assert second.collections() == ["c"]
        second.drop("c")
        assert second.collections() == []


def test_an_empty_sparse_vector_is_refused_by_us_because_milvus_fails_the_batch(
    store: VectorStore,
) -> None:
    with pytest.raises(VectorStoreError, match="empty sparse vector"):
        store.upsert("c", [1], [Vectors(np.ones(SIZE, dtype=np.float32), {})])
    row = {"id": 1, "dense": [1.0] * SIZE, "sparse": {}}
    with pytest.raises(Exception, match="sparse"):
        store._client.upsert("c", [row])


def test_a_second_writer_is_told_who_has_it(tmp_path: Path, fresh: Callable[..., str]) -> None:
    with VectorStore(tmp_path), pytest.raises(IndexBusy, match=f"pid {os.getpid()}"):
        VectorStore(tmp_path)
    source = f"""
from pathlib import Path
from indexer.errors import IndexBusy
from indexer.milvus import VectorStore
try:
    VectorStore(Path({str(tmp_path)!r})).close()
    print("opened")
except IndexBusy as error:
    print(error)
"""
    with VectorStore(tmp_path):
        assert f"pid {os.getpid()}" in fresh(source)
    assert fresh(source) == "opened\n"


def test_it_listens_on_no_network_address(tmp_path: Path) -> None:
    us = psutil.Process()
    before = {c.laddr for c in us.net_connections("inet")}
    store = VectorStore(tmp_path)
    store.prepare("c", 0)
    assert {c.laddr for c in us.net_connections("inet")} <= before
    assert any("appliance-milvus-" in c.laddr for c in us.net_connections("unix") if c.laddr)
    folder = store._socket
    assert folder is not None
    assert folder.stat().st_mode & 0o777 == 0o700
    store.close()
    assert not folder.exists()


def test_the_library_s_own_way_would_listen_on_loopback(tmp_path: Path) -> None:
    from milvus_lite.adapter.grpc.server import start_server_in_thread

    server, database, port = start_server_in_thread(str(tmp_path / "x.db"))
    try:
        listening = {c.laddr.port for c in psutil.Process().net_connections("inet")}
        assert port in listening
    finally:
        server.stop(grace=0).wait()
        database.close()


@pytest.mark.machine
def test_it_works_where_there_is_no_network_at_all(
    tmp_path: Path, fresh: Callable[..., str]
) -> None:
    if subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this kernel gives no network namespace to its users")
    source = """
import sys
from pathlib import Path
from indexer.encoders.base import Vectors
from indexer.milvus import VectorStore
with VectorStore(Path(sys.argv[1])) as store:
    store.prepare("c", 0)
    store.upsert("c", [4], [Vectors(None, {1: 0.5})])
    store.flush("c")
    print(store.keys("c"))
"""
    assert fresh(source, str(tmp_path), wrapper=("unshare", "-rn")) == "[4]\n"


def test_the_server_dies_with_its_process(tmp_path: Path) -> None:
    source = f"""
import sys
from pathlib import Path
from indexer.milvus import VectorStore
store = VectorStore(Path({str(tmp_path)!r}))
print(store._socket, flush=True)
sys.stdin.read()
"""
    root = Path(__file__).resolve().parents[2]
    child = subprocess.Popen(
        [sys.executable, "-c", source],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert child.stdout is not None
    assert child.stdin is not None
    folder = Path(child.stdout.readline().strip())
    assert folder.name.startswith("appliance-milvus-")
    assert not psutil.Process(child.pid).children()
    child.kill()
    child.wait()
    child.stdin.close()
    child.stdout.close()
    with VectorStore(tmp_path) as store:
        assert store.collections() == []
        assert not folder.exists(), "the next run clears the socket of a killed one away"


FULL = """
import logging, os, sys
from pathlib import Path
import numpy as np
from indexer.encoders.base import Vectors
from indexer.errors import VectorStoreError
from indexer.milvus import VectorStore

logging.basicConfig(level=logging.WARNING)
folder, size, made = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[1], "milvus")
os.system(f"mount -t tmpfs -o size={size} none {folder}") == 0 or sys.exit(77)
if size == "4k":
    (folder / "filler").write_bytes(bytes(4096))
chance, flushed = np.random.default_rng(1), 0
try:
    with VectorStore(made) as store:
        store.prepare("c", 64)
        while flushed < 40:
            ids = list(range(flushed * 500, flushed * 500 + 500))
            store.upsert("c", ids, [Vectors(chance.random(64, dtype=np.float32), {1: 0.5}) for _ in ids])
            store.flush("c")
            flushed += 1
    print("never full")
except VectorStoreError as error:
    print(error)
os.system(f"mount -o remount,size=100m {folder}")
with VectorStore(made) as store:
    store.prepare("c", 64)
    print(set(range(flushed * 500)) <= set(store.keys("c")))
"""


@pytest.mark.machine
@pytest.mark.parametrize("size", ["4k", "200k", "3m"])
def test_a_full_disk_is_one_sentence_and_loses_nothing_flushed(tmp_path: Path, size: str) -> None:
    done = _on_a_small_disk(tmp_path, size)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        f"The disk of {tmp_path / 'milvus'} is full; make room, then run: appliance index",
        "True",
    ]


@pytest.mark.machine
def test_on_a_larger_disk_it_is_not_said(tmp_path: Path) -> None:
    assert _on_a_small_disk(tmp_path, "90m").stdout.splitlines() == ["never full", "True"]


def _on_a_small_disk(folder: Path, size: str) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        ["unshare", "--mount", sys.executable, "-c", FULL, str(folder), size],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    if done.returncode in (1, 77) and not done.stdout:
        allowed = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False)
        if allowed.returncode or done.returncode == 77:
            pytest.skip("only root may mount a small disk")
    return done
