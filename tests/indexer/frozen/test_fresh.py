"""Fresh processes freeze and search alike, whatever the processor lets libraries use."""

import os
import subprocess
import sys
from pathlib import Path

import numpy._core._multiarray_umath as core
import pytest

from ..conftest import ROOT

SOURCE = """
import hashlib, sys
from pathlib import Path
import numpy as np
import indexer.frozen.dense as dense
dense.LISTS_FROM = 300
dense.BITS = (int(sys.argv[2]),)
from indexer.encoders.base import QueryVectors, Term, Vectors
from indexer.frozen import FrozenIndex, FrozenPage, FrozenPassage, publish, write
integers = np.random.default_rng(3).integers(-1000, 1000, (1500, 256))
rows = integers / np.sqrt((integers * integers).sum(axis=1, keepdims=True))
rows = (rows + np.roll(rows, 7, axis=0)) / 2
pages = [FrozenPage(f"https://a.test/{i:05}", "", "a.test", "", i) for i in range(500)]
passages = [FrozenPassage(i, i // 3, i, i + 1) for i in range(1500)]
batch = [Vectors(row, {int(i % 7) + 1: 0.3, int(i % 11) + 9: 1.1}) for i, row in enumerate(rows)]
root = Path(sys.argv[1])
header = {"encoder": {}, "chunker": "", "uses_rarity": True}
publish(root, write(root, header, pages, passages, [batch], 256, 2.0))
index = FrozenIndex.open(root)
print(index.digest)
seen = hashlib.sha256()
for row in rows[::100]:
    query = QueryVectors(row[::-1].copy(), (Term((3,), 1.0), Term((9, 12), 1.0)))
    found = index.found(query, index.best_pages(query, 10))
    seen.update(repr((found.pages, found.sparse.tolist(), found.dense.tolist())).encode())
print(seen.hexdigest())
"""

CALIBRATED = """
import hashlib, json, sys
from pathlib import Path
import faiss
import numpy as np
from bench.vectors import SIZE, Made
from indexer.frozen import dense
from indexer.frozen.clusters import points, quantise
from indexer.frozen.lists import Lists
dense.BITS = (int(sys.argv[2]),)
folder = Path(sys.argv[1])
folder.mkdir()
batches = Made("overlapping", 6000).batches()
np.save(folder / "dense.npy", quantise(np.stack([v.dense for batch in batches for v in batch])))
calibrating, seen = hashlib.sha256(), hashlib.sha256()
search = Lists.search
def watched(self, *words):
    rows, estimates = search(self, *words)
    calibrating.update(rows.tobytes() + estimates.tobytes())
    return rows, estimates
Lists.search = watched
facts = dense.write_lists(folder, lambda: None)
print(json.dumps(facts))
lists = Lists(folder, lambda: None, facts["lists"], SIZE)
for query in quantise(np.stack([query.dense for query in Made("overlapping", 6000).queries(20)])):
    seen.update(search(lists, query, 32, 400)[1].tobytes())
print(calibrating.hexdigest())
print(faiss.SIMDConfig.get_level_name(), seen.hexdigest())
"""

LESSER = {
    "FAISS_SIMD_LEVEL": "NONE",
    "NPY_DISABLE_CPU_FEATURES": " ".join(
        name for name in core.__cpu_dispatch__ if core.__cpu_features__.get(name)
    ),
    "OPENBLAS_CORETYPE": "Nehalem",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX2,-AVX,-FMA",
    "OMP_NUM_THREADS": "2",
    "PYTHONHASHSEED": "7",
}


def run(folder: Path, bits: int, source: str = SOURCE, **environment: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", source, str(folder), str(bits)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.machine
@pytest.mark.parametrize("bits", [1, 2])
def test_a_lesser_instruction_set_freezes_and_finds_the_same(tmp_path: Path, bits: int) -> None:
    usual = run(tmp_path / "usual", bits)
    assert run(tmp_path / "again", bits, PYTHONHASHSEED="3") == usual
    if os.uname().machine != "x86_64":
        pytest.skip("the names of instruction sets are those of x86-64")
    files = [{p.name: p.read_bytes() for p in (tmp_path / "usual").glob("*/*")}]
    lesser = run(tmp_path / "lesser", bits, **LESSER)
    files.append({p.name: p.read_bytes() for p in (tmp_path / "lesser").glob("*/*")})
    assert [n for n in files[0] if files[0][n] != files[1][n]] == []
    assert lesser == usual


@pytest.mark.machine
@pytest.mark.parametrize("bits", [1, 2])
def test_a_lesser_instruction_set_calibrates_on_the_same_estimates(
    tmp_path: Path, bits: int
) -> None:
    if os.uname().machine != "x86_64":
        pytest.skip("the names of instruction sets are those of x86-64")
    *usual, estimates = run(tmp_path / "usual", bits, CALIBRATED)
    *lesser, others = run(tmp_path / "lesser", bits, CALIBRATED, **LESSER)
    assert lesser == usual
    for name in ("dense.faiss", "centres.npy"):
        assert (tmp_path / "usual" / name).read_bytes() == (tmp_path / "lesser" / name).read_bytes()
    # The guard's twin: the estimates of a query differ where the processor offers more.
    assert others.split()[0] == "NONE"
    assert estimates.split()[0] == "NONE" or estimates.split()[1] != others.split()[1]
