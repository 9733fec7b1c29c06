"""Proving past runs: one with its own snapshot or the present corpus, all of them, or anew with a
live model. What is compared and how is in `replay`; here it is opened and judged.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

from indexer.errors import IndexerError, IndexMissing
from indexer.memory import QueryMemory
from models.engine import Engine
from models.errors import ModelError
from models.profiles import Profile, profile
from store.errors import StoreError, UnknownVersionError
from store.pages import PageStore

from .agent import AnswerStep, CallStep, TurnStep, research
from .config import Config
from .context import policy
from .errors import ApplianceError, ReplayDiffers, RunError
from .going_on import recorded_budget
from .limits import Budget, LiveLimits
from .quotes import quotes
from .readers import Pinned, Readers, open_readers
from .replay import Compared, check_index, replay, replay_quotes
from .scope import recorded_scope
from .trace import Run, read_run, run_ids
from .vectors import check_vectors, recorded_vectors

SAME, STANDS, CHANGES, UNPROVED = "same", "stands", "changes", "unproved"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Proof:
    """A run all of whose `count` tool calls (or quotes) gave what they gave then."""

    count: int
    what: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What has become of a past run: one of the four words above, and why in one sentence."""

    run: str
    question: str
    verdict: str
    why: str
    call: int = 0

    def to_json(self) -> dict[str, object]:
        """The verdict as JSON values."""
        return {
            "run": self.run,
            "question": self.question,
            "verdict": self.verdict,
            "why": self.why,
            "call": self.call or None,
        }


@dataclass(frozen=True, slots=True)
class Regenerated:
    """A run that a live model made again: what it says now, and how far it went the same way.

    `same_turns` are completions from the first on that are equal to the recorded ones.
    """

    answer: str
    outcome: str
    turns: int
    same_turns: int
    same_weights: bool


@contextmanager
def readers_for(
    config: Config, run: Run, pinned: bool, whole: set[str] | None = None
) -> Iterator[Readers]:
    """Open what a run is replayed on: its own snapshot, or the present corpus.

    Digests of indexes in `whole` are not hashed again; those that were are added. Raises RunError
    when the snapshot is not named by the run or is no longer whole.
    """
    config = replace(config, collection=collection_of(run, config.collection))
    if not pinned:
        with open_readers(config) as readers:
            yield readers.within(recorded_scope(run.manifest))
        return
    state = _state(run)
    try:
        with open_readers(config, state) as readers:
            known = whole is not None and state.index in whole
            if faults := () if known else readers.searcher.index.verify():
                raise RunError(
                    f"the index that run {run.id} saw is damaged, so that nothing can be replayed "
                    f"on it; restore it from a backup: {faults[0]}"
                )
            if whole is not None:
                whole.add(state.index)
            yield readers.within(recorded_scope(run.manifest))
    except IndexMissing as error:
        raise RunError(
            f"the index that run {run.id} saw ({state.index[:15]}…) is no longer in this home, so "
            "that only the present corpus is left to replay it on; run it without --pinned"
        ) from error


@contextmanager
def readers_to_go_on(config: Config, run: Run) -> Iterator[Readers]:
    """Open what a run goes on with: its own snapshot, or the present corpus where that is gone."""
    with ExitStack() as stack:
        try:
            # Not hashed: a replay on it is, and that is when its bytes have to prove something.
            seen = {_state(run).index}
            readers = stack.enter_context(readers_for(config, run, pinned=True, whole=seen))
        except RunError:
            readers = stack.enter_context(readers_for(config, run, pinned=False))
        yield readers


def collection_of(run: Run, otherwise: str) -> str:
    """The collection that a run searched; runs of format 1 do not say."""
    corpus = run.manifest.get("corpus")
    return str(corpus["collection"]) if isinstance(corpus, Mapping) else otherwise


def _state(run: Run) -> Pinned:
    corpus, index = run.manifest.get("corpus"), run.manifest.get("index")
    if not isinstance(corpus, Mapping) or not isinstance(corpus.get("seq"), int):
        raise RunError(
            f"the run {run.id} was written before runs said which snapshot they saw; replay it "
            "without --pinned"
        )
    for event in run.all("resume"):
        changed: Any = event["changed"]
        if any(name == "index.digest" or name.startswith("corpus.") for name in changed):
            raise RunError(
                f"the run {run.id} was gone on with on another snapshot than it began on, so that "
                "there is none to pin; replay it without --pinned"
            )
    assert isinstance(index, Mapping)
    return Pinned(str(index["digest"]), corpus["seq"])


def prove(
    run: Run,
    readers: Readers,
    say: Say,
    compared: Callable[[Compared], None] = lambda step: None,
    pinned: bool = False,
    words_alone: bool = False,
) -> Proof:
    """Replay one run; raises ReplayDiffers at the first difference, RunError for what proves
    nothing. `words_alone` is that of `replay`.
    """
    for note in check_index(run, readers.index_facts()):
        say(note)
    vectors = recorded_vectors(run)
    for note in check_vectors(run, vectors, readers.searcher):
        say(note)
    readers = readers.remembering(QueryMemory(vectors))
    count = 0
    try:
        if run.manifest["profile"] == "none":
            found = quotes(run.question, readers.searcher, readers.pages)
            return Proof(replay_quotes(run, found), "quotes")
        toolbox = readers.toolbox(profile(str(run.manifest["profile"])), record_misses=False)
        for step in replay(run, toolbox, readers.pages, words_alone):
            count += 1
            compared(step)
    except UnknownVersionError as error:
        raise ReplayDiffers(
            f"call {count + 1} of run {run.id} cannot be repeated, because a page version that the "
            f"index lists was deleted from the store ({_first(error).partition(';')[0]}); "
            + ("restore the store from a backup" if pinned else "run: appliance index"),
            count + 1,
        ) from error
    return Proof(count, "tool calls")


