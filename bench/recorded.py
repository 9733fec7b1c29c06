"""Runs whose tool calls are known beforehand, written by the real loop: the cassettes of the rows
that replay them.

The calls are those of the demo corpus' questions and pages, and of the published trajectories where
the measuring data are. A scripted engine makes them; tools, store, index and trace are the
product's own. It judges nothing.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from appliance.ask import Inquiry, manifest
from appliance.config import Config
from appliance.home import Home
from appliance.readers import open_readers
from appliance.trace import RunWriter, read_run
from indexer.build import build
from indexer.encoders.lexical import LexicalEncoder
from models.profiles import profile
from models.registry import ModelCard
from models.scripted import ScriptedEngine
from store.database import open_database
from store.page import PageVersion
from store.pages import PageStore

from .corpus import WHEN
from .scratch import QUESTIONS

DATE = "2026-01-02"
DEMO, WORLD = "web", "world"
"""The collections of the two corpora."""
CARD = ModelCard("scripted", "none.gguf", "sha256:" + "0" * 64, 0, "none", "bench")
CALLS = {"demo": 6, "literesearcher": 20}
"""The most calls of one run with each profile: fewer than its turns."""
QUERIES_A_PAGE = 4
WORLD_SHARE = 0.4

Call = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be asked of one collection with one profile."""

    question: str
    collection: str
    profile: str
    calls: tuple[Call, ...]


def fill(home: Path, demo: Path, world: Path | None) -> None:
    """Store and index the pages of the demo's home, and those of the folder `world`, in `home`."""
    with open_database(demo) as database:
        pages = list(PageStore(database).current())
    with open_database(home) as database:
        PageStore(database, DEMO).add(pages)
        if world is not None:
            PageStore(database, WORLD).add(list(_world_pages(world)))
        for collection in (DEMO, WORLD) if world is not None else (DEMO,):
            build(database, home, LexicalEncoder(), collection=collection)


def _world_pages(folder: Path) -> Iterator[PageVersion]:
    for page in _lines(folder / "pages.jsonl"):
        if str(page["text"]).strip():
            yield PageVersion(page["url"], page["title"], page["text"], WHEN, source="bench")


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_bytes().splitlines():
        yield json.loads(line)


def plans(home: Path, world: Path | None, number: int) -> list[Plan]:
    """`number` distinct calls where the corpora give so many: those of the trajectories, at most
    WORLD_SHARE, then questions of the demo, then its pages.
    """
    found = [*_trajectories(world)] if world is not None else []
    with open_database(home) as database:
        pages = list(PageStore(database, DEMO).current())
    found += [*_asked(pages), *_read(pages)]
    kept, seen = [], set[str]()
    for plan in found:
        fresh = []
        most = number * WORLD_SHARE if plan.collection == WORLD else number
        for call in plan.calls:
            name = json.dumps(call, sort_keys=True, ensure_ascii=False)
            if name not in seen and len(seen) < most:
                seen.add(name)
                fresh.append(call)
        if fresh:
            kept.append(replace(plan, calls=tuple(fresh)))
    return kept


def _trajectories(folder: Path) -> Iterator[Plan]:
    for case in _lines(folder / "calls.jsonl"):
        calls = tuple((call["name"], call["arguments"]) for call in case["calls"])
        yield Plan(case["question"], WORLD, "literesearcher", calls)


def _asked(pages: Sequence[PageVersion]) -> Iterator[Plan]:
    """Each question of the demo searched for, and its pages read for it, as the demo model does."""
    urls = {re.sub(r"^https?://[^/]+", "", page.url): page.url for page in pages}
    for line in _lines(QUESTIONS):
        question = line["question"]
        calls: list[Call] = [("search", {"query": [question]})]
        for path in line.get("pages", ()):
            if path in urls:
                calls.append(("visit", {"url": [urls[path]], "goal": question}))
        yield Plan(question, DEMO, "demo", tuple(calls))


def _read(pages: Sequence[PageVersion]) -> Iterator[Plan]:
    """Every page searched for and read, for its headings: half of the calls are visits."""
    for page in pages:
        headings = re.findall(r"^#{1,3} +(.+?)\s*$", page.text, re.MULTILINE)[:QUERIES_A_PAGE]
        calls: list[Call] = []
        for heading in dict.fromkeys([page.title, *headings]):
            calls.append(("search", {"query": [f"{heading} {page.title}", f'"{heading}"']}))
            calls.append(("visit", {"url": [page.url], "goal": f"{page.title}: {heading}"}))
        linked = [link.url for link in page.outlinks[:2]]
        if linked:
            calls.append(("visit", {"url": [*linked, f"{page.url}-none"], "goal": page.title}))
        yield Plan(f"What is told of {page.title}?", DEMO, "literesearcher", tuple(calls))


def record(home: Path, plan: Plan) -> list[str]:
    """Let the loop make the calls of a plan, in as many runs as it takes; returns their ids."""
    config = Config(Home(home), collection=plan.collection, encoder="lexical")
    chosen = profile(plan.profile)
    left, made = list(plan.calls), []
    with open_readers(config) as readers:
        while left:
            some = left[: CALLS[plan.profile]]
            engine = ScriptedEngine([*map(_turn, some), "x</think>\n<answer>so</answer>", "so"])
            entry = manifest(plan.question, readers, DATE, 0, engine, CARD, chosen)
            with RunWriter(config.home.runs, entry) as writer:
                inquiry = Inquiry(plan.question, readers, writer)
                for _ in inquiry.steps(engine, chosen, DATE, 0, None):
                    pass
            done = len(read_run(config.home.runs, writer.id).all("call"))
            if not done:
                raise RuntimeError(f"the loop made no call of {some[0]}")
            # A limit may have ended the run: what it left is for the next one.
            left = left[done:]
            made.append(writer.id)
    return made


def _turn(call: Call) -> str:
    name, arguments = call
    body = json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False)
    return f"x</think>\n<tool_call>\n{body}\n</tool_call>"
