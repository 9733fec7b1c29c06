"""The bar that long checks show on a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[int, int], None]
"""Called with (done, in all)."""


@contextmanager
def bar(part: str, quiet: bool) -> Iterator[Progress]:
    """Show a bar named `part` on stderr while the block runs, unless `quiet` or no terminal."""
    from tqdm import tqdm

    with tqdm(desc=part, leave=False, disable=True if quiet else None) as shown:

        def show(done: int, total: int) -> None:
            shown.total = total
            shown.update(done - shown.n)

        yield show
