"""The peak of a process is its own, and not that of the one which started it."""

import resource
import subprocess
import sys
from pathlib import Path

from bench.peaks import peak_mb

CHILD = """
import resource
from bench.peaks import peak_mb
print(peak_mb(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_a_child_of_a_large_process_is_small() -> None:
    held = bytearray(300_000_000)
    held[::4096] = b"x" * len(held[::4096])
    own = peak_mb()
    done = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, check=True)
    peak, inherited = map(int, done.stdout.split())
    assert own >= 300
    assert 5 <= peak < 150
    # The twin: what the usual call says is ours where the child was forked from us.
    assert inherited >= peak
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024 >= 300


def test_what_is_gone_has_none() -> None:
    assert peak_mb(Path("/proc/0")) == 0
