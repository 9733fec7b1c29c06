"""`appliance index`: passages, vectors and the frozen snapshot, for what was stored since."""

import sys

import click

from indexer.build import build
from indexer.encoders.choose import choose

from ...readers import open_store
from ..options import as_json, config_from, print_json, say


@click.command("index")
@as_json
def command(as_json: bool) -> None:
    """Index what was stored since the last time and freeze a snapshot for reading.

    Stopped at any moment, the same command goes on where it was.
    """
    config = config_from()
    with open_store(config) as database, config.home.writer("index"):
        encoder = choose(config.encoder)
        say(f"encoder: {encoder.name}")
        report = build(database, config.home.root, encoder, _progress(as_json))
    if as_json:
        print_json(report.json())
    else:
        for line in report.lines():
            say(line)
