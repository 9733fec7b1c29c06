"""kill -9 while encoding, upserting and freezing: the next run ends as an undisturbed one does."""

import itertools
import os
import random
import shutil
import sys
from pathlib import Path

import pytest

from bench.killing import Tally, Target, strike, undisturbed
from indexer.audit import audit
from indexer.build import build
from indexer.encoders.lexical import LexicalEncoder
from indexer.frozen import FrozenIndex
from indexer.milvus import VectorStore
from store.database import Database
from store.pages import PageStore
from store.passages import PassageStore

from .conftest import ROOT, version

KILLS = int(os.environ.get("APPLIANCE_KILLS", "10"))
IN_FLIGHT = 0.8
PAGES = 200
ENCODER = LexicalEncoder()
# Small batches, so that a run has many of them; each stage is named when it begins.
CHILD = """
import sys
from pathlib import Path
import indexer.build as build
from indexer.encoders.lexical import LexicalEncoder
from indexer.milvus import VectorStore
from store.database import Database

def told(owner, name, stage):
    real = getattr(owner, name)
    def call(*arguments, **named):
        print("stage:", stage, flush=True)
        return real(*arguments, **named)
    setattr(owner, name, call)

build.BATCH, build.FLUSH = 8, 32
told(LexicalEncoder, "encode_passages", "encoding")
told(VectorStore, "upsert", "upserting")
told(VectorStore, "flush", "flushing")
told(build.Run, "prepare", "preparing")
told(build.Run, "_split", "splitting")
told(build.Run, "freeze", "freezing")
told(build, "publish", "publishing")
told(build.Generations, "publish", "swapping")
with Database(sys.argv[1]) as db:
    build.build(db, Path(sys.argv[2]), LexicalEncoder(), rebuild=sys.argv[3] == "rebuild")
"""


# Set-up is over when Milvus is open; where freezing alone is struck, when that begins.
FIRST, REBUILD, FREEZE = "first", "rebuild", "freeze"
READY = {FIRST: "stage: preparing", REBUILD: "stage: preparing", FREEZE: "stage: freezing"}


def target(database: Database, home: Path, how: str) -> Target:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    argv = [sys.executable, "-c", CHILD, database.url, str(home), how]
    return Target(argv, environment, READY[how])


@pytest.fixture
def pages(database: Database) -> None:
    words = [f"word{i}" for i in range(400)]
    chance = random.Random(7)
    PageStore(database).add(
        [
            version(f"https://kill.test/{i}", f"Page {i}", " ".join(chance.choices(words, k=250)))
            for i in range(PAGES)
        ]
    )


def files(home: Path) -> dict[str, bytes]:
    folder = FrozenIndex.open(home / "frozen").folder
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def forget(database: Database, home: Path) -> None:
    """Back to before the first run."""
    with database.raw() as connection:
        connection.execute(b"DELETE FROM passage")
    shutil.rmtree(home, ignore_errors=True)


@pytest.mark.kill
def test_a_killed_run_is_finished_by_the_next(
    database: Database, pages: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By turns a first run, a rebuild of a whole index and freezing alone are killed."""
    home = tmp_path / "home"
    before = {
        FIRST: lambda: forget(database, home),
        REBUILD: lambda: None,
        FREEZE: lambda: shutil.rmtree(home / "frozen"),
    }
    tallies = {}
    for number, how in enumerate(READY):
        before[how]()
        seconds = undisturbed(target(database, home, how))
        share = len(range(number, KILLS, len(READY)))
        tallies[how] = Tally(share, seconds, seed=number)
        if how == FIRST:
            wanted, everything = files(home), keys(home)
        assert files(home) == wanted
    moments = {how: iter(tally.moments()) for how, tally in tallies.items()}
    for how in itertools.islice(itertools.cycle(READY), KILLS):
        tally = tallies[how]
        before[how]()
        tally.add(strike(target(database, home, how), next(moments[how]) * tally.seconds))
        check_resumed(database, home, wanted, everything)
    with capsys.disabled():
        for how, tally in tallies.items():
            print(f"\nkills of index, {how}: {tally}", end="")
    landed = sum(blow.landed for tally in tallies.values() for blow in tally.blows)
    assert landed >= int(IN_FLIGHT * KILLS)


def keys(home: Path) -> list[int]:
    """The ids in the only collection, whose number of rows must be theirs."""
    with VectorStore(home / "milvus") as store:
        (collection,) = store.collections()
        store.load(collection)
        found = store.keys(collection)
        assert store.count(collection) == len(found)
    return found


def check_resumed(
    database: Database, home: Path, wanted: dict[str, bytes], everything: list[int]
) -> None:
    """Resume, and compare with what an undisturbed run leaves."""
    marked = PassageStore(database).count(ENCODER.digest)
    report = build(database, home, ENCODER)
    # Nothing that was settled is encoded again, unless Milvus has lost it.
    assert report.encoded == len(everything) - marked
    assert files(home) == wanted
    found = audit(database, home, ENCODER)
    assert found.clean, found.before
    assert (found.before.passages, found.before.vectors) == (len(everything), len(everything))
    assert keys(home) == everything
    assert build(database, home, ENCODER).unchanged


@pytest.mark.kill
def test_a_run_killed_over_and_over_is_finished_all_the_same(
    database: Database, pages: None, tmp_path: Path
) -> None:
    """No run in between is left to end: each kill finds what the one before left."""
    home = tmp_path / "home"
    first = target(database, home, "first")
    seconds = undisturbed(first)
    wanted, everything = files(home), keys(home)
    forget(database, home)
    chance = random.Random(6)
    for how in itertools.islice(itertools.cycle(("first", "first", "rebuild")), 6):
        strike(target(database, home, how), chance.random() * seconds)
    check_resumed(database, home, wanted, everything)


def test_a_kill_too_late_does_not_count_as_landed(tmp_path: Path) -> None:
    quick = Target([sys.executable, "-c", "print('ready')"], os.environ, "ready")
    late = strike(quick, 20)
    assert (late.landed, late.code) == (False, 0)
    tally = Tally(2, 20.0)
    tally.add(late)
    assert tally.share == 0
    assert tally.seconds < 20
    slow = "import time; print('stage: asleep'); print('ready', flush=True); time.sleep(60)"
    hit = strike(Target([sys.executable, "-c", slow], os.environ, "ready"), 0.05)
    assert (hit.landed, hit.stage) == (True, "asleep")
    tally.add(hit)
    assert tally.share == 0.5
    assert "50% in flight (1 in asleep)" in str(tally)


def test_set_up_is_not_struck() -> None:
    code = "import time; time.sleep(1); print('ready', flush=True); time.sleep(60)"
    blow = strike(Target([sys.executable, "-c", code], os.environ, "ready"), 0.0)
    assert blow.landed
    assert blow.seconds < 1


def test_moments_are_spread_over_the_whole() -> None:
    found = Tally(1000, 1.0).moments()
    assert found == Tally(1000, 1.0).moments()
    assert found != Tally(1000, 1.0, seed=9).moments()
    tenths = [sum(int(m * 10) == n for m in found) for n in range(10)]
    assert min(tenths) > 70
