"""`appliance index`: passages, vectors and the frozen snapshot, for what was stored since."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import cast

import click

from indexer.build import IndexReport, Progress, build
from indexer.encoders.base import Encoder
from indexer.encoders.choose import Choice, choose
from indexer.encoders.graph import Precision
from indexer.encoders.installed import Card
from indexer.encoders.lexical import LexicalEncoder
from indexer.errors import IndexMissing
from indexer.frozen import FrozenIndex, frozen_root
from indexer.parity import Parity
from store.database import Database
from store.pages import PageStore

from ...config import Config
from ...readers import LEXICAL, encoder_weights, open_store, reranker_weights
from ..options import as_json, collection_option, config_from, encoder_option, print_json, say

DEFAULT_COLLECTION = "web"


@click.command("index")
@click.option("--rebuild", is_flag=True, help="Encode everything again.")
@encoder_option
@collection_option
@as_json
def command(rebuild: bool, encoder: str | None, collection: str | None, as_json: bool) -> None:
    """Index what was stored since the last time and freeze a snapshot for reading.

    Stopped at any moment, the same command goes on where it was. With BGE-M3 it also makes, once,
    what queries are encoded with, and prints how near that is.
    """
    config = config_from(collection=collection, encoder=encoder)
    with open_store(config) as database, config.home.writer("index"):
        _refuse_empty(database, config.collection)
        choice = _chosen(config)
        say(f"encoder: {choice.reason}")
        with _bar(as_json) as progress:
            report = build(
                database,
                config.home.root,
                choice.encoder,
                progress,
                collection=config.collection,
                uri=config.milvus_uri or None,
                rebuild=rebuild,
            )
        ready = [card.to_json() for card in _make_ready(config, database, choice.encoder)]
    if as_json:
        print_json(asdict(report) | {"folder": str(report.folder), "queries": ready})
    else:
        say(_summary(report))


def _chosen(config: Config) -> Choice:
    if config.encoder == LEXICAL:
        return Choice(LexicalEncoder(), "BM25, as asked for")
    fp16 = config.encoder_precision == "fp16"
    return choose(encoder_weights(config), device=config.encoder_device, use_fp16=fp16)


def _make_ready(config: Config, database: Database, encoder: Encoder) -> Iterator[Card]:
    """Make what searches need of BGE-M3 and the reranker, where it is not there yet."""
    home, precision = config.home.root, cast(Precision, config.query_precision)
    if not isinstance(encoder, LexicalEncoder):
        from indexer.encoders.bge_m3 import BgeM3Encoder
        from indexer.query_side import ensure_m3_query

        assert isinstance(encoder, BgeM3Encoder)
        index = FrozenIndex.open(frozen_root(home, config.collection))
        text = PageStore(database, config.collection).version
        card = ensure_m3_query(home, encoder, precision, index, text, say)
        say(f"queries: {precision}, {Parity(**card.parity).sentence()}")
        yield card
    if (folder := reranker_weights(config)) is not None:
        from indexer.query_side import ensure_reranker

        yield ensure_reranker(home, folder, precision, say)


def _refuse_empty(database: Database, collection: str) -> None:
    """An index of no pages would only hide that nothing was crawled, or a name mistyped."""
    if PageStore(database, collection).count() == 0:
        option = "" if collection == DEFAULT_COLLECTION else f" --collection {collection}"
        raise IndexMissing(
            f"nothing is stored in the collection {collection}; run: appliance crawl URL{option}"
        )


@contextmanager
def _bar(quiet: bool) -> Iterator[Progress]:
    from tqdm import tqdm

    with tqdm(desc="index", unit="passage", disable=True if quiet else None) as bar:

        def show(stage: str, done: int, total: int) -> None:
            bar.set_description(stage, refresh=False)
            bar.total = total
            bar.n = done
            bar.refresh()

        yield show


def _summary(report: IndexReport) -> str:
    state = "was up to date" if report.unchanged else "is frozen"
    return (
        f"index {report.digest[:15]}… {state}: {report.pages:,} pages, "
        f"{report.passages:,} passages ({report.encoded:,} encoded now, "
        f"{report.deleted:,} removed)"
    )
