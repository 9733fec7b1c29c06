"""A session of a real engine whose words are put into its mouth: what it reads is evaluated, what
it says is given. So a long run costs and counts what it would with a model that says just that.
"""

from collections.abc import Iterator, Sequence

from models.engine import Completion, Piece, Sampling, Session
from models.over import SessionOver
from models.transcript import END


class Puppet(SessionOver):
    """A `Session` over `live`; `words` are its turns, in order."""

    def __init__(self, live: Session, words: Iterator[str]) -> None:
        super().__init__(live)
        self._words = words
        self.appended = 0
        """Tokens that were put behind the last completion; what is changed before it is none."""
        self._said = 0

    def append(self, text: str, trusted: bool) -> int:
        """See `Session`."""
        count = super().append(text, trusted)
        self.appended += count
        return count

    def replace(self, after: int, pieces: Sequence[Piece], until: int | None = None) -> int:
        """See `Session`."""
        before = self.position
        count = super().replace(after, pieces, until)
        if after >= self._said:
            self.appended += self.position - before
        return count

    def _instead(self, sampling: Sampling) -> Completion:
        """Evaluate what is new, then say the next words; END closes the turn."""
        read = self._evaluate(sampling)
        text = next(self._words)
        start = self.position
        self.live.append(f"{text}{END}", trusted=True)
        # Evaluated here, as a completion's own tokens are when they are sampled.
        self._evaluate(sampling)
        self._said = self.position
        return Completion(
            text, self.position - start, "stop", True,
            prefilled=read.prefilled, carried=read.carried, chunks=read.chunks,
            prefill_seconds=read.prefill_seconds,
        )  # fmt: skip

    def _evaluate(self, sampling: Sampling) -> Completion:
        position = self.position
        completion = self.live.generate(1, (), sampling)
        self.live.rollback(position)
        return completion
