"""Replay: the real loop again, with the recorded completions, against the corpus as it is now.

Every tool call is executed anew and its result compared, byte for byte, with the recorded one.
The first that differs ends the replay with the difference in words. Nothing is written: a replay
records no misses and makes no run.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from models.errors import EngineError
from models.scripted import ScriptedEngine
from models.turns import Call
from store.pages import PageStore

from .agent import AnswerStep, CallStep, research
from .differences import fields_of_difference, pages_of_difference, words_of_difference
from .errors import ReplayDiffers, RunError, RunPurged
from .evidence import Evidence
from .resume import completion_of, recorded_limits, recorded_policy, recorded_profile
from .tools import Toolbox, ToolResult, without_capture
from .trace import Event, Run

__all__ = ["Compared", "check_index", "replay", "replay_quotes", "words_of_difference"]


@dataclass(frozen=True, slots=True)
class Compared:
    """One replayed call that gave the recorded result."""

    number: int
    call: Call
    result: ToolResult


def replay(
    run: Run, toolbox: Toolbox, pages: PageStore | None = None, words_alone: bool = False
) -> Iterator[Compared]:
    """Re-execute each tool call of `run`, yielding those that are identical.

    Raises ReplayDiffers at the first call whose result is not the recorded one, and when the loop
    makes other calls than the run did, and RunError when the run's own file was changed. A run
    that was killed or interrupted is replayed as far as it came. `pages` tells which version of a
    page there is now, where a result differs. With `words_alone` a result is the same when the
    model reads the same words. RunPurged where a purge took the recorded result.
    """
    engine = ScriptedEngine([completion_of(event) for event in run.all("turn")])
    recorded = run.all("call")
    cut_short = run.last("answer") is None
    steps = research(
        run.question,
        engine.open(),
        toolbox,
        recorded_profile(run.manifest),
        recorded_limits(run.in_force),
        str(run.manifest["date"]),
        policy=recorded_policy(run.in_force),
        # Runs from before this was written ran a repeated call again.
        tell_repeats=int(str(run.manifest.get("loop", 1))) > 1,
    )
    done = 0
    try:
        for step in steps:
            if isinstance(step, CallStep):
                if done >= len(recorded) and cut_short:
                    return
                if done >= len(recorded):
                    raise ReplayDiffers(
                        f"the replay calls {step.call.name or 'a tool'} once more than the run "
                        f"{run.id} did; the run was written by another version of the loop"
                    )
                _compare(run, done + 1, recorded[done], step, pages, words_alone)
                done += 1
                yield Compared(done, step.call, step.result)
            elif isinstance(step, AnswerStep) and run.answer != step.text and not cut_short:
                raise ReplayDiffers(f"the answer is {step.text!r}, but the run says {run.answer!r}")
    except EngineError:
        if not cut_short:
            raise
    if done < len(recorded):
        raise ReplayDiffers(f"the replay made {done} calls, but the run {run.id} {len(recorded)}")


def replay_quotes(run: Run, found: Sequence[Evidence]) -> int:
    """Compare the quotes of a run without a model with those `found` now; returns their number."""
    event = run.last("quotes")
    if event is not None and event.get("purged"):
        raise RunPurged(
            f"a quote of run {run.id} was purged, so that it can no longer be compared; see the "
            f"receipt {event['purged']}"
        )
    if event is None:
        raise RunError(f"the run {run.id} has neither turns nor quotes; there is nothing to replay")
    now = [evidence.to_json() for evidence in found]
    if without_capture(now) != without_capture(event["items"]):
        then = "\n".join(str(item["quote"]) for item in event["items"])  # type: ignore[attr-defined]
        lines = words_of_difference(then, "\n".join(evidence.quote for evidence in found))
        raise ReplayDiffers(
            f"the quotes of run {run.id} are others on the present corpus:\n"
            + ("\n".join(lines) or "  the words are equal; the page versions behind them are not")
        )
    return len(now)


def _compare(
    run: Run,
    number: int,
    recorded: Event,
    step: CallStep,
    pages: PageStore | None,
    words_alone: bool,
) -> None:
    if recorded.get("purged"):
        raise RunPurged(
            f"call {number} of run {run.id} showed a page that was purged, so that it can no "
            f"longer be compared; see the receipt {recorded['purged']}"
        )
    data = recorded["data"]
    assert isinstance(data, Mapping)
    if ToolResult(str(recorded["text"]), data).digest != recorded["digest"]:
        raise RunError(
            f"call {number} of run {run.id} was changed after it was written, so that it proves "
            "nothing; restore the run from a backup"
        )
    if step.result.digest == recorded["digest"]:
        return
    if words_alone and step.result.text == recorded["text"]:
        return
    difference = "\n".join(words_of_difference(str(recorded["text"]), step.result.text))
    if not difference:
        names = ", ".join(fields_of_difference(without_capture(data), step.result.data))
        difference = f"  the words are equal; what differs behind them: {names}"
    corpus = run.manifest.get("corpus")
    seq = corpus.get("seq") if isinstance(corpus, Mapping) else None
    involved = pages_of_difference(data, step.result.data, pages, seq)
    raise ReplayDiffers(
        f"call {number} of run {run.id}, {step.call.name}({step.call.raw.strip()}), gives another "
        "result on the present corpus than it gave then:\n" + "\n".join([difference, *involved]),
        number,
    )


def check_index(run: Run, present: Mapping[str, object]) -> list[str]:
    """Refuse another encoder or backend (RunError); report, never refuse, a changed corpus."""
    then = run.manifest["index"]
    assert isinstance(then, dict)
    for name in ("backend", "encoder"):
        if then.get(name) != present.get(name):
            raise RunError(
                f"the run {run.id} was made with the {name} {then.get(name)!r} and the present "
                f"index has {present.get(name)!r}; build the index with that {name} to replay it"
            )
    if then.get("digest") != present.get("digest"):
        return ["the index has changed since the run; differences may come from new pages"]
    return []
