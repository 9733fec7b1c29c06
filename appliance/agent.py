"""The research loop: a generator of steps from a question to an answer.

It drives a session (any engine) and a toolbox, and yields what happens; whoever iterates decides
what to print and what to write down. The model's mistakes become observations that it can mend;
only the engine's failures are errors. It knows no model by name: what differs is the profile.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from models.engine import Session
from models.profiles import Profile
from models.turns import Call, Turn, abstains, begins_call, read_turn
from models.wire import VISIT_JOIN
from store.digest import blake_json

from .context import NoPolicy, Policy
from .conversation import Conversation
from .limits import Limits, Progress
from .observations import (
    ANSWER_NOW,
    DID_NOT_FIT,
    MOST_CALLS,
    TOO_MANY,
    left_out,
    nothing_in,
    repeated,
)
from .steps import AnswerStep, CallStep, CutStep, Step, StopStep, TrimStep, TurnStep
from .tools import Toolbox, ToolResult

__all__ = [
    "AnswerStep", "CallStep", "CutStep", "Step", "StopStep", "TrimStep", "TurnStep", "research",
]  # fmt: skip

ANSWER_TOKENS = 120
"""The longest answer when the loop has to open it for the model, in tokens."""


def research(
    question: str,
    session: Session,
    toolbox: Toolbox,
    profile: Profile,
    limits: Limits,
    date: str,
    seed: int = 0,
    policy: Policy | None = None,
    tell_repeats: bool = True,
) -> Iterator[Step]:
    """Research `question` until the model answers or a limit ends it.

    Yields each step as soon as it is known; the last is always an `AnswerStep`. `date` (ISO) is
    frozen into the prompt, because today's date would break the replay tomorrow. `policy` makes
    room in the context. Without `tell_repeats` a call that was made before is run again, as runs
    of an earlier version did.
    """
    talk = Conversation(session, profile)
    talk.open(question, date)
    calls = _Calls(toolbox, question, tell_repeats)
    number = 0
    while True:
        number += 1
        progress = Progress(number, talk.position, talk.tokens, calls.most, calls.idle)
        reason = limits.stop_reason(progress)
        if reason is not None:
            yield StopStep(number, reason)
            talk.urge(ANSWER_NOW)
            yield from _last_turn(number, talk, limits, seed)
            return
        completion = talk.complete(
            limits.turn_tokens(progress), seed + number, lambda: limits.expired("turn")
        )
        turn = read_turn(completion.text, profile.transcript.opened)
        yield TurnStep(number, turn, completion)
        if turn.answer:
            yield _ending(number, turn.answer)
            return
        results: list[tuple[str, str]] = []
        for call in turn.calls[:MOST_CALLS]:
            step = calls.run(number, call)
            yield step
            results.append((step.result.text, left_out(call, step.result)))
        calls.end_turn()
        if not results:
            said = nothing_in(turn, completion)
            results.append((said, said))
        if len(turn.calls) > MOST_CALLS:
            results.append((TOO_MANY, TOO_MANY))
        text = VISIT_JOIN.join(text for text, _ in results)
        stub = "\n".join(line for _, line in results)
        yield from _respond(number, talk, text, stub, limits, policy or NoPolicy(), calls)


def _respond(
    number: int,
    talk: Conversation,
    text: str,
    stub: str,
    limits: Limits,
    policy: Policy,
    calls: "_Calls",
) -> Iterator[Step]:
    """Append what came back to a turn, after making room for it and for one more turn.

    What does not fit all the same is replaced by a sentence that says so.
    """
    for cut in (False, True):
        if cut:
            text = stub = DID_NOT_FIT
        size = talk.size(text)
        plan = policy.plan(talk, number, size + limits.spare, cut)
        if plan is not None:
            freed, again = talk.trim(plan)
            calls.forget({*plan.stubbed, *plan.dropped})
            yield TrimStep(number, plan.stubbed, plan.dropped, freed, again)
        if limits.fits(number, talk.position + size):
            break
        if not cut:
            calls.forget({number})
            yield CutStep(number)
    talk.respond(number, text, stub)


def _last_turn(number: int, talk: Conversation, limits: Limits, seed: int) -> Iterator[Step]:
    """Let the model answer now; when it still does not, open the answer for it."""
    room = min(talk.session.capacity, limits.context) - talk.position
    most = min(talk.profile.turn_tokens, room - 2 * ANSWER_TOKENS)
    completion = talk.complete(most, seed + number, lambda: limits.expired("answer"))
    turn = read_turn(completion.text, talk.profile.transcript.opened)
    yield TurnStep(number, turn, completion)
    answer = turn.answer
    if not answer:
        talk.open_answer()
        completion = talk.complete(
            ANSWER_TOKENS, seed + number, lambda: limits.expired("opened"), ("</answer>",)
        )
        # Who was asked for nothing but the answer and said something without a tag has given it.
        said = (text for text in (completion.text.strip(), turn.said) if not begins_call(text))
        answer = next(filter(None, said), "")
        yield TurnStep(number, Turn("", (), answer), completion)
    yield _ending(number, answer)


def _ending(number: int, answer: str) -> AnswerStep:
    if not answer:
        return AnswerStep(number, "", "no-answer")
    return AnswerStep(number, answer, "abstained" if abstains(answer) else "answered")


@dataclass(slots=True)
class _Calls:
    """The calls of a run: each is run once as long as its result stands in the context."""

    toolbox: Toolbox
    question: str
    tell_repeats: bool
    idle: int = 0
    _times: dict[str, int] = field(default_factory=dict)
    _stands: dict[str, int] = field(default_factory=dict)
    _ran: bool = False

    @property
    def most(self) -> int:
        """How often the most frequent call was made since another was run."""
        return max(self._times.values(), default=0)

    def run(self, number: int, call: Call) -> CallStep:
        """Run a call of turn `number`, or tell the model where its result stands."""
        key = blake_json([call.name, call.raw if call.error else dict(call.arguments)])
        self._times[key] = self._times.get(key, 0) + 1
        if self.tell_repeats and key in self._stands:
            return CallStep(number, call, repeated(call, self._stands[key]), 0.0)
        started = time.perf_counter()
        result: ToolResult = self.toolbox.call(call, self.question)
        seconds = time.perf_counter() - started
        if "error" not in result.data:
            self._stands[key] = number
            self._times = {key: self._times[key]}
            self._ran = True
        return CallStep(number, call, result, seconds)

    def end_turn(self) -> None:
        """Count the turns in a row in which nothing was run."""
        self.idle = 0 if self._ran else self.idle + 1
        self._ran = False

    def forget(self, numbers: set[int]) -> None:
        """The results of these turns were taken out: what they called may be called again."""
        for key in [key for key, number in self._stands.items() if number in numbers]:
            del self._stands[key]
            self._times.pop(key, None)
