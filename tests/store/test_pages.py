"""The page store: what goes in comes out, at every number, and damage is named."""

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.database import Database
from store.errors import UnknownVersionError, UrlError
from store.page import Outlink, PageVersion
from store.pages import AddReport, PageStore
from store.snapshots import Snapshots

NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
_numbers = itertools.count()
KILLS = int(os.environ.get("APPLIANCE_KILLS", "5"))


def page(name: str = "a", text: str = "Text", **more: object) -> PageVersion:
    return PageVersion(f"https://example.org/{name}", name.title(), text, NOW, **more)  # type: ignore[arg-type]


def bare(version: PageVersion | None) -> PageVersion:
    assert version is not None
    return replace(version, page_id=None, version_id=None, seq_from=None, seq_to=None)


@pytest.fixture
def store(database: Database) -> PageStore:
    return PageStore(database)


def test_everything_comes_back(store: PageStore) -> None:
    whole = page(
        text="# Café\n\n中文 \U0001f600 \\N \t",
        lang="fr",
        site="Example",
        published=date(2024, 2, 29),
        status=203,
        source="crawl",
        extractor="x/1",
        outlinks=(Outlink("https://example.org/b", "b"), Outlink("", "")),
        etag='W/"1"',
        last_modified="Sun, 01 Mar 2026 12:00:00 GMT",
    )
    assert store.add([whole]) == AddReport(new=1, seq=1)
    found = store.resolve(whole.url)
    assert bare(found) == whole
    assert found is not None
    assert found.version_id is not None
    assert (found.seq_from, found.seq_to) == (1, None)
    assert store.version(found.version_id) == found
    assert found.digest == whole.digest


def test_which_addresses_are_held(store: PageStore) -> None:
    asked = [
        "http://www.example.org/a/#top", "https://example.org/moved", "https://example.org/none",
        "no address",
    ]  # fmt: skip
    assert store.held(asked) == set()
    store.add([page("a"), page("b")])
    store.add_alias("https://example.org/moved", "https://example.org/step")
    store.add_alias("https://example.org/step", "https://example.org/b")
    assert store.held(asked) == set(asked[:2])
    store.add([page("none")])
    assert store.held(asked) == set(asked[:3])
    assert store.held(asked, at=3) == set(asked[:2])
    assert PageStore(store._database, store.collection, at=1).held(asked) == set(asked[:1])


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    title=st.text(st.characters(codec=None), max_size=40),
    text=st.text(st.characters(codec=None), max_size=400),
    link=st.text(st.characters(codec=None), max_size=40),
    name=st.text(max_size=20),
)
def test_any_text_comes_back(
    database: Database, title: str, text: str, link: str, name: str
) -> None:
    store = PageStore(database)
    version = PageVersion(
        # A number makes each page new: known content would keep its version, links and all.
        f"https://example.org/{next(_numbers)}/{name}".encode("utf-8", "replace").decode(),
        title,
        text,
        NOW,
        outlinks=(Outlink(link, title),),
    )
    store.add([version])
    found = store.resolve(version.url)
    assert found is not None
    assert (found.title, found.text, found.outlinks) == (
        version.title,
        version.text,
        version.outlinks,
    )
    assert found.digest == version.digest


def test_new_changed_unchanged(store: PageStore, database: Database) -> None:
    assert store.add([page("a"), page("b")]) == AddReport(new=2, seq=1)
    assert store.add([page("a"), page("b")]) == AddReport(unchanged=2)
    assert store.add([page("a"), page("b", "other"), page("c")]) == AddReport(1, 1, 1, 2)
    assert store.add([]) == AddReport()
    assert Snapshots(database).create("now").seq == 2
    assert store.count() == 3


def test_an_unchanged_page_keeps_its_version_and_takes_new_headers(store: PageStore) -> None:
    store.add([page(etag="1")])
    before = store.resolve(page().url)
    later = replace(page(etag="2", last_modified="now"), fetched_at=NOW + timedelta(days=1))
    assert store.add([later]) == AddReport(unchanged=1)
    after = store.resolve(page().url)
    assert before is not None
    assert after is not None
    assert after.version_id == before.version_id
    assert after.fetched_at == NOW
    assert store.headers("http://www.example.org/a/") == ("2", "now")
    assert store.headers("https://example.org/none") is None


