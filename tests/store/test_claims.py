"""`rel=canonical`: which address a page may give itself, and when it loses it again."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.claims import MOST, may_claim
from store.database import Database
from store.page import PageVersion
from store.pages import PageStore
from store.purge import delete_pages, find_doomed

WHEN = datetime(2026, 3, 1, tzinfo=UTC)
SITE = "https://example.org"
PROPER = f"{SITE}/proper"
_numbers = itertools.count(1)


def page(path: str, text: str, declared: str = "", aliases: tuple[str, ...] = ()) -> PageVersion:
    return PageVersion(f"{SITE}/{path}", "T", text, WHEN, declared=declared, aliases=aliases)


def leads_to(store: PageStore, url: str = PROPER, at: int | None = None) -> str | None:
    found = store.resolve(url, at)
    return None if found is None else found.url.removeprefix(f"{SITE}/")


@pytest.fixture
def store(database: Database) -> PageStore:
    return PageStore(database)


@pytest.mark.parametrize(
    ("url", "claimed", "may"),
    [
        (f"{SITE}/a?print=1", f"{SITE}/a", True),
        (f"{SITE}/a", "http://www.example.org/b", True),
        ("https://amp.example.org/a", f"{SITE}/a", True),
        ("https://news.example.co.uk/a", "https://example.co.uk/a", True),
        # Another owner, whatever the names share.
        (f"{SITE}/a", "https://other.org/a", False),
        ("https://alice.github.io/a", "https://bob.github.io/a", False),
        ("https://one.co.uk/a", "https://two.co.uk/a", False),
        # Names that nobody has registered, numbers, and other ports are compared whole.
        ("http://a.test/a", "http://b.a.test/a", False),
        ("http://a.test/a", "http://a.test/b", True),
        ("http://127.0.0.1:8000/a", "http://127.0.0.1:8000/b", True),
        ("http://127.0.0.1:8000/a", "http://127.0.0.1:9000/b", False),
        ("http://127.0.0.1/a", "http://127.0.0.2/a", False),
        ("http://[::1]/a", "http://[::2]/a", False),
        # The same page in another spelling needs no alias.
        (f"{SITE}/a", "http://www.example.org/a/#top", False),
        # A front page is claimed by other spellings of it alone.
        (f"{SITE}/a", f"{SITE}/", False),
        (f"{SITE}/?p=17", SITE, False),
        (f"{SITE}/index.html", SITE, True),
        ("https://m.example.org/", SITE, True),
        (f"{SITE}/a", f"{SITE}/?p=17", True),
        # What is no page of the web claims nothing.
        ("file:///srv/a", "file:///srv/b", False),
        (f"{SITE}/a", "urn:isbn:1", False),
    ],
)
def test_which_addresses_may_be_claimed(url: str, claimed: str, may: bool) -> None:
    assert may_claim(url, claimed) is may


def test_a_page_is_found_under_the_address_that_it_names(store: PageStore) -> None:
    report = store.add([page("a?x=1", "the text", PROPER)])
    assert leads_to(store) == "a?x=1"
    assert leads_to(store, at=report.seq) == "a?x=1"
    assert store.held([PROPER]) == {PROPER}
    # Written again, nothing changes.
    again = store.add([page("a?x=1", "the text", PROPER)])
    assert (again.unchanged, again.seq) == (1, None)
    # Another page that says the same may name it too; the shorter address has it.
    store.add([page("a?x=2", "the text", PROPER)])
    assert leads_to(store) == "a?x=1"


@pytest.mark.parametrize("at_once", [True, False])
def test_pages_that_differ_do_not_get_the_address_that_both_claim(
    store: PageStore, at_once: bool
) -> None:
    both = [page("a", "one text", PROPER), page("b", "another text", PROPER)]
    for batch in [both] if at_once else [[one] for one in both]:
        store.add(batch)
    assert leads_to(store) is None
    assert leads_to(store, at=1) == (None if at_once else "a"), "what was seen then stays true"
    # When they say the same again, or one thinks better of it, the other has it.
    store.add([page("b", "one text", PROPER)])
    assert leads_to(store) == "a"
    store.add([page("a", "one text, longer", PROPER)])
    assert leads_to(store) is None
    store.add([page("a", "one text, longer")])
    assert leads_to(store) == "b"


def test_a_stored_page_keeps_its_address(store: PageStore) -> None:
    store.add([page("proper", "its own text")])
    store.add([page("a", "another text", PROPER)])
    assert leads_to(store) == "proper"
    assert store.alias_targets() == {}


def test_an_alias_ends_when_the_page_itself_is_stored(store: PageStore) -> None:
    store.add([page("a", "another text", PROPER)])
    assert len(store.alias_targets()) == 1
    store.add([page("proper", "its own text")])
    assert store.alias_targets() == {}
    assert leads_to(store) == "proper"
    assert leads_to(store, at=1) == "a"


def test_every_page_that_names_the_front_page_leaves_it_alone(store: PageStore) -> None:
    store.add([page(str(number), f"text {number}", f"{SITE}/") for number in range(5)])
    assert leads_to(store, f"{SITE}/") is None
    store.add([page("index.html", "the front", f"{SITE}/")])
    assert leads_to(store, f"{SITE}/") == "index.html"


def test_what_very_many_pages_claim_none_gets(store: PageStore) -> None:
    store.add([page(f"a?{number}", "the text", PROPER) for number in range(MOST)])
    assert leads_to(store) == "a?0"
    store.add([page("a?more", "the text", PROPER)])
    assert leads_to(store) is None


@pytest.mark.parametrize("order", [0, 1])
def test_a_redirect_goes_before_a_claim(store: PageStore, order: int) -> None:
    acts: list[Callable[[], object]] = [
        lambda: store.add([page("b", "the text of b", aliases=(PROPER,))]),
        lambda: store.add([page("a", "the text of a", PROPER)]),
    ]
    for act in acts if order else acts[::-1]:
        act()
    assert leads_to(store) == "b"
    # The claim being withdrawn takes nothing from it.
    store.add([page("a", "the text of a")])
    assert leads_to(store) == "b"


def test_a_redirect_to_where_a_claim_led_is_one(store: PageStore) -> None:
    store.add([page("a", "the text", PROPER)])
    store.add_alias(PROPER, f"{SITE}/a")
    store.add([page("b", "another text", PROPER)])
    assert leads_to(store) == "a", "a claim of another page does not end a redirect"


def purge(database: Database, path: str) -> None:
    doomed = find_doomed(database, "web", f"{SITE}/{path}")
    assert doomed is not None
    delete_pages(database, doomed)


def test_an_address_leads_to_who_claims_it_when_its_own_page_is_purged(
    store: PageStore, database: Database
) -> None:
    store.add([page("a", "another text", PROPER), page("proper", "its own text")])
    assert leads_to(store) == "proper"
    purge(database, "proper")
    assert leads_to(store) == "a"
    assert leads_to(store, at=1) is None, "what was is not made up"


def test_the_other_claimant_has_the_address_when_the_first_is_purged(
    store: PageStore, database: Database
) -> None:
    store.add([page("a", "one text", PROPER), page("b", "one text", PROPER)])
    assert leads_to(store) == "a"
    purge(database, "a")
    assert leads_to(store) == "b"


def test_the_only_claimant_left_has_the_address(store: PageStore, database: Database) -> None:
    store.add([page("a", "one text", PROPER), page("b", "another text", PROPER)])
    assert leads_to(store) is None
    purge(database, "a")
    assert leads_to(store) == "b"


def test_a_claim_holds_when_where_the_redirect_led_is_purged(
    store: PageStore, database: Database
) -> None:
    store.add([page("b", "the text of b", aliases=(PROPER,)), page("a", "the text of a", PROPER)])
    assert leads_to(store) == "b"
    purge(database, "b")
    assert leads_to(store) == "a"


def test_a_purge_in_another_collection_judges_nothing_here(database: Database) -> None:
    one, two = PageStore(database), PageStore(database, "two")
    for each in (one, two):
        each.add([page("a", "one text", PROPER), page("b", "another text", PROPER)])
    purge(database, "a")
    assert leads_to(one) == "b"
    assert leads_to(two) is None


def test_purging_a_page_takes_its_claim(store: PageStore, database: Database) -> None:
    store.add([page("a", "one text", PROPER), page("b", "another text", PROPER)])
    purge(database, "a")
    store.add([page("b", "another text", PROPER)])
    assert leads_to(store) == "b"
    with database.read() as connection:
        assert connection.execute("SELECT count(*) FROM claim").fetchone() == (1,)


@pytest.mark.parametrize("declared", ["", "nonsense", "https://\ud800/", "//", "a\0b", "#"])
def test_what_is_no_address_claims_nothing(store: PageStore, declared: str) -> None:
    store.add([page("a", "the text", declared)])
    assert store.alias_targets() == {}


def test_a_page_that_comes_twice_in_a_batch_claims_what_it_said_last(store: PageStore) -> None:
    store.add([page("a", "one", PROPER), page("a", "two", f"{SITE}/other")])
    assert leads_to(store) is None
    assert leads_to(store, f"{SITE}/other") == "a"


def test_collections_claim_apart(database: Database) -> None:
    PageStore(database, "one").add([page("a", "one text", PROPER)])
    PageStore(database, "two").add([page("b", "another text", PROPER)])
    assert leads_to(PageStore(database, "one")) == "a"
    assert leads_to(PageStore(database, "two")) == "b"


_TEXTS = st.sampled_from(["one text", "another text"])
_CLAIMED = st.sampled_from([PROPER, f"{SITE}/b", f"{SITE}/other", ""])


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.dictionaries(st.sampled_from(["a", "b", "c", "proper"]), st.tuples(_TEXTS, _CLAIMED)))
def test_the_order_in_which_pages_come_decides_nothing(
    database: Database, pages: dict[str, tuple[str, str]]
) -> None:
    made = [page(name, text, declared) for name, (text, declared) in pages.items()]
    found = []
    for order in (made, made[::-1], made[1:] + made[:1]):
        one = PageStore(database, f"c{next(_numbers)}")
        for each in order:
            one.add([each])
        found.append(one.alias_targets())
    at_once = PageStore(database, f"c{next(_numbers)}")
    at_once.add(made)
    assert found == [at_once.alias_targets()] * 3
