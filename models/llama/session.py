"""The session inside the worker: a list of token ids and how much of it is evaluated.

It does not know processes, messages or roles. Appending only tokenises; evaluation waits for
the next completion, in chunks of the batch size, so the number of pieces changes no chunk.
"""

import time
from collections.abc import Callable, Sequence

from ..engine import Completion, Finish
from ..errors import ContextFull, EngineError
from ..profiles import Sampling
from ..transcript import Piece
from .context import Context, Sampler
from .stream import TextStream
from .tokens import Tokens


class TokenSession:
    """`ids` is the whole truth; the KV cache holds the first `evaluated` of them.

    The cache is a function of the ids and of the chunks in which they were evaluated. Forgetting
    goes back to the start of a chunk, so a branch that was rolled back leaves no trace in the bits.
    """

    def __init__(self, context: Context, tokens: Tokens) -> None:
        self._context = context
        self._tokens = tokens
        self.ids: list[int] = []
        self._edges = [0]
        self._fresh = 0
        context.clear()

    @property
    def position(self) -> int:
        """The number of tokens."""
        return len(self.ids)

    @property
    def evaluated(self) -> int:
        """The number of tokens in the KV cache."""
        return self._edges[-1]

    def count(self, text: str, trusted: bool) -> int:
        """Return how many tokens `text` has."""
        before = self.ids[-1] if self.ids else None
        return len(self._tokens.encode(text, trusted, before))

    def append(self, text: str, trusted: bool) -> int:
        """Append text; ContextFull leaves the session as it was."""
        return self.replace(self.position, [Piece(text, trusted)])

    def replace(self, after: int, pieces: Sequence[Piece], until: int | None = None) -> int:
        """Put pieces in the place of the ids from `after` to `until`; later ids stay."""
        end = self.position if until is None else until
        self._check(after, end)
        new = [self._tokens.first] if after == 0 and self._tokens.first >= 0 else []
        for piece in pieces:
            before = new[-1] if new else self.ids[after - 1] if after else None
            new += self._tokens.encode(piece.text, piece.trusted, before)
        size = self.position - (end - after) + len(new)
        self._room_for(size)
        fresh_from = min(self.position - self._fresh, after)
        self._forget(after)
        self.ids[after:end] = new
        self._fresh = size - fresh_from
        return len(new)

    def feed(self, ids: Sequence[int]) -> int:
        """Append ids as an earlier session sampled them."""
        size, known = self.position + len(ids), self._context.vocabulary_size
        if not all(0 <= token < known for token in ids):
            raise EngineError(
                f"the recorded ids are none of this model's {known} tokens; use the weights that "
                "sampled them"
            )
        self._room_for(size)
        self.ids += ids
        self._fresh += len(ids)
        return len(ids)

    def rollback(self, position: int) -> None:
        """Forget every token from `position` on."""
        self._check(position, self.position)
        self._forget(position)
        self._fresh = max(0, self._fresh - (self.position - position))
        del self.ids[position:]

    def generate(
        self,
        max_tokens: int,
        stop: Sequence[str],
        sampling: Sampling,
        seed: int,
        on_text: Callable[[str], None] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> Completion:
        """Evaluate what is new, then sample until an end token, a stop string or a limit."""
        started = time.monotonic()
        prefilled, fresh = self._fresh, self.position - self._fresh
        chunks = self._prefill(cancel)
        self._fresh = self.position - max(self.evaluated, fresh)
        prefilled -= self._fresh
        carried = sum(chunks) - prefilled
        between = time.monotonic()
        if self.evaluated < self.position:  # cancelled between two chunks
            spent = between - started
            return Completion(
                "", 0, "cancelled", False, prefilled, carried, 0, tuple(chunks), (), spent
            )
        sampler = Sampler(self._context, sampling, seed, max_tokens)
        try:
            run = _Run(self, self._context, self._tokens, TextStream(stop, on_text))
            run.go(sampler, max_tokens, cancel)
        finally:
            sampler.close()
        return Completion(
            text=run.stream.text,
            tokens=run.sampled,
            finish=run.finish,
            closed=run.closed,
            prefilled=prefilled,
            carried=carried,
            decoded=run.decoded,
            chunks=tuple(chunks),
            ids=tuple(self.ids[run.start :]),
            prefill_seconds=between - started,
            decode_seconds=time.monotonic() - between,
        )

    def _prefill(self, cancel: Callable[[], bool] | None) -> list[int]:
        if not self.ids:
            raise EngineError("the session is empty; append a text before generating")
        if self.evaluated == self.position:  # the logits of the last token are gone
            self._forget(self.position - 1)
        chunks: list[int] = []
        while self.evaluated < self.position:
            if cancel is not None and cancel():
                break
            chunk = self.ids[self.evaluated : self.evaluated + self._context.batch_size]
            self.evaluate(chunk)
            chunks.append(len(chunk))
        return chunks

    def evaluate(self, chunk: Sequence[int]) -> None:
        """Evaluate the next ids, as one chunk."""
        self._context.evaluate(chunk, self.evaluated)
        self._edges.append(self.evaluated + len(chunk))

    def _forget(self, position: int) -> None:
        if position < self.evaluated:
            while self._edges[-1] > position:
                self._edges.pop()
            self._context.forget(self.evaluated)

    def _room_for(self, size: int) -> None:
        # One cell stays free, so that a session that fits can always say one token.
        if size >= self._context.capacity:
            raise ContextFull(
                f"the session would hold {size} tokens but the context has room for "
                f"{self._context.capacity - 1}; raise the model's context or lower the budget"
            )

    def _check(self, start: int, end: int) -> None:
        if not 0 <= start <= end <= self.position:
            raise EngineError(
                f"positions {start} to {end} are outside the session of {self.position} tokens; "
                "use positions that checkpoint() gave"
            )


class _Run:
    """One completion while it is sampled."""

    def __init__(
        self, session: TokenSession, context: Context, tokens: Tokens, stream: TextStream
    ) -> None:
        self._session, self._context, self._tokens = session, context, tokens
        self.stream = stream
        self.start = session.position
        self.sampled = 0
        self.decoded = 0
        self.closed = False
        self.finish: Finish = "length"

    def go(self, sampler: Sampler, max_tokens: int, cancel: Callable[[], bool] | None) -> None:
        session, capacity = self._session, self._context.capacity
        widths: list[int] = []
        while self.sampled < max_tokens and session.position < capacity:
            if self.sampled:
                if cancel is not None and cancel():
                    self.finish = "cancelled"
                    break
                session.evaluate(session.ids[-1:])
                self.decoded += 1
            token = sampler.sample()
            self.sampled += 1
            if self._tokens.is_end(token):
                self._close()
                break
            piece = self._tokens.piece(token)
            session.ids.append(token)
            widths.append(len(piece))
            place = self.stream.feed(piece)
            if place is not None:
                self._drop_from(place, widths)
                self._close()
                return
        self.stream.end()

    def _drop_from(self, place: int, widths: list[int]) -> None:
        """Take the stop string out of the ids: history is what the template says, without it."""
        kept = start = 0
        while kept < len(widths) and start + widths[kept] <= place:
            start += widths[kept]
            kept += 1
        ids = self._session.ids[self.start + kept :]
        head = b"".join(map(self._tokens.piece, ids))[: place - start].decode("utf-8", "replace")
        self._session.rollback(self.start + kept)
        if head:
            before = self._session.ids[-1] if self._session.ids else None
            self._session.ids += self._tokens.encode(head, False, before)

    def _close(self) -> None:
        if self._tokens.end >= 0:
            self._session.ids.append(self._tokens.end)
        self.finish, self.closed = "stop", True