def test_each_number_keeps_its_text_even_when_content_comes_back(store: PageStore) -> None:
    for text in ("one", "two", "one"):
        store.add([page(text=text)])
    at = [store.resolve(page().url, at=seq) for seq in (0, 1, 2, 3, 99)]
    assert at[0] is None
    assert [version.text for version in at[1:] if version] == ["one", "two", "one", "one"]
    versions = [version for version in at[1:4] if version]
    assert [(version.seq_from, version.seq_to) for version in versions] == [
        (1, 2),
        (2, 3),
        (3, None),
    ]
    assert versions[0].digest == versions[2].digest


def test_a_page_that_comes_twice_in_a_batch_gets_both_versions(store: PageStore) -> None:
    assert store.add([page(text="one"), page("b"), page(text="two")]).changed == 1
    found = store.resolve(page().url)
    assert found is not None
    assert found.text == "two"
    first = store.resolve(page().url, at=1)
    assert first is not None
    assert first.text == "one"


@pytest.mark.parametrize(
    "asked",
    [
        "http://www.example.org/a/?utm_source=mail#top",
        "https://m.example.org/a",
        "(https://example.org/a).",
        "https://old.example.org/first",
        "http://old.example.org/second/",
        "https://elsewhere.org/x",
    ],
)
def test_every_spelling_finds_the_page(store: PageStore, asked: str) -> None:
    store.add([page(aliases=("https://old.example.org/first", "not an address"))])
    store.add_alias("https://old.example.org/second", "https://old.example.org/first")
    store.add_alias("https://elsewhere.org/x", "https://old.example.org/second")
    found = store.resolve(asked)
    assert found is not None
    assert found.url == "https://example.org/a"
    at = store.resolve(asked, at=3)
    assert at == found


def test_an_alias_leads_where_it_led_then(store: PageStore) -> None:
    asked = "https://example.org/moving"

    def at(seq: int | None) -> str:
        found = store.resolve(asked, at=seq)
        return "" if found is None else found.title

    store.add([page("a"), page("b")])
    store.add_alias(asked, "https://example.org/a")
    store.add_alias(asked, "https://example.org/a")
    store.add([page("c", aliases=(asked,))])
    store.add_alias(asked, "https://example.org/b")
    assert [at(seq) for seq in (1, 2, 3, 4, None)] == ["", "A", "C", "B", "B"]
    assert len(store.alias_targets()) == 1


def test_an_alias_may_come_before_its_page_and_lead_in_a_circle(store: PageStore) -> None:
    store.add_alias("https://example.org/x", "https://example.org/y")
    store.add_alias("https://example.org/y", "https://example.org/x")
    assert store.resolve("https://example.org/x") is None
    store.add([page("y")])
    found = store.resolve("https://example.org/x")
    assert found is not None
    assert found.title == "Y"


def test_a_page_goes_before_an_alias_of_its_own_url(store: PageStore) -> None:
    store.add([page("a"), page("b")])
    store.add_alias("https://example.org/a", "https://example.org/b")
    found = store.resolve("https://example.org/a")
    assert found is not None
    assert found.title == "A"


def test_resolve_refuses_garbage_and_misses_quietly(store: PageStore) -> None:
    assert store.resolve("https://example.org/none") is None
    with pytest.raises(UrlError):
        store.resolve("what is a bridge")


def test_an_unknown_version(store: PageStore) -> None:
    with pytest.raises(UnknownVersionError, match="number 404; run: appliance index"):
        store.version(404)


def test_collections_are_apart(store: PageStore, database: Database) -> None:
    other = PageStore(database, "other")
    assert other.count() == 0
    store.add([page()])
    assert other.resolve(page().url) is None
    assert other.failures() == other.misses() == other.verify() == []
    other.add([page(text="other")])
    assert [version.text for version in other.current()] == ["other"]
    assert [version.text for version in store.current()] == ["Text"]


