"""A tiny random Qwen3 model, written once, and an engine on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.llama.client import LlamaEngine
from models.llama.options import LlamaOptions
from models.llama.tiny import write_tiny


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The GGUF file; its context is long enough for a generation to be caught in the middle."""
    return write_tiny(tmp_path_factory.mktemp("weights") / "tiny.gguf", context=16_384)


@pytest.fixture
def engine(tiny: Path, tmp_path: Path) -> Iterator[LlamaEngine]:
    """An engine with a small batch, so that prompts have several chunks."""
    options = LlamaOptions(context=1024, batch=32, micro_batch=32, threads=1)
    with LlamaEngine(tiny, options, log=tmp_path / "llama.log") as running:
        yield running
