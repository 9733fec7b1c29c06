"""How soon the command line answers."""

from collections.abc import Iterator
from pathlib import Path

from .rows import Row, best, time_row
from .scratch import COMMAND, run


def rows(full: bool) -> Iterator[Row]:
    """`--help`, in a fresh process each time."""
    python = str(Path(COMMAND).with_name("python"))
    times = 10 if full else 5
    shown = best(lambda: run([COMMAND, "--help"]), times)
    bare = best(lambda: run([python, "-c", "import click"]), times)
    yield time_row("`appliance --help`", shown, "s", "python -c 'import click'", bare, most=0.2)