def test_current_walks_all_pages_once(store: PageStore) -> None:
    store.add([page(str(number)) for number in range(450)])
    store.add([page("7", "new"), page("8", "new")])
    found = list(store.current())
    assert len({version.url for version in found}) == len(found) == 450
    ids = [version.version_id or 0 for version in found]
    assert ids == sorted(ids)
    assert [version.text for version in found[-2:]] == ["new", "new"]
    assert list(store.current(ids[9], 5)) == found[10:15]
    assert list(store.current(limit=0)) == []


def test_failures_are_kept_until_a_page_heals_them(store: PageStore) -> None:
    store.fail("https://example.org/b", "robots", "disallowed", "crawl")
    store.fail("https://example.org/a", "timeout", "1", "crawl")
    store.fail("http://www.example.org/a/", "empty", "2\0", "import")
    assert [(f.url, f.reason, f.detail, f.source) for f in store.failures()] == [
        ("https://example.org/a", "empty", "2", "import"),
        ("https://example.org/b", "robots", "disallowed", "crawl"),
    ]
    store.add([page("a")])
    assert [failure.url for failure in store.failures()] == ["https://example.org/b"]


def test_misses_count_runs_until_the_page_comes(store: PageStore) -> None:
    for run in ("r1", "r1", "r2"):
        store.record_miss("https://example.org/a", run)
    store.record_miss("no such thing", "r1")
    assert [(miss.url, miss.runs) for miss in store.misses()] == [
        ("https://example.org/a", 2),
        ("no such thing", 1),
    ]
    store.add([page("a")])
    assert [miss.url for miss in store.misses()] == ["no such thing"]


def test_writers_in_threads_lose_nothing(database: Database) -> None:
    store = PageStore(database)
    reports: list[AddReport] = []

    def write(writer: int) -> None:
        for round_ in range(8):
            # The same twenty pages in opposite orders, and five of its own.
            shared = [page(str(number), f"{number} {round_}") for number in range(20)]
            own = [page(f"{writer}-{round_}-{number}") for number in range(5)]
            batch = own + (shared if writer % 2 else shared[::-1])
            reports.append(store.add(batch))

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reports) == 32
    total = sum(reports, AddReport())
    assert total.new == 20 + 4 * 8 * 5 == store.count()
    assert total.new + total.changed + total.unchanged == 32 * 25
    assert store.verify() == []
    numbers = sorted(report.seq for report in reports if report.seq)
    assert numbers == list(range(1, len(numbers) + 1)), "each commit has a number of its own"


_WRITER = """
import sys
from datetime import UTC, datetime
from store.database import Database
from store.page import PageVersion
from store.pages import PageStore
store = PageStore(Database(sys.argv[1]))
now = datetime(2026, 1, 1, tzinfo=UTC)
for batch in range(10**6):
    store.add(
        PageVersion(f"https://example.org/{batch}/{number}", "T", f"{number} " * 2000, now)
        for number in range(40)
    )
    print(batch, flush=True)
"""


@pytest.mark.kill
@pytest.mark.parametrize("point", [(kill + 0.5) / KILLS for kill in range(KILLS)])
def test_a_killed_writer_loses_nothing_acknowledged(database: Database, point: float) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", _WRITER, database.url], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert [int(child.stdout.readline()) for _ in range(3)] == [0, 1, 2]
    begun = time.monotonic()
    acknowledged = int(child.stdout.readline())
    # The kills are spread evenly over the time that one batch takes here and now.
    time.sleep(point * (time.monotonic() - begun))
    os.kill(child.pid, signal.SIGKILL)
    # What it still said before it died is acknowledged too.
    acknowledged = max([acknowledged, *(int(line) for line in child.stdout if line.endswith("\n"))])
    child.wait()
    child.stdout.close()
    store = PageStore(database)
    # The next writer waits for the lock until the server has ended the dead one's transaction.
    store.add([page("after")])
    batches: dict[str, int] = {}
    for version in store.current():
        batch = version.url.split("/")[3]
        batches[batch] = batches.get(batch, 0) + 1
    assert batches.pop("after") == 1
    assert set(batches.values()) == {40}, "a batch is there as a whole or not at all"
    assert {str(batch) for batch in range(acknowledged + 1)} <= set(batches)
    assert len(batches) <= acknowledged + 2
    assert store.verify() == []
