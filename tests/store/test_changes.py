"""What differs between two states: held against a plain comparison of everything in both."""

import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.changes import ADDED, CHANGED, GONE, REMOVED, Change, between
from store.commits import Moment, find_moment, present
from store.database import Database
from store.errors import CollectionError
from store.page import PageVersion
from store.pages import PageStore
from store.purge import delete_pages, find_doomed
from store.snapshots import Snapshots

WHEN = datetime(2026, 3, 1, tzinfo=UTC)


def page(name: str, text: str, day: int = 0) -> PageVersion:
    return PageVersion(
        f"https://{name[0]}.example/{name}", f"{name} {text}", text, WHEN + timedelta(days=day)
    )


def listed(database: Database, before: str, after: str, **more: str) -> list[Change]:
    a, b = find_moment(database, before), find_moment(database, after)
    with between(database, a, b, **more) as changes:
        found = list(changes.pages())
        counts = changes.counts()
        by_site: dict[str, int] = dict.fromkeys(counts, 0)
        for _, _, here in changes.sites():
            for kind, count in here.items():
                by_site[kind] += count
    for kind, count in counts.items():
        assert count == by_site[kind] == sum(change.kind == kind for change in found)
    return found


def test_added_changed_and_removed_are_named_with_titles_and_days(database: Database) -> None:
    store = PageStore(database)
    store.add([page("a1", "x"), page("a2", "x")])
    store.add([page("a1", "y", 9), page("b1", "x", 9)])
    found = listed(database, "1", "2")
    assert [(one.kind, one.url) for one in found] == [
        (CHANGED, "https://a.example/a1"),
        (ADDED, "https://b.example/b1"),
    ]
    changed = found[0]
    assert changed.before is not None
    assert changed.after is not None
    assert (changed.before.title, changed.after.title) == ("a1 x", "a1 y")
    assert (changed.before.fetched_at.day, changed.after.fetched_at.day) == (1, 10)
    assert changed.after.digest == page("a1", "y").digest
    back = listed(database, "2", "1")
    assert [(one.kind, one.title) for one in back] == [(CHANGED, "a1 x"), (REMOVED, "b1 x")]
    assert listed(database, "2", "2") == []


def test_content_that_came_back_is_no_change(database: Database) -> None:
    store = PageStore(database)
    for text in ("x", "y", "x"):
        store.add([page("a1", text)])
    assert listed(database, "1", "3") == []
    assert [one.kind for one in listed(database, "1", "2")] == [CHANGED]


def test_collections_are_told_apart(database: Database) -> None:
    Snapshots(database).create("empty")
    PageStore(database).add([page("a1", "x")])
    PageStore(database, "other").add([page("a1", "x"), page("a2", "x")])
    assert [one.collection for one in listed(database, "empty", "2")] == ["other", "other", "web"]
    assert [one.url[-2:] for one in listed(database, "empty", "2", collection="web")] == ["a1"]


def test_a_collection_that_there_is_not_is_refused(database: Database) -> None:
    with pytest.raises(CollectionError, match="crawl or import pages first"):
        listed(database, "0", "now", collection="web")
    for name in ("web", "other"):
        PageStore(database, name).add([page("a1", "x")])
    with pytest.raises(CollectionError, match="called “wbe”; give one of these: other, web"):
        listed(database, "0", "now", collection="wbe")


def test_a_page_that_was_taken_away_meanwhile_is_named_as_gone(database: Database) -> None:
    store = PageStore(database)
    store.add([page("a1", "x"), page("a2", "x"), page("a3", "x")])
    store.mark_gone(["https://a.example/a3"])
    before = Snapshots(database).create("before")
    store.mark_gone(["https://a.example/a1"])
    store.add([page("b1", "x")])
    with between(database, find_moment(database, "before"), present(database)) as changes:
        found = list(changes.pages())
        assert changes.counts() == {ADDED: 1, CHANGED: 0, REMOVED: 0, GONE: 1}
    assert [(one.kind, one.url) for one in found] == [
        (GONE, "https://a.example/a1"),
        (ADDED, "https://b.example/b1"),
    ]
    assert found[0].gone_at is not None
    assert found[0].gone_at > before.created_at
    # Of a state whose time nobody knows nothing is said.
    unknown = Moment("commit 1", 1, None)
    with between(database, unknown, present(database)) as changes:
        assert changes.counts()[GONE] == 0


