"""The compiled loops: made once, loaded elsewhere without compiling, and never needed."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexer.frozen import FrozenIndex, compiled
from indexer.frozen.compiled import Loops

from .conftest import freeze, piece, questions

LOADED = """
import sys
from pathlib import Path
from indexer.frozen import compiled
kernels = compiled.load(Path(sys.argv[1]))
for name in ("top", "at", "dots"):
    stats = getattr(kernels, name).stats
    print(name, sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))
"""


@pytest.fixture
def unloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what other tests have loaded."""
    monkeypatch.delitem(sys.modules, compiled.NAME, raising=False)


def test_another_process_loads_and_compiles_nothing(
    tmp_path: Path, unloaded: None, fresh: Callable[..., str]
) -> None:
    folder = tmp_path / "kernels"
    assert compiled.warm(folder)
    assert compiled.warm(folder), "a second time there is nothing to do"
    assert fresh(LOADED, str(folder)) == "top 1 0\nat 1 0\ndots 1 0\n"


def test_without_code_for_this_machine_numpy_is_used(tmp_path: Path, unloaded: None) -> None:
    assert compiled.load(tmp_path / "nowhere") is None
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "ready-of-another-machine").touch()
    assert compiled.load(tmp_path / "kernels") is None


def test_without_numba_numpy_is_used(
    tmp_path: Path, unloaded: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    assert not compiled.warm(tmp_path / "kernels")
    (tmp_path / "kernels").mkdir(exist_ok=True)
    assert compiled.load(tmp_path / "kernels") is None


def test_where_nothing_can_be_kept_nothing_is_compiled(tmp_path: Path, unloaded: None) -> None:
    (tmp_path / "kernels").write_text("a file")
    assert not compiled.warm(tmp_path / "kernels")
    assert compiled.NAME not in sys.modules


def test_the_second_search_loads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[Path] = []

    def load(folder: Path) -> Any:
        asked.append(folder)
        return "kernels"

    monkeypatch.setattr(compiled, "load", load)
    loops = Loops(tmp_path)
    loops.searching()
    assert (loops(), asked) == (None, [])
    loops.searching()
    loops.searching()
    assert (loops(), asked) == ("kernels", [tmp_path])
    small = Loops(None)
    small.prepare()
    assert small() is None


def test_a_large_index_is_searched_with_compiled_loops_and_finds_the_same(
    tmp_path: Path, kernels: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = [piece(n) for n in range(80)]
    plain = freeze(tmp_path, pieces)
    monkeypatch.setattr(compiled, "KERNELS_FROM", 10)
    monkeypatch.setattr(compiled, "load", lambda folder: kernels)
    index = FrozenIndex.open(tmp_path)
    index.prepare()
    for query in questions(20):
        one, other = (i.found(query, i.best_pages(query, 9)) for i in (plain, index))
        assert one.pages == other.pages
        assert one.sparse.tolist() == other.sparse.tolist()
        assert one.dense is not None
        assert other.dense is not None
        assert one.dense.tolist() == other.dense.tolist()
