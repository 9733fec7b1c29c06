"""A session that hands everything on to another one, for whoever changes one thing about it."""

from collections.abc import Callable, Sequence

from .engine import DEFAULT_SAMPLING, Completion, Piece, Sampling, Session


class SessionOver:
    """A `Session` over `live`; a subclass says what it does otherwise."""

    def __init__(self, live: Session) -> None:
        self.live = live

    @property
    def position(self) -> int:
        """See `Session`."""
        return self.live.position

    @property
    def capacity(self) -> int:
        """See `Session`."""
        return self.live.capacity

    def count(self, text: str, trusted: bool) -> int:
        """See `Session`."""
        return self.live.count(text, trusted)

    def append(self, text: str, trusted: bool) -> int:
        """See `Session`."""
        return self.live.append(text, trusted)

    def generate(
        self,
        max_tokens: int,
        stop: Sequence[str] = (),
        sampling: Sampling = DEFAULT_SAMPLING,
        seed: int = 0,
        on_text: Callable[[str], None] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> Completion:
        """See `Session`; what is said otherwise than by the model is `_instead`."""
        said = self._instead(sampling)
        if said is not None:
            return said
        return self.live.generate(max_tokens, stop, sampling, seed, on_text, cancel)

    def feed(self, completion: Completion) -> int:
        """See `Session`."""
        return self.live.feed(completion)

    def checkpoint(self) -> int:
        """See `Session`."""
        return self.live.checkpoint()

    def rollback(self, position: int) -> None:
        """See `Session`."""
        self.live.rollback(position)

    def replace(self, after: int, pieces: Sequence[Piece], until: int | None = None) -> int:
        """See `Session`."""
        return self.live.replace(after, pieces, until)

    def close(self) -> None:
        """See `Session`."""
        self.live.close()

    def _instead(self, sampling: Sampling) -> Completion | None:
        """The completion that takes the model's place, or None to let the model write."""
        return None
