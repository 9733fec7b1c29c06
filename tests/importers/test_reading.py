"""One result for each item, in the order of the items, whatever they are."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

import importers.reading
from extraction.pool import ExtractionPool
from importers.base import Alias, Document, Item, Ready, Reject
from importers.errors import DamagedError
from importers.reading import read_items
from store.imports import Refused
from store.page import PageVersion

WHEN = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def pool() -> Iterator[ExtractionPool]:
    pool = ExtractionPool(1, 10_000_000)
    yield pool
    pool.close()


def item(number: int) -> Item:
    """By turns a document, two rows, a refusal, a redirect, an empty document, a bad address."""
    url, place = f"https://a.test/{number}", str(number)
    kind = number % 7
    if kind in (0, 5):
        body = f"<h1>Page {number}</h1><p>{'It has words enough to be kept. ' * 5}</p>".encode()
        return Document(place, body if kind == 0 else b"", url, WHEN, "s", aliases=(f"{url}/x",))
    if kind in (1, 2):
        return Ready(place, PageVersion(url, "T", f"Row {number}.", WHEN, lang="en"))
    if kind == 3:
        return Reject(place, "no-text", "nothing", url)
    if kind == 4:
        return Alias(place, f"{url}/a", url)
    return Document(place, b"x", "javascript:alert(1)", WHEN, "s")


KINDS = ["page", "page", "page", "no-text", "alias", "empty", "bad-address"]


def told(result: object) -> str:
    if isinstance(result, PageVersion):
        return "page"
    return result.reason if isinstance(result, Refused) else "alias"


def test_results_come_in_the_order_of_the_items(
    pool: ExtractionPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importers.reading, "LOT_ROWS", 2)
    found = list(read_items(map(item, range(210)), pool))
    assert [told(one) for one in found] == [KINDS[number % 7] for number in range(210)]
    pages = [one for one in found if isinstance(one, PageVersion)]
    wanted = [f"https://a.test/{number}" for number in range(210) if number % 7 < 3]
    assert [page.url for page in pages] == wanted
    assert pages[0].aliases == ("https://a.test/0/x",)


def test_no_more_is_read_ahead_than_may_be_held(
    pool: ExtractionPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importers.reading, "MOST_BYTES", 1000)
    asked = 0

    def items() -> Iterator[Item]:
        nonlocal asked
        for number in range(0, 700, 7):
            asked += 1
            yield item(number)

    results = read_items(items(), pool)
    next(results)
    assert asked < 15
    assert len(list(results)) == 99


def test_damage_comes_after_what_was_good(pool: ExtractionPool) -> None:
    def items() -> Iterator[Item]:
        yield from map(item, range(10))
        raise DamagedError("here it breaks off")

    found: list[object] = []
    with pytest.raises(DamagedError, match="breaks off"):
        found.extend(read_items(items(), pool))
    assert len(found) == 10
