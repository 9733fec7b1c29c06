"""Ask the demo researcher invented questions: `python -m models.demo.evaluate`.

A corpus of invented pages, a search and a visit that work by shared words, and the turns of the
loop, through llama.cpp: the model is judged as it is used, by the answers alone. The real tools
are the appliance's; these stand in for them because nothing in `models` may import the index. It
is the quick look while a model is being trained; `python -m bench.invented` asks through the real
store, index and loop, and says where the wrong ones were lost.
"""

import argparse
import json
import logging
import math
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from store.digest import write_atomic

from .. import wire
from ..engine import Session, append_all
from ..llama.client import LlamaEngine
from ..profiles import Profile, profile
from ..transcript import opening, tool_response
from ..turns import ABSTAIN, Call, abstains, read_turn, string_list
from .export import FILE, HERE
from .pages import Page, Unit
from .traces import Trace, traces

logger = logging.getLogger(__name__)
_WORD = re.compile(r"\w+")
SEED = 1_000_003
"""Where evaluation begins; training seeds are strings of another form and never meet it."""


def bag(text: str) -> list[str]:
    """Return the words of a text, folded, plurals cut."""
    return [word.rstrip("s") or word for word in _WORD.findall(text.casefold())]


class Corpus:
    """Invented pages by address, with a search by rare shared words."""

    def __init__(self, pages: list[Page]) -> None:
        self.pages = {page.url: page for page in pages}
        self._bags = {
            url: Counter(bag(page.title) * 4 + bag(" ".join(u.text for u in page.units)))
            for url, page in self.pages.items()
        }
        self._holders = Counter(word for words in self._bags.values() for word in words)

    def weight(self, word: str) -> float:
        """Return how rare a word is in the corpus."""
        return math.log(1 + len(self.pages) / (1 + self._holders[word]))

    def search(self, query: str, count: int, words: int) -> list[wire.ResultRow]:
        """Return the best `count` pages with snippets of at most `words` words."""
        wanted = set(bag(query))

        def score(url: str) -> float:
            found = self._bags[url]
            return sum(self.weight(w) * found[w] / (found[w] + 1) for w in wanted if w in found)

        best = sorted(self.pages, key=lambda url: (-score(url), url))[:count]
        return [
            wire.ResultRow(
                self.pages[url].title, url, self._snippet(self.pages[url], wanted, words)
            )
            for url in best
        ]

    def _snippet(self, page: Page, wanted: set[str], words: int) -> str:
        best = max(page.units, key=lambda unit: self._worth(unit, wanted))
        return " ".join(best.text.split()[:words])

    def _worth(self, unit: Unit, wanted: set[str]) -> float:
        return sum(self.weight(word) for word in wanted & set(bag(unit.text)))

    def visit(self, url: str, goal: str, words: int) -> wire.VisitBlock:
        """Return the units that share most with the goal, in page order, within `words`."""
        page = self.pages.get(url)
        if page is None:
            return wire.missing_block(url, goal)
        wanted = set(bag(goal))
        ranked = sorted(page.units, key=lambda unit: -self._worth(unit, wanted))
        chosen: list[Unit] = []
        left = words
        for unit in ranked:
            size = len(unit.text.split())
            if size <= left or not chosen:
                chosen.append(unit)
                left -= size
        lines: list[str] = []
        for unit in page.units:
            if unit not in chosen:
                continue
            if unit.form == "row" and page.table_header not in lines:
                lines.append(page.table_header)
            lines.append(unit.text)
        return wire.VisitBlock(url, goal, "\n".join(lines), ranked[0].text)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question's end. `parsed` says that every turn was readable."""

    scenario: str
    relation: str
    question: str
    wanted: str
    given: str
    parsed: bool
    turns: int
    seconds: float
    transcript: str

    @property
    def right(self) -> bool:
        """True when the answer equals the wanted one but for spaces and case."""
        if self.wanted == ABSTAIN:
            return abstains(self.given)
        return " ".join(self.given.casefold().split()) == " ".join(self.wanted.casefold().split())


