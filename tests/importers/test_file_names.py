"""Names that are no UTF-8: such files and folders are imported, and shown with escapes."""

import os
from pathlib import Path

from importers.report import ImportReport
from importers.run import ImportOptions, run_import
from store.database import Database
from store.pages import PageStore

from .rows import row, write_rows

TEXT = "Herons stand in the shallow water of the bay, and nobody counts them."


def named(folder: Path, name: bytes) -> Path:
    return Path(os.fsdecode(os.fsencode(folder) + b"/" + name))


def read(database: Database, path: Path) -> ImportReport:
    report = run_import(database, path, ImportOptions(workers=1))
    "\n".join([str(report.json()), *report.lines()]).encode()  # it can be printed
    return report


def test_a_folder(database: Database, tmp_path: Path) -> None:
    folder = named(tmp_path, b"caf\xe9")
    named(folder, b"sub\xff").mkdir(parents=True)
    file = named(folder, b"sub\xff/h\xe9ron.txt")
    file.write_text(TEXT)
    named(folder, b"bad\xe9.bin").write_bytes(b"\x7fELF\0")
    file.with_name("link").symlink_to(file)
    report = read(database, folder)
    assert (report.state, report.new) == ("finished", 1)
    assert report.rejects == {"binary": 1, "link": 1}
    (page,) = PageStore(database).current()
    assert (page.url, page.source) == ("doc://caf%E9/sub%FF/h%E9ron.txt", r"folder:caf\xe9")
    assert read(database, folder).state == "known"
    file.unlink()
    assert read(database, folder).gone == 1


def test_a_file(database: Database, tmp_path: Path) -> None:
    path = named(tmp_path, b"h\xe9ron.txt")
    path.write_text(TEXT)
    assert read(database, path).new == 1
    (page,) = PageStore(database).current()
    assert page.source == r"file:h\xe9ron.txt"
    assert read(database, path).state == "known"


def test_rows(database: Database, tmp_path: Path) -> None:
    path = write_rows(named(tmp_path, b"r\xe9.jsonl"), [row(1), "{"])
    report = read(database, path)
    assert (report.new, report.rejects) == (1, {"bad-json": 1})
    rows = [{"id": "1", "text": TEXT}]
    assert read(database, write_rows(named(tmp_path, b"s\xe9.jsonl"), rows)).new == 1
