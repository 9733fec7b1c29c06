"""What one extraction process may take: memory, and processor time on one page.

The kernel keeps both, so that no library's C code gets past them. It knows nothing about pages.
"""

import resource
import signal

MEMORY = 1_500_000_000
"""Bytes of address space; the worst page of 10 MB that was found needs a third of it."""
SECONDS = 60.0
"""Of processor time on one page; C code that never returns to the interpreter is ended so."""


def bound_memory(most: int = MEMORY) -> None:
    """Let this process have no more than `most` bytes; what asks for more gets a MemoryError."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))


def bound_time(seconds: float = SECONDS) -> None:
    """End this process after so many seconds of processor time from now on; 0 takes it back."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, seconds)
