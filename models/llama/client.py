"""The parent's side of the engine on llama.cpp: the `Engine` protocol, spoken to a worker.

It never loads the library, so nothing that llama.cpp does can end the appliance. Use it from one
thread at a time.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from store.digest import sha256_file

from ..engine import DEFAULT_SAMPLING, Completion
from ..errors import EngineError, ModelFileError
from ..profiles import Sampling
from ..transcript import Piece
from .frames import Message
from .options import LlamaOptions
from .process import WorkerProcess

logger = logging.getLogger(__name__)

_CELL_BYTES = {"f32": 4.0, "f16": 2.0, "q8_0": 34 / 32}


class LlamaEngine:
    """A GGUF file behind the `Engine` protocol. The worker starts at the first use.

    `log` receives what llama.cpp prints (None: a temporary file). `sha256` is the file's tagged
    digest where the caller knows it; otherwise `describe` computes it once.
    """

    def __init__(
        self,
        file: Path,
        options: LlamaOptions | None = None,
        log: Path | None = None,
        sha256: str | None = None,
    ) -> None:
        self.file = file
        size = file.stat().st_size if file.is_file() else 0
        self.options = (options or LlamaOptions()).settled(size)
        self._log = log
        self._sha256 = sha256
        self._worker: WorkerProcess | None = None
        self._ready: dict[str, Any] = {}
        self._session: LlamaSession | None = None

    @property
    def pid(self) -> int | None:
        """The worker's process id, None while there is none."""
        return self._worker.pid if self._worker else None

    def describe(self) -> Mapping[str, object]:
        """Return engine, file, versions, options and sizes: what decides which bits come out."""
        self._start()
        if self._sha256 is None:
            self._sha256 = sha256_file(self.file)
        options, facts = self.options, self._ready["facts"]
        return {
            "engine": "llama.cpp",
            "file": self.file.name,
            "sha256": self._sha256,
            **self._ready["versions"],
            "architecture": facts["architecture"],
            "description": facts["description"],
            "parameters": facts["parameters"],
            "n_ctx": self._ready["capacity"],
            "n_ctx_train": facts["trained_context"],
            "n_batch": options.batch,
            "n_ubatch": min(options.micro_batch, options.batch),
            "threads": options.threads,
            "kv_type": options.kv,
            "flash_attention": options.flash_attention,
            "end_of_turn": options.end,
            "seed_policy": "each completion is given its seed",
            "sampling": "each completion is given its sampling",
            "sampling_order": self._ready["sampling_order"],
            "memory_bytes": self.memory_bytes(),
        }

    def memory_bytes(self) -> int:
        """Return what the weights and a full KV cache take, in bytes."""
        self._start()
        facts = self._ready["facts"]
        cells = int(facts["kv_values_per_token"]) * int(self._ready["capacity"])
        return int(facts["weights_bytes"]) + int(cells * _CELL_BYTES.get(self.options.kv, 2.0))

    def open(self) -> "LlamaSession":
        """Open an empty session; EngineError while another is open."""
        if self._session is not None:
            raise EngineError(
                "the engine already has an open session; close it before opening the next"
            )
        self._start()
        self._request({"op": "open"})
        self._session = LlamaSession(self, int(self._ready["capacity"]))
        return self._session

    def close(self) -> None:
        """End the worker and free its memory; an open session is closed."""
        self._session = None
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.end()

    def __enter__(self) -> "LlamaEngine":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(
        self,
        session: "LlamaSession",
        message: Message,
        on_text: Callable[[str], None] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> dict[str, Any]:
        """Send a session's request. EngineError unless it is the open one.

        When the worker died, or was ended by Ctrl-C, the session is lost; `open` starts anew.
        """
        if session is not self._session:
            raise EngineError("the session is closed; open a new one")
        return self._request(message, on_text, cancel)

    def release(self, session: "LlamaSession") -> None:
        """Close the session, if it is still the open one."""
        if session is self._session:
            self.ask(session, {"op": "close"})
            self._session = None

    def _request(
        self,
        message: Message,
        on_text: Callable[[str], None] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> dict[str, Any]:
        assert self._worker is not None
        try:
            return self._worker.request(message, on_text, cancel)
        finally:
            if not self._worker.running:
                self._session = self._worker = None

    def _start(self) -> None:
        if self._worker is not None:
            return
        if not self.file.is_file():
            raise ModelFileError(
                f"the model file {self.file} is not there; run: appliance models import"
            )
        worker = WorkerProcess(self._log)
        logger.info("started the model worker, pid %d, on %s", worker.pid, self.file.name)
        load: Message = {"op": "load", "file": str(self.file), "options": asdict(self.options)}
        try:
            self._ready = worker.request(load)
        except BaseException:
            worker.end(patience=0)
            raise
        self._worker = worker


class LlamaSession:
    """The one open session of a worker; see `models.engine.Session` for what each call does."""

    def __init__(self, engine: LlamaEngine, capacity: int) -> None:
        self._engine = engine
        self._position = 0
        self.capacity = capacity

    @property
    def position(self) -> int:
        """The number of tokens in the session."""
        return self._position

    def count(self, text: str, trusted: bool) -> int:
        """Return how many tokens `append` would add."""
        return int(self._ask({"op": "count", "text": text, "trusted": trusted})["tokens"])

    def append(self, text: str, trusted: bool) -> int:
        """Append text and return its number of tokens."""
        return self._put(None, [Piece(text, trusted)], None)

    def generate(
        self,
        max_tokens: int,
        stop: Sequence[str] = (),
        sampling: Sampling = DEFAULT_SAMPLING,
        seed: int = 0,
        on_text: Callable[[str], None] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> Completion:
        """Complete the session; the ids are kept as sampled."""
        answer = self._ask(
            {
                "op": "generate",
                "max_tokens": max_tokens,
                "stop": list(stop),
                "sampling": asdict(sampling),
                "seed": seed,
                "stream": on_text is not None,
            },
            on_text,
            cancel,
        )
        fields = answer["completion"]
        return Completion(
            **{**fields, "chunks": tuple(fields["chunks"]), "ids": tuple(fields["ids"])}
        )

    def feed(self, completion: Completion) -> int:
        """Append what an earlier session completed, id for id."""
        if completion.tokens and not completion.ids:
            raise EngineError(
                "the recorded completion has no token ids, so the conversation cannot be rebuilt; "
                "ask the question again"
            )
        return int(self._ask({"op": "feed", "ids": list(completion.ids)})["tokens"])

    def checkpoint(self) -> int:
        """Return a position to roll back to."""
        return self._position

    def rollback(self, position: int) -> None:
        """Forget every token from `position` on."""
        self._ask({"op": "rollback", "position": position})

    def replace(self, after: int, pieces: Sequence[Piece], until: int | None = None) -> int:
        """Put `pieces` in the place of the tokens from `after` to `until`."""
        return self._put(after, pieces, until)

    def close(self) -> None:
        """End the session; harmless when done twice."""
        self._engine.release(self)

    def _put(self, after: int | None, pieces: Sequence[Piece], until: int | None) -> int:
        message: Message = {
            "op": "replace",
            "after": after,
            "until": until,
            "pieces": [[piece.text, piece.trusted] for piece in pieces],
        }
        return int(self._ask(message)["tokens"])

    def _ask(
        self,
        message: Message,
        on_text: Callable[[str], None] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> dict[str, Any]:
        answer = self._engine.ask(self, message, on_text, cancel)
        self._position = int(answer["position"])
        return answer
