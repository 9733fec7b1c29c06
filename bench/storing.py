"""The page store: batches against single writes, look-ups, and a visit to a long page."""

import random
from collections.abc import Iterator

from indexer.passages import count_tokens
from store.database import Database, open_database
from store.page import PageVersion
from store.pages import PageStore

from .corpus import WHEN, pages, sentence, text, url
from .rows import Row, median_ms, rate_row, seconds, time_row
from .scratch import scratch

BATCH = 500
LONG_PARAGRAPHS = 260
"""Paragraphs of a page of about 20,000 tokens (14,500 words)."""
VISIT_MS = 15


def rows(full: bool) -> Iterator[Row]:
    """Measure on a private PostgreSQL made for it."""
    with scratch() as home, open_database(home) as database:
        yield _writes(database, 20_000 if full else 2_000)
        yield _look_up(database, 2_000 if full else 500)
        yield visit(database, 20 if full else 10)


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


def visit(database: Database, times: int) -> Row:
    """Visits of so many long pages, each once: nothing of a page is remembered from before."""
    from appliance.tools.visit import VisitTool
    from models.profiles import profile

    chance = random.Random(5)
    store = PageStore(database)
    addresses = [f"http://bench.test/long-{number}" for number in range(times + 1)]
    bodies = [text(99 + number, LONG_PARAGRAPHS) for number in range(times + 1)]
    store.add(
        PageVersion(address, "A long page", body, WHEN, lang="en")
        for address, body in zip(addresses, bodies, strict=True)
    )
    tool = VisitTool(
        store,
        0,
        record_misses=False,
        evidence_tokens=profile("literesearcher").evidence_tokens,
    )

    def once(address: object) -> None:
        tool.run({"url": [address], "goal": sentence(chance, 6)}, "")

    once(addresses[-1])  # the first one imports what is needed
    read = median_ms(lambda address: store.resolve(str(address)), addresses[:-1])
    taken = median_ms(once, addresses[:-1])
    tokens = count_tokens(bodies[0])
    name = f"visit a page of {len(bodies[0].split()):,} words ({tokens:,} tokens), p50"
    return time_row(name, taken, "ms", "reading it from the store, p50", read, most=VISIT_MS)
