"""`appliance runs list|show|diff|export|rm`: what was asked, every step of it, and two beside each
other.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from store.digest import write_atomic
from store.pages import PageStore

from ...config import Config
from ...home import find_home
from ...proving import collection_of
from ...readers import open_store
from ...render.terminal import counted, safe, shorten, table
from ...rundiff import Difference, difference
from ...trace import Run, find_run, read_run, read_runs, remove_run
from ..options import as_json, config_from, print_json, say


@click.group("runs")
def command() -> None:
    """List, show, compare, export and remove past runs."""


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
@click.option(
    "--html",
    "page",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write it as one HTML file instead, with the quotes highlighted in their pages.",
)
@as_json
def show(run: str, page: Path | None, as_json: bool) -> None:
    """Show every step of RUN (an id, the beginning of one, or `last`)."""
    found = read_run(find_home()[0].runs, run)
    if page is not None:
        _write_html(config_from(), found, page)
        return
    if as_json:
        print_json({"manifest": found.manifest, "events": found.events, "torn": found.torn})
        return
    click.echo(f"run {found.id} · {found.outcome} · model {found.manifest['model']}")
    click.echo(f"question: {safe(found.question)}")
    if found.torn:
        click.echo("(its last line was torn and is not shown)", err=True)
    for event in found.in_force:
        for line in _lines(event):
            click.echo(safe(line))


@command.command("diff")
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@as_json
def diff(one: str, other: str, as_json: bool) -> None:
    """Show what differs between the runs A and B: question, settings, steps and answer.

    Exit code 0 means that they went the same way; 3 that they did not.
    """
    runs = find_home()[0].runs
    first, second = read_run(runs, one), read_run(runs, other)
    found = difference(first, second)
    if as_json:
        print_json({"a": first.id, "b": second.id, "same": found.none, **found.to_json()})
    else:
        for line in _difference_lines(first, second, found):
            click.echo(safe(line))
    if not found.none:
        raise click.exceptions.Exit(3)


@command.command("export")
@click.argument("run")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The archive to write.",
)
@as_json
def export(run: str, out: Path, as_json: bool) -> None:
    """Write RUN with its HTML and the texts of its pages into one zip that anybody can check.

    The same run and pages give the same bytes.
    """
    from ...export import export as write

    config = config_from()
    found = read_run(config.home.runs, run)
    config = replace(config, collection=collection_of(found, config.collection))
    with open_store(config) as database:
        done = write(found, config.home.runs, PageStore(database, config.collection), out)
    if as_json:
        print_json(
            {
                "run": found.id,
                "path": str(done.path),
                "digest": done.digest,
                "pages": done.pages,
                "missing": done.missing,
            }
        )
        return
    click.echo(
        f"{done.path}: run {found.id} with {counted(done.pages, 'page version')}, {done.digest}"
    )
    if done.missing:
        named = "it" if done.missing == 1 else "them"
        say(f"{_versions_are(done.missing)} no longer in the store; missing.json names {named}")


@command.command("rm")
@click.argument("run", nargs=-1, required=True)
def rm(run: tuple[str, ...]) -> None:
    """Remove RUN for good, with everything in its folder."""
    runs = find_home()[0].runs
    for name in dict.fromkeys([find_run(runs, each).name for each in run]):
        remove_run(runs, name)
        click.echo(f"run {name} is removed and cannot be replayed any more")
    say("pages and indexes that only they referred to stay until: appliance snapshot gc")


def _write_html(config: Config, run: Run, path: Path) -> None:
    from ...export import versions_of
    from ...render.run_page import run_html

    config = replace(config, collection=collection_of(run, config.collection))
    with open_store(config) as database:
        pages, gone = versions_of(run, PageStore(database, config.collection))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, run_html(run, pages).encode("utf-8"))
    click.echo(path)
    if gone:
        say(f"{_versions_are(len(gone))} no longer in the store; the page says which")


def _versions_are(number: int) -> str:
    return f"{counted(number, 'page version')} {'is' if number == 1 else 'are'}"


def _difference_lines(one: Run, other: Run, found: Difference) -> list[str]:
    lines = [f"A {one.id}: {one.question}", f"B {other.id}: {other.question}"]
    if found.question:
        lines += ["question:", *found.question]
    if found.settings:
        rows = [(name, shorten(a, 40), shorten(b, 40)) for name, a, b in found.settings]
        lines += ["settings:", table(rows, ("setting", "A", "B"))]
    lines.append(f"calls: {found.calls[0]} and {found.calls[1]}, {found.same_calls} identical")
    lines += found.steps
    if found.answer:
        lines += ["answer:", *found.answer]
    else:
        lines.append(f"the same answer: {one.answer or one.outcome}")
    return lines


def _summary(run: Run) -> dict[str, object]:
    return {
        "run": run.id,
        "question": run.question,
        "model": run.manifest["model"],
        "outcome": run.outcome,
        "answer": run.answer,
        "created": run.manifest["created"],
    }


def _events_count(number: int) -> str:
    return f"{counted(number, 'event')} before it {'counts' if number == 1 else 'count'}"


def _numbers(turns: Sequence[int]) -> str:
    return ", ".join(str(turn) for turn in turns)


def _lines(event: Mapping[str, Any]) -> list[str]:
    kind = event["type"]
    if kind == "turn":
        return [
            f"\nturn {event['turn']} ({counted(int(event['tokens']), 'token')})",
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
        return [f"\nresumed {event['created']}; {_events_count(event['keep'])}"]
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
    if kind == "purged":
        pages = counted(int(event["pages"]), "page")
        return [
            f"texts of {pages} were purged on {str(event['at'])[:10]} (receipt {event['receipt']})"
        ]
    if kind == "end" and event.get("error"):
        return [f"ended: {event['error']}"]
    return []
