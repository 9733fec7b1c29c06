"""One question from start to end: the manifest, the loop, the evidence, the run on disk.

The command line and `eval` both ask through here. What is printed is theirs; what is written to
the run is decided here, each event before the step it belongs to is shown.
"""

import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from indexer.memory import QueryMemory
from models.engine import Engine
from models.profiles import Profile
from models.registry import ModelCard
from store.digest import blake
from store.errors import UrlError
from store.page import PageVersion

from .agent import AnswerStep, CallStep, CutStep, Step, StopStep, TrimStep, TurnStep, research
from .context import policy
from .evidence import Claim, Evidence, Judgement, checked, holds, tie
from .home import DISTRIBUTION
from .limits import STOPPED, Budget, LiveLimits
from .quotes import quotes
from .readers import Readers
from .resume import Record
from .trace import RunWriter

Cancel = Callable[[], bool]
Judge = Callable[
    [Sequence[Claim], str, Sequence[PageVersion], Cancel], tuple[list[Claim], list[Judgement]]
]

LOOP = 2
"""The version of the loop's rules in a manifest: from 2 on a repeated call is told so."""


KINDS = {
    TurnStep: "turn",
    CallStep: "call",
    TrimStep: "trim",
    CutStep: "cut",
    StopStep: "stop",
    AnswerStep: "answer",
}
"""The event that a step becomes."""


