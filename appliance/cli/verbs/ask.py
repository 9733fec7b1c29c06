"""`appliance ask`: a question researched by the loop, or answered by quotes."""

from functools import partial
from pathlib import Path

import click

from store.page import clean

from ...ask import Inquiry, manifest
from ...evidence import Claim, judged
from ...readers import Readers, open_readers
from ...render.steps import show_step
from ...render.terminal import claims_text, evidence_lines, safe
from ...researcher import DEMONSTRATION, Researcher, choose_model, open_researcher
from ...trace import RunWriter
from ..options import (
    Duration,
    Words,
    as_json,
    collection_option,
    config_from,
    date_option,
    model_option,
    print_json,
    say,
)


@click.command("ask", cls=Words)
@click.argument("question", nargs=-1, required=True)
@model_option
@collection_option
@click.option("--budget", type=Duration(), help="Time for the whole question: 90s, 10m, 1h.")
@click.option("--judge", is_flag=True, help="Let the model judge claims that no quote carries.")
@click.option("--seed", type=int, help="Seed of the sampling (default 0).")
@date_option
@as_json
def command(
    question: tuple[str, ...],
    model: str | None,
    collection: str | None,
    budget: float | None,
    judge: bool,
    seed: int | None,
    date: str,
    as_json: bool,
) -> None:
    """Research QUESTION in the corpus and print the answer with its evidence.

    The steps stream to stderr; answer and evidence go to stdout. Without an installed model the
    answer is the ranked quotes of the corpus.
    """
    config = config_from(
        collection=collection, model=model, seed=seed, judge=True if judge else None
    )
    text = clean(" ".join(question)).strip()
    if not text:
        raise click.UsageError(
            'give a question, for example: appliance ask "How long is the Danube?"'
        )
    with open_readers(config) as readers:
        name = choose_model(config)
        if name == "none":
            _by_quotes(text, readers, config.home.runs, date, config.seed, as_json, bool(model))
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
            )
            with RunWriter(config.home.runs, entry) as writer:
                inquiry = Inquiry(text, readers, writer)
                if config.judge:
                    inquiry.judge = partial(
                        judged,
                        engine=researcher.engine,
                        profile=researcher.profile,
                        date=date,
                        seed=config.seed,
                    )
                try:
                    for step in inquiry.steps(
                        researcher.engine, researcher.profile, date, config.seed, budget
                    ):
                        for line in show_step(step):
                            say(line)
                except KeyboardInterrupt:
                    say("stopped: this is what was found so far")
            _print(inquiry, researcher, as_json)
            if inquiry.outcome == "interrupted":
                raise click.exceptions.Exit(130)


def _print(inquiry: Inquiry, researcher: Researcher, as_json: bool) -> None:
    demonstration = researcher.profile.demonstration
    if as_json:
        print_json(_result(inquiry, researcher.card.name, demonstration))
        return
    if demonstration:
        click.echo(f"({DEMONSTRATION})")
    if inquiry.outcome == "abstained":
        click.echo("The corpus does not hold the answer, as far as the researcher has read.")
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


def _gap(inquiry: Inquiry) -> list[str]:
    """What was looked for in vain, so that a person can crawl it or ask in other words."""
    lines = [f"  searched: {safe(query)}" for query in dict.fromkeys(inquiry.searched)]
    lines += [f"  read: {safe(page.title)} ({safe(page.url)})" for page in inquiry.seen.values()]
    return lines + [f"  not in the corpus: {safe(url)}" for url in dict.fromkeys(inquiry.missed)]


def _by_quotes(
    text: str,
    readers: Readers,
    runs: Path,
    date: str,
    seed: int,
    as_json: bool,
    asked_for: bool,
) -> None:
    with RunWriter(runs, manifest(text, readers, date, seed)) as writer:
        inquiry = Inquiry(text, readers, writer)
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
    if not found:
        click.echo("Nothing in the corpus matches the question.")
        raise click.exceptions.Exit(1)
    click.echo("Quotes from the corpus, best first (no model was used):\n")
    for number, evidence in enumerate(found, 1):
        click.echo(evidence_lines(evidence, number) + "\n")
    click.echo(f"run {writer.id} · prove it: appliance replay {writer.id}")


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
        "model": model,
        "demonstration": demonstration,
        "run": inquiry.writer.id,
    }
