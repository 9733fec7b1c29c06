"""Ctrl-C in two steps: the first asks for an end, the second is one."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def first_asks(stop: Callable[[], None]) -> Iterator[None]:
    """While the block runs, the first Ctrl-C calls `stop`; the next raises KeyboardInterrupt.

    `stop` runs between two instructions of the block and must only leave a note. Outside the main
    thread, and where Ctrl-C is ignored, nothing is changed.
    """
    before = signal.getsignal(signal.SIGINT)
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or before is not signal.default_int_handler:
        yield
        return

    def first(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        stop()

    signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
