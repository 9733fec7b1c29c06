"""How much of what matters `visit` shows of long pages: `python -m bench.visiting [SET …]`.

- `demo`: the questions of the almanac, their pages among other sections, visited with the question.
- `world`: the published trajectories drive `search` and `visit`, addresses respelled; counted is
  what the published summary took from the page (`bench.items`) and the evidence keeps.
- `musique`, `hotpotqa`: supporting pages that hold the answer, visited with the question.

Each page stands among 5,000 tokens of other sections (`bench.longpages`); evidence has at most 400
tokens, and beside it stands what the first 400 tokens of the page hold. All goes through the page
store and the tools as they are. The measuring data are where `APPLIANCE_SHARED` says.
"""

import argparse
import json
import random
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from appliance.tools import Toolbox
from appliance.tools.reading import shown
from appliance.tools.visit import VisitTool
from extraction.metadata import detect_language
from models.tokens import likely_tokens
from models.turns import Call
from store.database import Database, open_database
from store.errors import UrlError
from store.page import PageVersion
from store.pages import PageStore

from .corpus import WHEN
from .errors import BenchError, SettingError
from .items import Held, taken
from .longpages import Source, among
from .quality import DEMO, shared
from .respelled import KINDS, varied
from .rows import table
from .scratch import QUESTIONS, scratch

TOKENS = 400
SEED = 20
BATCH = 200
_FOLDED = re.compile(r"[^\W_]+")


@dataclass(slots=True)
class Tally:
    """One set's counts. `kept` of `asked` things are in the evidence, `first` in the beginning."""

    set: str
    what: str
    asked: int = 0
    kept: int = 0
    first: int = 0
    visits: int = 0
    longest: int = 0
    """The most tokens that any evidence had."""
    resolved: dict[str, tuple[int, int]] = field(default_factory=dict)
    calls: int = 0
    errors: int = 0

    @property
    def share(self) -> float:
        """What the evidence keeps, as a share."""
        return self.kept / self.asked if self.asked else 0.0

    @property
    def first_share(self) -> float:
        """The same for the first tokens of the page."""
        return self.first / self.asked if self.asked else 0.0

    @property
    def found(self) -> float:
        """The share of respelled addresses that lead to their page."""
        tried = sum(total for _, total in self.resolved.values())
        return sum(ok for ok, _ in self.resolved.values()) / tried if tried else 1.0


@dataclass(frozen=True, slots=True)
class Reader:
    """The `visit` tool over stored long pages, and what the first tokens of a page are."""

    pages: PageStore
    tool: VisitTool

    def evidence(self, url: str, goal: str, question: str) -> str:
        """Return the evidence of one visit, in the form the model reads; "" for a miss."""
        result = self.tool.run({"url": [url], "goal": goal}, question)
        if any(page.get("missing") for page in result.data["pages"]):  # type: ignore[attr-defined]
            return ""
        return evidence_of(result.text)

    def beginning(self, url: str) -> str:
        """Return the first tokens of a page, its links bare like the evidence's."""
        page = self.pages.resolve(url)
        return first_tokens(page.text) if page else ""


def evidence_of(text: str) -> str:
    """Return what stands under `Evidence in page:` of one block."""
    return text.partition("Evidence in page: \n")[2].rpartition("\n\nSummary: \n")[0]


