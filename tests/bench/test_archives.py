"""The harness of damaged archives: a few of every format, and that it sees what goes wrong."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import bench.archives
from bench.archives import Outcome, run
from bench.damaging import damaged
from bench.hostile_archives import HOSTILE
from bench.making import MAKERS
from importers.formats import FORMATS, detect

ROOT = Path(__file__).resolve().parents[2]
COUNT = 2 * len(MAKERS)


def test_damaged_archives_neither_crash_nor_escape() -> None:
    outcome = run(COUNT)
    assert outcome.wrong == []
    assert outcome.tried == COUNT + len(HOSTILE)


def test_every_format_has_a_maker_and_each_maker_its_format(tmp_path: Path) -> None:
    for name, make in MAKERS.items():
        folder = tmp_path / name
        folder.mkdir()
        assert name.partition(".")[0] == detect(make(folder, 2)).NAME
    assert {name.partition(".")[0] for name in MAKERS} <= set(FORMATS)


def test_damage_is_the_same_for_the_same_seed() -> None:
    data = bytes(range(256)) * 20
    assert damaged(data, 3) == damaged(data, 3)
    assert len({damaged(data, seed)[0] for seed in range(60)}) > 50
    assert damaged(b"", 1)[0] == b""


def test_a_crash_is_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The child dies of the first archive, and the next one is tried all the same."""
    real = subprocess.Popen

    def dies(argv: list[str], **named: Any) -> Any:
        code = (
            "import json, os, sys; job = json.load(sys.stdin); b = job['begin']\n"
            "print(json.dumps({'begin': b}), flush=True)\n"
            "os.abort()"
        )
        return real([sys.executable, "-c", code], **named)

    monkeypatch.setattr(bench.archives.subprocess, "Popen", dies)
    outcome = Outcome()
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()
    assert bench.archives._batch("", tmp_path, ["m:a", "m:b"], 0, 1, outcome) == 1
    assert outcome.wrong == ["0 (m:a): the importing process ended with -6"]


def test_a_file_outside_is_seen(tmp_path: Path) -> None:
    code = (
        "import json, sys; from pathlib import Path; from bench.archives import _watch_writes\n"
        f"root, found = Path({str(tmp_path)!r}), []\n"
        "(root / 'home').mkdir(); _watch_writes(root, found)\n"
        "(root / 'home' / 'a').write_text('x'); (root / 'home' / 'a').read_text()\n"
        "(root / 'b').write_text('x'); (root / 'c').mkdir()\n"
        "print(json.dumps(found))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [str(tmp_path / "b"), str(tmp_path / "c")]