def test_what_was_gone_between_two_days_without_a_commit_is_named(database: Database) -> None:
    store = PageStore(database)
    store.add([page("a1", "x"), page("a2", "x")])
    store.mark_gone(["https://a.example/a1"])
    with database.raw() as connection:
        connection.execute("UPDATE commit SET at = '2026-01-01 10:00Z'")
        connection.execute(
            "UPDATE page SET gone_at = '2026-01-03 10:00Z' WHERE gone_at IS NOT NULL"
        )
    gone = [(GONE, "https://a.example/a1")]
    for before, after, found in (
        ("2026-01-01", "2026-01-02", []),
        ("2026-01-02", "2026-01-03", gone),
        ("2026-01-02", "now", gone),
        ("2026-01-03", "2026-01-04", []),
        ("2026-01-03", "now", []),
        ("2026-01-03T10:00", "2026-01-04", []),
        ("2026-01-01T12:00", "2026-01-03T09:59", []),
        ("1", "now", gone),
    ):
        assert [(one.kind, one.url) for one in listed(database, before, after)] == found, before


def test_a_purged_page_is_in_no_state(database: Database) -> None:
    store = PageStore(database)
    store.add([page("a1", "x")])
    store.add([page("b1", "x")])
    doomed = find_doomed(database, "web", "https://b.example/b1")
    assert doomed is not None
    delete_pages(database, doomed)
    assert listed(database, "1", "2") == []


_BATCHES = st.lists(
    st.dictionaries(st.sampled_from(["a1", "a2", "b1", "b2"]), st.sampled_from("xyz"), min_size=1),
    min_size=1,
    max_size=5,
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(batches=_BATCHES)
def test_any_two_states_differ_as_their_pages_do(
    database: Database, batches: list[dict[str, str]]
) -> None:
    start = present(database).seq
    collection = f"c{start}"
    states: dict[int, dict[str, str]] = {start: {}}
    texts: dict[str, str] = {}
    for batch in batches:
        report = PageStore(database, collection).add([page(*item) for item in batch.items()])
        texts = texts | batch
        states[report.seq or max(states)] = dict(texts)
    for a, old in states.items():
        for b, new in states.items():
            wanted = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
            found = listed(database, str(a), str(b), collection=collection)
            assert {one.url.rsplit("/", 1)[1] for one in found} == wanted
            for one in found:
                name = one.url.rsplit("/", 1)[1]
                kind = CHANGED if name in old and name in new else ADDED if name in new else REMOVED
                assert one.kind == kind


MANY = """
WITH site AS (INSERT INTO collection (name) VALUES ('web') RETURNING id), made AS (
    INSERT INTO page (collection_id, url, url_hash, host, words)
    SELECT site.id, 'https://a.example/' || n, decode(md5(n::text), 'hex'), 'a.example', '{}'
    FROM site, generate_series(1, 20000) AS n RETURNING id, url
)
INSERT INTO page_version (page_id, digest, title, site, lang, status, source, extractor, body,
                          outlinks, seq_from)
SELECT id, sha256(url::bytea), 'Title of ' || url, '', '', 200, '', '', '', '', 1 FROM made
"""


def test_very_many_changes_need_no_memory(database: Database) -> None:
    with database.raw() as connection:
        connection.execute(MANY)
        connection.execute("UPDATE clock SET seq = 1")
    start, end = Moment("nothing", 0, None), present(database)
    with between(database, start, end) as changes:
        assert changes.counts()[ADDED] == 20_000
        assert sum(1 for _ in changes.pages(7)) == 7
        streamed = _peak(lambda: sum(1 for _ in changes.pages()))
        kept = _peak(lambda: len(list(changes.pages())))
    assert streamed * 5 < kept, "the second keeps them all, so that the first is seen not to"


def _peak(read: Callable[[], int]) -> int:
    """The most bytes that Python held for it."""
    tracemalloc.start()
    try:
        assert read() == 20_000
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
