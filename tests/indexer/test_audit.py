"""`audit`: each kind of damage, planted in a real database, a real Milvus and real frozen files, is
found under its name, and repaired with no more encoding than it takes.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from indexer.audit import Audit, audit
from indexer.build import IndexReport, build
from indexer.encoders.base import PassageText, Vectors
from indexer.encoders.lexical import LexicalEncoder
from indexer.frozen import FrozenIndex
from indexer.milvus import VectorStore
from store.database import Database
from store.errors import DamagedPageError
from store.pages import PageStore

from .conftest import version


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


@pytest.fixture
def long_corpus(corpus: PageStore) -> PageStore:
    sections = [
        f"## Part {n}\n\n" + " ".join(f"word{n}x{i % 60}" for i in range(330)) for n in range(4)
    ]
    corpus.add([version(LONG, "Long", "# Long\n\n" + "\n\n".join(sections))])
    return corpus


def kinds(found: Audit) -> dict[str, int]:
    return {f"{one.part} {one.kind}": one.count for one in found.findings}


def state(home: Path) -> tuple[str, dict[str, bytes]]:
    index = FrozenIndex.open(home / "frozen")
    return index.digest, {path.name: path.read_bytes() for path in sorted(index.folder.iterdir())}


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


DENSE_ONLY = (dense_changed, dense_of_another_length, frozen_dense_forged)
BOTH = (vector_lost, weight_changed, vectors_swapped, frozen_impact_forged, folder_lost)
CASES = [
    pytest.param(damage, kind, id=f"{damage.__name__}-{kind.name}")
    for damage in DAMAGE
    for kind in (Counting, Dense)
    if damage in BOTH or (kind is Dense) == (damage in DENSE_ONLY)
]


@pytest.mark.parametrize(("damage", "kind"), CASES)
def test_each_kind_of_damage_is_found_and_repaired(
    database: Database, long_corpus: PageStore, home: Path, damage: Damage, kind: type[Counting]
) -> None:
    encoder = kind()
    report = build(database, home, encoder)
    whole = state(home)
    undamaged = audit(database, home, encoder, encode=False)
    assert undamaged.clean, undamaged
    assert (undamaged.before.passages, undamaged.before.vectors) == (report.passages,) * 2
    to_encode = damage(Planting(database, home))

    wanted = {key: report.passages if n < 0 else n for key, n in DAMAGE[damage].items()}
    found = audit(database, home, encoder)
    assert kinds(found.before) == wanted
    assert found.after is None
    assert not found.clean
    assert all(one.example for one in found.before.findings)

    mended = audit(database, home, encoder, encode=False, repair=True)
    assert kinds(mended.before) == wanted, "looking changes nothing"
    assert mended.clean, mended.after
    assert mended.encoded == to_encode
    assert state(home) == whole
    assert audit(database, home, encoder, encode=True).clean
    before = encoder.encoded
    assert build(database, home, encoder).unchanged
    assert encoder.encoded == before


def test_an_altered_vector_that_was_frozen_is_found_by_encoding_again(
    database: Database, long_corpus: PageStore, home: Path
) -> None:
    encoder = Counting()
    build(database, home, encoder)
    whole = state(home)
    weight_changed(Planting(database, home))
    shutil.rmtree(home / "frozen")
    build(database, home, encoder)
    assert state(home) != whole
    assert audit(database, home, encoder, encode=False).clean, "the two agree, and are both wrong"
    found = audit(database, home, encoder, repair=True)
    assert kinds(found.before) == {"vectors changed": 1, "frozen changed": 1}
    assert found.encoded == 1
    assert found.clean
    assert state(home) == whole


def test_what_a_crawl_brought_is_not_damage(
    database: Database, long_corpus: PageStore, home: Path
) -> None:
    encoder = Counting()
    build(database, home, encoder)
    long_corpus.add([version("https://new.test/", "Zambezi", "The Zambezi flows to Mozambique.")])
    long_corpus.add([version("https://almanac.test/vienna", "Vienna", "A giant ferris wheel.")])
    found = audit(database, home, encoder)
    assert kinds(found.before) == {"store unsplit": 2, "store stale": 1, "frozen stale": 1}
    assert all(one.behind for one in found.before.findings)
    mended = audit(database, home, encoder, repair=True)
    assert mended.clean
    assert (mended.encoded, mended.deleted) == (2, 1)


def test_nothing_indexed_yet(database: Database, long_corpus: PageStore, home: Path) -> None:
    encoder = Counting()
    found = audit(database, home, encoder)
    assert kinds(found.before) == {"store unsplit": 7, "frozen absent": 1}
    assert not (home / "frozen").exists()
    assert audit(database, home, encoder, repair=True).clean


def test_another_encoder_is_not_damage_either(
    database: Database, long_corpus: PageStore, home: Path
) -> None:
    build(database, home, Counting())
    passages = audit(database, home, Counting()).before.passages
    found = audit(database, home, Dense())
    assert kinds(found.before) == {
        "store unencoded": passages,
        "vectors unnamed": 1,
        "frozen stale": 1,
    }
    assert audit(database, home, Dense(), repair=True).encoded == passages
    assert audit(database, home, Dense()).clean


def test_two_collections_are_told_apart(
    database: Database, long_corpus: PageStore, home: Path
) -> None:
    encoder = Counting()
    PageStore(database, "notes").add([version(LONG, "Long", "The same address elsewhere.")])
    build(database, home, encoder)
    assert audit(database, home, encoder).clean
    found = audit(database, home, encoder, collection="notes")
    assert kinds(found.before) == {"frozen absent": 1}
    build(database, home, encoder, collection="notes")
    assert audit(database, home, encoder, collection="notes").clean
    assert audit(database, home, encoder).clean


def test_a_delta_is_compared_with_its_base(
    database: Database, long_corpus: PageStore, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from indexer.frozen import delta

    monkeypatch.setattr(delta, "BASE_FROM", 1)
    monkeypatch.setattr(delta, "SHARE", 1)
    encoder = Dense()

    def run() -> IndexReport:
        return build(database, home, encoder)

    run()
    long_corpus.add([version("https://new.test/", "Zambezi", "The Zambezi flows to Mozambique.")])
    long_corpus.add([version("https://almanac.test/vienna", "Vienna", "A giant ferris wheel.")])
    run()
    index = FrozenIndex.open(home / "frozen")
    assert len(index.segments) == 2
    assert audit(database, home, encoder).clean
    weight_changed(Planting(database, home))
    found = audit(database, home, encoder, repair=True)
    assert kinds(found.before) == {"vectors changed": 1}
    assert found.clean
    assert FrozenIndex.open(home / "frozen").digest == index.digest
    damaged = index.base.folder / "dense.npy"
    data = bytearray(damaged.read_bytes())
    data[-1] ^= 1
    damaged.write_bytes(data)
    assert kinds(audit(database, home, encoder).before) == {"frozen digest": 1}
    assert audit(database, home, encoder, repair=True).clean
    assert len(FrozenIndex.open(home / "frozen").segments) == 1


def test_a_damaged_page_is_named_and_left_to_its_own_repair(
    database: Database, long_corpus: PageStore, home: Path
) -> None:
    encoder = Counting()
    build(database, home, encoder)
    Planting(database, home).sql(
        "UPDATE page_version SET body = 'no zstd' WHERE id = "
        "(SELECT current_version FROM page WHERE url = %s)",
        LONG,
    )
    found = audit(database, home, encoder)
    assert kinds(found.before) == {"store unreadable": 1}
    with pytest.raises(DamagedPageError, match="crawl or import that page again"):
        audit(database, home, encoder, repair=True)


def test_numbers_of_frozen_rows_are_those_of_the_vectors(
    database: Database, long_corpus: PageStore, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from indexer.audit import prints
    from indexer.audit.prints import prints_of_folder, prints_of_vectors

    encoder = Dense()
    build(database, home, encoder)
    index = FrozenIndex.open(home / "frozen")
    with Planting(database, home).milvus() as (store, collection):
        ids = index.column("passage_id").tolist()
        vectors = [v for _, batch in store.export(collection, ids) for v in batch]
    ceiling = encoder.impact_ceiling
    mine = prints_of_vectors(vectors, ceiling)
    assert mine.tolist() == prints_of_folder(index.folder, index.passages, 16).tolist()
    monkeypatch.setattr(prints, "BLOCK", 50)
    assert mine.tolist() == prints_of_folder(index.folder, index.passages, 16).tolist()
    different = {(tuple(v.sparse.items()), v.dense.tobytes()) for v in vectors}
    assert len(set(mine.tolist())) == len(different) > 10
    # One unit in one place of one arm is another number.
    dense = vectors[0].dense.copy()
    dense[3] += 1e-4
    turned = prints_of_vectors([Vectors(dense, vectors[0].sparse)], ceiling)
    assert turned[0] != mine[0]
