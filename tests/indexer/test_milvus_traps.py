"""What Milvus Lite 3.2.2 does that is not what it says, each with a test.

Most are canaries: they assert that the trap is still there. When one fails after an upgrade the
trap is gone, and what we do because of it may be looked at again. The others, beside them, assert
that our own code is not bitten.
"""

import ast
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indexer import vectorindex
from indexer.encoders.base import EMPTY, PassageText, Vectors
from indexer.encoders.lexical import LexicalEncoder
from indexer.errors import VectorStoreError
from indexer.milvus import Backend, VectorStore

SIZE = 16
SOURCE = Path(__file__).resolve().parents[2] / "indexer" / "milvus.py"
GONE = "the trap is gone: see indexer/milvus.py and docs/vectors.md"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[VectorStore]:
    with VectorStore(tmp_path / "milvus") as opened:
        yield opened


def make(
    store: VectorStore, name: str, kind: str = "FLAT", key: str = "id", **settings: Any
) -> Any:
    """A collection of the test's own, made without our whitelist."""
    from pymilvus import DataType, MilvusClient

    schema = MilvusClient.create_schema(auto_id=False)
    schema.add_field(key, DataType.INT64, is_primary=True)
    schema.add_field("page", DataType.INT64)
    schema.add_field("dense", DataType.FLOAT_VECTOR, dim=SIZE)
    schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
    indexes = MilvusClient.prepare_index_params()
    indexes.add_index("dense", index_type=kind, metric_type="IP", params=settings)
    indexes.add_index("sparse", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
    store._client.create_collection(name, schema=schema, index_params=indexes)
    return store._client


def rows(ids: list[int], key: str = "id") -> list[dict[str, Any]]:
    made = np.random.default_rng(3).standard_normal((max(ids, default=0) + 1, SIZE))
    made = (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)
    return [
        {key: i, "page": i // 3, "dense": made[i], "sparse": {i % 7 + 1: 0.5, 99: 0.1}} for i in ids
    ]


# Index types: "DISKANN, SCANN, IVF_PQ either fail or silently do nothing".


@pytest.mark.parametrize("kind", ["DISKANN", "SCANN", "IVF_PQ", "HNSW_PQ", "NONSENSE"])
def test_an_index_type_that_it_lacks_is_taken_in_silence(store: VectorStore, kind: str) -> None:
    client = make(store, "c", kind)
    client.insert("c", rows(list(range(200))))
    client.flush("c")
    assert client.describe_index("c", "dense")["index_type"] == kind, GONE
    exact = rows([7])[0]["dense"]
    assert client.search("c", data=[exact], anns_field="dense", limit=1)[0][0].id == 7


@pytest.mark.parametrize("kind", ["DISKANN", "SCANN", "IVF_PQ", "AUTOINDEX", "NONSENSE"])
def test_we_refuse_it_in_one_sentence(tmp_path: Path, kind: str) -> None:
    with pytest.raises(VectorStoreError) as refused:
        VectorStore(tmp_path, Backend(index=kind))
    assert str(refused.value) == (
        f"The setting milvus_index names {kind}, which Milvus Lite is not asked for here: set it "
        "to one of FLAT, HNSW."
    )
    assert not (tmp_path / "index.db").exists()


def test_each_backend_has_a_list_of_its_own() -> None:
    assert vectorindex.dense_index("", lite=True) == ("FLAT", {})
    assert vectorindex.dense_index("diskann", lite=False) == ("DISKANN", {})
    assert set(vectorindex.LITE) < set(vectorindex.SERVER)
    with pytest.raises(VectorStoreError, match="a Milvus server is not asked for here"):
        vectorindex.dense_index("BIN_FLAT", lite=False)


@pytest.mark.parametrize("kind", vectorindex.LITE)
def test_what_we_allow_is_really_built(tmp_path: Path, kind: str) -> None:
    from milvus_lite.index.factory import build_index_from_spec
    from milvus_lite.index.spec import IndexSpec

    built = build_index_from_spec(
        IndexSpec("dense", kind, "IP", vectorindex.PARAMETERS[kind]),
        np.eye(SIZE, dtype=np.float32),
    )
    wanted = {"FLAT": "BruteForceIndex", "HNSW": "FaissHnswIndex"}[kind]
    assert type(built).__name__ == wanted
    with VectorStore(tmp_path, Backend(index=kind)) as store:
        store.prepare("c", SIZE)
        assert store._client.describe_index("c", "dense")["index_type"] == kind


def test_only_one_sparse_index_is_known(store: VectorStore) -> None:
    from pymilvus import DataType, MilvusClient

    schema = MilvusClient.create_schema(auto_id=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
    indexes = MilvusClient.prepare_index_params()
    indexes.add_index("sparse", index_type="SPARSE_WAND", metric_type="IP")
    with pytest.raises(Exception, match="SPARSE_INVERTED_INDEX"):
        store._client.create_collection("c", schema=schema, index_params=indexes)
    store.prepare("d", 0)
    assert store._client.describe_index("d", "sparse")["index_type"] == vectorindex.SPARSE


# Searching: nothing of it is relied on, because nothing of it is called.


def test_ties_are_not_in_key_order_and_membership_varies_with_the_limit(store: VectorStore) -> None:
    client = make(store, "c")
    made = rows(list(range(2000)))
    twins = [int(i) for i in np.random.default_rng(0).permutation(40)]
    client.insert("c", made)
    client.insert("c", [{**made[3], "id": 10_000 + i} for i in twins])
    client.flush("c")

    def best(limit: int) -> list[int]:
        return [
            hit.id
            for hit in client.search("c", data=[made[3]["dense"]], anns_field="dense", limit=limit)[
                0
            ]
        ]

    every = best(41)
    assert set(every) == {3, *(10_000 + i for i in twins)}
    assert every != sorted(every), GONE
    assert any(best(limit) != every[:limit] for limit in range(2, 41)), GONE


def test_the_id_of_a_hit_is_not_under_that_name(store: VectorStore) -> None:
    client = make(store, "c", key="passage")
    client.insert("c", rows([5], key="passage"))
    hit = client.search("c", data=[rows([5])[0]["dense"]], anns_field="dense", limit=1)[0][0]
    assert hit.id == 5
    with pytest.raises(KeyError):
        hit["id"]


def test_filter_params_fail(store: VectorStore) -> None:
    client = make(store, "c")
    client.insert("c", rows(list(range(20))))
    with pytest.raises(Exception, match="unexpected character"):
        client.query("c", filter="page in {p}", filter_params={"p": [1]}, output_fields=["page"])


def test_group_size_leaves_the_best_page_out(store: VectorStore) -> None:
    client = make(store, "c")
    client.insert("c", rows(list(range(600))))
    found = client.search(
        "c",
        data=[rows([5])[0]["dense"]],
        anns_field="dense",
        limit=3,
        group_by_field="page",
        group_size=2,
        strict_group_size=True,
        output_fields=["page"],
    )[0]
    pages = [hit["entity"]["page"] for hit in found]
    assert len(pages) < 6, GONE
    assert 5 // 3 not in pages, GONE


def test_the_index_is_exact_unless_somebody_asks_for_another() -> None:
    """HNSW is another graph at each build; nothing that we return comes from either."""
    assert vectorindex.DEFAULT == "FLAT"


def _calls(source: str) -> set[str]:
    """The names of all methods that this source calls or takes, and of all keywords it gives."""
    tree = ast.parse(source)
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    keywords = {
        f"{node.func.attr}({word.arg}=)"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        for word in node.keywords
    }
    return attributes | keywords


FORBIDDEN = {
    "search", "hybrid_search", "search_iterator", "insert", "add_collection_field",
    "delete(filter=)", "query(filter_params=)", "search(group_size=)", "compact",
}  # fmt: skip
"""Calls that some Milvus answers wrongly, or whose answers hang on its state."""


def test_our_code_makes_no_call_of_those_that_mislead() -> None:
    assert _calls(SOURCE.read_text()) & FORBIDDEN == set()
    others = [
        path.name
        for path in SOURCE.parent.rglob("*.py")
        if path != SOURCE and "pymilvus" in path.read_text() and "import" in path.read_text()
        and any(line.strip().startswith(("import pymilvus", "from pymilvus"))
                for line in path.read_text().splitlines())
    ]  # fmt: skip
    assert others == [], "pymilvus is imported in one file only"


@pytest.mark.parametrize(
    "source",
    [
        "c.delete('x', filter='page == 3')",
        "c.search('x', data=[v], group_size=2)",
        "c.query('x', filter_params={})",
        "act = c.insert",
    ],
)
def test_such_a_call_would_be_seen(source: str) -> None:
    assert _calls(source) & FORBIDDEN


# Schema, empty vectors, deleting.


def test_the_schema_of_a_collection_cannot_be_changed(store: VectorStore) -> None:
    from pymilvus import DataType

    client = make(store, "c")
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
    with pytest.raises(Exception, match="UNIMPLEMENTED"):
        client.add_collection_field("c", "more", DataType.INT64, nullable=True)


def test_an_empty_sparse_vector_fails_its_whole_batch(store: VectorStore) -> None:
    client = make(store, "c")
    batch = rows([1, 2, 3])
    batch[1]["sparse"] = {}
    with pytest.raises(Exception, match="at least one nonzero"):
        client.insert("c", batch)
    assert client.get("c", ids=[1, 2, 3]) == [], GONE


def test_no_encoder_makes_an_empty_one() -> None:
    for text in ("", "…", "the", "\n\n"):
        (vector,) = LexicalEncoder().encode_passages([PassageText(text)])
        assert vector.sparse
    (nothing,) = LexicalEncoder().encode_passages([PassageText("…")])
    assert set(nothing.sparse) == {EMPTY}


def test_the_reserved_dimension_goes_in_and_comes_back(store: VectorStore) -> None:
    store.prepare("c", 0)
    store.upsert("c", [1], [Vectors(None, {EMPTY: 1.0})])
    store.flush("c")
    assert [v for _, batch in store.export("c", [1]) for v in batch] == [
        Vectors(None, {EMPTY: 1.0})
    ]


def test_the_same_upsert_twice_is_one_row(store: VectorStore) -> None:
    store.prepare("c", 0)
    for _ in range(2):
        store.upsert("c", [1, 2], [Vectors(None, {1: 0.5}), Vectors(None, {2: 0.5})])
        store.flush("c")
    store.upsert("c", [2, 2], [Vectors(None, {2: 0.5}), Vectors(None, {2: 0.7})])
    assert store.keys("c") == [1, 2]
    assert store.count("c") == 2


def test_deleting_by_key_survives_reopening(tmp_path: Path) -> None:
    keys = list(range(1, 2001))
    with VectorStore(tmp_path) as store:
        store.prepare("c", 0)
        store.upsert("c", keys, [Vectors(None, {key % 50 + 1: 0.5}) for key in keys])
        store.flush("c")
        store.delete("c", keys[::2])
        store.flush("c")
    with VectorStore(tmp_path) as store:
        assert store.load("c")
        assert store.keys("c") == keys[1::2]
        assert store.count("c") == 1000


def test_a_deleted_key_can_be_written_again(store: VectorStore) -> None:
    store.prepare("c", 0)
    for weight in (0.25, 0.5, 0.75):
        store.upsert("c", [1], [Vectors(None, {1: weight})])
        store.flush("c")
        store.delete("c", [1])
        store.flush("c")
        assert store.keys("c") == []
    store.upsert("c", [1], [Vectors(None, {1: 1.0})])
    assert [v.sparse for _, batch in store.export("c", [1]) for v in batch] == [{1: 1.0}]


# Opening: one process, no network address, released collections.


def test_its_server_would_listen_on_every_address() -> None:
    from milvus_lite.adapter.grpc import server

    assert server.DEFAULT_HOST == "0.0.0.0", GONE


def test_a_collection_is_released_when_the_file_is_opened(tmp_path: Path) -> None:
    with VectorStore(tmp_path) as store:
        store.prepare("c", 0)
        store.upsert("c", [1], [Vectors(None, {1: 0.5})])
        store.flush("c")
    with VectorStore(tmp_path) as store:
        with pytest.raises(VectorStoreError, match="released"):
            store.keys("c")
        assert store.load("c")
        assert store.keys("c") == [1]
        assert not store.load("no such collection")


@pytest.mark.parametrize("uri", ["./milvus.db", "milvus.db", "/var/lib/milvus.db", "localhost"])
def test_a_file_is_never_opened_past_the_lock(tmp_path: Path, uri: str) -> None:
    with pytest.raises(VectorStoreError, match="which is no server: give http://HOST:PORT"):
        VectorStore(tmp_path, Backend(uri))
