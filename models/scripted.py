"""An engine that says what it was told to say: for replay, and for tests of the loop.

It has no weights and judges nothing. A token is a word or a single other character, so counts
are plausible and stable. Everything that is appended is kept for a test to read.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from .engine import DEFAULT_SAMPLING, Completion, Finish, Piece, Sampling
from .errors import ContextFull, EngineError
from .transcript import END

_TOKEN = re.compile(r"<\|?/?\w+\|?>|\w+|\W", re.DOTALL)
_FOREVER = 1 << 30


class ScriptedEngine:
    """Completions in a fixed order, shared by all sessions; each is a text or a Completion."""

    def __init__(self, completions: Iterable[str | Completion], capacity: int = _FOREVER) -> None:
        self._completions = list(completions)
        self._capacity = capacity
        self._next = 0
        self.sessions: list[ScriptedSession] = []
        """Every session that was opened, closed ones too."""

    @property
    def left(self) -> int:
        """The number of completions that were not yet given."""
        return len(self._completions) - self._next

    def describe(self) -> Mapping[str, object]:
        """Return the manifest entry of a scripted engine."""
        return {"engine": "scripted", "completions": len(self._completions)}

    def open(self) -> "ScriptedSession":
        """Open an empty session."""
        session = ScriptedSession(self, self._capacity)
        self.sessions.append(session)
        return session

    def close(self) -> None:
        """Do nothing: there is nothing to free."""

    def take(self) -> str | Completion:
        """Return the next completion of the script; EngineError when there is none."""
        if not self.left:
            raise EngineError(
                f"the script of {len(self._completions)} completions has ended but the loop wants "
                "another; replay the run with --model to generate anew"
            )
        self._next += 1
        return self._completions[self._next - 1]


class ScriptedSession:
    """A session whose tokens are pieces of text; `text` is all that the model would have read."""

    def __init__(self, engine: ScriptedEngine, capacity: int) -> None:
        self._engine = engine
        self._tokens: list[str] = []
        self._fresh = 0
        self.capacity = capacity
        self.appended: list[Piece] = []
        self.calls: list[tuple[int, tuple[str, ...], Sampling, int]] = []
        """The (max_tokens, stop, sampling, seed) of every `generate`."""

    @property
    def position(self) -> int:
        """The number of tokens in the session."""
        return len(self._tokens)

    @property
    def text(self) -> str:
        """Everything in the session, as text."""
        return "".join(self._tokens)

    def count(self, text: str, trusted: bool) -> int:
        """Return the number of words and other characters."""
        return len(_TOKEN.findall(text))

    def append(self, text: str, trusted: bool) -> int:
        """Append text and remember whether it was trusted."""
        count = self._put(self.position, self.position, [Piece(text, trusted)])
        self.appended.append(Piece(text, trusted))
        return count

    def generate(
        self,
        max_tokens: int,
        stop: Sequence[str] = (),
        sampling: Sampling = DEFAULT_SAMPLING,
        seed: int = 0,
        on_text: Callable[[str], None] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> Completion:
        """Return the next completion of the script.

        A Completion is given as it was recorded. A text is cut at a stop string, at `max_tokens`
        and by `cancel` as a real engine would cut it.
        """
        scripted = self._engine.take()
        self.calls.append((max_tokens, tuple(stop), sampling, seed))
        if isinstance(scripted, Completion):
            result = scripted
            if on_text and result.text:
                on_text(result.text)
            self._tokens += _TOKEN.findall(result.text)
        else:
            result = self._say(scripted, max_tokens, stop, on_text, cancel)
        if result.closed:
            self._tokens.append(END)
        self._fresh = 0
        return result

    def _say(
        self,
        text: str,
        max_tokens: int,
        stop: Sequence[str],
        on_text: Callable[[str], None] | None,
        cancel: Callable[[], bool] | None,
    ) -> Completion:
        cuts = [at for at in (text.find(mark) for mark in (*stop, END)) if at >= 0]
        words = _TOKEN.findall(text[: min(cuts)] if cuts else text)
        finish: Finish = "stop"
        said: list[str] = []
        for word in words:
            if cancel is not None and cancel():
                finish = "cancelled"
                break
            if len(said) >= max_tokens:
                finish = "length"
                break
            said.append(word)
            if on_text:
                on_text(word)
        self._tokens += said
        closed = finish == "stop"
        return Completion("".join(said), len(said) + closed, finish, closed, prefilled=self._fresh)

    def feed(self, completion: Completion) -> int:
        """Append what was completed: the words of its text, for a script has no other ids."""
        ended = END if completion.closed else ""
        return self._put(self.position, self.position, [Piece(completion.text + ended, True)])

    def checkpoint(self) -> int:
        """Return the position."""
        return self.position

    def rollback(self, position: int) -> None:
        """Forget every token from `position` on."""
        _inside(position, self.position)
        self._fresh = max(0, self._fresh - (self.position - position))
        del self._tokens[position:]

    def replace(self, after: int, pieces: Sequence[Piece], until: int | None = None) -> int:
        """Put `pieces` in the place of the tokens from `after` to `until`."""
        return self._put(after, self.position if until is None else until, pieces)

    def close(self) -> None:
        """Do nothing; what was said stays readable."""

    def _put(self, start: int, end: int, pieces: Sequence[Piece]) -> int:
        _inside(end, self.position)
        _inside(start, end)
        tokens = [token for piece in pieces for token in _TOKEN.findall(piece.text)]
        size = self.position - (end - start) + len(tokens)
        if size > self.capacity:
            raise ContextFull(
                f"the session would hold {size} tokens but the context has room for "
                f"{self.capacity}; raise the model's context or lower the budget"
            )
        fresh_from = min(self.position - self._fresh, start)
        self._tokens[start:end] = tokens
        self._fresh = size - fresh_from
        return len(tokens)


def _inside(position: int, limit: int) -> None:
    if not 0 <= position <= limit:
        raise EngineError(
            f"position {position} is outside the session of {limit} tokens; "
            "use a position that checkpoint() gave"
        )
