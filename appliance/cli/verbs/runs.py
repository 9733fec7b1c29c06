"""`appliance runs list|show`: what was asked, and every step of a run."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

from ...home import find_home
from ...render.terminal import safe, shorten, table
from ...trace import Run, read_run, read_runs
from ..options import as_json, print_json


@click.group("runs")
def command() -> None:
    """List and show past runs."""


@command.command("list")
@click.option(
    "-n",
    "--most",
    default=20,
    show_default=True,
    type=click.IntRange(1),
    help="How many runs to list.",
)
@as_json
def list_runs(most: int, as_json: bool) -> None:
    """List runs, the newest first."""
    runs = [run for run, _ in zip(read_runs(find_home()[0].runs), range(most), strict=False)]
    if as_json:
        print_json([_summary(run) for run in runs])
        return
    rows = [
        (
            run.id,
            str(run.manifest["model"]),
            run.outcome,
            shorten(run.question, 50),
            shorten(run.answer, 30),
        )
        for run in runs
    ]
    click.echo(table(rows, ("run", "model", "outcome", "question", "answer")))


@command.command("show")
@click.argument("run")
@as_json
def show(run: str, as_json: bool) -> None:
    """Show every step of RUN (an id, the beginning of one, or `last`)."""
    found = read_run(find_home()[0].runs, run)
    if as_json:
        print_json({"manifest": found.manifest, "events": found.events, "torn": found.torn})
        return
    click.echo(f"run {found.id} · {found.outcome} · model {found.manifest['model']}")
    click.echo(f"question: {safe(found.question)}")
    if found.torn:
        click.echo("(its last line was torn and is not shown)", err=True)
    for event in found.events:
        for line in _lines(event):
            click.echo(safe(line))


def _summary(run: Run) -> dict[str, object]:
    return {
        "run": run.id,
        "question": run.question,
        "model": run.manifest["model"],
        "outcome": run.outcome,
        "answer": run.answer,
        "created": run.manifest["created"],
    }


def _numbers(turns: Sequence[int]) -> str:
    return ", ".join(str(turn) for turn in turns)


def _lines(event: Mapping[str, Any]) -> list[str]:
    kind = event["type"]
    if kind == "turn":
        return [
            f"\nturn {event['turn']} ({event['tokens']} tokens)",
            f"  {str(event['completion']).strip()}",
        ]
    if kind == "call":
        arguments = json.dumps(event["arguments"], ensure_ascii=False)
        body = "\n".join(f"  | {line}" for line in str(event["text"]).rstrip().split("\n"))
        return [f"call {event['name']}({arguments}) {event['digest']}", body]
    if kind == "trim":
        taken = [f"the results of turns {_numbers(event['stubbed'])}"] if event["stubbed"] else []
        taken += [f"turns {_numbers(event['dropped'])}"] if event["dropped"] else []
        return [
            f"(left out to make room: {' and '.join(taken)}; {event['freed']} tokens freed, "
            f"{event['prefill']} read again)"
        ]
    if kind == "resume":
        return [f"\nresumed {event['created']}; {event['keep']} events before it count"]
    if kind == "cut":
        return ["(the result did not fit into the context, and the model was told so)"]
    if kind == "stop":
        return [f"told to answer: {event['reason']}"]
    if kind == "answer":
        return [f"\nanswer: {event['text']}"]
    if kind == "evidence":
        return [
            f"  “{' '.join(item['quote'].split())}” {item['url']} ({item['label']})"
            for claim in event["claims"]
            for item in claim["evidence"]
        ]
    if kind == "quotes":
        return [f"  “{' '.join(item['quote'].split())}” {item['url']}" for item in event["items"]]
    if kind == "end" and event.get("error"):
        return [f"ended: {event['error']}"]
    return []
