"""Many recorded calls: replayed in fresh processes, with one byte altered, and on their snapshot
after the corpus went on.
"""

import json
import random
import re
import string
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from appliance.trace import Event, Run, read_run
from store.codec import Packer
from store.database import Database, open_database
from store.page import PageVersion
from store.pages import PageStore

from ..quality import shared
from ..recorded import DEMO, Plan, fill, plans, record
from ..scratch import Done, appliance
from .check import Check, demand
from .replays import DIFFERS
from .stage import Stage

VISITS = 0.3
"""The least share of the calls that are visits."""
ALTERED = 20
"""Runs in each of which a byte of one page is altered."""
SEED = 5
PINNED = 8
"""Runs that are replayed on their snapshot."""


@dataclass(frozen=True, slots=True)
class Cassettes:
    """A home with runs in it, made for the rows here."""

    home: Path
    runs: tuple[str, ...]
    world: bool

    def read(self) -> list[Run]:
        """The runs, as they are on disk."""
        return [read_run(self.home / "runs", run) for run in self.runs]


def cassettes(stage: Stage) -> Cassettes:
    """The recorded runs, made the first time."""
    made = stage.once("cassettes", lambda: _recorded(stage))
    assert isinstance(made, Cassettes)
    return made


def _recorded(stage: Stage) -> Cassettes:
    folder = shared() / "world"
    world = folder if (folder / "calls.jsonl").is_file() else None
    home = stage.root / "cassettes"
    fill(home, stage.demo_home, world)
    made: list[Plan] = plans(home, world, stage.queries)
    return Cassettes(home, tuple(run for plan in made for run in record(home, plan)), bool(world))


def identical(stage: Stage) -> str:
    """Replay every run, each in a fresh process."""
    kept = cassettes(stage)
    calls = [call for run in kept.read() for call in run.all("call")]
    different = {_named(call) for call in calls}
    count = Counter(str(call["name"]) for call in calls)
    demand(len(different) >= stage.queries, f"only {len(different)} distinct calls were recorded")
    demand(count["visit"] >= VISITS * stage.queries, f"only {count['visit']} of them are visits")
    replayed = 0
    for run in kept.runs:
        replayed += _replayed(kept.home, run)
    demand(replayed == len(calls), f"{replayed} of {len(calls)} calls were replayed")
    corpora = "demo and world" if kept.world else "the demo alone, for world is not here"
    return (
        f"{len(different):,} distinct calls ({count['visit']} visits; {corpora}) identical in "
        f"{len(kept.runs)} fresh processes"
    )


def _named(call: Event) -> str:
    return json.dumps([call["name"], call["arguments"]], sort_keys=True, ensure_ascii=False)


def _replayed(home: Path, run: str, *options: str) -> int:
    done = appliance(home, "replay", run, "--json", *options)
    demand(done.code == 0, f"run {run}: {done.last_words()}")
    return int(json.loads(done.out)["identical"])


