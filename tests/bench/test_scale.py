"""The bench of many pages: the pages are the same each time and like real ones, and its rows hold
what was measured.
"""

import random
import statistics
from collections import Counter
from pathlib import Path

import pytest

from bench import manypages, misses, scale
from store.cluster import Cluster
from store.database import open_database
from store.pages import PageStore


def test_lengths_are_those_that_were_measured() -> None:
    chance = random.Random(1)
    lengths = sorted(manypages.length(chance, 1) for _ in range(20_000))
    for share, wanted in zip(manypages.QUANTILES[2:], manypages.LENGTHS[2:], strict=True):
        assert lengths[int(share * len(lengths))] == pytest.approx(wanted, rel=0.15)
    assert statistics.mean(lengths) == pytest.approx(24_921, rel=0.05)


def test_words_are_spread_as_zipf_has_them_and_pages_come_again() -> None:
    counts = Counter(manypages.drawn(random.Random(1), 50_000)).most_common(100)
    assert counts[0][1] / counts[9][1] == pytest.approx(10, rel=0.3)
    page = manypages.page(2)
    assert page == manypages.page(2)
    assert page.text != manypages.page(5).text
    urls = {manypages.address(number) for number in range(3_000)}
    assert len(urls) == 3_000


@pytest.mark.parametrize("kind", misses.KINDS)
def test_what_is_missed_is_not_there(kind: str) -> None:
    stored = {manypages.address(number) for number in range(300)}
    asked = misses.missed(kind, 50, 300)
    assert asked == misses.missed(kind, 50, 300)
    assert stored.isdisjoint(wrong for wrong, _ in asked)
    assert stored.issuperset(meant for _, meant in asked if meant)


def test_the_rows_of_a_small_store_and_of_one_that_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(scale.SIZES, "600,200")
    monkeypatch.setenv(scale.KEPT, str(tmp_path))
    monkeypatch.setattr(scale, "MISSES", 10)
    try:
        first = {row.name: row for row in scale.rows(full=False)}
        with open_database(tmp_path) as database:
            assert PageStore(database).count() == 600
            stored = database.identity()
        again = {row.name: row for row in scale.rows(full=False)}
        with open_database(tmp_path) as database:
            assert (PageStore(database).count(), database.identity()) == (600, stored)
    finally:
        Cluster(tmp_path / "postgres").stop()
    assert first == again
    whole = first["bytes a page on disk of 600 pages"].figure
    parts = [row.figure for name, row in first.items() if name.startswith("bytes a page: ")]
    assert sum(parts) == pytest.approx(whole)
    assert first["nearest pages, misspelled, of 600 pages: the page meant is named"].met
    # What a few seconds say of growth is no promise.
    assert first["import, the last 40 of 600 pages"].met is None
