"""kill -9 in the middle of an import: nothing lost, nothing doubled, and it goes on."""

import os
import sys
from pathlib import Path

import psycopg
import pytest

from bench.killing import Tally, Target, strike, undisturbed
from importers.run import ImportOptions, run_import
from store.database import Database
from store.imports import Imports
from store.pages import PageStore

from .rows import row, write_rows

KILLS = int(os.environ.get("APPLIANCE_KILLS", "10"))
IN_FLIGHT = 0.8
ROOT = Path(__file__).resolve().parents[2]
ROWS = 3000
# Small batches, so that there are many; each stage is named when it begins.
CHILD = """
import sys
from pathlib import Path
import importers.flow as flow
import importers.run as run
from store.database import Database
from store.pages import PageStore

def told(owner, name, stage, after):
    real = getattr(owner, name)
    def call(*arguments, **named):
        print("stage:", stage, flush=True)
        try:
            return real(*arguments, **named)
        finally:
            print("stage:", after, flush=True)
    setattr(owner, name, call)

flow.BATCH_PAGES = 40
told(PageStore, "add", "storing", "reading")
if __name__ == "__main__":
    with Database(sys.argv[1]) as db:
        real = flow.read_items
        def ready(*arguments):
            results = real(*arguments)
            first = next(results)
            print("ready", flush=True)
            yield first
            yield from results
        flow.read_items = ready
        run.run_import(db, Path(sys.argv[2]), run.ImportOptions(workers=1))
"""


def target(database: Database, path: Path, folder: Path) -> Target:
    script = folder / "child.py"
    script.write_text(CHILD)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return Target([sys.executable, str(script), database.url, str(path)], environment, "ready")


def counts(database: Database) -> tuple[int, int, int]:
    """Pages, versions, and items in the journal."""
    with psycopg.connect(database.url) as connection:
        found = connection.execute(
            "SELECT (SELECT count(*) FROM page), (SELECT count(*) FROM page_version), "
            "(SELECT items FROM import_job)"
        ).fetchone()
    assert found is not None
    return found


def forget(database: Database) -> None:
    with database.raw() as connection:
        connection.execute("TRUNCATE page, page_version, alias, failure, import_job CASCADE")


@pytest.mark.kill
def test_a_killed_import_loses_and_doubles_nothing(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every tenth row is refused; pages, refusals and the journal agree after each kill."""
    rows = [row(number) if number % 10 != 5 else "{" for number in range(ROWS)]
    path = write_rows(tmp_path / "rows.jsonl", rows)
    whole = ROWS * 9 // 10
    child = target(database, path, tmp_path)
    tally = Tally(KILLS, undisturbed(child))
    wanted = {page.url: page.digest for page in PageStore(database).current()}
    assert counts(database) == (whole, whole, ROWS)
    for moment in tally.moments():
        forget(database)
        blow = strike(child, moment * tally.seconds)
        tally.add(blow)
        pages, versions, items = counts(database)
        assert pages == versions == items - sum(number % 10 == 5 for number in range(items))
        report = run_import(database, path, ImportOptions(workers=1))
        assert report.state in ("finished", "known")
        assert report.before in (items, 0)
        assert {page.url: page.digest for page in PageStore(database).current()} == wanted
        assert counts(database) == (whole, whole, ROWS)
        job = Imports(database, "web").find(str(path))
        assert job is not None
        assert (job.new, dict(job.rejects)) == (whole, {"bad-json": ROWS // 10})
    with capsys.disabled():
        print(f"\nkills of import: {tally}", end="")
    assert tally.share >= IN_FLIGHT


@pytest.mark.kill
def test_a_killed_import_of_changes_makes_no_version_twice(
    database: Database, tmp_path: Path
) -> None:
    first = write_rows(tmp_path / "a.jsonl", [row(number) for number in range(400)])
    changed = [{**row(number), "doc": f"Another text of {number}."} for number in range(400)]
    second = write_rows(tmp_path / "b.jsonl", [*changed, *({**each, "url": f"{each['url']}x"} for each in changed)])  # fmt: skip
    run_import(database, first, ImportOptions(workers=1))
    child = target(database, second, tmp_path)
    for after in (0.05, 0.2, 0.4):
        strike(child, after)
    run_import(database, second, ImportOptions(workers=1))
    with psycopg.connect(database.url) as connection:
        found = connection.execute(
            "SELECT (SELECT count(*) FROM page), (SELECT count(*) FROM page_version), "
            "(SELECT count(*) FROM page_version WHERE seq_to IS NULL)"
        ).fetchone()
    assert found == (800, 1200, 800)
    assert PageStore(database).verify() == []
