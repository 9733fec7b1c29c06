"""A server process, known by its number: whether it is PostgreSQL, whose data it serves, and how it
is ended. It knows nothing about starting one.

A server outlives the folder it was started on when somebody deletes or moves that folder; it then
holds the socket that a new server on the same path would want.
"""

import contextlib
import os
import signal
import time
from itertools import pairwise
from pathlib import Path

from .errors import ClusterError


def runs(pid: int) -> bool:
    """Return whether `pid` is a living process that is PostgreSQL."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    with contextlib.suppress(OSError):
        state = Path(f"/proc/{pid}/stat").read_text()
        name, _, rest = state.partition("(")[2].rpartition(")")
        # A number that the kernel has given to another program, or a dead process that its
        # parent has not yet collected.
        if name != "postgres" or rest.split()[0] == "Z":
            return False
    return True


def holder(lock: Path) -> int | None:
    """Return the process number in the lock file of a socket, or None where there is none."""
    try:
        first = lock.read_text().partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError):
        return None
    return abs(int(first)) if first.lstrip("-").isdecimal() else None


def serves(pid: int, data: Path) -> bool:
    """Return whether `pid` is a PostgreSQL that was started on the folder `data`."""
    if not runs(pid):
        return False
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    named = [after for word, after in pairwise(words) if word == b"-D"]
    return os.path.basename(words[0]) == b"postgres" and named == [os.fsencode(data)]


def end(pid: int, seconds: float) -> bool:
    """Ask `pid` for PostgreSQL's “fast” shutdown, which keeps what is committed.

    Returns whether it has ended within `seconds`; raises ClusterError where it is another user's.
    """
    try:
        os.kill(pid, signal.SIGINT)
    except ProcessLookupError:
        return True
    except PermissionError:
        raise ClusterError(
            f"The database server (process {pid}) belongs to another user; let that user end it, "
            "or set APPLIANCE_HOME to a folder of yours."
        ) from None
    deadline = time.monotonic() + seconds
    while runs(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
