"""The database: connections, migration, and errors that name the repair."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from store.database import HEAD, Database, open_database
from store.errors import BusyError, DatabaseError, SchemaError
from store.page import PageVersion
from store.pages import PageStore
from store.urls import url_hash


def test_head_is_the_newest_migration() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    import store.migrations

    config = Config()
    config.set_main_option("script_location", str(Path(store.migrations.__file__).parent))
    script = ScriptDirectory.from_config(config)
    assert script.get_current_head() == HEAD
    history = [revision.revision for revision in script.walk_revisions()]
    assert tuple(reversed(history)) == store.migrations.KNOWN


def _differences(database: Database) -> list[object]:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from store.schema import metadata

    with database.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))


def test_migrations_make_the_tables_of_the_schema(database: Database) -> None:
    assert _differences(database) == []


def test_that_comparison_can_fail(database: Database) -> None:
    with database.raw() as connection:
        connection.execute("ALTER TABLE page DROP COLUMN host")
    assert _differences(database) != []


def test_bodies_are_stored_as_they_come(database: Database) -> None:
    with database.read() as connection:
        rows = connection.execute(
            "SELECT attname, attstorage::text FROM pg_attribute "
            "WHERE attrelid = 'page_version'::regclass AND attname IN ('body', 'outlinks')"
        ).fetchall()
    assert {tuple(row) for row in rows} == {("body", "e"), ("outlinks", "e")}


def test_an_unfinished_crawl_of_the_first_schema_goes_on(
    cluster_url: str, database: Database
) -> None:
    """The addresses that waited or were leased then are leased now, by host."""
    from store.frontier import Frontier
    from store.urls import host

    urls = ["https://a.test/1", "http://www.a.test:8080/2", "http://[::1]/3", "http://[::1]:80/4"]
    _to_the_first_schema(database)
    with database.raw() as connection:
        connection.execute(
            "INSERT INTO crawl (name, settings, state) VALUES ('c', '{}', 'running')"
        )
        for number, (url, state) in enumerate(
            zip(
                [*urls, "https://a.test/5"],
                ["waiting", "leased", "leased", "waiting", "done"],
                strict=True,
            )
        ):
            connection.execute(
                "INSERT INTO frontier (crawl_id, url, url_hash, depth, priority, state, "
                "leased_until) VALUES (1, %s, %s, 0, 0, %s, now())",
                (url, bytes([number] * 16), state),
            )
    database.migrate()
    assert _differences(database) == []
    frontier = Frontier(database, 1)
    assert (frontier.rest().pages, frontier.counts()["waiting"]) == (1, 4)
    entries = frontier.lease(9)
    assert {entry.url: entry.host for entry in entries} == {url: host(url) for url in urls}


def test_migrating_twice_does_nothing(database: Database) -> None:
    database.migrate()
    database.migrate()


def test_aliases_of_the_first_schema_were_there_from_the_beginning(database: Database) -> None:
    asked, target = "https://a.example/old", "https://a.example/b"
    _to_the_first_schema(database)
    with database.raw() as connection:
        connection.execute("INSERT INTO collection (name) VALUES ('web')")
        connection.execute(
            "INSERT INTO alias (collection_id, url_hash, url, target, target_hash) "
            "VALUES (1, %s, %s, %s, %s)",
            (url_hash(asked), asked, target, url_hash(target)),
        )
    database.migrate()
    assert _differences(database) == []
    store = PageStore(database)
    store.add([PageVersion(target, "B", "# B", datetime(2026, 1, 2, tzinfo=UTC))])
    for seq in (1, 2, None):
        found = store.resolve(asked, at=seq)
        assert found is not None
        assert found.title == "B"


def test_pages_of_the_first_schema_are_found_as_the_nearest(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As those of a store that was filled today, to the last key."""
    from store.migrations.versions import v0006_nearest

    monkeypatch.setattr(v0006_nearest, "BATCH", 2)
    urls = [f"https://a.example/wiki/{name}" for name in ("Danube", "Dresden", "Elbe", "Iron_age")]
    when = datetime(2026, 1, 2, tzinfo=UTC)
    PageStore(database).add([PageVersion(url, f"On {url[-4:]}", "# x", when) for url in urls])
    wanted = _named(database)
    _to_the_first_schema(database)
    with database.raw() as connection:
        connection.execute("INSERT INTO collection (name) VALUES ('web')")
        for number, url in enumerate(urls, 1):
            connection.execute(
                "INSERT INTO page (collection_id, url, url_hash, host, current_version, words) "
                "VALUES (1, %s, %s, 'a.example', %s, ARRAY['as', 'before'])",
                (url, url_hash(url), number),
            )
            connection.execute(
                "INSERT INTO page_version (page_id, digest, title, site, lang, status, source, "
                "extractor, body, outlinks, seq_from) "
                "VALUES (%s, '', %s, '', '', 200, '', '', '', '', 1)",
                (number, f"On {url[-4:]}"),
            )
    assert _named(database, "") != wanted
    database.migrate()
    assert _differences(database) == []
    assert _named(database) == wanted
    assert PageStore(database).nearest("https://b.example/dresdan")[0][0] == urls[1]


