"""Which model answers, opened and ready: card, profile and engine.

The demo researcher answers only when it is asked for by name, or where the home's own settings
name it (the demo home does). Without an installed model the answer is `none`: quotes.
"""

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

from models.engine import Engine
from models.profiles import Profile
from models.registry import DEMO, ModelCard, Registry, settings_of

from .config import Config
from .trace import read_runs

DEMONSTRATION = "demonstration model: it copies and looks up, it knows nothing and misreads easily"


@dataclass(frozen=True, slots=True)
class Researcher:
    """A model that is loaded, with what belongs to it. `expected_seconds` from past runs."""

    card: ModelCard
    profile: Profile
    engine: Engine
    expected_seconds: float | None

    def preflight(self) -> str:
        """One line: model, weights, memory, context and the time to expect."""
        facts = self.engine.describe()
        megabytes = int(str(facts["memory_bytes"])) / 1e6
        expected = "time not known before its first answer here"
        if self.expected_seconds is not None:
            seconds = self.expected_seconds
            expected = f"about {seconds:.0f} s" if seconds >= 1 else "under a second"
        line = (
            f"model {self.card.name} · {int(str(facts['parameters'])) / 1e6:.1f}M parameters · "
            f"{megabytes:,.0f} MB of memory · context {facts['n_ctx']} tokens · {expected}"
        )
        return f"{line}\n({DEMONSTRATION})" if self.profile.demonstration else line


def choose_model(config: Config) -> str:
    """The name of the model that answers, or `none`."""
    if config.model:
        return config.model
    installed = [card.name for card in Registry(config.home.models).list() if card.name != DEMO]
    return installed[0] if installed else "none"


def identity(config: Config, name: str) -> tuple[str, str]:
    """What decides a model's answers beside the questions: its weights' digest and its profile."""
    if name == "none":
        return "", ""
    card = Registry(config.home.models).get(name)
    return card.sha256, repr(settings_of(card))


@contextmanager
def open_researcher(config: Config, name: str) -> Iterator[Researcher]:
    """Load the model `name` in its worker process; the errors of `models` name the repair."""
    from models.llama.client import LlamaEngine
    from models.llama.options import LlamaOptions

    registry = Registry(config.home.models)
    card = registry.get(name)
    chosen = settings_of(card)
    engine = LlamaEngine(
        registry.path(name),
        LlamaOptions(
            context=config.context or chosen.context,
            threads=config.threads,
            end=chosen.transcript.end,
        ),
        log=config.home.logs / "llama.log",
        sha256=card.sha256,
    )
    try:
        yield Researcher(card, chosen, engine, expected_seconds(config, name))
    finally:
        engine.close()


def expected_seconds(config: Config, name: str) -> float | None:
    """Median time of the model's last ten answers in this home; None before the first."""
    taken = [
        float(str(end["seconds"]))
        for run in islice(read_runs(config.home.runs), 50)
        if run.manifest.get("model") == name and (end := run.last("end")) and "seconds" in end
    ]
    return statistics.median(taken[:10]) if taken else None
