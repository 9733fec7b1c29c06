"""Is what is shown as supported right? `python -m bench.evidence HOME`: right answers and wrong
ones given to the checker over the pages that a run would have before it.

A question's pages are those that hold its answer and those that search lists for it. Wrong answers
are drawn by `bench.wrongs`, and the page that one stands on is among the pages. Then each sentence
that supports a right answer is denied, on a page that says nothing else. `--runs` takes
the model's own answers instead, over what its runs have read; `--qa NAME` test collections of
questions with passages, whose passages are the pages.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliance.config import load
from appliance.evidence import tie
from appliance.readers import Readers, open_readers
from appliance.trace import read_run
from models.registry import DEMO
from store.page import PageVersion

from .explain import evaluated, holds
from .quality import shared
from .scratch import QUESTIONS
from .wrongs import SEVERAL, SOURCES, Asked, Wrong, denial, draw

LISTED = 5
"""Pages that search lists for a question and that are read beside its own."""
EACH, SEED = 100, 1
DENIED = "denied"
WHEN = datetime(2026, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Given:
    """An answer given to the checker: where it is from, and what was made of it."""

    source: str
    question: str
    answer: str
    supported: bool
    quote: str
    conflicts: int


@dataclass(frozen=True, slots=True)
class Line:
    """How many answers of one source were shown as supported."""

    source: str
    supported: int
    asked: int

    def said(self) -> str:
        """`59 of 60`."""
        return f"{self.supported} of {self.asked}"


def given(source: str, question: str, answer: str, pages: Sequence[PageVersion]) -> Given:
    """Tie one answer; it is shown as supported when each of its claims is."""
    claims = tie(answer, question, pages)
    quotes = [evidence.quote for claim in claims for evidence in claim.evidence[:1]]
    return Given(
        source,
        question,
        answer,
        bool(claims) and all(claim.supported for claim in claims),
        " … ".join(quotes),
        sum(len(claim.conflicts) for claim in claims),
    )


def lines(found: Iterable[Given]) -> list[Line]:
    """Count by source, in the order in which they come."""
    counted: dict[str, list[int]] = {}
    for one in found:
        row = counted.setdefault(one.source, [0, 0])
        row[0] += one.supported
        row[1] += 1
    return [Line(source, *row) for source, row in counted.items()]


def asked_in(file: Path) -> list[Asked]:
    """The questions of a file that have an answer and name the pages that hold it."""
    rows = [json.loads(line) for line in file.read_text("utf-8").split("\n") if line.strip()]
    return [
        Asked(
            str(row["id"]),
            str(row["question"]),
            tuple(row["answer"] if isinstance(row["answer"], list) else [row["answer"]]),
            tuple(row["pages"]),
        )
        for row in rows
        if row["answer"] and row.get("pages")
    ]


def over_corpus(readers: Readers, file: Path, each: int = EACH, seed: int = SEED) -> list[Given]:
    """Every right answer, in its first form and in its others, then `each` wrong of each source."""
    asked = asked_in(file)
    stored = {page.url: page for page in readers.pages.current()}
    ends = dict.fromkeys(end for one in asked for end in one.pages)
    named = {end: page for end in ends for url, page in stored.items() if holds(url, [end])}
    others = {url: page for url, page in stored.items() if page not in named.values()}
    before = {one.id: _before(readers, one, named) for one in asked}
    found = [
        given("right" if number == 0 else "right, other form", one.question, answer, before[one.id])
        for one in asked
        for number, answer in enumerate(one.answers)
    ]
    texts = {name: page.text for name, page in {**named, **others}.items()}
    for source, wrongs in draw(asked, texts, each, seed).items():
        for wrong in wrongs:
            page = named.get(wrong.page) or others[wrong.page]
            pages = list(dict.fromkeys([*before[wrong.asked.id], page]))
            found.append(given(_wrong(source), wrong.asked.question, wrong.answer, pages))
    return found + list(denials(asked, before))


def denials(asked: Sequence[Asked], before: Mapping[str, Sequence[PageVersion]]) -> Iterator[Given]:
    """The right answers over pages that deny them: the title, and the denied sentence.

    Only sentences of one statement are taken, that support the answer when a page says them.
    """
    for number, one in enumerate(asked):
        for claim in tie(one.answers[0], one.question, before[one.id])[:1]:
            for item in claim.evidence[:1]:
                if SEVERAL.search(item.quote):
                    continue
                plain, denied = (
                    PageVersion(
                        item.url, item.title, f"# {item.title}\n\n{text}\n", WHEN, lang="en"
                    )
                    for text in (item.quote, denial(item.quote, number))
                )
                if given("", one.question, one.answers[0], [plain]).supported:
                    yield given(_wrong(DENIED), one.question, one.answers[0], [denied])


def _before(readers: Readers, one: Asked, named: dict[str, PageVersion]) -> list[PageVersion]:
    hits = readers.searcher.search(one.question, LISTED)
    listed = [readers.pages.version(hit.version_id) for hit in hits]
    return list(dict.fromkeys([*(named[end] for end in one.pages), *listed]))


def _wrong(source: str) -> str:
    return f"wrong: {source}"


def of_runs(home: Path, file: Path, restart: bool = False) -> list[Given]:
    """The answers of the demonstration model, as its runs recorded their evidence."""
    records = evaluated(home, file, DEMO, *(["--restart"] if restart else []))
    found = []
    for record in records:
        if record["abstained"] or not record["prediction"]:
            continue
        evidence = read_run(home / "runs", str(record["run"])).last("evidence")
        rows = evidence["claims"] if evidence else []
        assert isinstance(rows, list)
        quotes = [item["quote"] for row in rows for item in row["evidence"][:1]]
        found.append(
            Given(
                "the model, right" if record["correct"] else "the model, wrong",
                str(record["question"]),
                str(record["prediction"]),
                bool(rows) and all(row["evidence"] for row in rows),
                " … ".join(quotes),
                sum(len(row.get("conflicts", ())) for row in rows),
            )
        )
    return found


def over_passages(folder: Path, seed: int = SEED, most: int | None = None) -> Iterator[Given]:
    """Questions with passages: the answer where it stands, and two wrong ones of each source.

    Every passage of the question's context is a page. Answers "yes" and "no" are left out: that
    the word stands somewhere says nothing, and only a model could judge them.
    """
    passages = {
        row["_id"]: PageVersion(
            f"https://passages.example/{row['_id']}", row["title"],
            f"# {row['title']}\n\n{row['text']}", WHEN, lang="en",
        )
        for row in _rows(folder / "corpus.jsonl")
    }  # fmt: skip
    for row in list(_rows(folder / "questions.dev.jsonl"))[:most]:
        answer = str(row["answer"])
        if answer.lower() in ("yes", "no"):
            continue
        supporting, context = row["supporting_doc_ids"], row["context_doc_ids"]
        names = list(dict.fromkeys([*supporting, *context]))
        pages = [passages[name] for name in names]
        yield given("right", row["question"], answer, pages)
        one = Asked(row["id"], row["question"], (answer, *row["answer_aliases"]), tuple(supporting))
        drawn = draw([one], {name: passages[name].text for name in names}, 2, seed)
        for source, wrongs in drawn.items():
            for wrong in wrongs:
                yield given(_wrong(source), one.question, wrong.answer, pages)


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as stream:
        for line in stream:
            yield json.loads(line)


def table(found: Sequence[Given]) -> str:
    """The figures as lines of text."""
    rows = [
        f"{line.source:<22} {line.said():>12}   {line.supported / line.asked:.1%}"
        for line in lines(found)
    ]
    disputed = sum(one.conflicts > 0 for one in found if one.source.startswith("right"))
    return "\n".join([*rows, f"right answers shown with a conflict: {disputed}"])


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m bench.evidence", description=__doc__)
    parser.add_argument("home", type=Path, nargs="?", help="a home that is crawled and indexed")
    parser.add_argument("questions", type=Path, nargs="?", default=QUESTIONS)
    parser.add_argument("--each", type=int, default=EACH, help="wrong answers of each source")
    parser.add_argument("--seed", type=int, default=SEED, help="of the drawing of wrong answers")
    parser.add_argument("--runs", action="store_true", help="the demonstration model's answers")
    parser.add_argument("--restart", action="store_true", help="with --runs: ask them again")
    parser.add_argument("--qa", action="append", default=[], metavar="NAME", help="a collection")
    parser.add_argument("--all", action="store_true", help="print what is judged wrongly")
    chosen = parser.parse_args(arguments)
    if chosen.home is None and not chosen.qa:
        parser.error("give a home that is crawled and indexed, or --qa NAME")
    if chosen.home is not None:
        home = chosen.home.absolute()
        if chosen.runs:
            _print(
                "the demonstration model", of_runs(home, chosen.questions, chosen.restart), chosen
            )
        with open_readers(load({}, {**os.environ, "APPLIANCE_HOME": str(home)})) as readers:
            found = over_corpus(readers, chosen.questions, chosen.each, chosen.seed)
        _print(str(chosen.questions.name), found, chosen)
    for name in chosen.qa:
        _print(name, list(over_passages(shared() / "qa" / name, chosen.seed)), chosen)
    return 0


def _print(name: str, found: Sequence[Given], chosen: argparse.Namespace) -> None:
    if chosen.all:
        for one in found:
            if one.supported == ("wrong" in one.source):
                verdict = "supported" if one.supported else "not supported"
                print(
                    f"{one.source} · {verdict}: {one.question} | {one.answer} | {one.quote[:160]}"
                )
    print(f"\n{name}\n{table(found)}")


__all__ = ["SOURCES", "Given", "Wrong", "main", "over_corpus", "over_passages"]

if __name__ == "__main__":
    sys.exit(main())
