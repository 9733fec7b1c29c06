"""What tells a folder from what it was before: everything in it counts, whatever it is."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from importers.run import ImportOptions, fingerprint, run_import
from store.database import Database
from store.pages import PageStore

OPTIONS = ImportOptions(workers=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    (folder / ".hidden").mkdir(parents=True)
    for name in "abc":
        (folder / f"{name}.txt").write_text(f"Page {name}: herons stand in the water of the bay.")
    return folder


def test_a_folder_that_lost_a_hidden_one_loses_no_page(database: Database, folder: Path) -> None:
    first = run_import(database, folder, ImportOptions(workers=1, limit=1))
    assert (first.state, first.new) == ("limited", 1)
    (folder / ".hidden").rmdir()
    run_import(database, folder, OPTIONS)
    assert PageStore(database).count() == 3


@pytest.mark.parametrize(
    "change",
    [
        lambda at: (at / ".hidden").rmdir(),
        lambda at: (at / "broken").symlink_to("nowhere"),
        lambda at: os.mkfifo(at / "pipe"),
        lambda at: (at / "empty").mkdir(),
        lambda at: (at / "a.txt").chmod(0o600),
        lambda at: ((at / "other").symlink_to("b.txt"), (at / "b.txt").unlink()),
    ],
)
def test_every_change_is_seen(folder: Path, change: Callable[[Path], object]) -> None:
    before = fingerprint(folder)
    assert fingerprint(folder) == before
    change(folder)
    assert fingerprint(folder) != before


def test_a_link_that_breaks_is_seen(folder: Path) -> None:
    (folder / "link").symlink_to(folder.parent / "far")
    before = fingerprint(folder)
    (folder.parent / "far").write_text("it is there now")
    assert fingerprint(folder) != before


def test_changed_rights_are_seen(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Herons stand in the shallow water of the bay.")
    run_import(database, path, OPTIONS)
    assert run_import(database, path, OPTIONS).state == "known"
    path.chmod(0o640)
    assert run_import(database, path, OPTIONS).state == "finished"


def test_what_goes_away_meanwhile_does_no_harm(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "link").symlink_to("b.txt")

    def gone(path: bytes) -> bytes:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr("importers.run.os.readlink", gone)
    assert fingerprint(folder).startswith("folder:")
    shutil.rmtree(folder)
    monkeypatch.undo()
    with pytest.raises(FileNotFoundError):
        fingerprint(folder)
