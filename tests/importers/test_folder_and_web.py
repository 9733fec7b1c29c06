"""A folder beside what was crawled: which of the two a page is, and when it is gone."""

import os
from datetime import UTC, datetime
from pathlib import Path

from importers.report import ImportReport
from importers.run import ImportOptions, run_import
from store.database import Database
from store.page import PageVersion
from store.pages import PageStore

URL = "https://e.test/heron"
TEXT = "Seven herons stand in the shallow water of the bay, and nobody counts them"
NEW, OLD = datetime(2024, 6, 1, tzinfo=UTC), datetime(2020, 9, 13, tzinfo=UTC)


def saved(folder: Path, name: str, words: str = TEXT, when: datetime = OLD, url: str = URL) -> Path:
    """Write a page that a browser saved from `url`."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    mark = f"<!-- saved from url=({len(url):04})" + url + " -->"
    path.write_text(f"{mark}<html><title>Herons</title><h1>Herons</h1><p>{words}.</p></html>")
    os.utime(path, (when.timestamp(), when.timestamp()))
    return path


def crawled(database: Database, text: str, when: datetime = NEW) -> None:
    page = PageVersion(url=URL, title="Herons", text=text, fetched_at=when, source="crawl")
    PageStore(database).add([page])


def read(database: Database, folder: Path) -> ImportReport:
    return run_import(database, folder, ImportOptions(workers=1))


def page(database: Database, url: str = URL) -> PageVersion:
    found = PageStore(database).resolve(url)
    assert found is not None
    return found


def is_gone(database: Database, url: str = URL) -> bool:
    return page(database, url).gone_at is not None


def test_a_crawled_page_is_not_gone_with_a_copy_of_it(database: Database, tmp_path: Path) -> None:
    copy = saved(tmp_path / "notes", "a.html")
    own = saved(tmp_path / "notes", "b.html", url="https://e.test/tern")
    assert read(database, tmp_path / "notes").new == 2
    crawled(database, f"# Herons\n\n{TEXT}, says the crawler.")
    copy.unlink()
    own.unlink()
    assert read(database, tmp_path / "notes").gone == 1  # the twin: nobody else has that one
    assert not is_gone(database)
    assert is_gone(database, "https://e.test/tern")


def test_a_page_that_its_server_still_had_is_not_gone(database: Database, tmp_path: Path) -> None:
    copy = saved(tmp_path / "notes", "a.html")
    assert read(database, tmp_path / "notes").new == 1
    PageStore(database).mark_seen([URL])
    copy.unlink()
    assert read(database, tmp_path / "notes").gone == 0
    assert not is_gone(database)


def test_a_page_that_another_folder_has_is_not_gone(database: Database, tmp_path: Path) -> None:
    copies = [saved(tmp_path / where / "notes", "a.html") for where in ("one", "two")]
    for copy in copies:
        read(database, copy.parent)
    copies[0].unlink()
    assert read(database, copies[0].parent).gone == 0
    assert not is_gone(database)
    copies[1].unlink()
    assert read(database, copies[1].parent).gone == 1
    assert is_gone(database)


def test_an_older_copy_does_not_replace_a_newer_page(database: Database, tmp_path: Path) -> None:
    crawled(database, f"# Herons\n\n{TEXT}, says the crawler.")
    copy = saved(tmp_path / "notes", "a.html")
    report = read(database, tmp_path / "notes")
    assert (report.new, report.changed, report.rejects) == (0, 0, {"older": 1})
    (named,) = report.examples
    assert named.detail == "it is of 2020-09-13 00:00 UTC, and the stored page, from crawl, of 2024-06-01 00:00 UTC"  # fmt: skip
    assert page(database).source == "crawl"
    assert PageStore(database).failures() == []
    saved(tmp_path / "notes", "b.html", url="https://e.test/tern")
    assert read(database, tmp_path / "notes").rejects == {"older": 1}  # again, and named again
    saved(tmp_path / "notes", "a.html", when=datetime(2025, 1, 1, tzinfo=UTC))
    report = read(database, tmp_path / "notes")
    assert (report.changed, report.unchanged, report.rejects) == (1, 1, {})
    assert page(database).source == "folder:notes"
    copy.unlink()


def test_a_pass_over_the_same_file_flips_nothing_back(database: Database, tmp_path: Path) -> None:
    later = datetime(2024, 7, 1, tzinfo=UTC)
    saved(tmp_path / "notes", "a.html", when=later)
    read(database, tmp_path / "notes")
    crawled(database, f"# Herons\n\n{TEXT}, says the crawler.", datetime(2024, 6, 1, tzinfo=UTC))
    for name in "xyz":
        saved(tmp_path / "notes", f"{name}.html", url=f"https://e.test/{name}")
        report = read(database, tmp_path / "notes")
        assert (report.new, report.changed) == (1, 0)
        assert page(database).source == "crawl"


def test_two_files_of_one_address_do_not_take_turns(database: Database, tmp_path: Path) -> None:
    for name in "ab":
        saved(tmp_path / "notes", f"{name}.html", f"{TEXT}, says {name}")
    assert (read(database, tmp_path / "notes")).changed == 1
    saved(tmp_path / "notes", "c.html", url="https://e.test/c")
    report = read(database, tmp_path / "notes")
    assert (report.new, report.changed, report.unchanged) == (1, 0, 2)
    assert "says b" in page(database).text


def test_a_folder_from_a_backup_brings_its_pages_back(database: Database, tmp_path: Path) -> None:
    saved(tmp_path / "notes", "a.html", f"{TEXT}, and more", NEW)
    read(database, tmp_path / "notes")
    saved(tmp_path / "notes", "a.html", TEXT, OLD)
    report = read(database, tmp_path / "notes")
    assert (report.changed, report.rejects) == (1, {})
    assert "and more" not in page(database).text
