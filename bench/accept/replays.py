"""Replay: identical in a fresh process, and stopped by one altered page at exactly its call."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from store.codec import Packer
from store.database import Database, open_database
from store.page import PageVersion
from store.pages import PageStore

from ..scratch import appliance
from .check import Check, CheckFailed, demand
from .stage import Stage

DIFFERS = 3
"""The exit code of a replay that stopped at a difference."""


def identical(stage: Stage) -> str:
    """Replay a run in a fresh process."""
    run = stage.demo_run()
    calls = _calls(stage.events(run))
    done = appliance(stage.demo_home, "replay", run)
    demand(done.code == 0, done.last_words())
    said = done.err.count(": identical (")
    demand(said == len(calls), f"{said} of {len(calls)} calls were compared")
    return f"{len(calls)} of {len(calls)} calls identical"


def stopped(stage: Stage) -> str:
    """Alter one page, replay, and put the page back."""
    return altered_replay(stage.demo_home, stage.demo_run(), stage.events(stage.demo_run()))


def altered_replay(home: Path, run: str, events: list[dict[str, Any]]) -> str:
    """Change a word that a call of `run` showed; the replay must stop at the first such call.

    The page is the one that comes up latest in the run, so that calls before it are identical.
    """
    calls = _calls(events)
    number, address, snippet, spans = _latest(calls)
    with open_database(home) as database:
        page = PageStore(database).resolve(address)
        assert page is not None
        word = _word(page, snippet, spans)
        with _altered(database, page, word):
            done = appliance(home, "replay", run)
    demand(done.code == DIFFERS, f"exit code {done.code}: {done.last_words()}")
    demand(f"call {number} of run {run}" in done.err, f"it stopped elsewhere: {done.last_words()}")
    demand(done.err.count(": identical (") == number - 1, "the calls before it were not compared")
    shown = _other(word) in done.err or word in done.err
    demand("then “" in done.err and shown, "the difference is not shown as words")
    again = appliance(home, "replay", run)
    demand(again.code == 0, f"with the page put back: {again.last_words()}")
    return f"stopped at call {number} of {len(calls)}, then “{word}”, now “{_other(word)}”"


def _calls(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if event["type"] == "call"]


def _latest(calls: list[dict[str, Any]]) -> tuple[int, str, str, list[list[int]]]:
    """Of the page that comes up latest: the call's number, the URL, the snippet or the spans."""
    first: dict[str, tuple[int, str, str, list[list[int]]]] = {}
    for number, call in enumerate(calls, 1):
        data = call["data"]
        for page in data.get("pages", []):
            if page.get("spans"):
                first.setdefault(page["version"], (number, page["page"], "", page["spans"]))
        for query in data.get("queries", []):
            for hit in query["hits"]:
                first.setdefault(hit["version"], (number, hit["url"], hit["snippet"], []))
    if not first:
        raise CheckFailed("no call of the run shows a page")
    return max(first.values())


def _word(page: PageVersion, snippet: str, spans: list[list[int]]) -> str:
    """A word of the page's text that was shown: the rarest in the page, the longest of those."""
    shown = snippet or " ".join(page.text[start:end] for start, end in spans)
    times: dict[str, int] = {
        word: len(_places(word, page.text)) for word in re.findall(r"[a-z]{4,}", shown)
    }
    found = [word for word, count in times.items() if count and word not in page.title.lower()]
    if not found:
        raise CheckFailed(f"no word of {page.url} that was shown can be changed")
    return min(found, key=lambda word: (times[word], -len(word), word))


def _places(word: str, text: str) -> list[str]:
    return re.findall(rf"\b{word}\b", text)


def _other(word: str) -> str:
    return word[::-1] if word[::-1] != word else "x" * len(word)


@contextmanager
def _altered(database: Database, page: PageVersion, word: str) -> Iterator[None]:
    """Change a word of the stored body behind the store's back while the block runs."""
    statement = "UPDATE page_version SET body = %s WHERE id = %s"
    packer = Packer()
    with database.raw() as connection:
        body = packer.text(re.sub(rf"\b{word}\b", _other(word), page.text))
        connection.execute(statement, (body, page.version_id))
    try:
        yield
    finally:
        with database.raw() as connection:
            connection.execute(statement, (packer.text(page.text), page.version_id))


CHECKS = (
    Check("replay", "a fresh process finds every tool call identical", identical),
    Check("replay altered", "an altered page stops it at exactly that call, with words", stopped),
)
