"""`appliance ask`: a question researched by the loop, or answered by quotes."""

import os
from collections.abc import Sequence
from dataclasses import replace

import click
from click.core import ParameterSource

from models.turns import abstains
from store.page import PageVersion, clean

from ...ask import Cancel, Inquiry, Judge, manifest
from ...config import Config
from ...context import POLICIES
from ...evidence import Claim, Judgement, judged
from ...going_on import go_on, recorded_budget, recorded_judge
from ...interrupts import first_asks
from ...limits import Budget
from ...proving import readers_to_go_on
from ...readers import open_readers
from ...render.steps import show_step
from ...render.terminal import claims_text, counted, evidence_lines, safe
from ...researcher import DEMONSTRATION, Researcher, choose_model, open_researcher
from ...resume import kept
from ...scope import scope_of
from ...trace import RunWriter, read_run
from ..options import (
    Duration,
    Words,
    as_json,
    config_from,
    date_option,
    in_option,
    model_option,
    print_json,
    say,
)

STOPPING = b"\nstopping: the model gives its best answer so far (Ctrl-C again ends at once)\n"
_OF_THE_MODEL = ("budget", "turns", "tokens", "context_policy", "judge")
NO_MORE_JUDGING = b"\nstopping: the answer stands, its other claims are not judged\n"


@click.command("ask", cls=Words)
@click.argument("question", nargs=-1)
@model_option
@in_option
@click.option("--site", multiple=True, metavar="HOST", help="Only pages of this site; repeatable.")
@click.option("--before", metavar="DAY", help="Only pages published before: 2024, 2024-06-30.")
@click.option("--after", metavar="DAY", help="Only pages published from then on.")
@click.option("--budget", type=Duration(), help="Time for the whole question: 90s, 10m, 1h.")
@click.option("--turns", type=click.IntRange(1), help="The most turns (default: the profile's).")
@click.option(
    "--tokens",
    type=click.IntRange(1000),
    help="About how many tokens the model may read and write in all.",
)
@click.option(
    "--context-policy",
    type=click.Choice(POLICIES),
    help="What makes room in a full context: trim (leave out the oldest results) or none.",
)
@click.option("--judge", is_flag=True, help="Let the model judge claims that no quote carries.")
@click.option("--seed", type=int, help="Seed of the sampling (default 0).")
@date_option
@click.option("--resume", metavar="RUN", help="Go on with a run that was killed or interrupted.")
@as_json
def command(
    question: tuple[str, ...],
    model: str | None,
    collection: str | None,
    site: tuple[str, ...],
    before: str | None,
    after: str | None,
    budget: float | None,
    turns: int | None,
    tokens: int | None,
    context_policy: str | None,
    judge: bool,
    seed: int | None,
    date: str,
    resume: str | None,
    as_json: bool,
) -> None:
    """Research QUESTION in the corpus and print the answer with its evidence.

    The steps stream to stderr; answer and evidence go to stdout. Without an installed model the
    answer is the ranked quotes of the corpus. Ctrl-C lets the model give its best answer so far;
    a second one ends at once, with the best passages. --resume RUN goes on where a run stopped:
    its own question, corpus, seed, budgets and --judge hold, whatever the settings are now;
    --budget, --turns and --tokens may raise the budgets for the whole of it.
    """
    config = config_from(
        collection=collection,
        model=model,
        seed=seed,
        context_policy=context_policy,
        judge=True if judge else None,
    )
    allowed = Budget(turns or 0, tokens or 0, budget, config.context, config.context_policy)
    text = clean(" ".join(question)).strip()
    if resume is not None:
        own = _given("model", "collection", "site", "before", "after", "seed", "date")
        for name in (["a question"] if question else []) + own:
            raise click.UsageError(f"--resume goes on with the run's own: leave out {name}")
        # What the settings say is for new runs.
        given = Budget(turns or 0, tokens or 0, budget, 0, context_policy or "")
        _resume(resume, config, given, judge, as_json)
        return
    if not text:
        raise click.UsageError(
            'give a question, for example: appliance ask "How long is the Danube?"'
        )
    if model == "none":
        for name in _given(*_OF_THE_MODEL):
            raise click.UsageError(f"--model none asks no model: leave out {name}")
    scope = scope_of(site, before, after)
    with open_readers(config) as opened:
        readers = opened.within(scope)
        name = choose_model(config)
        if name == "none":
            entry = manifest(text, readers, date, config.seed)
            with RunWriter(config.home.runs, entry) as writer:
                _by_quotes(Inquiry(text, readers, writer), as_json, bool(model))
            return
        with open_researcher(config, name) as researcher:
            say(researcher.preflight())
            entry = manifest(
                text,
                readers,
                date,
                config.seed,
                researcher.engine,
                researcher.card,
                researcher.profile,
                allowed,
                config.judge,
            )
            with RunWriter(config.home.runs, entry) as writer:
                inquiry = Inquiry(text, readers, writer)
                if config.judge:
                    inquiry.judge = _judge(researcher, date, config.seed)
                _research(inquiry, researcher, date, config.seed, allowed, as_json)


