"""Fixtures that every package's tests share: one PostgreSQL for the whole run, and a fresh database
of it for each test, copied from a migrated one. With APPLIANCE_CI set a skipped test is a failed
one, unless it reads the measuring data that may not be there (`shared`), or needs of the kernel or
the machine what not every one gives (`machine`).
"""

import itertools
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest

from store.cluster import Cluster
from store.database import Database

MAY_SKIP = ("shared", "machine")

# The same examples in every run: what CI saw pass passes again. `make soak` looks for new ones.
hypothesis.settings.register_profile("fixed", derandomize=True)
if not os.environ.get("APPLIANCE_KILLS"):
    hypothesis.settings.load_profile("fixed")

_numbers = itertools.count(1)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail what was skipped where nothing may be."""
    report = yield
    if report.skipped and not any(map(item.get_closest_marker, MAY_SKIP)):
        _forbid_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a module that skips itself."""
    report = yield
    if report.skipped:
        _forbid_skip(report)
    return report


def _forbid_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if os.environ.get("APPLIANCE_CI"):
        report.outcome = "failed"
        report.longrepr = f"skipped, and APPLIANCE_CI forbids it: {report.longrepr}"


@pytest.fixture(scope="session")
def cluster_url() -> Iterator[str]:
    """The URL of a private cluster that lives as long as the test run."""
    # A short folder: the path of a Unix socket has at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="store-"))
    # Nothing here must survive a power cut, and CREATE DATABASE syncs many files.
    cluster = Cluster(folder / "postgres", {"fsync": "off", "max_connections": "60"})
    try:
        yield cluster.start()
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template_database(cluster_url: str) -> str:
    """The name of a migrated, empty database that nobody is connected to."""
    name = f"template_{os.getpid()}"
    _run(cluster_url, f"CREATE DATABASE {name} TEMPLATE template0")
    with Database(database_url(cluster_url, name)) as database:
        database.migrate()
    return name


@pytest.fixture
def database(cluster_url: str, template_database: str) -> Iterator[Database]:
    """A migrated, empty database of the test's own."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    _run(cluster_url, f"CREATE DATABASE {name} TEMPLATE {template_database} STRATEGY file_copy")
    database = Database(database_url(cluster_url, name))
    try:
        yield database
    finally:
        database.close()
        _run(cluster_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def database_url(cluster: str, name: str) -> str:
    """The URL of the database `name` on the server of `cluster`."""
    return cluster.replace("@/postgres?", f"@/{name}?")


def _run(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())
