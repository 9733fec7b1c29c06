"""A database of each earlier schema with pages, old versions, aliases and a snapshot in it: all of
its states are, after the migration, what they were.

The rows are written as the programs of then did, so that nothing of today's store is asked before.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

import store.migrations
from store.changes import ADDED, CHANGED, between
from store.codec import Packer
from store.commits import find_moment, present
from store.database import HEAD, Database
from store.errors import SnapshotError
from store.page import Outlink, PageVersion, content_digest
from store.pages import PageStore
from store.snapshots import Snapshots
from store.urls import url_hash
from store.wordkeys import page_keys, page_slug, page_words

WHEN = datetime(2026, 1, 1, tzinfo=UTC)
OLDER = store.migrations.KNOWN[: store.migrations.KNOWN.index(HEAD)]
SITE = "https://example.org"
MOVED = f"{SITE}/moved"
LINKS = (Outlink(f"{SITE}/b", "to b"),)
# Of each page the texts that it had, and the commits from which and before which it had each.
HISTORY = {
    "a": [("the first text", 1, 2), ("the second text", 2, None)],
    "b": [("the text of b", 1, None)],
    "c": [("the text of c", 3, None)],
}
# Where the moved address led: at first to a, from the third commit on to b.
LED = [("a", 1, 3), ("b", 3, None)]
LAST = 3
NAMED = 2


@pytest.fixture(params=OLDER)
def old(request: pytest.FixtureRequest, database: Database) -> str:
    """The revision that the database has, with rows in it."""
    revision: str = request.param
    config = Config()
    folder = str(Path(store.migrations.__file__).parent)
    config.set_main_option("script_location", folder.replace("%", "%%"))
    with database.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    _fill(database, revision)
    return revision


def _fill(database: Database, revision: str) -> None:
    with database.raw() as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (
            revision,
        )
        connection.execute("INSERT INTO collection (name) VALUES ('web')")
        packer = Packer()
        for name, versions in HISTORY.items():
            url = f"{SITE}/{name}"
            page = connection.execute(
                "INSERT INTO page (collection_id, url, url_hash, host, words, fetched_at) "
                "VALUES (1, %s, %s, 'example.org', %s, %s) RETURNING id",
                (url, url_hash(url), page_words(url, name), WHEN),
            ).fetchone()
            assert page is not None
            if revision >= "0006":
                keys = page_keys(page_words(url, name), url_hash(url), 1)
                connection.execute(
                    "UPDATE page SET slug = %s, words = %s WHERE id = %s",
                    (page_slug(url), keys, page[0]),
                )
            for text, start, end in versions:
                connection.execute(
                    "WITH made AS (INSERT INTO page_version (page_id, digest, title, site, lang, "
                    "fetched_at, status, source, extractor, body, outlinks, seq_from, seq_to) "
                    "VALUES (%s, %s, %s, '', 'en', %s, 200, 'crawl', '', %s, %s, %s, %s) "
                    "RETURNING id, page_id) "
                    "UPDATE page SET current_version = made.id FROM made WHERE page.id = page_id",
                    (
                        page[0],
                        bytes.fromhex(content_digest(name, text)[7:]),
                        name,
                        WHEN + timedelta(days=start),
                        packer.text(text),
                        packer.outlinks(LINKS),
                        start,
                        end,
                    ),
                )
        led = LED if revision >= "0002" else [(LED[-1][0], None, None)]
        for name, start, end in led:
            values: list[object] = [url_hash(MOVED), MOVED, f"{SITE}/{name}"]
            values.append(url_hash(f"{SITE}/{name}"))
            more = ""
            if start is not None:
                more = ", seq_from, seq_to"
                values += [start, end]
            connection.execute(
                f"INSERT INTO alias (collection_id, url_hash, url, target, target_hash{more}) "
                f"VALUES (1{', %s' * len(values)})".encode(),
                values,
            )
        if revision >= "0005":
            for seq in range(1, LAST + 1):
                connection.execute(
                    "INSERT INTO commit (seq, at) VALUES (%s, %s)",
                    (seq, WHEN + timedelta(days=seq)),
                )
        connection.execute("UPDATE clock SET seq = %s", (LAST,))
        connection.execute(
            "INSERT INTO snapshot (name, seq, pages, digest) VALUES ('kept', %s, %s, %s)",
            (NAMED, *_described(NAMED)),
        )


def _held(seq: int) -> dict[str, str]:
    """What each page said after commit `seq`."""
    return {
        name: text
        for name, versions in HISTORY.items()
        for text, start, end in versions
        if start <= seq and (end is None or end > seq)
    }


def _described(seq: int) -> tuple[int, str]:
    """The number of pages and the digest of a state, as docs/versions.md has it."""
    held = {url_hash(f"{SITE}/{name}"): (name, text) for name, text in _held(seq).items()}
    made = hashlib.blake2b(digest_size=32)
    for key in sorted(held):
        for part in (b"web", key, bytes.fromhex(content_digest(*held[key])[7:])):
            made.update(len(part).to_bytes(4, "big") + part)
    return len(held), f"b2:{made.hexdigest()}"


def test_every_state_is_what_it_was(database: Database, old: str) -> None:
    database.migrate()
    pages = PageStore(database)
    for seq in range(LAST + 1):
        for name in HISTORY:
            found = pages.resolve(f"{SITE}/{name}", at=seq)
            assert (found and found.text) == _held(seq).get(name)
            assert found is None or found.outlinks == LINKS
    assert {one.title: one.text for one in pages.current()} == _held(LAST)
    for seq in range(1, LAST + 1):
        led = "a" if seq < LAST and old >= "0002" else "b"
        found = pages.resolve(MOVED, at=seq)
        assert found is not None
        assert found.title == led
    assert pages.verify() == []
    with database.read() as connection:
        for url, words, slug in connection.execute("SELECT url, words, slug FROM page").fetchall():
            found_words = page_words(url, url[-1])
            assert sorted(words) == sorted(page_keys(found_words, url_hash(url), 1))
            assert slug == page_slug(url)


def test_a_named_snapshot_is_kept(database: Database, old: str) -> None:
    database.migrate()
    snapshots = Snapshots(database)
    kept = snapshots.get("kept")
    assert (kept.seq, kept.pages, kept.digest) == (NAMED, *_described(NAMED))
    for deep in (False, True):
        assert snapshots.check("kept", deep).sentences() == []
    # And it is seen when it is not.
    with database.raw() as connection:
        connection.execute("UPDATE page_version SET seq_from = 1, seq_to = NULL WHERE seq_from = 3")
    assert not snapshots.verify("kept")


def test_states_are_named_and_differ_as_before(database: Database, old: str) -> None:
    database.migrate()
    timed = old >= "0005"
    assert (find_moment(database, "kept").seq, present(database).seq) == (NAMED, LAST)
    first = find_moment(database, "1")
    assert (first.seq, first.at is not None, first.whole) == (1, timed, timed)
    assert find_moment(database, str(LAST)).whole
    if timed:
        assert find_moment(database, f"{WHEN + timedelta(days=2):%Y-%m-%d}").seq == 2
    else:
        with pytest.raises(SnapshotError, match="did not write down the times of its commits"):
            find_moment(database, f"{WHEN + timedelta(days=2):%Y-%m-%d}")
    with between(database, first, present(database)) as changes:
        assert [(one.kind, one.title) for one in changes.pages()] == [(CHANGED, "a"), (ADDED, "c")]


def test_writing_goes_on_after_the_last_commit(database: Database, old: str) -> None:
    database.migrate()
    pages = PageStore(database)
    report = pages.add([PageVersion(f"{SITE}/a", "a", "the third text", WHEN)])
    assert (report.changed, report.seq) == (1, LAST + 1)
    again = pages.add([PageVersion(f"{SITE}/b", "b", "the text of b", WHEN)])
    assert (again.unchanged, again.seq) == (1, None)
    found = find_moment(database, str(report.seq))
    assert found.at is not None
    assert found.whole
    texts = [pages.resolve(f"{SITE}/a", at=seq) for seq in range(1, LAST + 2)]
    assert [one.text.split()[1] for one in texts if one] == ["first", "second", "second", "third"]
    assert Snapshots(database).verify("kept")
    # A page that declares an address which led elsewhere does not take it.
    pages.add([PageVersion(f"{SITE}/d", "d", "the text of d", WHEN, declared=MOVED)])
    moved = pages.resolve(MOVED)
    assert moved is not None
    assert moved.title == "b"
