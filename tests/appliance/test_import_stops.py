"""Ctrl-C while importing and watching: what was read is stored, and the same command goes on."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.making import MAKERS
from store.database import Database
from store.imports import Imports
from store.pages import PageStore

from .conftest import ROOT

PATIENCE = 90.0


@pytest.fixture
def environment(database: Database, tmp_path: Path) -> dict[str, str]:
    home = {"APPLIANCE_HOME": str(tmp_path / "home"), "APPLIANCE_DATABASE_URL": database.url}
    return {**os.environ, **home, "PYTHONPATH": str(ROOT)}


@contextmanager
def started(
    arguments: Sequence[str], environment: dict[str, str]
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "appliance", "import", *arguments],
        env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(true: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_ctrl_c_stores_what_was_read(
    database: Database, tmp_path: Path, environment: dict[str, str]
) -> None:
    path = MAKERS["jsonl"](tmp_path, 6000)
    store = PageStore(database)
    with started([str(path)], environment) as process:
        until(lambda: store.count() > 0, process)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, said
    assert "Not all of it is stored (stopped); run the same command to go on." in said
    assert "stopped; what was read is stored, run the same command to go on" in said
    job = Imports(database, "web").find(str(path))
    assert job is not None
    assert job.state == "stopped"
    assert 0 < job.items == store.count() < 6000
    with started([str(path)], environment) as process:
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    assert f"It went on after {job.items:,} items that were stored already." in said
    assert store.count() == 6000


def test_watching_imports_what_changes(
    database: Database, tmp_path: Path, environment: dict[str, str]
) -> None:
    path = MAKERS["jsonl"](tmp_path, 2)
    store = PageStore(database)
    with started([str(path), "--watch"], environment) as process:
        until(lambda: store.count() == 2, process)
        MAKERS["jsonl"](tmp_path, 5)
        until(lambda: store.count() == 5, process)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    assert said.rstrip().endswith("stopped watching")
    assert "2 new" in said
    assert "3 new, 0 changed, 2 unchanged" in said


def test_the_last_import_of_a_watched_path_decides(
    database: Database, tmp_path: Path, environment: dict[str, str]
) -> None:
    path = MAKERS["jsonl"](tmp_path, 2)
    store = PageStore(database)
    with started([str(path), "--watch"], environment) as process:
        until(lambda: store.count() == 2, process)
        path.write_bytes(b"\x7fELF\0")
        assert process.stderr is not None
        for line in process.stderr:
            if "which no importer reads" in line:
                break
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
