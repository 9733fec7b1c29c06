"""kill -9 in the middle of an import of a web archive: it goes on, redirects and refusals too."""

from pathlib import Path

import pytest

from bench.killing import Tally, strike, undisturbed
from bench.making import MAKERS
from importers.run import ImportOptions, run_import
from store.database import Database
from store.imports import Imports
from store.pages import PageStore

from .test_kills import KILLS, counts, forget, target

PAGES = 150


@pytest.mark.kill
@pytest.mark.parametrize("name", ["warc.gz", "wacz", "zim"])
def test_a_killed_import_of_an_archive_loses_and_doubles_nothing(
    database: Database, tmp_path: Path, name: str
) -> None:
    path = MAKERS[name](tmp_path, PAGES)
    child = target(database, path, tmp_path)
    tally = Tally(max(1, KILLS // 3), undisturbed(child))
    wanted = {page.url: page.digest for page in PageStore(database).current()}
    whole = counts(database)
    assert whole[:2] == (PAGES, PAGES)
    moved = "http://made.test/" if name != "zim" else "zim://rivers_en/First"
    for moment in tally.moments():
        forget(database)
        tally.add(strike(child, moment * tally.seconds))
        pages, versions, items = counts(database)
        assert pages == versions <= items
        report = run_import(database, path, ImportOptions(workers=1))
        assert report.state in ("finished", "known")
        assert {page.url: page.digest for page in PageStore(database).current()} == wanted
        assert counts(database) == whole
        found = PageStore(database).resolve(moved)
        assert found is not None
        assert found.url.endswith(("/0", "River_0"))
        job = Imports(database, "web").find(str(path))
        assert job is not None
        assert (job.new, job.state) == (PAGES, "finished")
