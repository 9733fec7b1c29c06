"""Export and import back: an equal store, with nothing lost."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from appliance.errors import ConfigError
from appliance.exporting import export_pages, with_names
from importers.run import ImportOptions, run_import
from store.database import Database
from store.digest import sha256
from store.page import Outlink, PageVersion
from store.pages import PageStore
from store.snapshots import Snapshots

NOW = datetime(2025, 3, 4, 5, 6, 7, 891011, tzinfo=UTC)
PAGES = [
    PageVersion(
        "https://a.test/1", "One", "# One\n\nFirst  line\u2028and “more”.\n", NOW, "en", "A site",
        date(2024, 1, 2), "Ada", 203, "warc:a.warc.gz", "trafilatura/9",
        (Outlink("https://a.test/2", "two"),), '"tag"', "Mon, 01 Jan 2024 00:00:00 GMT",
        ("https://a.test/one", "http://b.test/eins"), sha256(b"captured"),
    ),
    PageVersion("doc://rows/7 a", "", "no links, and no language", NOW),
    PageVersion("https://a.test/zh", "长江", "长江 [x](https://a.test/1)", NOW, "zh"),
    PageVersion("https://a.test/empty", "  Spaced   title ", "---\ntitle: Not this\n---\n", NOW),
]  # fmt: skip


def comparable(store: PageStore) -> dict[str, object]:
    return {
        page.url: (
            replace(page, page_id=None, version_id=None, seq_from=None, seq_to=None),
            names,
        )
        for page, names in with_names(store)
    }


@pytest.fixture
def filled(database: Database) -> PageStore:
    store = PageStore(database)
    store.add(PAGES)
    store.add_alias("https://c.test/chain", "https://a.test/one")
    store.mark_gone(["https://a.test/zh"])
    return store


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.jsonl.zst"])
def test_an_exported_store_comes_back_equal(
    database: Database, filled: PageStore, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    assert export_pages(filled, path) == len(PAGES)
    before, digest = comparable(filled), Snapshots(database).describe(Snapshots(database).seq())
    assert "https://c.test/chain" in before["https://a.test/1"][1]
    with database.raw() as connection:
        connection.execute("TRUNCATE page, page_version, alias, passage CASCADE")
    assert comparable(filled) == {}
    report = run_import(database, path, ImportOptions(workers=1))
    assert (report.new, dict(report.rejects)) == (len(PAGES), {})
    assert comparable(filled) == before
    assert Snapshots(database).describe(Snapshots(database).seq()) == digest


def test_what_a_page_declares_stays_a_claim(database: Database, tmp_path: Path) -> None:
    claimed, first = "https://a.test/own", "https://a.test/own?part=1"
    store = PageStore(database)
    store.add([PageVersion(first, "One", "The same text.", NOW, declared=claimed)])
    store.add_alias("https://c.test/chain", claimed)
    found = store.resolve(claimed)
    assert found is not None
    assert found.url == first
    path = tmp_path / "out.jsonl"
    export_pages(store, path)
    row = json.loads(path.read_text())
    assert (row["declared"], row["aliases"]) == (claimed, ["https://c.test/chain"])
    with database.raw() as connection:
        connection.execute("TRUNCATE page, page_version, alias, passage, claim CASCADE")
    assert run_import(database, path, ImportOptions(workers=1)).new == 1
    for name in (claimed, "https://c.test/chain"):
        found = store.resolve(name)
        assert found is not None
        assert found.url == first
    # A claim gives way where pages that differ make it, as it did before the export.
    other = "https://a.test/own?part=2"
    store.add([PageVersion(other, "Two", "Another text.", NOW, declared=claimed)])
    assert not store.leads_to(claimed, first)


@pytest.mark.parametrize("name", ["out.jsonl.gz", "out.jsonl.zst"])
def test_an_export_of_many_blocks_is_known_again(
    database: Database, tmp_path: Path, name: str
) -> None:
    store = PageStore(database)
    store.add(
        PageVersion(
            f"https://a.test/{n}", f"Page {n}", " ".join(sha256(b"%d %d" % (n, i)) for i in range(9)),
            NOW, "en",
        )
        for n in range(600)
    )  # fmt: skip
    path = tmp_path / name
    assert export_pages(store, path) == 600
    assert path.stat().st_size > 200_000
    with database.raw() as connection:
        connection.execute("TRUNCATE page, page_version, alias, passage CASCADE")
    report = run_import(database, path, ImportOptions(workers=1))
    assert (report.new, report.format) == (600, "jsonl")


def test_a_letter_more_is_another_digest(database: Database, filled: PageStore) -> None:
    digest = Snapshots(database).describe(Snapshots(database).seq())
    filled.add([replace(PAGES[1], text=PAGES[1].text + ".")])
    assert Snapshots(database).describe(Snapshots(database).seq()) != digest


def test_a_file_that_is_there_is_not_replaced_unasked(filled: PageStore, tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("mine")
    with pytest.raises(ConfigError, match="--force"):
        export_pages(filled, path)
    assert path.read_text() == "mine"
    export_pages(filled, path, force=True)
    assert [one.name for one in tmp_path.iterdir()] == ["out.jsonl"]


def test_where_nothing_can_be_written_is_said(filled: PageStore, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        export_pages(filled, tmp_path / "missing" / "out.jsonl")