def first_tokens(text: str, tokens: int = TOKENS) -> str:
    """Return as much of a text from its beginning as has `tokens` tokens."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if likely_tokens(shown(text[:middle])) <= tokens:
            low = middle
        else:
            high = middle - 1
    return shown(text[:low])


def lines(path: Path) -> list[Any]:
    """Return the values of a file of JSON lines. Raises SettingError where it is not there."""
    try:
        return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line.strip()]
    except OSError as error:
        raise SettingError(
            f"{path} is not there ({error.strerror}): say where the measuring data are with "
            "APPLIANCE_SHARED."
        ) from error


def store(database: Database, versions: Iterable[PageVersion]) -> PageStore:
    """Store pages in batches and return their store."""
    pages = PageStore(database)
    batch: list[PageVersion] = []
    for version in versions:
        batch.append(version)
        if len(batch) == BATCH:
            pages.add(batch)
            batch = []
    pages.add(batch)
    return pages


def says(text: str, answers: Iterable[str]) -> bool:
    """Tell whether a text holds one of the answers: whole words in a row, case aside."""
    body = _worded(text)
    return any(_worded(answer).strip() and _worded(answer) in body for answer in answers)


def _worded(text: str) -> str:
    return f" {' '.join(_FOLDED.findall(text.lower()))} "


def world(folder: Path, seed: int = SEED) -> Tally:
    """The published trajectories over their pages, made long."""
    from appliance.tools.search import SearchTool
    from indexer.build import build
    from indexer.encoders.lexical import LexicalEncoder
    from indexer.search import Searcher

    rows = lines(folder / "pages.jsonl")
    summaries = {(v["case"], v["call"]): v for v in lines(folder / "visits.jsonl")}
    chance = random.Random(seed)
    with scratch() as home, open_database(home) as database:
        pages = store(database, _world_pages(rows, chance))
        encoder = LexicalEncoder()
        build(database, home, encoder)
        searcher = Searcher.open(database, home, encoder)
        visit = VisitTool(pages, 0, record_misses=False, evidence_tokens=TOKENS)
        toolbox = Toolbox(SearchTool(searcher, 10, 40), visit)
        reader = Reader(pages, visit)
        texts = {name: row["text"] for row in rows for name in (row["url"], *row["aliases"])}
        tally = Tally("world", "numbers, dates and names of the published summary")
        for case in lines(folder / "calls.jsonl"):
            for call in case["calls"]:
                _world_call(case, call, summaries, texts, toolbox, reader, chance, tally)
        return tally


def _world_pages(rows: Sequence[Any], chance: random.Random) -> Iterator[PageVersion]:
    others = [Source(row["title"], row["text"]) for row in rows if row["text"].strip()]
    for row in rows:
        own = Source(row["title"], row["text"])
        aliases = tuple(url for url in row["aliases"] if _is_page(url))
        yield _page(row["url"], own, among(own, others, chance), aliases)


def _page(url: str, own: Source, text: str, aliases: tuple[str, ...] = ()) -> PageVersion:
    language = detect_language(own.text[:2000]) if own.text.strip() else ""
    return PageVersion(url, own.title, text, WHEN, lang=language, source="bench", aliases=aliases)


def _is_page(url: str) -> bool:
    from store.urls import canonical

    try:
        return bool(canonical(url))
    except UrlError:
        return False


def _world_call(
    case: Any,
    call: Any,
    summaries: dict[tuple[str, int], Any],
    texts: dict[str, str],
    toolbox: Toolbox,
    reader: Reader,
    chance: random.Random,
    tally: Tally,
) -> None:
    """Make one recorded call, and count what its evidence keeps."""
    arguments = dict(call["arguments"])
    tally.calls += 1
    if call["name"] != "visit":
        result = toolbox.call(Call("search", arguments, ""), case["question"])
        tally.errors += "error" in result.data
        return
    urls = [arguments["url"]] if isinstance(arguments["url"], str) else arguments["url"]
    arguments["url"] = [varied(url, chance) for url in urls]
    result = toolbox.call(Call("visit", arguments, ""), case["question"])
    if "error" in result.data:
        tally.errors += 1
        return
    for said in result.data["pages"]:  # type: ignore[attr-defined]
        _count(tally, "as visited, two changes", not said.get("missing"))
    for url in urls:
        for kind, respell in KINDS.items():
            found = _resolves(reader.pages, respell(url))
            _count(tally, kind, found)
    published = summaries[case["case"], call["call"]]
    if published["status"] != "ok":
        return
    wanted = taken(published["summary"], texts.get(urls[0], ""))
    evidence = evidence_of(result.text)
    here, start = Held.of(evidence), Held.of(reader.beginning(urls[0]))
    tally.visits += 1
    tally.longest = max(tally.longest, likely_tokens(evidence))
    tally.asked += len(wanted)
    tally.kept += sum(here.says(item) for item in wanted)
    tally.first += sum(start.says(item) for item in wanted)


def _resolves(pages: PageStore, url: str) -> bool:
    try:
        return pages.resolve(url) is not None
    except UrlError:
        return False


def _count(tally: Tally, kind: str, found: bool) -> None:
    ok, total = tally.resolved.get(kind, (0, 0))
    tally.resolved[kind] = (ok + found, total + 1)


def questions(name: str, folder: Path, seed: int = SEED) -> Tally:
    """The supporting pages that hold the answer, visited with the question as the goal."""
    rows = {row["_id"]: Source(row["title"], row["text"]) for row in lines(folder / "corpus.jsonl")}
    visits: list[tuple[str, str, list[str]]] = []
    for row in lines(folder / "questions.dev.jsonl"):
        answers = [row["answer"], *row["answer_aliases"]]
        for one in row["supporting_doc_ids"]:
            held = [answer for answer in answers if says(rows[one].text, [answer])]
            if held and row["answer"].lower() not in ("yes", "no"):
                visits.append((one, row["question"], held))
    return _visited(name, rows, visits, seed)


def demo(seed: int = SEED) -> Tally:
    """The almanac's pages, visited with its questions; nothing outside the repository is read."""
    folder = QUESTIONS.parent / "pages"
    rows = {
        str(path.relative_to(folder).with_suffix("")): Source(*_titled(path))
        for path in sorted(folder.rglob("*.md"))
    }
    visits: list[tuple[str, str, list[str]]] = []
    for row in lines(QUESTIONS):
        answers = [row["answer"]] if isinstance(row["answer"], str) else row["answer"] or []
        for page in row.get("pages") or []:
            name = page.strip("/")
            if name in rows and says(rows[name].text, answers):
                visits.append((name, row["question"], answers))
    return _visited(DEMO, rows, visits, seed)