def ask(session: Session, corpus: Corpus, made: Trace, sizes: Profile) -> Outcome:
    """Let the model research one question and return how it ended."""
    started = time.perf_counter()
    append_all(session, opening(sizes.system_prompt(""), made.question))
    said: list[str] = []
    parsed, answer = True, ""
    for _ in range(sizes.max_turns):
        completion = session.generate(
            sizes.turn_tokens, stop=("<tool_response>",), sampling=sizes.sampling
        )
        turn = read_turn(completion.text)
        said.append(completion.text)
        parsed = parsed and turn.parsed
        if turn.answer is not None:
            answer = turn.answer
            break
        result = "\n".join(_run(corpus, call, sizes) for call in turn.calls) or "No call was read."
        said.append(result)
        append_all(session, tool_response(result, completion.closed))
    session.rollback(0)
    seconds = time.perf_counter() - started
    return Outcome(
        made.scenario, made.relation, made.question, made.answer, answer, parsed,
        (len(said) + 1) // 2, seconds, "\n~\n".join(said),
    )  # fmt: skip


def _run(corpus: Corpus, call: Call, sizes: Profile) -> str:
    arguments: Mapping[str, object] = call.arguments
    if call.name == "search":
        queries = string_list(arguments.get("query"))
        found = [(q, corpus.search(q, sizes.results, sizes.snippet_words)) for q in queries]
        return wire.search_text(found)
    goal = str(arguments.get("goal", ""))
    urls = string_list(arguments.get("url"))
    return wire.visit_text([corpus.visit(url, goal, sizes.evidence_words) for url in urls])


def outcomes(file: Path, count: int, pages: int, seed: int = SEED) -> Iterator[Outcome]:
    """Yield the outcome of `count` questions over a corpus of about `pages` pages."""
    drawn: list[Trace] = []
    corpus_pages: list[Page] = []
    for made in traces(seed):
        corpus_pages.extend(made.pages)
        if len(drawn) < count:
            drawn.append(made)
        elif len(corpus_pages) >= pages:
            break
    corpus = Corpus(corpus_pages)
    with LlamaEngine(file) as engine:
        session = engine.open()
        for made in drawn:
            yield ask(session, corpus, made, profile("demo"))


def summary(done: list[Outcome]) -> dict[str, object]:
    """Return accuracy, the share of parsed runs, seconds a question, and accuracy by scenario."""
    kinds = sorted({one.scenario for one in done})
    by = {kind: [one.right for one in done if one.scenario == kind] for kind in kinds}
    return {
        "questions": len(done),
        "accuracy": round(sum(one.right for one in done) / len(done), 4),
        "parsed": round(sum(one.parsed for one in done) / len(done), 4),
        "seconds": round(sum(one.seconds for one in done) / len(done), 4),
        "by_scenario": {kind: f"{sum(right)}/{len(right)}" for kind, right in by.items()},
    }


def main() -> None:
    """Read the command line, evaluate, print the summary."""
    parser = argparse.ArgumentParser(description="Evaluate the demo researcher.")
    parser.add_argument("--model", type=Path, default=HERE / FILE)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--wrong", type=int, default=0, help="show this many wrong runs")
    parser.add_argument("--card", action="store_true", help="write the scores into card.json")
    args = parser.parse_args()
    done = list(outcomes(args.model, args.questions, args.pages, args.seed))
    for one in [one for one in done if not one.right][: args.wrong]:
        print(f"--- {one.scenario}: {one.question} wanted {one.wanted!r}, got {one.given!r}")
        print(one.transcript)
    scores = summary(done)
    print(json.dumps(scores, indent=1, ensure_ascii=False))
    if args.card:
        place = args.model.with_name("card.json")
        values = json.loads(place.read_text("utf-8"))
        values["scores"]["invented questions"] = scores
        write_atomic(place, (json.dumps(values, indent=2) + "\n").encode())


if __name__ == "__main__":
    main()