def _given(*names: str) -> list[str]:
    """The options with these names that stand on the command line, as they are written."""
    context = click.get_current_context()
    return [
        option.opts[0]
        for option in context.command.params
        if option.name in names
        and context.get_parameter_source(option.name) is ParameterSource.COMMANDLINE
    ]


def _resume(run_id: str, config: Config, given: Budget, judge: bool, as_json: bool) -> None:
    torn = read_run(config.home.runs, run_id).torn
    with RunWriter.resume(config.home.runs, run_id) as writer:
        # Read under the lock, for another process may have gone on with it meanwhile.
        whole = read_run(config.home.runs, writer.id)
        run = replace(kept(whole), torn=torn)
        with readers_to_go_on(config, run) as readers:
            name = str(run.manifest["model"])
            if name == "none":
                _by_quotes(go_on(run, writer, readers), as_json, True)
                return
            allowed = recorded_budget(run, given)
            judge = judge or recorded_judge(whole)
            config = replace(config, model=name, context=allowed.context)
            with open_researcher(config, name) as researcher:
                say(researcher.preflight())
                inquiry = go_on(run, writer, readers, researcher, allowed, judge)
                say(f"going on with run {run.id} after {counted(inquiry.record.turns, 'turn')}")
                seed, date = int(str(run.manifest["seed"])), str(run.manifest["date"])
                if judge:
                    inquiry.judge = _judge(researcher, date, seed)
                _research(inquiry, researcher, date, seed, allowed, as_json)


def _judge(researcher: Researcher, date: str, seed: int) -> Judge:
    """The model as judge of the claims that no quote carries."""

    def judge(
        claims: Sequence[Claim], question: str, pages: Sequence[PageVersion], cancel: Cancel
    ) -> tuple[list[Claim], list[Judgement]]:
        engine, profile = researcher.engine, researcher.profile
        return judged(claims, question, pages, engine, profile, date, seed, cancel)

    return judge


def _research(
    inquiry: Inquiry,
    researcher: Researcher,
    date: str,
    seed: int,
    allowed: Budget,
    as_json: bool,
) -> None:
    """Run the loop, narrate it, and print what came of it."""

    def stop() -> None:
        said = NO_MORE_JUDGING if inquiry.answer else STOPPING
        os.write(2, said)  # a signal's handler must not meet a half-written buffer
        inquiry.stop()

    try:
        with first_asks(stop):
            for step in inquiry.steps(researcher.engine, researcher.profile, date, seed, allowed):
                for line in () if inquiry.recorded else show_step(step):
                    say(line)
    except KeyboardInterrupt:
        say("stopped: this is what was found so far")
    _print(inquiry, researcher, as_json)
    if inquiry.outcome == "interrupted":
        say(f"go on with it: appliance ask --resume {inquiry.writer.id}")
        raise click.exceptions.Exit(130)


