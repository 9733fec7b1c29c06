"""The pause that a host wants goes over to whoever asks it next, for a while."""

from store.crawlers import Presence, present
from store.crawls import Crawls
from store.database import Database
from store.frontier import Entry, Frontier
from store.hosts import Manners

MANNERS = Manners(hold=True, pause=0.25, each=1)


def free_since(database: Database, seconds: float) -> None:
    with database.raw() as connection:
        connection.execute(
            "UPDATE host SET free_at = clock_timestamp() - make_interval(secs => %s)", (seconds,)
        )


def one_page(frontier: Frontier) -> Entry:
    (entry,) = frontier.lease(1, MANNERS)
    frontier.settle([entry.id])
    return entry


def test_a_lengthened_pause_survives_a_change_of_holder(database: Database) -> None:
    crawl = Crawls(database).begin("web", {}).id
    with present(database, crawl) as one, present(database, crawl) as two:
        first, second = (Frontier(database, crawl, who.id) for who in (one, two))
        first.add([(f"http://a.test/{number}", 0, 0, None) for number in range(5)])
        assert one_page(first).pause == 0.25
        # A 429 came after the last sign of life: nothing but the letting go knows of it.
        one.let_go(["a.test"], {"a.test": 600.0})
        assert second.lease(1, MANNERS) == []
        free_since(database, 0)
        assert one_page(second).pause == 600.0
        # Its own host's pause it knows itself.
        assert one_page(second).pause == 0.0
        # The twin: what a server wanted long ago is no rule for today.
        two.let_go(["a.test"])
        free_since(database, 3600)
        assert one_page(first).pause == 0.25


def pause_of(database: Database, who: Presence) -> float:
    with database.read() as connection:
        row = connection.execute("SELECT pause FROM host WHERE holder = %s", (who.id,)).fetchone()
    assert row is not None
    return float(row[0])


def test_a_host_that_is_held_keeps_the_longer_pause(database: Database) -> None:
    crawl = Crawls(database).begin("web", {}).id
    with present(database, crawl) as one:
        assert one.hold("a.test", 2.0)
        assert one.hold("a.test", 0.5)
        assert pause_of(database, one) == 2.0
        one.beat({"a.test": 1.0})  # a server that has recovered
        assert pause_of(database, one) == 1.0