def _titled(path: Path) -> tuple[str, str]:
    text = path.read_text("utf-8")
    first = re.search(r"^#\s+(.+)$", text, re.MULTILINE)
    return first[1] if first else path.stem, text


def _visited(
    name: str, rows: dict[str, Source], visits: Sequence[tuple[str, str, list[str]]], seed: int
) -> Tally:
    chance = random.Random(seed)
    others = list(rows.values())
    tally = Tally(name, "visits whose evidence holds the answer")
    with scratch() as home, open_database(home) as database:
        wanted = dict.fromkeys(one for one, _, _ in visits)
        pages = store(
            database,
            (_page(_address(one), rows[one], among(rows[one], others, chance)) for one in wanted),
        )
        tool = VisitTool(pages, 0, record_misses=False, evidence_tokens=TOKENS)
        reader = Reader(pages, tool)
        for one, question, answers in visits:
            evidence = reader.evidence(_address(one), question, question)
            tally.calls += 1
            tally.visits += 1
            tally.asked += 1
            tally.longest = max(tally.longest, likely_tokens(evidence))
            tally.kept += says(evidence, answers)
            tally.first += says(reader.beginning(_address(one)), answers)
    return tally


def _address(name: str) -> str:
    """An address that says nothing about the page."""
    return f"https://pages.test/{random.Random(name).randrange(10**9)}"


SETS: dict[str, Callable[[Path], Tally]] = {
    DEMO: lambda _: demo(),
    "world": lambda data: world(data / "world"),
    "musique": lambda data: questions("musique", data / "qa" / "musique"),
    "hotpotqa": lambda data: questions("hotpotqa", data / "qa" / "hotpotqa"),
}
HEADS = ("set", "counted", "visits", "of", "evidence", f"first {TOKENS} tokens", "longest")


def printed(tallies: Sequence[Tally]) -> str:
    """Return the two tables."""
    rows = [
        (
            one.set, one.what, f"{one.visits:,}", f"{one.asked:,}", f"{one.share:.3f}",
            f"{one.first_share:.3f}", f"{one.longest} tokens",
        )
        for one in tallies
    ]  # fmt: skip
    found = [table(rows, HEADS)]
    for one in tallies:
        if one.resolved:
            cells = [(kind, f"{ok} of {total}") for kind, (ok, total) in one.resolved.items()]
            cells.append(("all", f"{one.found:.4f}"))
            found.append(table(cells, (f"{one.set}: respelled", "resolved")))
            found.append(f"{one.calls} calls, {one.errors} errors")
    return "\n\n".join(found)


def main(arguments: list[str] | None = None) -> int:
    """Measure the chosen sets, by default those that are there, and print them."""
    parser = argparse.ArgumentParser(prog="python -m bench.visiting", description=__doc__)
    parser.add_argument("sets", nargs="*", metavar="SET", help=", ".join(SETS))
    parser.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args(arguments)
    if unknown := sorted(set(chosen.sets) - SETS.keys()):
        parser.error(f"there is no set {unknown[0]!r}; choose from {', '.join(SETS)}")
    names = chosen.sets or [name for name in SETS if name == DEMO or shared().is_dir()]
    tallies = []
    try:
        for name in names:
            print(f"bench.visiting: {name}", file=sys.stderr, flush=True)
            tallies.append(SETS[name](shared()))
    except BenchError as error:
        print(f"bench.visiting: {error}", file=sys.stderr)
        return 1
    if chosen.json:
        print(json.dumps([{**asdict(one), "share": one.share} for one in tallies], indent=1))
    else:
        print(printed(tallies))
    return 0


if __name__ == "__main__":
    sys.exit(main())
