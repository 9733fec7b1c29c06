"""Damage to an index, kind by kind: what `test_audit` plants, with what has to be found of it."""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from indexer.encoders.base import PassageText, Vectors
from indexer.encoders.lexical import LexicalEncoder
from indexer.frozen import FrozenIndex
from indexer.milvus import VectorStore
from store.database import Database


class Counting(LexicalEncoder):
    """BM25 that counts what it encodes."""

    encoded = 0

    def encode_passages(self, passages: Sequence[PassageText]) -> list[Vectors]:
        self.encoded += len(passages)
        return super().encode_passages(passages)


class Dense(Counting):
    """BM25 with a dense vector beside it, so that both arms are compared."""

    name = "dense-for-tests"
    digest = "b2:dense-for-tests"  # type: ignore[assignment]
    dense_size = 16

    def encode_passages(self, passages: Sequence[PassageText]) -> list[Vectors]:
        made = []
        for passage, vector in zip(passages, super().encode_passages(passages), strict=True):
            dense = np.random.default_rng(len(passage.text)).standard_normal(16)
            unit = (dense / np.linalg.norm(dense)).astype(np.float32)
            made.append(Vectors(unit, vector.sparse))
        return made


Damage = Callable[["Planting"], int]


class Planting:
    """What a test needs to do damage: SQL, the open collection, the frozen folder."""

    def __init__(self, database: Database, home: Path) -> None:
        self.database, self.home = database, home

    def sql(self, statement: str, *values: object) -> list[tuple]:
        with self.database.raw() as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def first(self) -> int:
        """A passage of the page that has several."""
        ids = self.sql(
            "SELECT passage.id FROM passage JOIN page_version ON page_version.id = version_id "
            "JOIN page ON page.id = page_id WHERE page.url = %s ORDER BY ordinal",
            LONG,
        )
        assert len(ids) > 2
        return int(ids[0][0])

    @contextmanager
    def milvus(self) -> Iterator[tuple[VectorStore, str]]:
        with VectorStore(self.home / "milvus") as store:
            (collection,) = store.collections()
            store.prepare(collection, 0)
            yield store, collection
            store.flush(collection)

    def put(self, key: int, change: Callable[[Vectors], Vectors]) -> None:
        with self.milvus() as (store, collection):
            ((_, (vector,)),) = list(store.export(collection, [key]))
            store.upsert(collection, [key], [change(vector)])

    @property
    def folder(self) -> Path:
        return FrozenIndex.open(self.home / "frozen").folder


LONG = "https://long.test/page"


# Damage to the store. Each returns how many passages have to be encoded for the repair.


def row_lost(at: Planting) -> int:
    at.sql("DELETE FROM passage WHERE id = %s", at.first())
    return 1


def rows_of_a_page_lost(at: Planting) -> int:
    lost = at.sql(
        "DELETE FROM passage WHERE version_id = "
        "(SELECT version_id FROM passage WHERE id = %s) RETURNING id",
        at.first(),
    )
    return len(lost)


def span_wrong(at: Planting) -> int:
    at.sql('UPDATE passage SET "end" = "end" - 5 WHERE id = %s', at.first())
    return 1


def headings_wrong(at: Planting) -> int:
    at.sql("UPDATE passage SET headings = ARRAY['Other'] WHERE id = %s", at.first())
    return 1


def order_wrong(at: Planting) -> int:
    at.sql("UPDATE passage SET ordinal = 40 WHERE id = %s", at.first())
    return 1


COPY = (
    'INSERT INTO passage (id, version_id, ordinal, start, "end", headings, chunker, encoder) '
    "SELECT {id}, version_id, {ordinal}, {start}, {end}, headings, chunker, encoder "
    "FROM passage WHERE id = %s"
)


def row_doubled(at: Planting) -> int:
    at.sql(COPY.format(id=77, ordinal=50, start="start", end='"end"'), at.first())
    return 0


def row_surplus(at: Planting) -> int:
    at.sql(COPY.format(id=78, ordinal=51, start="start + 3", end='"end" + 3'), at.first())
    return 0


def row_of_another_text(at: Planting) -> int:
    at.sql("UPDATE passage SET id = 79 WHERE id = %s", at.first())
    return 1


def mark_lost(at: Planting) -> int:
    at.sql("UPDATE passage SET encoder = NULL WHERE id = %s", at.first())
    return 1


def mark_of_another_encoder(at: Planting) -> int:
    at.sql("UPDATE passage SET encoder = 'b2:other' WHERE id = %s", at.first())
    return 1


# Damage to Milvus.


def vector_lost(at: Planting) -> int:
    with at.milvus() as (store, collection):
        store.delete(collection, [at.first()])
    return 1


def vectors_all_lost(at: Planting) -> int:
    shutil.rmtree(at.home / "milvus")
    return int(at.sql("SELECT count(*) FROM passage")[0][0])


def vector_surplus(at: Planting) -> int:
    with at.milvus() as (store, collection):
        ((_, vectors),) = list(store.export(collection, [at.first()]))
        store.upsert(collection, [5, 6], [vectors[0], vectors[0]])
    return 0


def weight_changed(at: Planting) -> int:
    def change(vector: Vectors) -> Vectors:
        key = min(vector.sparse)
        return Vectors(vector.dense, {**vector.sparse, key: vector.sparse[key] * 1.5})

    at.put(at.first(), change)
    return 1


