"""The parent's side of the engine on llama.cpp: starts the worker and speaks with it.

It never loads the library, so nothing that llama.cpp does can end the appliance: a worker that
died is a `WorkerDied`, and the log says what it printed last.
"""

import json
import logging
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from store.digest import sha256_file

from .. import errors
from ..engine import DEFAULT_SAMPLING, Completion
from ..profiles import Sampling
from ..transcript import Piece
from .frames import Message, Reader, frame, write_all
from .options import LlamaOptions

logger = logging.getLogger(__name__)

_KINDS: Mapping[str, type[errors.ModelError]] = {
    kind.__name__: kind for kind in (errors.ModelFileError, errors.EngineError, errors.ContextFull)
}
_CELL_BYTES = {"f32": 4.0, "f16": 2.0, "q8_0": 34 / 32}
_POLL = 0.05
_PACKAGES = Path(__file__).resolve().parents[2]


def worker_command(module: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """Return the command line and environment that run one of our modules in a child process.

    The child finds these packages wherever they are, installed or in a checkout, and not a
    module of the same name in the working directory (`-P`).
    """
    path = os.pathsep.join(filter(None, (str(_PACKAGES), os.environ.get("PYTHONPATH"))))
    environment = {
        **os.environ,
        "PYTHONPATH": path,
        "PYTHONDONTWRITEBYTECODE": os.environ.get("PYTHONDONTWRITEBYTECODE", ""),
        "GGML_NO_BACKTRACE": "1",  # its backtrace starts a debugger, which may hang
    }
    return [sys.executable, "-P", "-m", module, *arguments], environment


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
        self.options = (options or LlamaOptions()).settled()
        self._log_path = log
        self._sha256 = sha256
        self._process: subprocess.Popen[bytes] | None = None
        self._log: BinaryIO | None = None
        self._log_start = 0
        self._reader = Reader()
        self._ready: dict[str, Any] = {}
        self._session: LlamaSession | None = None

    @property
    def pid(self) -> int | None:
        """The worker's process id, None while there is none."""
        return self._process.pid if self._process else None

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
            raise errors.EngineError(
                "the engine already has an open session; close it before opening the next"
            )
        self._start()
        self.request({"op": "open"})
        self._session = LlamaSession(self, int(self._ready["capacity"]))
        return self._session

    def released(self) -> None:
        """Note that the open session was closed."""
        self._session = None

    def close(self) -> None:
        """End the worker and free its memory."""
        self._session = None
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin and process.stdout
            process.stdin.close()  # the worker ends when its stdin does
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
        if self._log is not None:
            self._log.close()
            self._log = None

    def __enter__(self) -> "LlamaEngine":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def request(
        self,
        message: Message,
        on_text: Callable[[str], None] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> dict[str, Any]:
        """Send one request and return its answer; an error in the worker is raised here.

        Left by an exception (Ctrl-C, an error in `on_text`) the worker is ended, since its answer
        would be taken for the next one's.
        """
        if self._process is None:
            raise errors.EngineError("the engine is closed; make a new one")
        try:
            self._write(message)
            answer = self._read(on_text, cancel)
        except BaseException:
            self._kill()
            raise
        if "error" in answer:
            raise _KINDS.get(answer["error"], errors.EngineError)(answer["message"])
        return answer

    def _start(self) -> None:
        if self._process is not None:
            return
        if not self.file.is_file():
            raise errors.ModelFileError(
                f"the model file {self.file} is not there; run: appliance models import"
            )
        in_main = threading.current_thread() is threading.main_thread()
        command, environment = worker_command(
            "models.llama.worker", str(os.getpid()), "main" if in_main else "other"
        )
        self._log = open_log(self._log_path)
        self._log_start = self._log.seek(0, os.SEEK_END)
        self._reader = Reader()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=environment,
            bufsize=0,
        )
        logger.info("started the model worker, pid %d, on %s", self._process.pid, self.file.name)
        load: Message = {"op": "load", "file": str(self.file), "options": asdict(self.options)}
        try:
            self._ready = self.request(load)
        except BaseException:
            self.close()
            raise

    def _write(self, message: Message) -> None:
        assert self._process and self._process.stdin
        try:
            write_all(self._process.stdin.write, frame(message))
        except BrokenPipeError:
            raise self._died() from None

    def _read(
        self, on_text: Callable[[str], None] | None, cancel: Callable[[], bool] | None
    ) -> dict[str, Any]:
        assert self._process and self._process.stdout
        descriptor = self._process.stdout.fileno()
        while True:
            while (message := self._reader.next()) is not None:
                if "text" not in message:
                    return message
                if on_text is not None:
                    on_text(str(message["text"]))
            if cancel is not None and cancel():
                self._write({"op": "cancel"})
                cancel = None
            timeout = _POLL if cancel is not None else None
            if select.select([descriptor], [], [], timeout)[0]:
                data = os.read(descriptor, 1 << 16)
                if not data:
                    raise self._died()
                self._reader.feed(data)

    def _died(self) -> errors.WorkerDied:
        assert self._process
        code = self._process.wait()
        how = f"exit code {code}"
        if code < 0:
            how = signal.Signals(-code).name
        said = self._last_words()
        return errors.WorkerDied(
            f"the model worker ended by itself ({how}{said}); run: appliance doctor"
        )

    def _last_words(self) -> str:
        """Return the line of the log that names the failure, as `: <line>`, or nothing."""
        if self._log is None:
            return ""
        self._log.seek(self._log_start)
        lines = self._log.read().decode("utf-8", "replace").splitlines()
        telling = [line for line in lines if "GGML_ASSERT" in line or "Error" in line]
        return f": {telling[-1].strip()[:200]}" if telling else ""

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self.close()


class LlamaSession:
    """The one open session of a worker; see `models.engine.Session` for what each call does."""

    def __init__(self, engine: LlamaEngine, capacity: int) -> None:
        self._engine = engine
        self._open = True
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
        if self._open:
            self._open = False
            self._engine.released()
            if self._engine.pid is not None:
                self._engine.request({"op": "close"})

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
        if not self._open:
            raise errors.EngineError("the session is closed; open a new one")
        answer = self._engine.request(message, on_text, cancel)
        self._position = int(answer["position"])
        return answer


def open_log(path: Path | None) -> BinaryIO:
    """Open a log to append to and to read from; a log that grew past 4 MiB begins anew."""
    if path is None:
        return tempfile.TemporaryFile("w+b", buffering=0)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > 4 << 20:
        path.unlink()
    return path.open("a+b", buffering=0)


def inspect(file: Path) -> Mapping[str, Any]:
    """Read a GGUF file's facts in a child process; ModelFileError says what is wrong with it."""
    command, environment = worker_command("models.llama.inspect", str(file))
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    if done.returncode == 0:
        facts: Mapping[str, Any] = json.loads(done.stdout)
        return facts
    said = done.stdout.decode("utf-8", "replace").strip()
    raise errors.ModelFileError(
        said or f"{file.name} makes llama.cpp fail while reading it; download the file again"
    )
