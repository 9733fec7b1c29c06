"""`appliance index`: passages, vectors and the frozen snapshot, for what was stored since."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click

from indexer.build import IndexReport, Progress, build
from indexer.encoders.choose import choose

from ...config import Config
from ...errors import ConfigError
from ...readers import open_store
from ..options import as_json, config_from, print_json, say


@click.command("index")
@click.option("--rebuild", is_flag=True, help="Encode everything again.")
@as_json
def command(rebuild: bool, as_json: bool) -> None:
    """Index what was stored since the last time and freeze a snapshot for reading.

    Stopped at any moment, the same command goes on where it was.
    """
    config = config_from()
    with open_store(config) as database, config.home.writer("index"):
        choice = choose(_weights(config))
        say(f"encoder: {choice.reason}")
        with _bar(as_json) as progress:
            report = build(
                database,
                config.home.root,
                choice.encoder,
                progress,
                uri=config.milvus_uri or None,
                rebuild=rebuild,
            )
    if as_json:
        print_json(asdict(report) | {"folder": str(report.folder)})
    else:
        say(_summary(report))


def _weights(config: Config) -> Path | None:
    """The BGE-M3 folder that the settings name, or the one in the home; None: BM25."""
    if config.encoder == "lexical":
        found = config.home.models / "bge-m3"
        return found if found.is_dir() else None
    folder = Path(config.encoder).expanduser()
    if not folder.is_dir():
        raise ConfigError(
            f"the setting encoder names {folder}, which is no folder; "
            "give the folder of a BGE-M3 checkpoint, or `lexical`"
        )
    return folder


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
