"""The research loop: a generator of steps from a question to an answer.

It drives a session (any engine) and a toolbox, and yields what happens; whoever iterates decides
what to print and what to write down. The model's mistakes become observations that it can mend;
only the engine's failures are errors. It knows no model by name: what differs is the profile.
"""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from models.engine import Completion, Session, append_all
from models.profiles import Profile
from models.transcript import Transcript
from models.turns import Call, Turn, abstains, read_turn
from models.wire import VISIT_JOIN
from store.digest import blake_json

from .limits import ANSWER_ROOM, Limits
from .tools import Toolbox, ToolResult

EMPTY_TURN = (
    "That turn held neither a tool call nor an answer. Call one tool inside <tool_call> tags, "
    "or finish inside <answer> tags."
)
DID_NOT_FIT = "The result of this call did not fit into the context. Ask for less, or answer."
ANSWER_NOW = (
    "Stop calling tools now. With what the pages above say, give your best answer inside "
    "<answer> tags."
)
STOP = ("<tool_response>",)
ANSWER_TOKENS = 120
"""The longest answer when the loop has to open it for the model, in tokens."""


@dataclass(frozen=True, slots=True)
class TurnStep:
    """The model wrote a turn."""

    number: int
    turn: Turn
    completion: Completion


@dataclass(frozen=True, slots=True)
class CallStep:
    """A tool call was run; `seconds` is wall time."""

    number: int
    call: Call
    result: ToolResult
    seconds: float


@dataclass(frozen=True, slots=True)
class StopStep:
    """The loop told the model to answer now, and why."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class CutStep:
    """What the tools returned did not fit; the model was told so instead of reading it."""

    number: int


@dataclass(frozen=True, slots=True)
class AnswerStep:
    """The end: `outcome` is `answered`, `abstained` or `no-answer`."""

    number: int
    text: str
    outcome: str


Step = TurnStep | CallStep | StopStep | CutStep | AnswerStep


def research(
    question: str,
    session: Session,
    toolbox: Toolbox,
    profile: Profile,
    limits: Limits,
    date: str,
    seed: int = 0,
) -> Iterator[Step]:
    """Research `question` until the model answers or a limit ends it.

    Yields each step as soon as it is known; the last is always an `AnswerStep`. `date` (ISO) is
    frozen into the prompt, because today's date would break the replay tomorrow.
    """
    talk = profile.transcript
    append_all(session, talk.opening(profile.system_prompt(date), question, date))
    made: Counter[str] = Counter()
    closed = True
    number = 0
    while True:
        number += 1
        reason = limits.stop_reason(number, session.position, max(made.values(), default=0))
        if reason is not None:
            yield StopStep(number, reason)
            append_all(session, talk.tool_response(ANSWER_NOW, closed))
            yield from _last_turn(number, session, profile, limits, seed)
            return
        completion = session.generate(
            max_tokens=_room(session, profile, ANSWER_ROOM),
            stop=(*STOP, *talk.stops),
            sampling=profile.sampling,
            seed=seed + number,
            cancel=lambda: limits.expired(final=False),
        )
        closed = completion.closed
        turn = read_turn(completion.text)
        yield TurnStep(number, turn, completion)
        if turn.answer:
            yield _ending(number, turn.answer)
            return
        results = []
        for call in turn.calls:
            made[blake_json([call.name, call.raw if call.error else dict(call.arguments)])] += 1
            started = time.perf_counter()
            result = toolbox.call(call, question)
            yield CallStep(number, call, result, time.perf_counter() - started)
            results.append(result.text)
        text = VISIT_JOIN.join(results) if results else EMPTY_TURN
        if not _fits(session, talk, text):
            yield CutStep(number)
            text = DID_NOT_FIT
        append_all(session, talk.tool_response(text, closed))


def _last_turn(
    number: int, session: Session, profile: Profile, limits: Limits, seed: int
) -> Iterator[Step]:
    """Let the model answer now; when it still does not, open the answer for it."""

    def complete(most: int, stop: tuple[str, ...]) -> Completion:
        return session.generate(
            max_tokens=most,
            stop=stop,
            sampling=profile.sampling,
            seed=seed + number,
            cancel=lambda: limits.expired(final=True),
        )

    talk = profile.transcript
    stops = (*STOP, *talk.stops)
    completion = complete(_room(session, profile, 2 * ANSWER_TOKENS), stops)
    turn = read_turn(completion.text)
    yield TurnStep(number, turn, completion)
    if not turn.answer:
        append_all(session, talk.answer_now(closed=completion.closed))
        completion = complete(ANSWER_TOKENS, ("</answer>", *talk.stops))
        turn = Turn("", (), completion.text.strip())
        yield TurnStep(number, turn, completion)
    yield _ending(number, turn.answer or "")


def _room(session: Session, profile: Profile, reserve: int) -> int:
    """The most tokens a turn may have, so that `reserve` tokens stay free behind it."""
    return max(1, min(profile.turn_tokens, session.capacity - session.position - reserve))


def _fits(session: Session, talk: Transcript, text: str) -> bool:
    """True when a tool response can be appended and the room for an answer stays free."""
    room = session.capacity - session.position - ANSWER_ROOM
    pieces = talk.tool_response(text, closed=False)
    return sum(session.count(piece.text, piece.trusted) for piece in pieces) <= room


def _ending(number: int, answer: str) -> AnswerStep:
    if not answer:
        return AnswerStep(number, "", "no-answer")
    return AnswerStep(number, answer, "abstained" if abstains(answer) else "answered")