def _named(database: Database, slug: str = ", slug") -> list[tuple[object, ...]]:
    with database.read() as connection:
        query = f"SELECT url, words{slug} FROM page ORDER BY url"
        return connection.execute(query.encode()).fetchall()


def _to_the_first_schema(database: Database) -> None:
    """Make the tables as the first release made them, empty."""
    from store.migrations.versions import v0001_pages

    with database.raw() as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        for statement in v0001_pages.TABLES.split(";\n"):
            connection.execute(statement.encode())
        connection.execute("CREATE TABLE alembic_version (version_num varchar(32) NOT NULL)")
        connection.execute("INSERT INTO alembic_version VALUES ('0001')")


def test_a_newer_schema_is_refused(database: Database) -> None:
    with database.raw() as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaError, match="9999, which a newer version of the appliance made"):
        database.migrate()


def test_raw_keeps_all_or_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        _write_and_fail(database)
    with database.read() as connection:
        assert connection.execute("SELECT seq FROM clock").fetchone() == (0,)
    with database.raw() as connection:
        connection.execute("UPDATE clock SET seq = 7")
    with database.begin() as core:
        assert core.exec_driver_sql("SELECT seq FROM clock").scalar_one() == 7


def _write_and_fail(database: Database) -> None:
    with database.raw() as connection:
        connection.execute("UPDATE clock SET seq = 7")
        raise ZeroDivisionError


def test_a_lost_connection_is_replaced(database: Database) -> None:
    with database.read() as connection:
        lost = connection.info.backend_pid
    with database.exclusive("other"), database.raw() as connection:
        pass
    with psycopg.connect(database.url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (lost,))
    with pytest.raises(DatabaseError, match="run the command again"):
        _select_one(database)
    _select_one(database)


def _select_one(database: Database) -> None:
    with database.read() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_forked_child_opens_its_own(database: Database) -> None:
    with database.read() as connection:
        mine = connection.info.backend_pid
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        with database.read() as connection:
            os.write(writer, str(connection.info.backend_pid).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert int(os.read(reader, 20)) != mine
    os.close(reader)
    os.close(writer)
    with database.read() as connection:
        assert connection.info.backend_pid == mine
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_only_one_holds_a_part(database: Database) -> None:
    with database.exclusive("crawl"):
        with pytest.raises(BusyError, match="Another process is running “crawl” on this home"):
            database.exclusive("crawl").__enter__()
        with database.exclusive("index"):
            pass
    with database.exclusive("crawl"):
        pass


def test_an_unreachable_server_is_one_sentence(tmp_path: Path) -> None:
    address = f"postgresql://nobody@/none?host={tmp_path}"
    with pytest.raises(DatabaseError, match=r"cannot be reached .* check database_url") as caught:
        open_database(tmp_path, address)
    assert "\n" not in str(caught.value)


def test_another_encoding_is_refused(cluster_url: str, tmp_path: Path) -> None:
    name = f"latin_{os.getpid()}"
    with psycopg.connect(cluster_url, autocommit=True) as connection:
        connection.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc "
            "LOCALE 'C'".encode()
        )
        try:
            with pytest.raises(DatabaseError, match="not in UTF-8"):
                open_database(tmp_path, cluster_url.replace("@/postgres?", f"@/{name}?"))
        finally:
            connection.execute(f"DROP DATABASE {name}".encode())


def test_a_reader_imports_neither_sqlalchemy_nor_alembic(database: Database) -> None:
    program = """
import sys
from pathlib import Path
from store.database import open_database
from store.pages import PageStore
from store.urls import url_hash
from store.passages import PassageStore
from store.snapshots import Snapshots
database = open_database(Path("unused"), sys.argv[1])
assert PageStore(database).resolve("https://example.org/") is None
PassageStore(database).fetch([1]), Snapshots(database).list()
print(sorted({"sqlalchemy", "alembic"} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, database.url], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.fixture
def each_open(database: Database) -> Callable[[], Database]:
    return lambda: open_database(Path("unused"), database.url)


def test_open_by_url_needs_no_cluster(each_open: Callable[[], Database]) -> None:
    with each_open() as opened:
        assert opened.cluster is None
        with opened.read() as connection:
            assert connection.execute("SELECT count(*) FROM page").fetchone() == (0,)
