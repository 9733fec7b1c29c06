"""A reader in a process of its own, for libraries in C that a hostile file may crash or fill up.

The process lives no longer than its parent and takes no more than `MEMORY`; what it yields comes
over a pipe, a lot at a time, so that it never runs far ahead. It knows no format.
"""

import contextlib
import multiprocessing
import os
import resource
import signal
import threading
import time
from collections.abc import Iterator
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from sys import getsizeof
from typing import Any

from .errors import DamagedError, ImporterError

MEMORY = 4_000_000_000
"""Bytes of address space; a library that maps much may have more than it uses."""
LOT = 200
LOT_BYTES = 8_000_000
"""A lot goes over the pipe once it has so many values, or holds so much."""
PATIENCE = 5.0


def isolated(module: str, function: str, path: Path) -> Iterator[Any]:
    """Yield what `function` of `importers.<module>` yields for `path`, from another process.

    Raises what it raises of this package's errors, and DamagedError where the process dies.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(
        target=_serve, args=(theirs, module, function, path, os.getpid()), daemon=True
    )
    child.start()
    theirs.close()
    try:
        while True:
            try:
                kind, value = ours.recv()
            except EOFError:
                child.join(PATIENCE)
                raise DamagedError(
                    f"{path} ended the process that read it (code {child.exitcode}); what came "
                    "before is stored, so check the file or fetch it again."
                ) from None
            if kind == "end":
                return
            if kind == "error":
                raise value
            yield from value
    finally:
        ours.close()
        child.terminate()
        child.join(PATIENCE)


def weight(value: object) -> int:
    """Return about how many bytes a value takes, of its texts above all."""
    if isinstance(value, dict):
        return sum(map(weight, value.values()))
    if isinstance(value, list | tuple):
        return sum(map(weight, value))
    return getsizeof(value)


def _serve(
    pipe: "Connection[Any, Any]", module: str, function: str, path: Path, parent: int
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with, args=(parent,), daemon=True).start()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    lot: list[Any] = []
    held = 0
    with contextlib.suppress(BrokenPipeError):
        try:
            for one in getattr(import_module(f".{module}", __package__), function)(path):
                lot.append(one)
                held += weight(one)
                if len(lot) >= LOT or held >= LOT_BYTES:
                    pipe.send(("lot", lot))
                    lot, held = [], 0
        except Exception as error:
            pipe.send(("lot", lot))
            pipe.send(("error", _told(error, path)))
        else:
            pipe.send(("lot", lot))
            pipe.send(("end", None))


def _told(error: Exception, path: Path) -> ImporterError:
    if isinstance(error, ImporterError):
        return error
    return DamagedError(
        f"{path} cannot be read on ({type(error).__name__}: {' '.join(str(error).split())[:200]}); "
        "what came before is stored, so check the file or fetch it again."
    )


def _die_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def die(path: Path) -> Iterator[Any]:
    """End this process as a crash in C does; what the tests of this module read with."""
    os.kill(os.getpid(), signal.SIGKILL)
    yield path
