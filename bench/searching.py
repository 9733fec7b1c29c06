"""Search on the frozen index against Milvus Lite on the same passages."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any

from store.database import Database, open_database
from store.pages import PageStore

from .corpus import pages, queries, text
from .rows import Row, best, median_ms, rate_row, time_row
from .scratch import COMMAND, run, scratch


def rows(full: bool) -> Iterator[Row]:
    """Store made-up pages, index them as the verb does, and ask both."""
    from indexer.build import build
    from indexer.encoders.lexical import LexicalEncoder

    yield _encoding(2_000 if full else 500)
    count, asked = (10_000, 200) if full else (1_000, 40)
    with scratch() as home:
        with open_database(home) as database:
            PageStore(database).add(pages(count))
            report = build(database, home, LexicalEncoder())
            ranking, whole = _frozen(database, home, queries(asked))
        milvus = _milvus(home, queries(asked))
        size = f"{report.passages:,} passages, p50"
        yield time_row(
            f"rank on the frozen index, {size}", ranking, "ms", f"Milvus Lite, {size}", milvus, 1
        )
        yield time_row(
            f"search with snippets, {size}", whole, "ms", "the ranking alone, p50", ranking
        )
        yield _cold(home)
    yield _comparing()


def _encoding(count: int) -> Row:
    """Passages a second through BM25, beside telling the words of the same texts alone."""
    from indexer.encoders.base import PassageText
    from indexer.encoders.lexical import LexicalEncoder
    from indexer.passages import split
    from indexer.tokens import terms

    passages = [
        PassageText(page.text[p.start : p.end], page.title, p.headings, page.lang, page.url, not n)
        for page in pages(count)
        for n, p in enumerate(split(page.text, page.title))
    ]
    encoder = LexicalEncoder()
    encoder.encode_passages(passages[:1])
    encoding = best(lambda: encoder.encode_passages(passages), 3)
    telling = best(lambda: [terms(passage.text, passage.language) for passage in passages], 3)
    return rate_row(
        "passages encoded by BM25", len(passages) / encoding, "passages/s",
        "their words told and stemmed", len(passages) / telling,
    )  # fmt: skip


def _comparing() -> Row:
    """Ten long pages, each compared with each other, as folding does with those that are shown."""
    from indexer.duplicates import resemblance, sketch, words_of

    texts = [text(number, 60) for number in range(10)]

    def all_words(page: str) -> frozenset[tuple[str, ...]]:
        row = words_of(page)
        return frozenset(zip(row, row[1:], row[2:], strict=False))

    def shared(one: frozenset[Any], other: frozenset[Any]) -> float:
        return len(one & other) / len(one | other)

    def compare(make: Callable[[str], Any], judge: Callable[[Any, Any], float]) -> None:
        for one, other in combinations([make(page) for page in texts], 2):
            judge(one, other)

    size = f"10 pages of {len(words_of(texts[0])):,} words, each with each"
    return time_row(
        f"compare {size}", 1000 * best(lambda: compare(sketch, resemblance), 5), "ms",
        "by all their sequences of three words", 1000 * best(lambda: compare(all_words, shared), 5),
    )  # fmt: skip


def _frozen(database: Database, home: Path, asked: list[str]) -> tuple[float, float]:
    """Median milliseconds of ranking alone and of the whole search, warm."""
    from indexer.query import parse
    from indexer.ranking import rank
    from indexer.search import Searcher

    searcher = Searcher.open(database, home)
    text = lru_cache(maxsize=None)(PageStore(database).version)  # as the searcher keeps them

    def ranking(query: str) -> None:
        parsed = parse(query)
        vectors = searcher.encoder.encode_query(parsed.text, searcher.index.languages)
        rank(
            searcher.index, vectors, parsed, None, [], text, searcher.fusion, 10
        )  # fmt: skip

    for query in asked:
        ranking(query)
        searcher.search(query)
    return median_ms(ranking, asked), median_ms(searcher.search, asked)


def _milvus(home: Path, asked: list[str]) -> float:
    from indexer.encoders.lexical import LexicalEncoder
    from indexer.generations import PREFIX
    from indexer.milvus import VectorStore

    encoder = LexicalEncoder()
    vectors = [
        {
            key: term.weight
            for term in encoder.encode_query(query, ("en",)).terms
            for key in term.ids
        }
        for query in asked
    ]
    with VectorStore(home / "milvus") as store:
        name = next(name for name in store.collections() if name.startswith(PREFIX))
        store.prepare(name, 0)

        def search(vector: object) -> None:
            store._client.search(
                name, data=[vector], anns_field="sparse", limit=10,
                search_params={"metric_type": "IP"},
            )  # fmt: skip

        search(vectors[0])
        return median_ms(search, vectors)


def _cold(home: Path) -> Row:
    query = queries(1)[0]
    python = str(Path(COMMAND).with_name("python"))
    run([COMMAND, "search", query], home)
    cold = best(lambda: run([COMMAND, "search", query], home), 3)
    bare = best(lambda: run([python, "-c", "import numpy, psycopg"]), 3)
    return time_row(
        "`appliance search` in a fresh process", cold, "s", "python -c 'import numpy, psycopg'",
        bare, most=1,
    )  # fmt: skip
