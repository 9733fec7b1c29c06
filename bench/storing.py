"""The page store: batches against single writes, look-ups, and a visit to a long page."""

import random
from collections.abc import Iterator

from store.database import Database, open_database
from store.page import PageVersion
from store.pages import PageStore

from .corpus import WHEN, pages, sentence, text, url
from .rows import Row, median_ms, rate_row, seconds, time_row
from .scratch import scratch

BATCH = 500
LONG_PARAGRAPHS = 260
"""Paragraphs of a page of about 20,000 tokens (14,500 words)."""


def rows(full: bool) -> Iterator[Row]:
    """Measure on a private PostgreSQL made for it."""
    with scratch() as home, open_database(home) as database:
        yield _writes(database, 20_000 if full else 2_000)
        yield _look_up(database, 2_000 if full else 500)
        yield _visit(database, 20 if full else 7)


def _writes(database: Database, count: int) -> Row:
    store, single = PageStore(database), PageStore(database, "single")
    many = list(pages(count))
    few = many[: max(100, count // 20)]

    def batches() -> None:
        for at in range(0, count, BATCH):
            store.add(many[at : at + BATCH])

    def one_by_one() -> None:
        for page in few:
            single.add([page])

    alone = len(few) / seconds(one_by_one)
    together = count / seconds(batches)
    return rate_row(
        f"write pages, {BATCH} a batch", together, "pages/s", "one transaction a page", alone, 5
    )


def _look_up(database: Database, count: int) -> Row:
    store = PageStore(database)
    asked = random.Random(3).choices([url(number) for number in range(2_000)], k=count)
    store.resolve(asked[0])
    with database.read() as connection:
        bare = median_ms(lambda _: connection.execute("SELECT 1").fetchone(), range(count))
    found = median_ms(lambda address: store.resolve(str(address)), asked)
    return time_row("find a page by its URL, p50", found, "ms", "SELECT 1, p50", bare)


def _visit(database: Database, times: int) -> Row:
    from appliance.tools.visit import VisitTool
    from models.profiles import profile

    chance = random.Random(5)
    address = "http://bench.test/long"
    body = text(99, LONG_PARAGRAPHS)
    PageStore(database).add([PageVersion(address, "A long page", body, WHEN, lang="en")])
    store = PageStore(database)
    tool = VisitTool(
        store,
        0,
        record_misses=False,
        evidence_tokens=profile("literesearcher").evidence_tokens,
    )
    goals = [sentence(chance, 6) for _ in range(times)]
    read = median_ms(lambda _: store.resolve(address), range(times))
    tool.run({"url": [address], "goal": goals[0]}, "")
    visit = median_ms(lambda goal: tool.run({"url": [address], "goal": goal}, ""), goals)
    name = f"visit a page of {len(body.split()):,} words, p50"
    return time_row(name, visit, "ms", "reading it from the store, p50", read, most=15)
