"""An import from the outside: what is stored, refused, known, gone on with."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import importers.formats
from importers.base import Item, Ready
from importers.errors import DamagedError, UnknownFormatError
from importers.formats import detect
from importers.run import ImportOptions, run_import
from store.database import Database
from store.imports import Imports
from store.pages import PageStore

from .rows import row, write_rows


def options(**named: object) -> ImportOptions:
    return ImportOptions(**{"workers": 1, **named})


def pages(database: Database) -> dict[str, str]:
    return {page.url: page.text for page in PageStore(database).current()}


def test_good_rows_are_stored_and_bad_ones_named(database: Database, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.jsonl", [row(1), row(2), "{", {"url": "https://a.test/x"}])
    report = run_import(database, path, options())
    assert (report.state, report.new, report.failed) == ("finished", 2, False)
    assert report.rejects == {"bad-json": 1, "no-text": 1}
    assert [one.place for one in report.examples] == ["line 3", "line 4"]
    assert len(pages(database)) == 2
    (failure,) = PageStore(database).failures()
    assert (failure.url, failure.reason, failure.source) == (
        "https://a.test/x", "no-text", "jsonl:a.jsonl",
    )  # fmt: skip


def test_a_file_that_is_the_same_is_not_read_again(database: Database, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.jsonl", [row(1)])
    run_import(database, path, options())
    assert run_import(database, path, options()).state == "known"
    again = run_import(database, path, options(again=True))
    assert (again.state, again.unchanged) == ("finished", 1)
    write_rows(path, [row(1), row(2)])
    more = run_import(database, path, options())
    assert (more.new, more.unchanged) == (1, 1)


def test_a_limit_goes_on_where_it_was(database: Database, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.jsonl", [row(number) for number in range(250)])
    first = run_import(database, path, options(limit=10))
    assert (first.state, first.new) == ("limited", 10)
    second = run_import(database, path, options())
    assert (second.state, second.before, second.new) == ("finished", 10, 240)
    assert len(pages(database)) == 250


def test_a_stop_stores_what_was_read(database: Database, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.jsonl", [row(number) for number in range(250)])
    asked = iter([False] * 20)
    first = run_import(database, path, options(), stop=lambda: next(asked, True))
    assert first.state == "stopped"
    assert 0 < first.new < 250
    assert run_import(database, path, options()).new == 250 - first.new


def test_a_dry_run_stores_nothing(database: Database, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.jsonl", [row(1), "{"])
    report = run_import(None, path, options(dry_run=True))
    assert (report.state, report.new, dict(report.rejects)) == ("dry", 1, {"bad-json": 1})
    assert pages(database) == {}


def test_nothing_but_refusals_is_a_failure(database: Database, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.jsonl", [{"id": "1"}, "{"])
    report = run_import(database, path, options())
    assert report.failed
    assert "nothing was stored" in report.lines()[-1]


def test_a_failure_stays_one_when_it_is_run_again(database: Database, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.jsonl", [{"id": "1"}, "{"])
    assert run_import(database, path, options()).failed
    known = run_import(database, path, options())
    assert (known.state, known.failed) == ("known", True)
    asked = iter([False])
    path = write_rows(tmp_path / "b.jsonl", [{"id": str(number)} for number in range(9)])
    assert run_import(database, path, options(), stop=lambda: next(asked, True)).state == "stopped"
    resumed = run_import(database, path, options())
    assert (resumed.state, resumed.failed) == ("finished", True)
    assert resumed.before > 0
    good = write_rows(tmp_path / "c.jsonl", [row(1)])
    run_import(database, good, options())
    assert not run_import(database, good, options()).failed


class Broken:
    """A format that breaks off behind two pages."""

    NAME = "jsonl"

    def __init__(self, error: Exception) -> None:
        self.error = error

    def claims(self, path: Path, head: bytes) -> bool:
        return True

    def items(self, path: Path) -> Iterator[Item]:
        whole = importers.formats.import_module("importers.jsonl").items(path)
        for item in whole:
            assert isinstance(item, Ready)
            yield item
        raise self.error


@pytest.mark.parametrize("error", [DamagedError("it breaks off"), OSError(5, "I/O"), KeyError("x")])
def test_what_came_before_damage_stays(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    path = write_rows(tmp_path / "a.jsonl", [row(1), row(2)])
    with monkeypatch.context() as patch:
        patch.setattr("importers.run.detect", lambda path: Broken(error))
        report = run_import(database, path, options())
    assert (report.state, report.new, report.failed) == ("damaged", 2, True)
    assert report.error
    assert len(pages(database)) == 2
    job = Imports(database, "web").find(str(path.resolve()))
    assert job is not None
    assert (job.state, job.items) == ("damaged", 2)
    # The file being the same, it goes on behind them.
    again = run_import(database, path, options())
    assert (again.state, again.before) == ("finished", 2)


def test_a_mended_file_is_read_from_its_beginning(database: Database, tmp_path: Path) -> None:
    plain = write_rows(tmp_path / "plain", [row(number) for number in range(3000)])
    whole = gzip.compress(plain.read_bytes())
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(whole[: len(whole) // 2])
    broken = run_import(database, path, options())
    assert broken.state == "damaged"
    assert 0 < broken.new < 3000
    path.write_bytes(whole)
    mended = run_import(database, path, options())
    assert (mended.state, mended.before, mended.rejects) == ("finished", 0, {})
    assert (mended.new, mended.unchanged) == (3000 - broken.new, broken.new)
    assert len(pages(database)) == 3000


def test_what_no_importer_knows_is_described(tmp_path: Path) -> None:
    for body, what in ((b"", "an empty file"), (b"\x7fELF1", "a program"), (b"hello\n", "“hello”")):
        path = tmp_path / "a.jsonl"
        path.write_bytes(body)
        with pytest.raises(UnknownFormatError, match=what):
            detect(path)
    with pytest.raises(UnknownFormatError, match="no file or folder"):
        detect(tmp_path / "missing")


def test_content_decides_and_not_the_name(tmp_path: Path) -> None:
    path = tmp_path / "rows.pdf"
    path.write_text(json.dumps(row(1)) + "\n")
    assert detect(path).NAME == "jsonl"
