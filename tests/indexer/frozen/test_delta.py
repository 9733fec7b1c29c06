"""A base and a delta are searched as one: every result is that of a full freeze."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.encoders.base import QueryVectors
from indexer.errors import IndexDamaged
from indexer.frozen import FrozenIndex, delta, publish, write
from indexer.query import parse
from indexer.ranking import Fusion, rank
from store.page import PageVersion

from ..conftest import WHEN
from .conftest import CEILING, HEADER, SIZE, Piece, contents, freeze, piece, questions


def add_delta(root: Path, pieces: list[Piece], dense: bool = True) -> FrozenIndex:
    """Publish what differs from the current base as its delta."""
    base = FrozenIndex.open(root).base
    ordered, pages, passages = contents(pieces)
    change = delta.change(base, pages, passages)
    vectors = {p.page: p.vectors for p in ordered}
    batch = [vector for page in change.pages for vector in vectors[page]]
    header = {**HEADER, **delta.header(base, pages, passages)}
    manifest = write(
        root, header, change.pages, change.passages, [batch], SIZE if dense else 0, CEILING,
        delta.columns(base, change),
    )  # fmt: skip
    publish(root, manifest)
    return FrozenIndex.open(root)


def results(index: FrozenIndex, query: QueryVectors, fusion: Fusion, allowed: bool) -> list[object]:
    """Everything that a search shows, without row numbers."""
    mask = None
    if allowed:
        mask = np.isin(index.column("page_site"), [index.sites.index("site1.test")])

    def text(version_id: int) -> PageVersion:
        return PageVersion(f"https://site0.test/{version_id}", "Page", "", WHEN)

    ranked = rank(index, query, parse("page"), mask, [query.terms[:2]], text, fusion, 10)
    return [
        (r.page.url, r.page.title, r.page.site, r.page.version_id, r.score, r.spans) for r in ranked
    ]


def same(one: FrozenIndex, other: FrozenIndex, dense: bool) -> None:
    assert (one.live_pages, one.passages) == (other.pages, other.passages)
    assert one.languages == other.languages
    few = Fusion(candidates=5)
    for query in questions(12, dense):
        for term in query.terms:
            assert one.rarity(term) == other.rarity(term)
            assert len(one.passages_with(term)) == len(other.passages_with(term))
        urls = [[i.page(p).url for p in i.best_pages(query, 6)] for i in (one, other)]
        assert urls[0] == urls[1]
        for fusion in (few, Fusion(), Fusion(method="rrf", candidates=5)):
            for allowed in (False, True):
                assert results(one, query, fusion, allowed) == results(
                    other, query, fusion, allowed
                )


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.integers(0, 60), min_size=8, max_size=40, unique=True),
    st.sets(st.integers(0, 80), min_size=0, max_size=12),
    st.sets(st.integers(0, 60), max_size=8),
    st.booleans(),
)
def test_base_and_delta_are_as_good_as_a_full_freeze(
    tmp_path_factory: pytest.TempPathFactory,
    before: list[int],
    new: set[int],
    gone: set[int],
    dense: bool,
) -> None:
    root = tmp_path_factory.mktemp("delta")
    freeze(root / "base", [piece(n, dense=dense) for n in before], dense)
    # New pages, pages with another edition, pages that went; page 1 keeps site1 in the index.
    after = dict.fromkeys((set(before) - gone) | {1}, 0) | dict.fromkeys(new, 1)
    pieces = [piece(n, edition, dense=dense) for n, edition in sorted(after.items())]
    whole = freeze(root / "whole", pieces, dense)
    parts = add_delta(root / "base", pieces, dense)
    assert len(parts.segments) == 2
    same(parts, whole, dense)
    # A second delta replaces the first; it is again relative to the base.
    pieces = pieces[::2] + [piece(n, dense=dense) for n in (90, 91)] + [piece(1, 5, dense=dense)]
    pieces = list({p.page.url: p for p in pieces}.values())
    same(add_delta(root / "base", pieces, dense), freeze(root / "whole", pieces, dense), dense)
    shutil.rmtree(root)


def test_the_base_is_kept_as_long_as_a_delta_needs_it(tmp_path: Path) -> None:
    pieces = [piece(n) for n in range(20)]
    base = freeze(tmp_path, pieces)
    for edition in range(1, 4):
        pieces[edition] = piece(edition, 9)
        index = add_delta(tmp_path, pieces)
        assert index.base.folder == base.folder
        assert index.verify() == []
    assert len([p for p in tmp_path.iterdir() if p.is_dir()]) == 3
    freeze(tmp_path, pieces)
    freeze(tmp_path, pieces[1:])
    assert not base.folder.exists()


def test_an_unchanged_corpus_is_an_empty_change(tmp_path: Path) -> None:
    pieces = [piece(n) for n in range(20)]
    base = freeze(tmp_path, pieces).base
    _, pages, passages = contents(pieces)
    change = delta.change(base, pages, passages)
    assert (change.pages, change.gone, change.passages) == ([], [], [])
    _, pages, passages = contents([*pieces[1:], piece(0, 1), piece(30)])
    change = delta.change(base, pages, passages)
    assert len(change.pages) == 2
    assert [base.record(row)[0] for row in change.gone] == [pieces[0].page.url]


def test_small_bases_and_large_changes_are_frozen_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = [piece(n) for n in range(60)]
    base = freeze(tmp_path, pieces).base
    _, pages, passages = contents([*pieces, piece(70)])
    change = delta.change(base, pages, passages)
    assert not delta.worth(base, change)
    monkeypatch.setattr(delta, "BASE_FROM", 50)
    assert delta.worth(base, change)
    monkeypatch.setattr(delta, "MOST", 0)
    assert not delta.worth(base, change)
    monkeypatch.undo()
    monkeypatch.setattr(delta, "BASE_FROM", 50)
    _, pages, passages = contents([*pieces[:40], *(piece(n) for n in range(100, 120))])
    assert not delta.worth(base, delta.change(base, pages, passages))


def test_a_delta_without_its_base_is_damage(tmp_path: Path) -> None:
    base = freeze(tmp_path, [piece(n) for n in range(20)])
    add_delta(tmp_path, [piece(n) for n in range(21)])
    (base.folder / "terms.npy").unlink()
    with pytest.raises(IndexDamaged, match="run appliance index"):
        FrozenIndex.open(tmp_path)
    shutil.rmtree(base.folder)
    with pytest.raises(IndexDamaged, match="run appliance index"):
        FrozenIndex.open(tmp_path)