def term_changed(at: Planting) -> int:
    at.put(at.first(), lambda vector: Vectors(vector.dense, {**vector.sparse, 12345: 1.0}))
    return 1


def dense_changed(at: Planting) -> int:
    def change(vector: Vectors) -> Vectors:
        assert vector.dense is not None
        return Vectors(-vector.dense, vector.sparse)

    at.put(at.first(), change)
    return 1


def dense_of_another_length(at: Planting) -> int:
    def change(vector: Vectors) -> Vectors:
        assert vector.dense is not None
        return Vectors(2 * vector.dense, vector.sparse)

    at.put(at.first(), change)
    return 1


def vectors_swapped(at: Planting) -> int:
    (first, second, *_) = [row[0] for row in at.sql("SELECT id FROM passage ORDER BY id")]
    with at.milvus() as (store, collection):
        ((_, vectors),) = list(store.export(collection, [first, second]))
        store.upsert(collection, [second, first], vectors)
    return 2


def collection_left(at: Planting) -> int:
    with at.milvus() as (store, _):
        store.prepare("passages_of_an_older_encoder", 0)
    return 0


def alias_lost(at: Planting) -> int:
    with at.milvus() as (store, _):
        store._client.drop_alias("passages_live")
    return 0


# Damage to the frozen files.


def file_flipped(at: Planting) -> int:
    path = at.folder / "posting_impact.npy"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    return 0


def file_cut_short(at: Planting) -> int:
    path = at.folder / "posting_passage.npy"
    path.write_bytes(path.read_bytes()[:-4])
    return 0


def manifest_altered(at: Planting) -> int:
    path = at.folder / "manifest.json"
    path.write_text(path.read_text().replace('"pages":7', '"pages":8'))
    return 0


def folder_lost(at: Planting) -> int:
    shutil.rmtree(at.folder)
    return 0


def frozen_forged(at: Planting, name: str, change: Callable[[np.ndarray], None]) -> None:
    """Write a frozen file anew with a manifest that fits it: only its content is wrong."""
    from indexer.frozen.files import entry, write_manifest
    from indexer.frozen.write import folder_name

    folder = at.folder
    values = json.loads((folder / "manifest.json").read_bytes())
    array = np.load(folder / f"{name}.npy")
    change(array)
    np.save(folder / f"{name}.npy", array)
    values["files"][f"{name}.npy"] = entry(folder / f"{name}.npy")
    (folder / "manifest.json").unlink()
    manifest = write_manifest(folder, values)
    renamed = folder.rename(folder.parent / folder_name(manifest.digest))
    (folder.parent / "current").write_text(f"{renamed.name}\n")


def frozen_impact_forged(at: Planting) -> int:
    def change(array: np.ndarray) -> None:
        array[0] += 1

    frozen_forged(at, "posting_impact", change)
    return 0


def frozen_dense_forged(at: Planting) -> int:
    def change(array: np.ndarray) -> None:
        array[-1, -1] ^= 1

    frozen_forged(at, "dense", change)
    return 0


def frozen_span_forged(at: Planting) -> int:
    def change(array: np.ndarray) -> None:
        array[0] += 1

    frozen_forged(at, "passage_end", change)
    return 0


def frozen_doubled(at: Planting) -> int:
    def change(array: np.ndarray) -> None:
        array[1] = array[0]

    frozen_forged(at, "passage_id", change)
    return 0


def frozen_other_passage(at: Planting) -> int:
    def change(array: np.ndarray) -> None:
        array[0] = 80

    frozen_forged(at, "passage_id", change)
    return 0


DAMAGE: dict[Damage, dict[str, int]] = {
    row_lost: {"store missing": 1},
    rows_of_a_page_lost: {"store unsplit": 1},
    span_wrong: {"store span": 1},
    headings_wrong: {"store span": 1},
    order_wrong: {"store span": 1},
    row_doubled: {"store doubled": 1},
    row_surplus: {"store surplus": 1},
    row_of_another_text: {"store changed": 1},
    mark_lost: {"store unencoded": 1},
    mark_of_another_encoder: {"store unencoded": 1},
    vector_lost: {"vectors missing": 1},
    vectors_all_lost: {"vectors missing": -1, "vectors unnamed": 1},
    vector_surplus: {"vectors surplus": 2},
    weight_changed: {"vectors changed": 1},
    term_changed: {"vectors changed": 1},
    dense_changed: {"vectors changed": 1},
    dense_of_another_length: {"vectors changed": 1},
    vectors_swapped: {"vectors changed": 2},
    collection_left: {"vectors unnamed": 1},
    alias_lost: {"vectors unnamed": 1},
    file_flipped: {"frozen digest": 1},
    file_cut_short: {"frozen unreadable": 1},
    manifest_altered: {"frozen unreadable": 1},
    folder_lost: {"frozen unreadable": 1},
    frozen_impact_forged: {"frozen changed": 1},
    frozen_dense_forged: {"frozen changed": 1},
    frozen_span_forged: {"frozen span": 1},
    frozen_doubled: {"frozen missing": 1, "frozen doubled": 1},
    frozen_other_passage: {"frozen missing": 1, "frozen surplus": 1},
}
