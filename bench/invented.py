"""Fresh invented questions over a corpus of invented pages: `python -m bench.invented`.

The generator that the demo model learns from writes pages and questions, from a seed that no
training can have; the rest is the product: store, index, tools, loop, llama.cpp. What is printed
says where the wrong ones were lost.
"""

import argparse
import contextlib
import hashlib
import itertools
import json
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliance.trace import read_run
from indexer.build import build
from indexer.encoders.lexical import LexicalEncoder
from models.demo.pages import Page
from models.demo.traces import Trace, traces
from models.turns import ABSTAIN
from store.database import open_database
from store.page import PageVersion
from store.pages import PageStore
from store.urls import canonical

from .explain import Explained, evaluated, explain, installed, page_ends, table
from .scratch import scratch

WHEN = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)
TWO_PAGES = ("bridge",)
"""Scenarios that need two pages: a stretch, measured apart."""
UNANSWERABLE = 0.1
"""The share of questions that the corpus does not answer."""
PARAGRAPH = 4
"""Sentences to a paragraph."""


@dataclass(frozen=True, slots=True)
class Measured:
    """An evaluation: each question explained, and seconds a question under `threads` threads."""

    explained: tuple[Explained, ...]
    pages: int
    threads: int

    @property
    def right(self) -> int:
        """Questions answered rightly, abstentions among them."""
        return sum(one.cause == "right" for one in self.explained)

    @property
    def unread(self) -> int:
        """Runs in which a turn could not be parsed."""
        return sum(not one.parsed for one in self.explained)

    @property
    def mean(self) -> float:
        """Mean seconds a question."""
        return statistics.fmean(one.seconds for one in self.explained)

    def lines(self) -> str:
        """The table by scenario and cause, and the times."""
        seconds = sorted(one.seconds for one in self.explained)
        asked = len(seconds)
        exact = sum(_same(one) for one in self.explained)
        return (
            f"{table(self.explained)}\n\n"
            f"{self.right} of {asked} right ({100 * self.right / asked:.1f} %), {exact} to the "
            f"letter, {self.unread} runs with a turn that could not be parsed\n"
            f"over {self.pages} pages; {self.mean:.3f} s a question (median "
            f"{statistics.median(seconds):.3f}, p95 {seconds[int(0.95 * (asked - 1))]:.3f}, most "
            f"{seconds[-1]:.3f}) with {self.threads} threads"
        )


def seed_number(seed: int) -> int:
    """The number that the generator is seeded with: a digest, so that no training ever has it."""
    return int.from_bytes(hashlib.blake2b(f"evaluation {seed}".encode(), digest_size=16).digest())


def draw(
    questions: int, pages: int, seed: int, without: Sequence[str] = ()
) -> tuple[list[Trace], list[Page]]:
    """Draw questions, UNANSWERABLE of them without an answer, and the pages of a corpus.

    The pages of the questions are among them. Scenarios in `without` are not asked.
    """
    wanted = {True: round(questions * UNANSWERABLE)}
    wanted[False] = questions - wanted[True]
    asked: dict[str, Trace] = {}
    kept: dict[str, Page] = {}
    for made in itertools.islice(traces(seed_number(seed)), 50 * (questions + pages)):
        lacking = made.answer == ABSTAIN
        fresh = not any(canonical(page.url) in kept for page in made.pages)
        if (
            fresh
            and wanted[lacking]
            and made.scenario not in without
            and made.question not in asked
        ):
            asked[made.question] = made
            wanted[lacking] -= 1
        elif len(kept) >= pages:
            if not any(wanted.values()):
                break
            continue
        for page in made.pages:
            kept.setdefault(canonical(page.url), page)
    return list(asked.values()), list(kept.values())


def markdown(page: Page) -> str:
    """A page as the store holds it: heading, paragraphs, lists, tables."""
    blocks = [f"# {page.title}"]
    for form, group in itertools.groupby(page.units, key=lambda unit: unit.form):
        texts = [unit.text for unit in group]
        if form == "row":
            columns = page.table_header.strip().strip("|").count("|") + 1
            blocks.append("\n".join([page.table_header, "|" + "---|" * columns, *texts]))
        elif form == "item":
            blocks.append("\n".join(texts))
        else:
            parts = range(0, len(texts), PARAGRAPH)
            blocks += [" ".join(texts[start : start + PARAGRAPH]) for start in parts]
    return "\n\n".join(blocks) + "\n"


def versions(pages: Sequence[Page]) -> Iterator[PageVersion]:
    """The pages as a crawl would store them."""
    for page in pages:
        url = canonical(page.url)
        yield PageVersion(url, page.title, markdown(page), WHEN, lang="en", source="invented")


def write_questions(file: Path, asked: Sequence[Trace]) -> None:
    """Write a question file as `appliance eval` reads it, with the pages that hold the answers."""
    lines = [
        {
            "id": f"{number:04}",
            "question": made.question,
            "answer": None if made.answer == ABSTAIN else made.answer,
            "kind": made.scenario,
            "pages": [canonical(page.url) for page in made.pages],
        }
        for number, made in enumerate(asked)
    ]
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")


def measure(
    root: Path, questions: int, pages: int, seed: int, model: str = "demo",
    without: Sequence[str] = (),
) -> Measured:  # fmt: skip
    """Build corpus, home and index below `root`, ask every question, explain the answers."""
    home, file = root / "home", root / "questions.jsonl"
    asked, corpus = draw(questions, pages, seed, without)
    root.mkdir(parents=True, exist_ok=True)
    write_questions(file, asked)
    with open_database(home) as database:
        PageStore(database).add(versions(corpus))
        build(database, home, LexicalEncoder())
    records = evaluated(home, file, installed(home, model), "--restart")
    explained = explain(home / "runs", records, page_ends(file))
    manifest: Mapping[str, Any] = read_run(home / "runs", str(records[0]["run"])).manifest
    return Measured(tuple(explained), len(corpus), int(manifest["engine"]["threads"]))


def _same(one: Explained) -> bool:
    if not one.wanted:
        return one.cause == "right"
    return " ".join(one.given.casefold().split()) == " ".join(one.wanted[0].casefold().split())


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.invented", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="keep the home here")
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", default="demo", help="an installed model, or a GGUF file")
    parser.add_argument("--without", action="append", default=[], help="ask no such scenario")
    parser.add_argument("--wrong", type=int, default=0, help="print this many wrong ones")
    chosen = parser.parse_args(arguments)
    keep = contextlib.nullcontext(chosen.folder) if chosen.folder else scratch()
    with keep as root:
        found = measure(
            root.absolute(), chosen.questions, chosen.pages, chosen.seed, chosen.model,
            chosen.without,
        )  # fmt: skip
    for one in [one for one in found.explained if one.cause != "right"][: chosen.wrong]:
        print(one.lines() + "\n")
    print(found.lines())
    return 0


if __name__ == "__main__":
    sys.exit(main())
