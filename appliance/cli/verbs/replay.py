"""`appliance replay`: prove a past run's tool results on the corpus as it is now."""

from dataclasses import replace

import click

from indexer.memory import QueryMemory
from models.profiles import profile

from ...quotes import quotes
from ...readers import open_readers
from ...replay import check_index, replay, replay_quotes
from ...scope import recorded_scope
from ...trace import read_run
from ...vectors import check_vectors, recorded_vectors
from ..options import as_json, config_from, print_json, say


@click.command("replay")
@click.argument("run")
@as_json
def command(run: str, as_json: bool) -> None:
    """Re-execute every tool call of RUN and compare each result with the recorded one.

    Exit code 0 means that all are identical; 3 that one differs, which is then shown.
    """
    config = config_from()
    recorded = read_run(config.home.runs, run)
    collection = recorded.manifest.get("collection", config.collection)
    with open_readers(replace(config, collection=str(collection))) as opened:
        readers = opened.within(recorded_scope(recorded.manifest))
        for note in check_index(recorded, readers.index_facts()):
            say(note)
        vectors = recorded_vectors(recorded)
        for note in check_vectors(recorded, vectors, readers.searcher):
            say(note)
        readers = readers.remembering(QueryMemory(vectors))
        if recorded.manifest["profile"] == "none":
            count = replay_quotes(
                recorded, quotes(recorded.question, readers.searcher, readers.pages)
            )
            what = "quotes"
        else:
            shown = profile(str(recorded.manifest["profile"]))
            toolbox = readers.toolbox(shown, record_misses=False)
            count, what = 0, "tool calls"
            for compared in replay(recorded, toolbox):
                count += 1
                digest = compared.result.digest[:19]
                say(f"{compared.number}. {compared.call.name or 'call'}: identical ({digest}…)")
    if as_json:
        print_json({"run": recorded.id, "identical": count, "what": what})
    else:
        click.echo(f"run {recorded.id}: all {count} {what} identical")