def altered(stage: Stage) -> str:
    """Change one byte of one page in a run, and of another in the next."""
    kept = cassettes(stage)
    chance = random.Random(SEED)
    runs = kept.read()
    chance.shuffle(runs)
    stopped: list[int] = []
    with open_database(kept.home) as database:
        for run in runs:
            shown = _latest(database, run, chance)
            if shown is None or len(stopped) == ALTERED:
                continue
            text, at = shown.page.text, shown.at
            with _body(database, shown.page, f"{text[:at]}{_another(text[at])}{text[at + 1 :]}"):
                done = appliance(kept.home, "replay", run.id)
            _stopped(done, run, shown.call, f"byte {at} of {shown.page.url}")
            named = f"page {shown.page.url}: then " in done.err
            demand(named or "then “" in done.err, f"no difference is shown: {done.last_words()}")
            stopped.append(shown.call)
        demand(len(stopped) >= min(ALTERED, len(runs) // 2), f"only {len(stopped)} runs show words")
        demand(_replayed(kept.home, runs[0].id) > 0, "with the pages put back")
    return (
        f"{len(stopped)} runs, one byte of one page in each: all stopped at exactly their call, "
        f"{max(stopped)} at the latest"
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """A call that is the first of its run to show a page, and the place of a letter it shows."""

    call: int
    page: PageVersion
    at: int


def _latest(database: Database, run: Run, chance: random.Random) -> Shown | None:
    """Of the page that comes up latest in a run, the first call that shows it, and a letter: any of
    a page that is visited, and one of a word that stands once in it of a page that is listed.
    """
    first: dict[str, tuple[int, str, str]] = {}
    for number, call in enumerate(run.all("call"), 1):
        data: Any = call["data"]
        for page in data.get("pages", ()):
            if not page.get("missing"):
                first.setdefault(page["version"], (number, page["page"], ""))
        for query in data.get("queries", ()):
            for hit in query["hits"]:
                first.setdefault(hit["version"], (number, hit["url"], hit["snippet"]))
    pages = PageStore(database, _corpus(run)["collection"], at=_corpus(run)["seq"])
    for number, url, snippet in sorted(first.values(), reverse=True):
        found = pages.resolve(url)
        assert found is not None
        if not snippet:
            letters = [match.start() for match in re.finditer("[a-z0-9]", found.text)]
        else:
            words = (_places(word, found) for word in re.findall("[a-z]{4,}", snippet))
            letters = [places[0] for places in words if len(places) == 1]
        if letters:
            return Shown(number, found, chance.choice(letters))
    return None


def _places(word: str, page: PageVersion) -> list[int]:
    """Where a word stands in a page; a word of the title stands elsewhere too."""
    if word in page.title.lower():
        return []
    return [match.start() for match in re.finditer(rf"(?i)\b{word}\b", page.text)]


def _another(letter: str) -> str:
    letters = string.digits if letter.isdigit() else string.ascii_lowercase
    return letters[(letters.index(letter) + 1) % len(letters)]


@contextmanager
def _body(database: Database, page: PageVersion, text: str) -> Iterator[None]:
    """Put another text into a stored version behind the store's back while the block runs."""
    statement = "UPDATE page_version SET body = %s WHERE id = %s"
    with database.raw() as connection:
        connection.execute(statement, (Packer().text(text), page.version_id))
    try:
        yield
    finally:
        with database.raw() as connection:
            connection.execute(statement, (Packer().text(page.text), page.version_id))


def pinned(stage: Stage) -> str:
    """Let the corpus go on, replay on the snapshot, and delete what is retained for it."""
    kept = cassettes(stage)
    with open_database(kept.home) as database:
        chance = random.Random(SEED)
        found = [
            (run, shown)
            for run in kept.read()
            if _corpus(run)["collection"] == DEMO and (shown := _latest(database, run, chance))
        ][:PINNED]
        demand(bool(found), "no run over the demo corpus shows a page")
        _go_on(database)
        done = appliance(kept.home, "index", timeout=300)
        demand(done.code == 0, done.last_words())
        done = appliance(kept.home, "snapshot", "gc")
        demand(done.code == 0, done.last_words())
        now = [appliance(kept.home, "replay", run.id) for run, _ in found]
        demand(all(each.code == DIFFERS for each in now), "the present corpus is still as it was")
        calls = sum(_replayed(kept.home, run.id, "--pinned") for run, _ in found)
        for run, shown in found:
            text = shown.page.text
            passage = next(part for part in _paragraphs(text) if shown.at < part[1])
            with _body(database, shown.page, text[: passage[0]] + text[passage[1] :]):
                done = appliance(kept.home, "replay", run.id, "--pinned")
            _stopped(done, run, shown.call, f"a retained passage of {shown.page.url} was deleted")
        demand(_replayed(kept.home, found[0][0].id, "--pinned") > 0, "with the passages put back")
        run, shown = found[0]
        with database.raw() as connection:
            key = shown.page.version_id
            connection.execute("DELETE FROM page_version WHERE id = %s", (key,))
        gone = appliance(kept.home, "replay", run.id, "--pinned")
        demand(gone.code in (1, DIFFERS), f"a version was deleted: exit code {gone.code}")
    return (
        f"{len(found)} runs with {calls} calls: others on the present corpus, identical on their "
        f"snapshot, stopped at exactly its call by a deleted passage in each; of a deleted version "
        f"it says: {done_words(gone)}"
    )


def _paragraphs(text: str) -> list[tuple[int, int]]:
    """The places of the paragraphs, each to the beginning of the next."""
    starts = [0, *(match.end() for match in re.finditer(r"\n\n+", text))]
    return list(zip(starts, [*starts[1:], len(text)], strict=True))


def _corpus(run: Run) -> dict[str, Any]:
    corpus: Any = run.manifest["corpus"]
    return dict(corpus)


def _go_on(database: Database) -> None:
    """Give every page of the demo another version."""
    pages = PageStore(database, DEMO)
    pages.add([replace(page, text=f"{page.text}\n\nSeen again.") for page in pages.current()])


def _stopped(done: Done, run: Run, number: int, what: str) -> None:
    """Demand that a replay found a difference at the call `number`, and none before it."""
    what = f"call {number} of run {run.id}, {what}"
    demand(done.code == DIFFERS, f"{what}: exit code {done.code}: {done.last_words()}")
    demand(f"call {number} of run {run.id}" in done.err, f"{what}: {done.last_words()}")
    demand(done.err.count(": identical (") == number - 1, f"{what}: not all before it are compared")


def done_words(done: Done) -> str:
    """The one sentence of a replay that has lost its snapshot."""
    return " ".join(done.last_words().split())[:200]


CHECKS = (
    Check(
        "recorded calls",
        "1,000 distinct recorded calls, 300 visits or more, replay identically in fresh processes",
        identical,
    ),
    Check("altered byte", "one altered byte of one page is found at exactly its call", altered),
    Check(
        "pinned",
        "a run replays on its snapshot after the corpus went on, and not once that is cut",
        pinned,
    ),
)
