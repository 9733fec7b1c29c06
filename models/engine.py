"""The protocol of an engine: append-only token sessions that complete a text.

An engine knows tokens, not conversations: it does not know roles, tools or questions, and it does
not read what it generates. `models.llama` is the engine on llama.cpp, `models.scripted` a fake
with the same manners that says what it is told to say.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from .errors import ContextFull
from .profiles import Sampling
from .transcript import Piece

__all__ = ["DEFAULT_SAMPLING", "Completion", "Engine", "Finish", "Piece", "Sampling", "Session"]

Finish = Literal["stop", "length", "cancelled"]
DEFAULT_SAMPLING = Sampling()


@dataclass(frozen=True, slots=True)
class Completion:
    """What one `generate` gave, and what it cost.

    `text` excludes the stop string and the end token. `tokens` counts the sampled tokens, the end
    token included. `closed` says that the end of the message stands in the session, so that the
    next text begins after it. `prefilled` counts the tokens that were appended (or shifted by a
    trim) since the last completion and evaluated here; `carried` those of earlier turns that had
    to be evaluated with them (a turn's last token; after a rollback the rest of its chunk, so
    that the bits are those of a session that never went further). `chunks` are the sizes of the
    evaluated prefill chunks, in order: their sum is `prefilled + carried`. After them each sampled
    token but the last is evaluated alone (`decoded` of them). `ids` are the sampled ids as they
    stand in the session.
    """

    text: str
    tokens: int
    finish: Finish
    closed: bool
    prefilled: int
    carried: int = 0
    decoded: int = 0
    chunks: tuple[int, ...] = ()
    ids: tuple[int, ...] = ()
    prefill_seconds: float = 0.0
    decode_seconds: float = 0.0


class Session(Protocol):
    """One conversation as a list of token ids. Nothing that stands in it is rendered again."""

    @property
    def position(self) -> int:
        """The number of tokens in the session."""
        ...

    @property
    def capacity(self) -> int:
        """The most tokens that the session can hold."""
        ...

    def count(self, text: str, trusted: bool) -> int:
        """Return how many tokens `append` would add."""
        ...

    def append(self, text: str, trusted: bool) -> int:
        """Append text, return its number of tokens; they are evaluated by the next `generate`.

        In trusted text control and user-defined tokens are read as such; in untrusted text they
        are letters. Raises ContextFull and changes nothing when the tokens do not fit.
        """
        ...

    def generate(
        self,
        max_tokens: int,
        stop: Sequence[str] = (),
        sampling: Sampling = DEFAULT_SAMPLING,
        seed: int = 0,
        on_text: Callable[[str], None] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> Completion:
        """Complete the session by at most `max_tokens` tokens; the ids are kept as sampled.

        `on_text` gets the text in pieces of whole characters as it comes. `cancel` is asked often
        and from this thread; once it says True the completion so far is returned.
        """
        ...

    def feed(self, completion: Completion) -> int:
        """Append what an earlier session completed here, id for id; return its number of tokens.

        So a conversation is rebuilt from its record and evaluated at once by the next `generate`.
        Raises ContextFull when it does not fit, EngineError for ids that are no tokens or none.
        """
        ...

    def checkpoint(self) -> int:
        """Return a position to roll back to."""
        ...

    def rollback(self, position: int) -> None:
        """Forget every token from `position` on."""
        ...

    def replace(self, after: int, pieces: Sequence[Piece], until: int | None = None) -> int:
        """Put `pieces` in the place of the tokens from `after` to `until` (None: to the end).

        The tokens after `until` stay id for id and are evaluated again by the next `generate`.
        Returns how many tokens the pieces have. Raises ContextFull and changes nothing when the
        tokens do not fit.
        """
        ...

    def close(self) -> None:
        """End the session; the engine may open the next."""
        ...


class Engine(Protocol):
    """Something that opens sessions over one set of weights."""

    def describe(self) -> Mapping[str, object]:
        """Return what a run's manifest must say for the completions to be comparable."""
        ...

    def open(self) -> Session:
        """Open an empty session; one at a time."""
        ...

    def close(self) -> None:
        """Free the weights and end the worker; harmless when done twice."""
        ...


def append_all(session: Session, pieces: Sequence[Piece]) -> int:
    """Append every piece in order and return the number of tokens; ContextFull undoes them all."""
    start = session.checkpoint()
    try:
        return sum(session.append(piece.text, piece.trusted) for piece in pieces)
    except ContextFull:
        session.rollback(start)
        raise