def _print(inquiry: Inquiry, researcher: Researcher, as_json: bool) -> None:
    demonstration = researcher.profile.demonstration
    if as_json:
        print_json(_result(inquiry, researcher.card.name, demonstration))
        return
    if demonstration:
        click.echo(f"({DEMONSTRATION})")
    if inquiry.outcome == "abstained" or abstains(inquiry.answer):
        click.echo(_abstention(inquiry))
        for line in _gap(inquiry):
            click.echo(line)
    elif inquiry.answer:
        click.echo(f"Answer: {safe(inquiry.answer)}\n")
        click.echo(claims_text(inquiry.claims))
    else:
        click.echo("No answer. The best passages found are:\n")
        for number, evidence in enumerate(inquiry.quotes, 1):
            click.echo(evidence_lines(evidence, number))
    click.echo(f"\nrun {inquiry.writer.id} · prove it: appliance replay {inquiry.writer.id}")


def _abstention(inquiry: Inquiry) -> str:
    """What it means that there is no answer: of which part of the corpus, and after what."""
    if not (inquiry.searched or inquiry.seen or inquiry.missed):
        why = f" ({inquiry.told})" if inquiry.told else ""
        return f"No answer: nothing was searched{why}, so this says nothing about the corpus."
    bounds = _within(inquiry)
    where = f"Within {bounds} the" if bounds else "The"
    said = f"{where} corpus does not hold the answer, as far as the researcher has read."
    return f"{said}\n  ended early: {safe(inquiry.told)}" if inquiry.told else said


def _within(inquiry: Inquiry) -> str:
    """The bounds of the question as they may be shown, or nothing."""
    return safe(str(inquiry.readers.scope))


def _gap(inquiry: Inquiry) -> list[str]:
    """What was looked for in vain, so that a person can crawl it or ask in other words."""
    lines = [f"  searched: {safe(query)}" for query in dict.fromkeys(inquiry.searched)]
    lines += [f"  read: {safe(page.title)} ({safe(page.url)})" for page in inquiry.seen.values()]
    return lines + [f"  not in the corpus: {safe(url)}" for url in dict.fromkeys(inquiry.missed)]


def _by_quotes(inquiry: Inquiry, as_json: bool, asked_for: bool) -> None:
    found = inquiry.quote()
    if as_json:
        print_json(_result(inquiry, "none", False))
        if not found:
            raise click.exceptions.Exit(1)
        return
    if not asked_for:
        say(
            "no model is installed, so the answer is the ranked quotes of the corpus; "
            "install one with: appliance models import FILE.gguf"
        )
    if idle := _given(*_OF_THE_MODEL):
        say(f"without a model this has no effect: {', '.join(idle)}")
    if not found:
        bounds = _within(inquiry)
        where = f"the corpus within {bounds}" if bounds else "the corpus"
        click.echo(f"Nothing in {where} matches the question.")
        raise click.exceptions.Exit(1)
    click.echo("Quotes from the corpus, best first (no model was used):\n")
    for number, evidence in enumerate(found, 1):
        click.echo(evidence_lines(evidence, number) + "\n")
    click.echo(f"run {inquiry.writer.id} · prove it: appliance replay {inquiry.writer.id}")


def _result(inquiry: Inquiry, model: str, demonstration: bool) -> dict[str, object]:
    claims: list[Claim] = inquiry.claims
    return {
        "question": inquiry.question,
        "outcome": inquiry.outcome,
        "answer": inquiry.answer,
        "claims": [claim.to_json() for claim in claims],
        "quotes": [evidence.to_json() for evidence in inquiry.quotes],
        "searched": list(dict.fromkeys(inquiry.searched)),
        "missing": list(dict.fromkeys(inquiry.missed)),
        "scope": inquiry.readers.scope.to_json(),
        "told_to_answer": inquiry.told,
        "model": model,
        "demonstration": demonstration,
        "run": inquiry.writer.id,
    }
