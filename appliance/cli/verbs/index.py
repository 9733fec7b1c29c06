"""`appliance index`: passages, vectors and the frozen snapshot, for what was stored since; and
`appliance index verify`, which compares the three with the store and repairs them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from typing import Any, cast

import click

from indexer.audit import Audit, Outcome, audit
from indexer.build import IndexReport, Progress, build
from indexer.encoders.base import Encoder
from indexer.encoders.choose import Choice, choose
from indexer.encoders.graph import Precision
from indexer.encoders.installed import Card
from indexer.encoders.lexical import LexicalEncoder
from indexer.errors import IndexMissing
from indexer.frozen import FrozenIndex, frozen_root
from indexer.milvus import Backend
from indexer.parity import Parity
from store.database import Database
from store.pages import PageStore

from ...config import Config
from ...readers import LEXICAL, encoder_weights, open_store, reranker_weights
from ...render.terminal import safe
from ...retention import referred_indexes
from ..options import as_json, collection_option, config_from, encoder_option, print_json, say

DEFAULT_COLLECTION = "web"


@click.group("index", invoke_without_command=True)
@click.option("--rebuild", is_flag=True, help="Encode everything again.")
@click.option("--repair", is_flag=True, help="Find what is damaged and make it right.")
@encoder_option
@collection_option
@as_json
@click.pass_context
def command(
    context: click.Context,
    rebuild: bool,
    repair: bool,
    encoder: str | None,
    collection: str | None,
    as_json: bool,
) -> None:
    """Index what was stored since the last time and freeze a snapshot for reading.

    Stopped at any moment, the same command goes on where it was. With BGE-M3 it also makes, once,
    what queries are encoded with, and prints how near that is. --repair is short for `index verify
    --repair`.
    """
    if context.invoked_subcommand is not None:
        if rebuild or repair or encoder or collection or as_json:
            raise click.UsageError(
                f"options go behind the word, as in: appliance index {context.invoked_subcommand} "
                "--json"
            )
        return
    if rebuild and repair:
        raise click.UsageError("--rebuild makes everything anew and --repair only what is wrong")
    if repair:
        _verify(collection, encoder, as_json, repair=True, encode=None)
        return
    config = config_from(collection=collection, encoder=encoder)
    with _opened(config) as (database, chosen):
        with _bar(as_json) as progress:
            report = build(
                database,
                config.home.root,
                chosen,
                progress,
                collection=config.collection,
                backend=backend_of(config),
                rebuild=rebuild,
                referred=partial(referred_indexes, config.home),
            )
        ready = [card.to_json() for card in _make_ready(config, database, chosen)]
    if as_json:
        print_json(asdict(report) | {"folder": str(report.folder), "queries": ready})
    else:
        say(_summary(report))


@command.command("verify")
@click.option("--repair", is_flag=True, help="Make right what is found, and compare again.")
@click.option(
    "--encode/--no-encode",
    default=None,
    help="Encode each passage again and compare its vector (default: with BM25 alone).",
)
@encoder_option
@collection_option
@as_json
def verify(
    repair: bool, encode: bool | None, encoder: str | None, collection: str | None, as_json: bool
) -> None:
    """Count where the stored pages, the vectors and the frozen index differ.

    Prints a line for each kind of fault with their number and one of them, and exits with 1 when
    there is one that was not repaired. Without --repair nothing is changed.
    """
    _verify(collection, encoder, as_json, repair, encode)


def _verify(
    collection: str | None, encoder: str | None, as_json: bool, repair: bool, encode: bool | None
) -> None:
    config = config_from(collection=collection, encoder=encoder)
    with _opened(config) as (database, chosen), _bar(as_json) as progress:
        outcome = audit(
            database,
            config.home.root,
            chosen,
            progress,
            collection=config.collection,
            backend=backend_of(config),
            encode=encode,
            repair=repair,
            referred=partial(referred_indexes, config.home),
        )
    if as_json:
        print_json(_outcome_json(outcome))
    else:
        _print_findings(outcome.before)
        _say_outcome(outcome, repair)
    if not outcome.clean:
        raise SystemExit(1)


@contextmanager
def _opened(config: Config) -> Iterator[tuple[Database, Encoder]]:
    """Open the store for writing its index, and choose the encoder."""
    with open_store(config) as database, config.home.writer("index"):
        _refuse_empty(database, config.collection)
        choice = chosen_encoder(config)
        say(f"encoder: {choice.reason}")
        yield database, choice.encoder


def backend_of(config: Config) -> Backend:
    """Where the vectors are, as the settings say."""
    return Backend(config.milvus_uri, config.milvus_token, config.milvus_index)


def chosen_encoder(config: Config) -> Choice:
    """What passages are encoded with, as the settings say."""
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


def _print_findings(found: Audit) -> None:
    for one in found.findings:
        line = f"{one.part}: {one.kind}: {one.count:,} {one.says}; the first: {one.example}"
        click.echo(safe(line).replace("\n", " "))


def _say_outcome(outcome: Outcome, repair: bool) -> None:
    now = outcome.after or outcome.before
    sizes = (
        f"{now.pages:,} pages, {now.passages:,} passages, {now.vectors:,} vectors, "
        f"index {now.digest[:15] or 'none'}"
    )
    if outcome.clean and outcome.after is None:
        say(f"{sizes}: they agree")
    elif outcome.after is not None:
        done = f"repaired, {outcome.encoded:,} encoded again and {outcome.deleted:,} removed"
        if outcome.clean:
            say(f"{sizes}: {done}; they agree")
            return
        say(f"{sizes}: {done}; this is left:")
        _print_findings(outcome.after)
    elif not repair:
        behind = all(one.behind for one in now.findings)
        say(f"{sizes}: run: appliance index{'' if behind else ' verify --repair'}")


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "ok": outcome.clean,
        "repaired": outcome.after is not None,
        "encoded": outcome.encoded,
        "deleted": outcome.deleted,
        "before": _audit_json(outcome.before),
        "after": _audit_json(outcome.after) if outcome.after else None,
    }


def _audit_json(found: Audit) -> dict[str, Any]:
    return {
        "pages": found.pages,
        "passages": found.passages,
        "vectors": found.vectors,
        "digest": found.digest,
        "findings": [
            asdict(one) | {"says": one.says, "behind": one.behind} for one in found.findings
        ],
    }
