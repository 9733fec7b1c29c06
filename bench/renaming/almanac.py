"""The copy on disk: the demo package rewritten under a folder, served and crawled like the demo.

The copy is a package `almanac` with `pages/`, `questions.jsonl` and the site that serves them. It
is refused when a trace of an old name is left or when a page no longer says its answer.
"""

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.evaluate import stands_in

from ..scratch import ROOT, appliance
from .entities import Entity, choose, find
from .names import Names
from .rewrite import Renaming, renaming, traces
from .words import fold, words

DEMO = ROOT / "appliance" / "demo"
PACKAGE = "almanac"
QUESTIONS = "questions.jsonl"


class RenamingError(Exception):
    """The copy is not what it must be; the message names the file and what stands in it."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A renamed copy in `folder`: what was renamed, of how many, and the questions that changed."""

    folder: Path
    renamed: tuple[Entity, ...]
    entities: int
    names: Renaming
    changed: frozenset[str]

    @property
    def questions(self) -> Path:
        """The questions under the new names."""
        return self.folder / PACKAGE / QUESTIONS

    def listing(self) -> str:
        """Every entity that was renamed with its new name, one a line."""
        return "\n".join(
            f"{entity.kind:<7} {entity.name} → {self.names.text(entity.name)}"
            for entity in self.renamed
        )


def copy(folder: Path, seed: int) -> Copy:
    """Write the copy of `seed` into an empty folder; RenamingError when it is not clean."""
    texts = {str(path.relative_to(DEMO)): path.read_text("utf-8") for path in _files()}
    questions = _questions(texts[QUESTIONS])
    everything = "\n".join(_prose(name, text) for name, text in texts.items())
    entities = find(_subjects(texts), _answers(questions), everything)
    rng = random.Random(f"renamed {seed}")
    chosen = choose(entities, rng)
    old = {fold(word) for text in [*texts.values(), *texts] for word in words(text)}
    names = renaming(chosen, Names(rng, old), everything)
    written = {}
    for name, text in texts.items():
        english = "\nlang: en\n" in text or name == "site.py"
        written[_path(name, names)] = names.text(text, english)
    asked = [_rewritten(question, names) for question in questions]
    written[QUESTIONS] = "".join(json.dumps(q, ensure_ascii=False) + "\n" for q in asked)
    _check(written, names)
    _check_answers(questions, texts, asked, written)
    for name, text in written.items():
        place = folder / PACKAGE / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")
    changed = {
        str(before["id"])
        for before, after in zip(questions, asked, strict=True)
        if before["question"] != after["question"] or before["answer"] != after["answer"]
    }
    return Copy(folder, tuple(chosen), len(entities), names, frozenset(changed))


def home(folder: Path, site: Path = DEMO) -> Path:
    """Crawl and index a demo package into a new home `folder`, over HTTP as the demo does."""
    with _served(site) as address:
        crawled = appliance(folder, "crawl", "http://almanac.test/", "--proxy", address)
    indexed = appliance(folder, "index")
    for done in (crawled, indexed):
        if done.code:
            raise RenamingError(f"the copy could not be crawled and indexed: {done.last_words()}")
    return folder


@contextmanager
def _served(site: Path) -> Iterator[str]:
    """Serve a demo package from a process of its own; yields its address."""
    package = "appliance.demo" if site == DEMO else site.name
    # The copy's package is found beside it; what it imports is this environment's.
    environment = {**os.environ, "PYTHONPATH": str(ROOT if site == DEMO else site.parent)}
    process = subprocess.Popen(
        [sys.executable, "-m", f"{package}.site"], env=environment, cwd=site.parent,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        if not address:
            raise RenamingError(f"the site in {site} could not be served; see its message above")
        yield address
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _files() -> list[Path]:
    pages = sorted((DEMO / "pages").rglob("*.md"))
    return [*pages, DEMO / "site.py", DEMO / "__init__.py", DEMO / QUESTIONS]


def _questions(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.split("\n") if line.strip()]


def _path(name: str, names: Renaming) -> str:
    """Where a file of the demo package stands in the copy."""
    if not name.endswith(".md"):
        return name
    folder, _, stem = name.removesuffix(".md").rpartition("/")
    return f"{folder}/{names.slug(stem)}.md"


def _prose(name: str, text: str) -> str:
    """What is read for common words: no addresses, no code, and only words of the questions."""
    if name.endswith(".py"):
        return ""
    if name == QUESTIONS:
        return "\n".join(" ".join([str(q["question"]), *_all_answers(q)]) for q in _questions(text))
    head, _, body = text.partition("\n\n")
    return head.partition("\n")[0] + "\n" + re.sub(r"\]\([^)]*\)", "]", body)


def _subjects(texts: dict[str, str]) -> list[tuple[str, list[str]]]:
    found = []
    for name, text in texts.items():
        if name.endswith(".md"):
            head, _, body = text.partition("\n\n")
            title = head.partition("\n")[0].removeprefix("title: ")
            heading = body.partition("\n")[0].removeprefix("# ")
            found.append((name.split("/")[1], [heading, title]))
    return found


def _all_answers(question: dict[str, Any]) -> list[str]:
    answer = question["answer"]
    return [] if answer is None else [answer] if isinstance(answer, str) else list(answer)


def _answers(questions: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """(question, answer) of the answers that are names and not numbers, years or dates."""
    return [
        (str(question["question"]), answers[0])
        for question in questions
        if (answers := _all_answers(question)) and not any(c.isdigit() for c in answers[0])
    ]


def _rewritten(question: dict[str, Any], names: Renaming) -> dict[str, Any]:
    english = str(question["question"]).isascii() or "¿" not in question["question"]
    answer = question["answer"]
    if isinstance(answer, list):
        answer = list(dict.fromkeys(names.text(one, english) for one in answer))
    elif answer is not None:
        answer = names.text(answer, english)
    return {
        **question,
        "question": names.text(question["question"], english),
        "answer": answer,
        "pages": [names.text(page) for page in question["pages"]],
    }


def _check(written: dict[str, str], names: Renaming) -> None:
    for name, text in written.items():
        address = name.removeprefix("pages").removesuffix(".md")
        if left := traces(f"{address}\n{text}", names):
            raise RenamingError(f"{name} still holds {left[0]!r}; add its spelling to SPELLINGS")


def _check_answers(
    questions: list[dict[str, Any]],
    texts: dict[str, str],
    asked: list[dict[str, Any]],
    written: dict[str, str],
) -> None:
    """Each answer must stand in its page exactly when it did before."""
    for before, after in zip(questions, asked, strict=True):
        if not before["answer"]:
            continue
        stood = stands_in(_page(texts, before), _all_answers(before))
        if stood != stands_in(_page(written, after), _all_answers(after)):
            raise RenamingError(
                f"the page of {after['question']!r} does not say {after['answer']!r} any more; "
                "rename the two alike"
            )


def _page(texts: dict[str, str], question: dict[str, Any]) -> str:
    return texts[f"pages{question['pages'][-1]}.md"]
