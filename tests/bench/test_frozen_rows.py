"""The made-up vectors are the same each time, and the measured search finds what it should."""

from pathlib import Path

from bench.frozen import freeze, hybrid, plainly
from bench.vectors import Made
from indexer.frozen import FrozenIndex


def test_the_measured_search_finds_the_exact_ten_best(tmp_path: Path) -> None:
    made = Made("overlapping", 600)
    freeze(tmp_path, made)
    index = FrozenIndex.open(tmp_path)
    for query in made.queries(5):
        assert hybrid(index, query) == plainly(index, query)


def test_the_same_numbers_give_the_same_vectors() -> None:
    one, other = (next(Made("clustered", 20).batches()) for _ in range(2))
    assert [v.sparse for v in one] == [v.sparse for v in other]
    assert all((a.dense == b.dense).all() for a, b in zip(one, other, strict=True))
    assert (one[0].dense != next(Made("overlapping", 20).batches())[0].dense).any()
