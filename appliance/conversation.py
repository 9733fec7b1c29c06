"""The conversation in a session: what stands where, and how earlier parts are taken out again.

It writes through the model's `Transcript` and keeps, for each turn that was answered by tools, the
positions of the turn and of the response. What is taken out, and when, a policy decides
(`appliance.context`); that a completion stays as it was sampled, the session sees to.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from models.engine import Completion, Piece, Session, append_all
from models.profiles import Profile, Sampling
from models.transcript import Transcript

from .observations import dropped

STOP = ("<tool_response>",)


@dataclass(slots=True)
class Exchange:
    """One turn and its response, in tokens of the session: `start`, `answered`, `end`.

    `text` is what the response says now, `stub` the line that may take its place.
    """

    number: int
    start: int
    answered: int
    end: int
    closed: bool
    text: str
    stub: str
    stubbed: bool = False

    @property
    def size(self) -> int:
        """Tokens of the response."""
        return self.end - self.answered


@dataclass(frozen=True, slots=True)
class Plan:
    """What to take out, by numbers of turns: results that become a line, and whole turns.

    The whole turns are the first that are left.
    """

    stubbed: tuple[int, ...] = ()
    dropped: tuple[int, ...] = ()


@dataclass(slots=True)
class Conversation:
    """One question in one session. `tokens` counts all that was ever appended or generated."""

    session: Session
    profile: Profile
    exchanges: list[Exchange] = field(default_factory=list)
    tokens: int = 0
    gone: list[int] = field(default_factory=list)
    _start: int = 0
    _closed: bool = True

    @property
    def position(self) -> int:
        """The number of tokens in the session."""
        return self.session.position

    @property
    def _talk(self) -> Transcript:
        return self.profile.transcript

    def open(self, question: str, date: str) -> None:
        """Append system text, question and the first turn's prompt."""
        system = self.profile.system_prompt(date)
        self.tokens += append_all(self.session, self._talk.opening(system, question, date))
        self._start = self.position

    def complete(
        self, most: int, seed: int, cancel: Callable[[], bool], stop: Sequence[str] = STOP
    ) -> Completion:
        """Let the model write at most `most` tokens."""
        sampling: Sampling = self.profile.sampling
        self._start = self.position
        completion = self.session.generate(
            max_tokens=max(1, most),
            stop=(*stop, *self._talk.stops),
            sampling=sampling,
            seed=seed,
            cancel=cancel,
        )
        self._closed = completion.closed
        self.tokens += completion.tokens
        return completion

    def size(self, text: str) -> int:
        """Tokens that a response of this text would take."""
        return self._count(self._talk.tool_response(text, self._closed))

    def respond(self, number: int, text: str, stub: str = "") -> None:
        """Append what came back to turn `number`, and the next turn's prompt."""
        answered = self.position
        self.tokens += append_all(self.session, self._talk.tool_response(text, self._closed))
        self.exchanges.append(
            Exchange(number, self._start, answered, self.position, self._closed, text, stub or text)
        )

    def urge(self, text: str) -> None:
        """Say `text` behind the last response, which no turn has followed yet."""
        before = self.position
        if self.exchanges:
            last = self.exchanges[-1]
            self._put(last, f"{last.text}\n\n{text}")
        else:
            # The turn that was opened stays empty, so it has to be closed.
            append_all(self.session, self._talk.tool_response(text, closed=False))
        self.tokens += self.position - before

    def open_answer(self) -> None:
        """Open the answer for the model; the next completion is the answer."""
        self.tokens += append_all(self.session, self._talk.answer_now(closed=self._closed))

    def stub_size(self, exchange: Exchange) -> int:
        """Tokens that a response would take as a line."""
        return self._count(self._talk.tool_response(exchange.stub, exchange.closed))

    def trim(self, plan: Plan) -> tuple[int, int]:
        """Take out what `plan` names; return the tokens freed and those to be evaluated again.

        The thinking and the calls of a turn whose result becomes a line stay token by token.
        """
        before = self.position
        first = before
        for exchange in self.exchanges:
            if exchange.number in plan.stubbed:
                first = min(first, exchange.answered)
                self._put(exchange, exchange.stub)
                exchange.stubbed = True
        kept = [each for each in self.exchanges if each.number not in plan.dropped]
        if plan.dropped and kept:
            start = self.exchanges[0].start
            first = min(first, start)
            self.session.replace(start, (), kept[0].start)
            self._shift(kept, start - kept[0].start)
            self.gone += plan.dropped
            self.exchanges = kept
            self._put(kept[0], kept[0].text)
        freed = before - self.position
        self._start -= freed  # the turn that waits for its response stands behind all of it
        return freed, self.position - first

    def _put(self, exchange: Exchange, text: str) -> None:
        """Write another text in the place of a response; what was dropped before it is told."""
        exchange.text = text
        if self.gone and exchange is self.exchanges[0]:
            text = f"{dropped(self.gone)}\n{text}"
        pieces = self._talk.tool_response(text, exchange.closed)
        size = self.session.replace(exchange.answered, pieces, exchange.end)
        later = self.exchanges[self.exchanges.index(exchange) + 1 :]
        shift = size - exchange.size
        exchange.end += shift
        self._shift(later, shift)

    @staticmethod
    def _shift(exchanges: Sequence[Exchange], by: int) -> None:
        for exchange in exchanges:
            exchange.start += by
            exchange.answered += by
            exchange.end += by

    def _count(self, pieces: Sequence[Piece]) -> int:
        return sum(self.session.count(piece.text, piece.trusted) for piece in pieces)
