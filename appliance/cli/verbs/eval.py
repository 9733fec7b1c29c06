"""`appliance eval`: every question of a file, judged; resumable."""

import time
from collections.abc import Iterator
from pathlib import Path

import click

from store.digest import blake_json, sha256_file

from ...ask import Inquiry, manifest
from ...config import Config
from ...evaluate import (
    TOP_QUOTES,
    Question,
    Record,
    append_record,
    by_kind,
    is_right,
    read_questions,
    read_records,
    stands_in,
    summary,
)
from ...limits import Budget
from ...readers import Readers, open_readers
from ...render.terminal import table
from ...researcher import Researcher, choose_model, identity, open_researcher
from ...trace import RunWriter
from ..options import (
    Duration,
    as_json,
    collection_option,
    config_from,
    date_option,
    model_option,
    print_json,
    say,
)


@click.command("eval")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@model_option
@collection_option
@click.option("--budget", type=Duration(), help="Time for each question: 90s, 10m.")
@click.option("--seed", type=int, help="Seed of the sampling (default 0).")
@date_option
@click.option("--restart", is_flag=True, help="Ask questions again that were asked before.")
@as_json
def command(
    file: Path,
    model: str | None,
    collection: str | None,
    budget: float | None,
    seed: int | None,
    date: str,
    restart: bool,
    as_json: bool,
) -> None:
    """Ask every question of FILE (JSONL with "question" and "answer") and count the right answers.

    Stopped half way, the same command goes on where it was. An answer of null is right when the
    researcher abstains. With --model none a question counts when an accepted answer stands in the
    top three quotes.
    """
    config = config_from(collection=collection, model=model, seed=seed)
    questions = read_questions(file)
    with open_readers(config) as readers:
        name = choose_model(config)
        progress = _progress_file(config, file, name, readers, budget, restart)
        records = read_records(progress)
        left = [question for question in questions if question.id not in records]
        if len(left) < len(questions):
            say(f"{len(questions) - len(left)} questions were asked before; --restart asks anew")
        for record in _ask_all(config, readers, name, left, date, budget):
            append_record(progress, record)
            records[record.id] = record
    ordered = [records[question.id] for question in questions]
    if as_json:
        print_json(summary(ordered))
        return
    rows = [(kind, str(n), str(right), str(gone)) for kind, n, right, gone in by_kind(ordered)]
    click.echo(table(rows, ("kind", "questions", "right", "abstained")))
    right = sum(record.correct for record in ordered)
    click.echo(f"\n{right} of {len(ordered)} right with the model {name}")


def _progress_file(
    config: Config, file: Path, name: str, readers: Readers, budget: float | None, restart: bool
) -> Path:
    """Where this evaluation keeps its progress: all that decides the answers names the file."""
    index = readers.index_facts()["digest"]
    key = [sha256_file(file), name, *identity(config, name), index, config.seed, budget]
    folder = config.home.root / "evals"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{blake_json(key)[3:19]}.jsonl"
    if restart:
        path.unlink(missing_ok=True)
    return path


def _ask_all(
    config: Config,
    readers: Readers,
    name: str,
    questions: list[Question],
    date: str,
    budget: float | None,
) -> Iterator[Record]:
    from tqdm import tqdm

    bar = tqdm(questions, desc=f"eval {name}", unit="question", disable=None)
    if name == "none":
        for question in bar:
            yield _quoted(config, readers, question, date)
        return
    if not questions:
        return
    with open_researcher(config, name) as researcher:
        say(researcher.preflight())
        for question in bar:
            yield _answered(config, readers, researcher, question, date, budget)


def _answered(
    config: Config,
    readers: Readers,
    researcher: Researcher,
    question: Question,
    date: str,
    budget: float | None,
) -> Record:
    allowed = Budget(seconds=budget, context=config.context, policy=config.context_policy)
    entry = manifest(
        question.question, readers, date, config.seed,
        researcher.engine, researcher.card, researcher.profile, allowed,
    )  # fmt: skip
    started = time.perf_counter()
    parsed = True
    with RunWriter(config.home.runs, entry) as writer:
        inquiry = Inquiry(question.question, readers, writer)
        for step in inquiry.steps(
            researcher.engine, researcher.profile, date, config.seed, allowed
        ):
            turn = getattr(step, "turn", None)
            parsed = parsed and (turn is None or turn.parsed)
    abstained = inquiry.outcome != "answered"
    right = abstained if not question.answers else is_right(inquiry.answer, question.answers)
    return _record(question, inquiry, inquiry.answer, right, abstained, parsed, started)


def _quoted(config: Config, readers: Readers, question: Question, date: str) -> Record:
    started = time.perf_counter()
    with RunWriter(
        config.home.runs, manifest(question.question, readers, date, config.seed)
    ) as writer:
        inquiry = Inquiry(question.question, readers, writer)
        top = inquiry.quote()[:TOP_QUOTES]
    right = any(stands_in(evidence.quote, question.answers) for evidence in top)
    if not question.answers:
        right = not top
    prediction = "\n".join(evidence.quote for evidence in top)
    return _record(question, inquiry, prediction, right, not top, True, started)


def _record(
    question: Question,
    inquiry: Inquiry,
    prediction: str,
    right: bool,
    abstained: bool,
    parsed: bool,
    started: float,
) -> Record:
    answers: str | list[str] | None = list(question.answers) or None
    if answers is not None and len(answers) == 1:
        answers = answers[0]
    return Record(
        id=question.id,
        question=question.question,
        answer=answers,
        prediction=prediction,
        correct=right,
        abstained=abstained,
        run=inquiry.writer.id,
        kind=question.kind,
        parsed=parsed,
        seconds=round(time.perf_counter() - started, 3),
    )
