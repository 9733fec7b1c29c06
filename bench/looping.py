"""What making room in a full context costs, beside a session that keeps nothing."""

from collections.abc import Iterator

from .corpus import pages
from .rows import Row, time_row
from .scratch import scratch


def rows(full: bool) -> Iterator[Row]:
    """Take many steps in a small window with a tiny model."""
    yield _room(150, 16_384) if full else _room(40, 8_192)


def _room(steps: int, window: int) -> Row:
    from appliance.config import Config
    from appliance.home import Home
    from appliance.readers import open_readers
    from indexer.build import build
    from indexer.encoders.lexical import LexicalEncoder
    from models.llama.client import LlamaEngine
    from models.llama.options import LlamaOptions
    from models.llama.tiny import write_tiny
    from store.database import open_database
    from store.pages import PageStore

    from .longrun import ask_long

    with scratch() as root:
        home = Home(root / "home").create()
        with open_database(home.root) as database:
            PageStore(database).add(pages(100))
            build(database, home.root, LexicalEncoder())
        weights = write_tiny(root / "tiny.gguf", context=window, layers=1)
        with (
            open_readers(Config(home)) as readers,
            LlamaEngine(weights, LlamaOptions(context=window), log=root / "log") as engine,
        ):
            found = ask_long(readers, home.runs, engine, steps, window)
    row = time_row(
        f"tokens evaluated in {steps} steps in a window of {window:,}", found.prefilled, "tokens",
        "the whole prompt sent again each turn", found.prompts,
    )  # fmt: skip
    return Row(
        row.name, row.figure, row.unit, row.baseline, row.baseline_figure, row.ratio,
        "what was appended, and what a trim moved", not found.uneven and found.trims > 0,
    )  # fmt: skip
