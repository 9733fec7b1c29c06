"""Folders kept in step, and paths that are looked at again and again."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from importers.base import Document, Item, Reject
from importers.run import ImportOptions, Moment, run_import
from importers.watch import changes
from store.database import Database
from store.pages import PageStore
from store.purge import delete_pages, find_doomed

TEXT = "It is long enough to be kept, this text of the page, and says a little."
WHEN = datetime(2026, 1, 2, tzinfo=UTC)


class Folder:
    """A folder of HTML, as an importer reads it."""

    NAME = "folder"

    def claims(self, path: Path, head: bytes) -> bool:
        return path.is_dir()

    def items(self, path: Path) -> Iterator[Item]:
        for file in sorted(path.iterdir()):
            url = f"doc://{path.name}/{file.name}"
            if file.stat().st_size == 0:
                yield Reject(file.name, "empty", "there is nothing in it", url)
                continue
            yield Document(file.name, file.read_bytes(), url, WHEN, f"folder:{path.name}")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("importers.run.detect", lambda path: Folder())
    folder = tmp_path / "notes"
    folder.mkdir()
    for name in "abc":
        write(folder / name, f"Page {name}")
    return folder


def write(path: Path, title: str) -> None:
    path.write_text(f"<html><title>{title}</title><h1>{title}</h1><p>{TEXT}</p></html>")


def again(database: Database, folder: Path) -> tuple[int, int, int, int]:
    report = run_import(database, folder, ImportOptions(workers=1))
    return report.new, report.changed, report.unchanged, report.gone


def gone(database: Database) -> list[str]:
    store = PageStore(database)
    return sorted(store.gone([page.url for page in store.current()]))


def test_a_folder_is_kept_in_step(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert again(database, folder) == (3, 0, 0, 0)
    (folder / "a").unlink()
    write(folder / "b", "Page b, changed")
    write(folder / "d", "Page d")
    extracted: list[str] = []
    real = __import__("extraction.pool").pool.ExtractionPool.submit
    monkeypatch.setattr(
        "extraction.pool.ExtractionPool.submit",
        lambda self, body, headers, url, *rest: (extracted.append(url), real(self, body, headers, url, *rest))[1],
    )  # fmt: skip
    assert again(database, folder) == (1, 1, 1, 1)
    assert extracted == ["doc://notes/b", "doc://notes/d"]
    assert gone(database) == ["doc://notes/a"]
    page = PageStore(database).resolve("doc://notes/a")
    assert page is not None
    assert "Page a" in page.text
    write(folder / "a", "Page a")
    assert again(database, folder) == (0, 0, 4, 0)
    assert gone(database) == []


def test_a_file_that_can_no_longer_be_read_is_not_gone(database: Database, folder: Path) -> None:
    again(database, folder)
    (folder / "a").write_text("")
    assert again(database, folder) == (0, 0, 2, 0)
    assert gone(database) == []


def test_a_pass_that_was_stopped_marks_nothing(database: Database, folder: Path) -> None:
    again(database, folder)
    (folder / "c").unlink()
    stopped = run_import(database, folder, ImportOptions(workers=1), stop=lambda: True)
    assert (stopped.state, stopped.gone) == ("stopped", 0)
    assert gone(database) == []
    assert again(database, folder)[3] == 1


def test_what_is_purged_leaves_the_journal(database: Database, folder: Path) -> None:
    again(database, folder)
    doomed = find_doomed(database, "web", "doc://notes/a")
    assert doomed is not None
    assert delete_pages(database, doomed)["imported"] == 1
    assert run_import(database, folder, ImportOptions(workers=1)).state == "known"
    whole = find_doomed(database, "web", "web")
    assert whole is not None
    counts = delete_pages(database, whole)
    assert (counts["imported"], counts["imports"]) == (2, 1)
    assert again(database, folder) == (3, 0, 0, 0)


def test_how_much_of_a_folder_has_passed(database: Database, folder: Path) -> None:
    moments: list[Moment] = []
    run_import(database, folder, ImportOptions(workers=1), moments.append)
    size = sum(file.stat().st_size for file in folder.iterdir())
    assert (moments[-1].read, moments[-1].size) == (size, size)
    assert all(moment.read <= size for moment in moments)


def test_a_file_that_is_being_written_is_not_named_at_the_first_look(tmp_path: Path) -> None:
    growing, resting = tmp_path / "growing", tmp_path / "resting"
    for path in (growing, resting):
        path.mkdir()
        (path / "a").write_text("1")
    os.utime(resting / "a", (1_600_000_000, 1_600_000_000))
    looks = 0

    def nap(_: float) -> None:
        nonlocal looks
        looks += 1
        if looks < 5:
            (growing / "a").write_text("1" * (looks + 1))

    named = [
        (path.name, (path / "a").read_text())
        for path in changes([growing, resting], lambda: looks > 9, every=0.1, nap=nap)
    ]
    assert named == [("resting", "1"), ("growing", "11111")]


def test_a_path_is_named_when_it_has_changed_and_rests(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("1")
    os.utime(path, (1_600_000_000, 1_600_000_000))
    named: list[str] = []
    looks = 0

    def stop() -> bool:
        nonlocal looks
        looks += 1
        if looks == 10:
            path.write_text("22")  # seen first in this look, named in the next
        return looks > 60

    for found in changes([path, tmp_path / "missing"], stop, every=0.1, nap=lambda _: None):
        named.append(found.read_text())
    assert named == ["1", "22"]
