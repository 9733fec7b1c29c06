"""Files and folders kept in step: looked at again and again, imported when they have changed.

It polls, so that it works on every disk, a network's too. What is still being written is left
alone until two looks find it the same, also the first time; only what rests already for some
seconds is imported at the first look. It knows no formats.
"""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import sleep, time

from .run import Stop, fingerprint

EVERY = 2.0
"""Seconds between two looks."""
NAP = 0.1
"""Seconds after which it is asked whether to stop."""
REST = 5.0
"""Seconds for which a file must not have changed to be imported at the first look."""


def changes(
    paths: Sequence[Path], stop: Stop, every: float = EVERY, nap: Callable[[float], None] = sleep
) -> Iterator[Path]:
    """Yield each path when it is first seen and whenever it has changed since, until `stop`."""
    settled: dict[Path, str] = {}
    before: dict[Path, str] = {}
    first = True
    while not stop():
        for path in paths:
            print_ = _look(path)
            still = print_ == before.get(path) or (first and _rests(path))
            before[path] = print_
            if print_ and still and print_ != settled.get(path) and not stop():
                settled[path] = print_
                yield path
        first = False
        for _ in range(round(every / NAP)):
            if stop():
                return
            nap(NAP)


def _rests(path: Path) -> bool:
    """Say whether nothing there was changed in the last seconds; a time to come is no rest."""
    since = time() - REST
    for folder, _, names in os.walk(path) if path.is_dir() else (("", [], [str(path)]),):
        for name in names:
            with contextlib.suppress(OSError):
                if os.stat(os.path.join(folder, name)).st_mtime > since:
                    return False
    return True


def _look(path: Path) -> str:
    """What tells the content of a path; empty where it is not there, or changes under the eyes."""
    try:
        return fingerprint(path)
    except OSError:
        return ""
