"""Where a researcher went wrong: every wrong question of an evaluation, put down to one step.

It reads the runs that `appliance eval` wrote and asks no model. A question's `pages` say where its
answer stands; `python -m bench.explain` prints what was listed, opened, shown and answered.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.evaluate import stands_in
from appliance.trace import read_run
from models.registry import DEMO, Registry
from store.digest import sha256_file

from .scratch import QUESTIONS, appliance

CAUSES = (
    "right", "no search", "retrieval", "choice", "evidence", "reading", "gave up", "made up",
    "no answer",
)  # fmt: skip
"""In the order of the loop: nothing searched for; not listed; listed, not opened; opened, not
shown; shown, misread; shown, given up; not in the corpus, answered; ended without an answer."""


@dataclass(frozen=True, slots=True)
class Explained:
    """One judged question: its cause, and what the model saw.

    `listed` holds (URL, title, snippet), `opened` URLs, `shown` the text of each visit, `said` the
    model's turns.
    """

    id: str
    kind: str
    question: str
    wanted: tuple[str, ...]
    given: str
    cause: str
    listed: tuple[tuple[str, str, str], ...]
    opened: tuple[str, ...]
    shown: tuple[str, ...]
    said: tuple[str, ...]
    seconds: float
    parsed: bool

    def lines(self) -> str:
        """The whole of it for a person to read."""
        listed = "\n".join(f"    {url} [{title}] {snippet}" for url, title, snippet in self.listed)
        shown = "\n".join(_indented(text) for text in self.shown)
        wanted = " | ".join(self.wanted) or "(nothing: abstain)"
        return (
            f"=== {self.id} · {self.cause.upper()}\n  question  {self.question}\n"
            f"  wanted    {wanted}\n  given     {self.given!r}\n  listed\n{listed}\n"
            f"  opened    {', '.join(self.opened) or 'nothing'}\n  shown\n{shown}\n"
            f"  said\n{chr(10).join(_indented(turn) for turn in self.said)}"
        )


def explain(
    runs: Path, records: Iterable[Mapping[str, Any]], pages: Mapping[str, Sequence[str]]
) -> list[Explained]:
    """Explain the records that `appliance eval --json` printed; `pages` maps ids to URL ends."""
    return [_one(runs, record, pages.get(str(record["id"]), ())) for record in records]


def _one(runs: Path, record: Mapping[str, Any], pages: Sequence[str]) -> Explained:
    listed: list[tuple[str, str, str]] = []
    visits: list[tuple[str, str]] = []
    said: list[str] = []
    events: Sequence[Mapping[str, Any]] = read_run(runs, str(record["run"])).events
    for event in events:
        if event["type"] == "turn":
            said.append(event["completion"])
        if event["type"] != "call":
            continue
        for query in event["data"].get("queries", ()):
            listed += [(hit["url"], hit["title"], hit["snippet"]) for hit in query["hits"]]
        opened = [page.get("page", page["url"]) for page in event["data"].get("pages", ())]
        visits += [(url, event["text"]) for url in opened]
    answer = record["answer"]
    wanted = tuple(map(str, answer if isinstance(answer, list) else [answer] if answer else []))
    return Explained(
        id=str(record["id"]),
        kind=str(record["kind"]),
        question=str(record["question"]),
        wanted=wanted,
        given=str(record["prediction"]),
        cause=cause(record, wanted, [url for url, _, _ in listed], visits, pages),
        listed=tuple(listed),
        opened=tuple(url for url, _ in visits),
        shown=tuple(dict.fromkeys(text for _, text in visits)),
        said=tuple(said),
        seconds=float(record["seconds"]),
        parsed=bool(record["parsed"]),
    )


def cause(
    record: Mapping[str, Any],
    wanted: Sequence[str],
    listed: Sequence[str],
    visits: Sequence[tuple[str, str]],
    pages: Sequence[str],
) -> str:
    """The one of CAUSES: the first step after which the answer could no longer be right.

    `pages` are the ends of the URLs that hold the answer; the last one is the page that says it.
    """
    if record["correct"]:
        return "right"
    if not wanted:
        return "made up"
    there = [text for url, text in visits if not pages or holds(url, pages[-1:])]
    if any(stands_in(evidence_of(text), wanted) for text in there):
        if record["abstained"]:
            return "gave up"
        return "reading" if record["prediction"] else "no answer"
    if there and pages:
        return "evidence"
    if not listed:
        return "no search"
    return "choice" if any(holds(url, pages[-1:]) for url in listed) else "retrieval"


def evidence_of(text: str) -> str:
    """What a visit showed of its pages, without the goal that repeats the question."""
    parts = text.split("Evidence in page:")[1:]
    return "\n".join(part.partition("\n\nThe useful information in ")[0] for part in parts)


def holds(url: str, pages: Sequence[str]) -> bool:
    """True when the URL is one of the pages, which are given by how they end."""
    return any(url.rstrip("/").endswith(page.rstrip("/")) for page in pages)


def page_ends(file: Path) -> dict[str, list[str]]:
    """The `pages` of every question of a file, by its id."""
    lines = [json.loads(line) for line in file.read_text("utf-8").split("\n") if line.strip()]
    return {str(line["id"]): list(line.get("pages", ())) for line in lines}


def table(explained: Sequence[Explained]) -> str:
    """Questions by kind and cause, as lines of text."""
    kinds = sorted({one.kind for one in explained})
    found = Counter((one.kind, one.cause) for one in explained)
    met = [name for name in CAUSES if any(found[kind, name] for kind in kinds)]
    rows = [["kind", "asked", *met]]
    for kind in kinds:
        asked = sum(one.kind == kind for one in explained)
        rows.append([kind, str(asked), *(str(found[kind, name]) for name in met)])
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return "\n".join(
        "  ".join(word.rjust(width) for word, width in zip(row, widths, strict=True))
        for row in rows
    )


def installed(home: Path, model: str) -> str:
    """The name of a model in a home; a GGUF file is imported there with the profile `demo`.

    So a model that is still being trained is measured as the shipped one is.
    """
    if not model.endswith(".gguf"):
        return model
    if sha256_file(Path(model)) == Registry(home / "models").get(DEMO).sha256:
        return DEMO
    name = sha256_file(Path(model))[7:23]
    done = appliance(
        home, "models", "import", Path(model).absolute(), "--name", name, "--profile", DEMO
    )
    if done.code:
        raise RuntimeError(f"appliance models import: {done.last_words()}")
    return name


def evaluated(home: Path, file: Path, model: str, *options: str) -> list[dict[str, Any]]:
    """Run `appliance eval` in a home and return its records; RuntimeError says why it failed."""
    done = appliance(home, "eval", file, "--model", model, "--json", *options, timeout=600)
    if done.code:
        raise RuntimeError(f"appliance eval: {done.last_words()}")
    return list(json.loads(done.out)["records"])


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.strip().split("\n"))


def main(arguments: list[str] | None = None) -> int:
    """Evaluate a file of questions in a home that is crawled and indexed, and explain it."""
    parser = argparse.ArgumentParser(prog="python -m bench.explain", description=__doc__)
    parser.add_argument("home", type=Path, help="a home that is crawled and indexed")
    parser.add_argument("questions", type=Path, nargs="?", default=QUESTIONS)
    parser.add_argument("--model", default=DEMO, help="an installed model, or a GGUF file")
    parser.add_argument("--restart", action="store_true", help="ask questions again")
    parser.add_argument("--all", action="store_true", help="print the right ones too")
    chosen = parser.parse_args(arguments)
    options = ["--restart"] if chosen.restart else []
    model = installed(chosen.home.absolute(), chosen.model)
    records = evaluated(chosen.home.absolute(), chosen.questions.absolute(), model, *options)
    explained = explain(chosen.home / "runs", records, page_ends(chosen.questions))
    for one in explained:
        if chosen.all or one.cause != "right":
            print(one.lines() + "\n")
    print(table(explained))
    return 0


if __name__ == "__main__":
    sys.exit(main())
