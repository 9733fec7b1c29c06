"""`appliance index`: passages, vectors and the frozen snapshot, for what was stored since."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import click

from indexer.build import IndexReport, Progress, build
from indexer.encoders.choose import choose
from indexer.errors import IndexMissing
from store.database import Database
from store.pages import PageStore

from ...readers import encoder_weights, open_store
from ..options import as_json, collection_option, config_from, print_json, say

DEFAULT_COLLECTION = "web"


@click.command("index")
@click.option("--rebuild", is_flag=True, help="Encode everything again.")
@collection_option
@as_json
def command(rebuild: bool, collection: str | None, as_json: bool) -> None:
    """Index what was stored since the last time and freeze a snapshot for reading.

    Stopped at any moment, the same command goes on where it was.
    """
    config = config_from(collection=collection)
    with open_store(config) as database, config.home.writer("index"):
        _refuse_empty(database, config.collection)
        choice = choose(encoder_weights(config))
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
    if as_json:
        print_json(asdict(report) | {"folder": str(report.folder)})
    else:
        say(_summary(report))


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
