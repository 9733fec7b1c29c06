"""`appliance replay`: prove a past run on the corpus as it is now or as it was, or ask again."""

from collections import Counter

import click

from ...config import Config
from ...errors import ReplayDiffers
from ...proving import CHANGES, UNPROVED, collection_of, judge_all, prove, readers_for, regenerate
from ...render.terminal import counted, safe, shorten
from ...replay import Compared, words_of_difference
from ...researcher import open_researcher
from ...trace import Run, read_run
from ..options import as_json, config_from, print_json, say


@click.command("replay")
@click.argument("run", required=False)
@click.option("--pinned", is_flag=True, help="On the pages and the index that the run saw.")
@click.option("--model", is_flag=True, help="Ask again with a live model instead.")
@click.option("--with", "name", metavar="NAME", help="The model for --model (default: the run's).")
@click.option("--all", "every", is_flag=True, help="Replay every run; say whose answers change.")
@as_json
def command(
    run: str | None, pinned: bool, model: bool, name: str | None, every: bool, as_json: bool
) -> None:
    """Re-execute every tool call of RUN and compare each result with the recorded one.

    Exit code 0 means that all are identical; 3 that one differs, which is then shown, with the
    versions of the pages behind it. --pinned does it on the snapshot that the run saw.

    --model lets a live model answer the question again: 0 the same answer, 3 another one. --all
    exits with 3 when an answer would change, else with 1 when a run could not be replayed.
    """
    config = config_from()
    if every == bool(run):
        raise click.UsageError("give a RUN (an id, the beginning of one, or last), or --all")
    if name and not model:
        raise click.UsageError("--with names the model that --model asks")
    if every:
        if model:
            raise click.UsageError("--all replays what was recorded; ask one RUN with --model")
        _every(config, pinned, as_json)
        return
    recorded = read_run(config.home.runs, str(run))
    if model:
        _again(config, recorded, pinned, name, as_json)
        return
    with readers_for(config, recorded, pinned) as readers:
        proof = prove(recorded, readers, say, _said, pinned)
    if as_json:
        print_json({"run": recorded.id, "identical": proof.count, "what": proof.what})
    else:
        click.echo(f"run {recorded.id}: all {proof.count} {proof.what} identical")


def _said(compared: Compared) -> None:
    digest = compared.result.digest[:19]
    say(f"{compared.number}. {safe(compared.call.name) or 'call'}: identical ({digest}…)")


def _every(config: Config, pinned: bool, as_json: bool) -> None:
    found = []
    for verdict in judge_all(config, pinned, say):
        found.append(verdict)
        if not as_json:
            asked = shorten(verdict.question, 40)
            click.echo(f"{verdict.verdict:<9} {verdict.run}  {asked}  {shorten(verdict.why, 200)}")
    count = Counter(verdict.verdict for verdict in found)
    if as_json:
        print_json({"runs": [verdict.to_json() for verdict in found], "counts": dict(count)})
    else:
        said = ", ".join(f"{number} {verdict}" for verdict, number in sorted(count.items()))
        say(f"{counted(len(found), 'run')}: {said or 'nothing to replay'}")
    if count[CHANGES]:
        raise click.exceptions.Exit(ReplayDiffers.exit_code)
    if count[UNPROVED]:
        raise click.exceptions.Exit(1)


def _again(config: Config, run: Run, pinned: bool, name: str | None, as_json: bool) -> None:
    chosen = name or str(run.manifest["model"])
    if chosen == "none":
        raise click.UsageError("the run was made without a model; name one with --with NAME")
    with (
        readers_for(config, run, pinned) as readers,
        open_researcher(config, chosen) as researcher,
    ):
        say(researcher.preflight())
        made = regenerate(
            run, readers, researcher.engine, researcher.profile, researcher.card.sha256, say
        )
    same = made.answer == run.answer and made.outcome == run.outcome
    if as_json:
        print_json(
            {
                "run": run.id,
                "model": chosen,
                "collection": collection_of(run, config.collection),
                "same_weights": made.same_weights,
                "same_answer": same,
                "then": run.answer,
                "now": made.answer,
                "outcome": made.outcome,
                "turns": made.turns,
                "same_turns": made.same_turns,
            }
        )
    else:
        weights = "the same weights" if made.same_weights else "other weights"
        if same:
            click.echo(f"{weights}, the same answer: {safe(made.answer) or made.outcome}")
        else:
            click.echo(f"{weights}, another answer")
            click.echo(f"  then: {safe(run.answer) or run.outcome}")
            click.echo(f"  now:  {safe(made.answer) or made.outcome}")
            for line in words_of_difference(run.answer, made.answer):
                click.echo(safe(line))
        say(f"{made.same_turns} of {made.turns} turns are the same, word for word")
    if not same:
        raise click.exceptions.Exit(ReplayDiffers.exit_code)
