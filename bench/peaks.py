"""The most memory that a process has had at once, as its kernel knows it.

`getrusage` would not do: a process inherits the peak of the one that it was forked from. It knows
Linux only.
"""

import contextlib
from pathlib import Path

OURSELVES = Path("/proc/self")


def peak_mb(process: Path = OURSELVES) -> int:
    """Return the most resident memory of a process (a folder of /proc) in MB; 0 once it is gone."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in process.joinpath("status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) // 1024
    return 0
