"""The lock on the vector store's folder: one process opens it, and a second is told which has it.

The kernel drops the lock when its holder dies. The file also names the folder of the holder's
socket, so that the next run can clear away what a killed one left. It knows nothing of Milvus.
"""

import errno
import fcntl
import os
import shutil
from pathlib import Path

from .errors import IndexBusy

SOCKETS = "appliance-milvus-"
"""How the name of a socket's folder begins: nothing else is ever cleared away."""


def take(path: Path) -> int:
    """Take the exclusive lock at `path` and return its descriptor; closing that gives it back.

    Raises IndexBusy, which names the process that has it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = _noted(descriptor)[0] or "unknown"
        os.close(descriptor)
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            raise
        raise IndexBusy(
            f"Another index run (pid {holder}) is using {path.parent}: wait until it has "
            "finished, or stop it and run appliance index again."
        ) from error
    left = Path(_noted(descriptor)[1])
    if left.name.startswith(SOCKETS):
        shutil.rmtree(left, ignore_errors=True)
    try:
        note(descriptor)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def note(descriptor: int, socket: Path | None = None) -> None:
    """Write down who holds the lock, and the folder of its socket."""
    text = f"{os.getpid()}\n{socket}\n" if socket else f"{os.getpid()}\n"
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, os.fsencode(text), 0)


def _noted(descriptor: int) -> tuple[str, str]:
    """Return the pid and the socket folder that the lock file names; empty where it names none."""
    pid, _, folder = os.fsdecode(os.pread(descriptor, 4096, 0)).partition("\n")
    return pid.strip(), folder.strip()