def judge_all(config: Config, pinned: bool, say: Say) -> Iterator[Verdict]:
    """Replay every run of the home, oldest first, and say of each what has become of it."""
    whole: set[str] = set()
    for run_id in run_ids(config.home.runs):
        try:
            run = read_run(config.home.runs, run_id)
        except RunError as error:
            yield Verdict(run_id, "", UNPROVED, _first(error))
            continue
        try:
            with readers_for(config, run, pinned, whole) as readers:
                yield _judged(run, readers, pinned)
        except (ApplianceError, IndexerError, StoreError) as error:
            yield Verdict(run.id, run.question, UNPROVED, _first(error))


def _judged(run: Run, readers: Readers, pinned: bool) -> Verdict:
    def silent(note: str) -> None:
        pass

    try:
        proof = prove(run, readers, silent, pinned=pinned)
    except ReplayDiffers as difference:
        what = f"call {difference.call} gives another result" if difference.call else ""
        if difference.call and _reads_the_same(run, readers, pinned):
            verdict, why = STANDS, f"{what}, but the model reads the same words in every call"
        else:
            verdict, why = _standing(run, readers.pages, what or _first(difference))
        return Verdict(run.id, run.question, verdict, why, difference.call)
    except (RunError, ModelError) as error:
        return Verdict(run.id, run.question, UNPROVED, _first(error))
    return Verdict(run.id, run.question, SAME, f"all {proof.count} {proof.what} are identical")


def _reads_the_same(run: Run, readers: Readers, pinned: bool) -> bool:
    """True when scores, versions and spans alone differ: any other page changes all scores."""
    try:
        prove(run, readers, lambda note: None, pinned=pinned, words_alone=True)
    except (ReplayDiffers, RunError, ModelError):
        return False
    return True


def _standing(run: Run, pages: PageStore, difference: str) -> tuple[str, str]:
    """Whether the quotes that carried an answer still stand in the present pages."""
    carried = [
        [item for item in claim["evidence"] if item.get("quote")] for claim in claims_of(run)
    ]
    supported = [items for items in carried if items]
    if not supported:
        return CHANGES, f"{difference}, and no quote tells whether the answer would be another"
    for items in supported:
        if not any(_stands(item, pages) for item in items):
            quote = " ".join(str(items[0]["quote"]).split())[:80]
            return CHANGES, f"{difference}, and the page no longer says “{quote}”"
    return STANDS, f"{difference}, but every quote that carries the answer still stands"


def claims_of(run: Run) -> list[dict[str, Any]]:
    """The claims of a run with their quotes; the quotes of a run without a model are one each."""
    claims = [dict(claim) for event in run.all("evidence") for claim in event["claims"]]  # type: ignore[attr-defined]
    alone = [item for event in run.all("quotes") for item in event["items"]]  # type: ignore[attr-defined]
    return [*claims, *({"claim": "", "evidence": [item]} for item in alone)]


def _stands(item: Mapping[str, Any], pages: PageStore) -> bool:
    try:
        page = pages.resolve(str(item["url"]))
    except StoreError:
        return False
    return page is not None and str(item["quote"]) in page.text


def regenerate(
    run: Run, readers: Readers, engine: Engine, shown: Profile, weights: str, say: Say
) -> Regenerated:
    """Ask the question of a run again with a live model, from the run's date, seed and budget.

    Nothing is written, and no miss recorded. `weights` is the digest of the model's file.
    """
    session = engine.open()
    budget = recorded_budget(run, Budget())
    context = min(session.capacity, budget.context or shown.context)
    recorded = [str(event["completion"]) for event in run.all("turn")]
    said: list[str] = []
    answer, outcome = "", "no-answer"
    try:
        steps = research(
            run.question,
            session,
            readers.toolbox(shown, record_misses=False),
            shown,
            LiveLimits(shown, context, budget.seconds, turns=budget.turns, tokens=budget.tokens),
            str(run.manifest["date"]),
            int(str(run.manifest["seed"])),
            policy(budget.policy or shown.policy, context),
        )
        for step in steps:
            if isinstance(step, TurnStep):
                said.append(step.completion.text)
                same = said == recorded[: len(said)]
                say(f"turn {len(said)}: {'as then' if same else 'another than then'}")
            elif isinstance(step, CallStep):
                say(f"  {step.call.name or 'call'}({step.call.raw.strip()})")
            elif isinstance(step, AnswerStep):
                answer, outcome = step.text, step.outcome
    finally:
        session.close()
    same_turns = next(
        (n for n, (new, old) in enumerate(zip(said, recorded, strict=False)) if new != old),
        min(len(said), len(recorded)),
    )
    same_weights = weights == run.manifest.get("weights")
    return Regenerated(answer, outcome, len(said), same_turns, same_weights)


def _first(error: Exception) -> str:
    """The first line of an error, without what introduces the lines after it."""
    return str(error).partition("\n")[0].rstrip(":.")
