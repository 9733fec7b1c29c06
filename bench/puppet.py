"""A session of a real engine whose words are put into its mouth: what it reads is evaluated, what
it says is given. So a long run costs and counts what it would with a model that says just that.
"""

from collections.abc import Callable, Iterator, Sequence

from models.engine import DEFAULT_SAMPLING, Completion, Piece, Sampling, Session
from models.transcript import END


class Puppet:
    """A `Session` over `live`; `words` are its turns, in order."""

    def __init__(self, live: Session, words: Iterator[str]) -> None:
        self._live = live
        self._words = words
        self.appended = 0
        """Tokens that were put behind the last completion; what is changed before it is none."""
        self._said = 0

    @property
    def position(self) -> int:
        """See `Session`."""
        return self._live.position

    @property
    def capacity(self) -> int:
        """See `Session`."""
        return self._live.capacity

    def count(self, text: str, trusted: bool) -> int:
        """See `Session`."""
        return self._live.count(text, trusted)

    def append(self, text: str, trusted: bool) -> int:
        """See `Session`."""
        count = self._live.append(text, trusted)
        self.appended += count
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
        """Evaluate what is new, then say the next words; END closes the turn."""
        read = self._evaluate(sampling)
        text = next(self._words)
        start = self._live.position
        self._live.append(f"{text}{END}", trusted=True)
        # Evaluated here, as a completion's own tokens are when they are sampled.
        self._evaluate(sampling)
        self._said = self._live.position
        return Completion(
            text, self._live.position - start, "stop", True,
            prefilled=read.prefilled, carried=read.carried, chunks=read.chunks,
            prefill_seconds=read.prefill_seconds,
        )  # fmt: skip

    def feed(self, completion: Completion) -> int:
        """See `Session`."""
        return self._live.feed(completion)

    def checkpoint(self) -> int:
        """See `Session`."""
        return self._live.checkpoint()

    def rollback(self, position: int) -> None:
        """See `Session`."""
        self._live.rollback(position)

    def replace(self, after: int, pieces: Sequence[Piece], until: int | None = None) -> int:
        """See `Session`."""
        before = self._live.position
        count = self._live.replace(after, pieces, until)
        if after >= self._said:
            self.appended += self._live.position - before
        return count

    def close(self) -> None:
        """See `Session`."""
        self._live.close()

    def _evaluate(self, sampling: Sampling) -> Completion:
        position = self._live.position
        completion = self._live.generate(1, (), sampling)
        self._live.rollback(position)
        return completion
