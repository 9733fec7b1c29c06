"""A small invented corpus, indexed and asked once for all tests of this folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.invented import Measured, measure
from bench.scratch import scratch
from models.demo.export import FILE, HERE


@dataclass(frozen=True)
class Asked:
    """A folder in which `home` is a home and `questions.jsonl` was asked."""

    root: Path
    found: Measured


@pytest.fixture(scope="session")
def asked() -> Iterator[Asked]:
    if not (HERE / FILE).exists():
        pytest.skip("the demo model is not built; run: make demo-model")
    with scratch() as root:
        yield Asked(root, measure(root, questions=20, pages=120, seed=3))
