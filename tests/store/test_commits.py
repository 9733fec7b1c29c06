"""States of the store by name, number and time, and which of them are still whole."""

from datetime import UTC, datetime, timedelta

import pytest

from store.commits import find_moment, present
from store.database import Database
from store.errors import SnapshotError
from store.page import PageVersion
from store.pages import PageStore
from store.snapshots import Snapshots
from store.unseen import unseen

NOW = datetime(2026, 3, 1, tzinfo=UTC)
URL = "https://example.org/a"


def write(database: Database, *texts: str) -> None:
    """One commit for each text."""
    for text in texts:
        PageStore(database).add([PageVersion(URL, "A", text, NOW)])


def set_time(database: Database, seq: int, at: str) -> None:
    with database.raw() as connection:
        connection.execute("UPDATE commit SET at = %s::timestamptz WHERE seq = %s", (at, seq))


def test_a_name_goes_before_a_number_and_a_time(database: Database) -> None:
    write(database, "one")
    for name in ("2", "2026-01-01"):
        Snapshots(database).create(name)
    write(database, "two", "three")
    assert find_moment(database, "2").seq == 1
    assert find_moment(database, "2026-01-01").seq == 1
    assert find_moment(database, "3").seq == 3
    assert find_moment(database, "0").seq == 0
    assert present(database).seq == find_moment(database, "now").seq == 3
    assert str(find_moment(database, "3")).startswith("commit 3 (20")


@pytest.mark.parametrize(
    ("asked", "seq"),
    [
        ("2026-01-01", 1),
        ("2026-01-02", 2),
        ("2026-01-02T09:59", 1),
        ("2026-01-02 10:00", 2),
        ("2026-01-02T11:00+01:00", 2),
        ("2026-01-02T10:59+01:00", 1),
        ("2026-01-03T00:00:00Z", 2),
        ("2026-02-01", 3),
    ],
)
def test_a_time_is_the_newest_commit_not_later(database: Database, asked: str, seq: int) -> None:
    write(database, "one", "two", "three")
    for number, at in enumerate(["2026-01-01 10:00Z", "2026-01-02 10:00Z", "2026-01-03 10:00Z"], 1):
        set_time(database, number, at)
    found = find_moment(database, asked)
    assert found.seq == seq
    assert found.at is not None
    if "T" not in asked and " " not in asked:
        assert f"{found.at:%Y-%m-%d %H:%M:%S}" == f"{asked} 23:59:59", "the end of the day"


def test_today_is_no_later_than_now(database: Database) -> None:
    write(database, "one")
    before = present(database).at
    today = find_moment(database, f"{datetime.now(UTC):%Y-%m-%d}")
    after = present(database).at
    assert before is not None
    assert today.at is not None
    assert after is not None
    assert before <= today.at <= after


def test_what_names_no_state_is_refused_with_a_repair(database: Database) -> None:
    write(database, "one")
    set_time(database, 1, "2026-01-01 10:00Z")
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"
    for asked, said in (
        ("2", "no commit 2 yet; give a number from 0 to 1"),
        ("2025-12-31", "Nothing was stored on 2025-12-31 yet; the first commit is of 2026-01-01"),
        (tomorrow, "has not come yet"),
        ("tuesday", "no snapshot called “tuesday”"),
        ("2026-13-01", "no snapshot called “2026-13-01”"),
        ("9999-12-31T23:59:59-14:00", "no snapshot called"),
        ("", "no snapshot called"),
    ):
        with pytest.raises(SnapshotError, match=said):
            find_moment(database, asked)


def test_times_before_they_were_written_down_are_not_guessed(database: Database) -> None:
    write(database, "one", "two")
    with database.raw() as connection:
        connection.execute("DELETE FROM commit WHERE seq = 1")
    set_time(database, 2, "2026-01-02 10:00Z")
    with pytest.raises(SnapshotError, match="did not write down the times of its commits before 2"):
        find_moment(database, "2026-01-01")
    old = find_moment(database, "1")
    assert (old.seq, old.at, old.whole) == (1, None, False), "nobody knows what gc took of it"


def test_the_time_of_a_commit_is_never_before_that_of_the_last(database: Database) -> None:
    write(database, "one")
    set_time(database, 1, "2999-01-01 00:00Z")  # a clock that was wrong
    write(database, "two")
    assert find_moment(database, "2").at == find_moment(database, "1").at


def test_a_state_that_lost_a_version_says_so_and_others_do_not(database: Database) -> None:
    write(database, "one", "two", "three", "four")
    kept = Snapshots(database).create("kept")  # the state after 4
    write(database, "five", "six")
    assert all(find_moment(database, str(seq)).whole for seq in range(7))
    assert unseen(database, [2, kept.seq], delete=False).versions == 3
    assert all(find_moment(database, str(seq)).whole for seq in range(7)), "nothing was removed"
    assert unseen(database, [2, kept.seq], delete=True).versions == 3
    whole = [find_moment(database, str(seq)).whole for seq in range(7)]
    assert whole == [True, False, True, False, True, False, True]
    assert find_moment(database, "kept").whole
    page = PageStore(database).resolve(URL, at=kept.seq)
    assert page is not None
    assert page.text == "four"
    assert unseen(database, [2, kept.seq], delete=True).versions == 0
