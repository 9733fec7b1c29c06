"""The steps of a run as lines for stderr, while they happen."""

from collections.abc import Iterator, Mapping, Sequence

from ..agent import AnswerStep, CallStep, CutStep, Step, StopStep, TrimStep, TurnStep
from .terminal import counted, shorten


def show_step(step: Step) -> Iterator[str]:
    """Yield the lines that tell a person about one step."""
    if isinstance(step, TurnStep):
        if step.turn.thinking:
            yield f"{step.number}. {shorten(step.turn.thinking, 100)}"
    elif isinstance(step, CallStep):
        yield f"   {_call(step)}  ({step.seconds * 1000:.0f} ms)"
    elif isinstance(step, StopStep):
        yield f"{step.number}. told to answer: {step.reason}"
    elif isinstance(step, TrimStep):
        taken = [counted(len(step.stubbed), "result")] if step.stubbed else []
        taken += [counted(len(step.dropped), "turn")] if step.dropped else []
        yield (
            f"   left out {' and '.join(taken)} to make room: "
            f"{counted(step.freed, 'token')} freed, {step.prefill} read again"
        )
    elif isinstance(step, CutStep):
        yield f"{step.number}. the result did not fit into the context"
    elif isinstance(step, AnswerStep) and step.outcome == "no-answer":
        yield f"{step.number}. no answer"


def _call(step: CallStep) -> str:
    data = step.result.data
    if "repeats" in data:
        return f"{step.call.name}: the same call as in turn {data['repeats']}"
    if "error" in data:
        return f"{step.call.name or 'call'}: {shorten(str(data['error']), 90)}"
    found = data.get("queries")
    if isinstance(found, Sequence):
        return "search " + "; ".join(
            f"“{shorten(query['query'], 50)}” → {counted(len(query['hits']), 'page')}"
            for query in found
        )
    pages = data.get("pages")
    if isinstance(pages, Sequence):
        return "visit " + "; ".join(_page(page) for page in pages)
    return step.call.name


def _page(page: Mapping[str, object]) -> str:
    if page.get("missing"):
        return f"{shorten(str(page['url']), 60)} → not in the corpus"
    return f"{shorten(str(page['url']), 60)} → “{shorten(str(page['title']), 40)}”"