@dataclass(slots=True)
class Inquiry:
    """One question being researched; iterate `steps()`, then read the rest."""

    question: str
    readers: Readers
    writer: RunWriter
    outcome: str = "unfinished"
    answer: str = ""
    claims: list[Claim] = field(default_factory=list)
    quotes: list[Evidence] = field(default_factory=list)
    seen: dict[str, PageVersion] = field(default_factory=dict)
    listed: dict[str, str] = field(default_factory=dict)
    searched: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.perf_counter)
    memory: QueryMemory = field(default_factory=QueryMemory)
    record: Record = field(default_factory=lambda: Record(()))
    """What an earlier process wrote of this run."""
    limits: LiveLimits | None = None
    told: str = ""
    """Why the model was told to answer; empty when it answered by itself."""
    recorded: bool = False
    """True while the steps are those of the record."""
    judge: Judge | None = None
    """Asks the model about claims that no quote carries; None: they stay without."""

    def __post_init__(self) -> None:
        self.readers = self.readers.remembering(self.memory)
        self.started -= self.record.seconds

    def steps(
        self, engine: Engine, profile: Profile, date: str, seed: int, budget: Budget | None = None
    ) -> Iterator[Step]:
        """Run the loop, writing each step to the run before it is yielded.

        The steps of a resumed run's record come first and are not written again. An interruption
        (a second Ctrl-C, or an engine that dies) ends the run with what was found so far and is
        then raised again.
        """
        budget = budget or Budget()
        session = self.record.session(engine.open())
        context = min(session.capacity, budget.context or profile.context)
        self.limits = LiveLimits(
            profile, context, budget.seconds,
            turns=budget.turns, tokens=budget.tokens, spent=self.record.seconds,
        )  # fmt: skip
        try:
            for step in research(
                self.question,
                session,
                self.record.toolbox(self.readers.toolbox(profile, self.writer.id)),
                profile,
                self.record.limits(self.limits),
                date,
                seed,
                self.record.policy(policy(budget.policy or profile.policy, context)),
            ):
                self._record(step)
                yield step
            if self.judge is not None:
                session.close()  # An engine has one session at a time.
            self._conclude()
        except (KeyboardInterrupt, Exception) as error:
            self.outcome = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
            self._conclude(str(error))
            raise
        finally:
            session.close()

    @property
    def stopped(self) -> bool:
        """True when Ctrl-C asked for the answer."""
        return self.told == STOPPED

    def stop(self) -> None:
        """Cut off what the model writes and let it answer now; safe in a signal's handler."""
        if self.limits is not None:
            self.limits.interrupt()

    def quote(self) -> list[Evidence]:
        """Answer by quotes alone and write them to the run."""
        self.quotes = self._checked(
            quotes(self.question, self.readers.searcher, self.readers.pages)
        )
        self.outcome = "answered" if self.quotes else "abstained"
        self._keep_vectors()
        self.writer.add({"type": "quotes", "items": [item.to_json() for item in self.quotes]})
        self._end()
        return self.quotes

    def _record(self, step: Step) -> None:
        if isinstance(step, CallStep):
            self._see(step.result.data)
        elif isinstance(step, StopStep):
            self.told = step.reason
        elif isinstance(step, AnswerStep):
            self.answer, self.outcome = step.text, step.outcome
        self.recorded = self.record.took(KINDS[type(step)])
        if not self.recorded:
            self._write(step)

    def _write(self, step: Step) -> None:
        if isinstance(step, TurnStep):
            completion = step.completion
            ids = {"ids": list(completion.ids)} if completion.ids else {}
            self.writer.add(
                {
                    "type": "turn",
                    "turn": step.number,
                    "completion": completion.text,
                    "finish": completion.finish,
                    "closed": completion.closed,
                    "tokens": completion.tokens,
                    "prefilled": completion.prefilled,
                    "chunks": list(completion.chunks),
                    **ids,
                    "parsed": step.turn.parsed,
                    "prefill_seconds": round(completion.prefill_seconds, 4),
                    "decode_seconds": round(completion.decode_seconds, 4),
                }
            )
        elif isinstance(step, CallStep):
            self._keep_vectors()
            self.writer.add(
                {
                    "type": "call",
                    "turn": step.number,
                    "name": step.call.name,
                    "arguments": dict(step.call.arguments),
                    "digest": step.result.digest,
                    "text": step.result.text,
                    "data": dict(step.result.data),
                    "seconds": round(step.seconds, 4),
                }
            )
        elif isinstance(step, TrimStep):
            self.writer.add(
                {
                    "type": "trim",
                    "turn": step.number,
                    "stubbed": list(step.stubbed),
                    "dropped": list(step.dropped),
                    "freed": step.freed,
                    "prefill": step.prefill,
                }
            )
        elif isinstance(step, StopStep):
            self.writer.add({"type": "stop", "turn": step.number, "reason": step.reason})
        elif isinstance(step, CutStep):
            self.writer.add({"type": "cut", "turn": step.number})
        elif isinstance(step, AnswerStep):
            self.writer.add({"type": "answer", "turn": step.number, "text": step.text})

    def _see(self, data: Mapping[str, Any]) -> None:
        """Remember what was looked for, and the pages that the model read or saw listed."""
        for query in data.get("queries", ()):
            self.searched.append(query["query"])
            for hit in query["hits"]:
                self.listed.setdefault(hit["version"], hit["url"])
        for facts in data.get("pages", ()):
            if facts.get("missing"):
                self.missed.append(facts["url"])
            elif (page := self._stored(facts["page"], facts["version"])) is not None:
                self.seen.setdefault(page.digest, page)

    def _stored(self, url: str, digest: str) -> PageVersion | None:
        try:
            return self.readers.pages.by_digest(url, digest)
        except UrlError:
            return None

    def _sources(self) -> list[PageVersion]:
        """The pages that can carry the answer: those that were read, then those only listed."""
        listed = (
            self._stored(url, digest)
            for digest, url in self.listed.items()
            if digest not in self.seen
        )
        return [*self.seen.values(), *(page for page in listed if page is not None)]

    def _conclude(self, error: str = "") -> None:
        if self.outcome == "answered":
            tied = tie(self.answer, self.question, self._sources())
            self.claims = checked(tied, self.readers.pages)
            if not error and not self.stopped:
                self._have_judged()
            self.writer.add({"type": "evidence", "claims": [c.to_json() for c in self.claims]})
        elif self.outcome != "abstained":
            # Without an answer the best passages are the best answer so far.
            self.quote_so_far()
        if self.stopped:
            self.outcome = "interrupted"
        self._end(error)

    def _have_judged(self) -> None:
        """Let the model judge what no quote carries, within the time of the question.

        The answer stands by now, so Ctrl-C ends only this.
        """
        if self.judge is None or self.limits is None:
            return
        try:
            found, judgements = self.judge(
                self.claims, self.question, self._sources(), self.limits.over
            )
        except KeyboardInterrupt:
            found, judgements = self.claims, []
        self.claims = checked(found, self.readers.pages)
        items = [judgement.to_json() for judgement in judgements]
        ended = {"ended_early": True} if self.limits.over() else {}
        self.writer.add({"type": "judgements", "items": items, **ended})

    def _end(self, error: str = "") -> None:
        seconds = round(time.perf_counter() - self.started, 3)
        end: dict[str, object] = {"type": "end", "outcome": self.outcome, "seconds": seconds}
        self.writer.add({**end, "error": error} if error else end)

    def quote_so_far(self) -> None:
        """Fill `quotes` with the best passages for the question, for a run without an answer."""
        self.quotes = self._checked(
            quotes(self.question, self.readers.searcher, self.readers.pages)
        )
        self._keep_vectors()
        self.writer.add({"type": "quotes", "items": [item.to_json() for item in self.quotes]})

    def _keep_vectors(self) -> None:
        """Write the vectors of the queries that were encoded since the last event."""
        if fresh := self.memory.take():
            items = [{"query": text, **vectors.to_json()} for text, vectors in fresh.items()]
            self.writer.add({"type": "vectors", "items": items})

    def _checked(self, found: "list[Evidence] | tuple[Evidence, ...]") -> list[Evidence]:
        return [evidence for evidence in found if holds(evidence, self.readers.pages)]


def manifest(
    question: str,
    readers: Readers,
    date: str,
    seed: int,
    engine: Engine | None = None,
    card: ModelCard | None = None,
    profile: Profile | None = None,
    budget: Budget | None = None,
    judge: bool = False,
) -> dict[str, object]:
    """What a run depends on, as its first line says it. Without an engine: answer by quotes."""
    budget = budget or Budget()
    entry: dict[str, object] = {
        "question": question,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "date": date,
        "seed": seed,
        **({"scope": readers.scope.to_json()} if readers.scope.to_json() else {}),
        "index": readers.index_facts(),
        "corpus": readers.corpus_facts(),
        "versions": {"appliance": version(DISTRIBUTION), "python": platform.python_version()},
        "model": "none",
        "profile": "none",
    }
    if engine is not None and card is not None and profile is not None:
        entry |= {
            "model": card.name,
            "weights": card.sha256,
            "profile": profile.name,
            "prompt": blake(profile.system_prompt(date).encode()),
            "sampling": asdict(profile.sampling),
            "engine": dict(engine.describe()),
            "loop": LOOP,
            "budget": asdict(replace(budget, policy=budget.policy or profile.policy)),
        }
        if judge:
            entry["judge"] = True
        if profile.form is not None:
            entry["form"] = profile.form.to_json()
    return entry
