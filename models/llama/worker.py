"""The process that holds the weights and runs llama.cpp, because a failed assertion aborts it.

`python -m models.llama.worker` reads framed requests on stdin and answers on stdout; llama.cpp's
own output goes to stderr. It opens no socket and no file but the weights, knows nothing of
conversations, and ends with its parent: when stdin closes, or by the kernel's signal.
"""

import ctypes
import os
import queue
import resource
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import EngineError, ModelError
from ..profiles import Sampling
from ..transcript import Piece
from .context import Context, Sampler, Weights
from .frames import Message, Reader, frame, write_all
from .library import versions
from .options import LlamaOptions
from .session import TokenSession
from .tokens import Tokens

PR_SET_PDEATHSIG = 1


class Worker:
    """One model, one context, at most one session; requests are answered in order."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        self._send = send
        self._requests: queue.Queue[Message] = queue.Queue()
        self._cancel = threading.Event()
        self._context: Context | None = None
        self._tokens: Tokens | None = None
        self._session: TokenSession | None = None

    def read(self, descriptor: int) -> None:
        """Take requests until stdin closes, then end the process, whatever it is computing.

        Runs in a thread of its own: llama.cpp computes without the interpreter's lock.
        """
        reader = Reader()
        while data := os.read(descriptor, 1 << 16):
            reader.feed(data)
            while (message := reader.next()) is not None:
                if message["op"] == "cancel":
                    self._cancel.set()
                else:  # cleared here, in the order of the stream, so that no cancel is lost
                    self._cancel.clear()
                    self._requests.put(message)
        os._exit(0)

    def serve(self) -> None:
        """Answer requests for ever; an error of ours is an answer, any other ends the process."""
        while True:
            request = self._requests.get()
            try:
                answer = getattr(self, f"do_{request.pop('op')}")(**request)
            except ModelError as error:
                answer = {"error": type(error).__name__, "message": str(error)}
            except MemoryError:
                answer = {
                    "error": "EngineError",
                    "message": "the model worker has no memory left; lower the context",
                }
            if self._session is not None:
                answer["position"] = self._session.position
            self._send(answer)

    def do_load(self, file: str, options: dict[str, Any]) -> Message:
        """Load the weights and make the context; answer with the facts of both."""
        weights = Weights(Path(file))
        settings = LlamaOptions(**options)
        self._context = Context(weights, settings)
        self._tokens = Tokens(weights.vocabulary, settings.end)
        return {
            "facts": weights.facts(),
            "versions": versions(),
            "capacity": self._context.capacity,
            "sampling_order": Sampler.ORDER,
        }

    def do_open(self) -> Message:
        """Begin an empty session."""
        if self._context is None or self._tokens is None:
            raise EngineError("no model is loaded in the worker; open the engine first")
        self._session = TokenSession(self._context, self._tokens)
        return {}

    def do_close(self) -> Message:
        """End the session."""
        self._session = None
        return {"position": 0}

    def do_count(self, text: str, trusted: bool) -> Message:
        """Count the tokens of a text."""
        return {"tokens": self._open_session().count(text, trusted)}

    def do_replace(self, after: int | None, until: int | None, pieces: list[Any]) -> Message:
        """Append (`after` None) or replace."""
        session = self._open_session()
        start = session.position if after is None else after
        new = [Piece(str(text), bool(trusted)) for text, trusted in pieces]
        return {"tokens": session.replace(start, new, until)}

    def do_feed(self, ids: list[int]) -> Message:
        """Append ids that an earlier session sampled."""
        return {"tokens": self._open_session().feed(ids)}

    def do_rollback(self, position: int) -> Message:
        """Forget every token from `position` on."""
        self._open_session().rollback(position)
        return {}

    def do_generate(
        self, max_tokens: int, stop: list[str], sampling: dict[str, Any], seed: int, stream: bool
    ) -> Message:
        """Complete the session, streaming `{"text": …}` messages before the answer."""
        completion = self._open_session().generate(
            max_tokens,
            stop,
            Sampling(**sampling),
            seed,
            on_text=(lambda text: self._send({"text": text})) if stream else None,
            cancel=self._cancel.is_set,
        )
        return {"completion": asdict(completion)}

    def _open_session(self) -> TokenSession:
        if self._session is None:
            raise EngineError("the session is closed; open a new one")
        return self._session


def die_with(parent: int, by_signal: bool) -> None:
    """Ask the kernel to kill this process when the parent's thread that started it ends.

    Only for a parent that started us from its main thread: another thread may end long before
    its process. Without it the closed stdin ends us.
    """
    if by_signal and sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def main() -> None:
    """Serve the parent named on the command line: `worker PARENT_PID main|other`."""
    die_with(int(sys.argv[1]), sys.argv[2] == "main")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Whatever C code prints must not land between two frames.
    answers = os.dup(1)
    os.dup2(2, 1)
    worker = Worker(lambda message: write_all(lambda view: os.write(answers, view), frame(message)))
    threading.Thread(target=worker.read, args=(0,), daemon=True).start()
    try:
        worker.serve()
    except BrokenPipeError:
        os._exit(0)


if __name__ == "__main__":
    main()
