"""A worker as a child process: started, spoken with, and ended. One thread at a time.

It knows frames, deaths and logs, and nothing of what is asked. A worker that died is a
`WorkerDied` with the line of the log that names the failure.
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
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from .. import errors
from .frames import Message, Reader, frame, write_all

logger = logging.getLogger(__name__)

_KINDS: Mapping[str, type[errors.ModelError]] = {
    kind.__name__: kind for kind in (errors.ModelFileError, errors.EngineError, errors.ContextFull)
}
_POLL_MILLISECONDS = 50
_LARGEST_LOG = 4 << 20
_PATIENCE, _SLOWEST_DISK = 120.0, 10e6
"""Seconds and bytes a second that reading a file's facts may take."""
_PACKAGES = Path(__file__).resolve().parents[2]


class WorkerProcess:
    """A running `models.llama.worker`; `log` receives what llama.cpp prints (None: a temporary)."""

    def __init__(self, log: Path | None) -> None:
        in_main = threading.current_thread() is threading.main_thread()
        command, environment = module_command(
            "models.llama.worker", str(os.getpid()), "main" if in_main else "other"
        )
        self._log = open_log(log)
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
        self.pid = self._process.pid

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
        try:
            self._write(message)
            answer = self._read(on_text, cancel)
        except BaseException:
            self.end(patience=0)
            raise
        if "error" in answer:
            raise _KINDS.get(answer["error"], errors.EngineError)(answer["message"])
        return answer

    @property
    def running(self) -> bool:
        """False once the process has ended."""
        return self._process.poll() is None

    def end(self, patience: float = 5.0) -> None:
        """Close its stdin, which ends it; kill it after `patience` seconds. Harmless when done."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        try:
            self._process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._log.close()

    def _write(self, message: Message) -> None:
        assert self._process.stdin
        try:
            write_all(self._process.stdin.write, frame(message))
        except BrokenPipeError:
            raise self._died() from None

    def _read(
        self, on_text: Callable[[str], None] | None, cancel: Callable[[], bool] | None
    ) -> dict[str, Any]:
        assert self._process.stdout
        descriptor = self._process.stdout.fileno()
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        while True:
            while (message := self._reader.next()) is not None:
                if "text" not in message:
                    return message
                if on_text is not None:
                    on_text(str(message["text"]))
            if cancel is not None and cancel():
                self._write({"op": "cancel"})
                cancel = None
            if poll.poll(None if cancel is None else _POLL_MILLISECONDS):
                data = os.read(descriptor, 1 << 16)
                if not data:
                    raise self._died()
                self._reader.feed(data)

    def _died(self) -> errors.WorkerDied:
        code = self._process.wait()
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return errors.WorkerDied(
            f"the model worker ended by itself ({how}{self._last_words()}); run: appliance doctor"
        )

    def _last_words(self) -> str:
        """Return the line of the log that names the failure, as `: <line>`, or nothing."""
        self._log.seek(self._log_start)
        lines = self._log.read().decode("utf-8", "replace").splitlines()
        telling = [line for line in lines if "GGML_ASSERT" in line or "Error" in line]
        return f": {telling[-1].strip()[:200]}" if telling else ""


def module_command(module: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """Return the command line and environment that run one of our modules in a child process.

    The child finds these packages wherever they are, installed or in a checkout, and not a
    module of the same name in the working directory (`-P`).
    """
    path = os.pathsep.join(filter(None, (str(_PACKAGES), os.environ.get("PYTHONPATH"))))
    # GGML's own backtrace starts a debugger, which may hang.
    environment = {**os.environ, "PYTHONPATH": path, "GGML_NO_BACKTRACE": "1"}
    return [sys.executable, "-P", "-m", module, *arguments], environment


def open_log(path: Path | None) -> BinaryIO:
    """Open a log to append to and to read from; one that grew past 4 MiB begins anew."""
    if path is None:
        return tempfile.TemporaryFile("w+b", buffering=0)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _LARGEST_LOG:
        path.unlink()
    return path.open("a+b", buffering=0)


def inspect(file: Path) -> Mapping[str, Any]:
    """Read a GGUF file's facts in a child process; ModelFileError says what is wrong with it."""
    command, environment = module_command("models.llama.inspect", str(file))
    limit = _PATIENCE + file.stat().st_size / _SLOWEST_DISK
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, check=False, timeout=limit
        )
    except subprocess.TimeoutExpired:
        raise errors.ModelFileError(
            f"{file.name} is still being read after {limit:.0f} s, which no sound model of its "
            "size needs; download the file again or choose another model"
        ) from None
    if done.returncode == 0:
        facts: Mapping[str, Any] = json.loads(done.stdout)
        return facts
    said = done.stdout.decode("utf-8", "replace").strip()
    raise errors.ModelFileError(
        said or f"{file.name} makes llama.cpp fail while reading it; download the file again"
    )
