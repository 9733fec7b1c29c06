"""`audit`: each kind of damage, planted in a real database, a real Milvus and real frozen files, is
found under its name, and repaired with no more encoding than it takes.
"""

import shutil
from pathlib import Path

import pytest

from indexer.audit import Audit, audit
from indexer.build import IndexReport, build
from indexer.encoders.base import Vectors
from indexer.frozen import FrozenIndex
from store.database import Database
from store.errors import DamagedPageError
from store.pages import PageStore

from .conftest import version
from .planting import (
    DAMAGE,
    LONG,
    Counting,
    Damage,
    Dense,
    Planting,
    dense_changed,
    dense_of_another_length,
    folder_lost,
    frozen_dense_forged,
    frozen_impact_forged,
    vector_lost,
    vectors_swapped,
    weight_changed,
)


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
