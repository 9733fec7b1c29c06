"""The loop keeps its head: made-up turns, a long run in a small window, kills during `ask`."""

from appliance.config import Config
from appliance.home import Home
from appliance.readers import open_readers
from appliance.replay import replay
from appliance.trace import read_run

from ..asking import Asking, kill_asks
from ..fuzzed import ask_fuzzed
from ..longrun import PROFILE, STEPS, WINDOW, ask_long
from ..scratch import COMMAND, surroundings
from .check import Check, demand
from .stage import Stage

TURNS, FEW_TURNS = 10_000, 300
SMALL = (40, 8_192)
"""Steps and window of the long run where sizes are small."""
PAGES = 40
QUESTION = "How long is the Volga?"
IN_FLIGHT = 0.8
FEW = 10
"""Of fewer kills the share in flight is printed and not judged."""


def fuzzed(stage: Stage) -> str:
    """Read made-up turns with the real loop and tools, and replay every run."""
    with open_readers(Config(Home(stage.demo_home))) as readers:
        urls = [page.url for page in readers.pages.current()][:PAGES]
        count = TURNS if stage.full else FEW_TURNS
        found = ask_fuzzed(readers, stage.root / "fuzzed", urls, count)
    demand(not found.faults, f"{len(found.faults)} faults, first: {next(iter(found.faults), '')}")
    return str(found)


def long_run(stage: Stage) -> str:
    """Take the steps with a real session of a tiny model, and replay the run."""
    from models.llama.client import LlamaEngine
    from models.llama.options import LlamaOptions
    from models.llama.tiny import write_tiny

    steps, window = (STEPS, WINDOW) if stage.full else SMALL
    folder = stage.root / "long"
    folder.mkdir()
    weights = write_tiny(folder / "tiny.gguf", context=window, layers=1)
    with open_readers(Config(Home(stage.demo_home))) as readers:
        options = LlamaOptions(context=window)
        with LlamaEngine(weights, options, log=folder / "llama.log") as engine:
            found = ask_long(readers, folder / "runs", engine, steps, window)
        run = read_run(folder / "runs", found.run)
        same = sum(1 for _ in replay(run, readers.toolbox(PROFILE, record_misses=False)))
    demand(found.outcome == "answered", f"it ended as {found.outcome}")
    demand(found.calls == steps == same, f"{found.calls} calls, {same} replayed identically")
    demand(found.trims > 0, "nothing was left out, so nothing was tried")
    demand(not found.uneven, f"turns {found.uneven} did not evaluate what was due")
    demand(found.prefilled == found.appended + found.again, f"{found.prefilled} evaluated in all")
    return str(found)


def during_ask(stage: Stage) -> str:
    """Kill `ask`, resume what it left, and replay it."""
    stage.need_model()
    home = stage.demo_home
    asking = Asking([COMMAND], surroundings(home), home / "runs", QUESTION)
    found = kill_asks(asking, stage.kills)
    demand(not found.faults, f"{len(found.faults)} faults, first: {next(iter(found.faults), '')}")
    enough = stage.kills < FEW or found.tally.share >= IN_FLIGHT
    demand(enough, f"only {found.tally}")
    return str(found)


CHECKS = (
    Check("fuzzed turns", f"{TURNS:,} made-up turns, each answered or told something", fuzzed),
    Check(
        "long run",
        f"{STEPS} steps in {WINDOW:,} tokens with `trim` end with an answer, re-prefills counted",
        long_run,
    ),
    Check("kill ask", "killed during ask, a run resumes to the undisturbed end", during_ask),
)
