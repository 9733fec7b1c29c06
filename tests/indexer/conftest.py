"""What the tests of indexer share: a small corpus, a home, and a way to run code in a fresh process."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from store.database import Database
from store.page import PageVersion
from store.pages import PageStore

ROOT = Path(__file__).resolve().parents[2]
WHEN = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)

DANUBE = """# Danube

The Danube is the second-longest river in Europe, at about 2,850 kilometres. It begins in the town
of Donaueschingen and flows east through ten countries to the Black Sea.

## Course

The river passes [Vienna](https://almanac.test/vienna), Bratislava and Budapest. In Budapest the
Chain Bridge, opened in 1849, was the first to join the two banks.

## Key figures

| Quantity | Value |
|---|---|
| Length | 2,850 km |
| Mouth | Black Sea |

- Commission founded: 1856
"""

PAGES = {
    "https://almanac.test/danube": ("Danube", DANUBE, "en"),
    "https://almanac.test/vienna": (
        "Vienna",
        "# Vienna\n\nVienna is the capital of Austria. The Danube runs past the old town. "
        "The opera house opened in 1869.",
        "en",
    ),
    "https://docs.test/loop": (
        "Event Loop",
        "# Event Loop\n\nCall `loop.run_in_executor(None, func)` to run a blocking function in "
        "another thread, without holding the event loop.",
        "en",
    ),
    "https://almanac.test/es/guitarra": (
        "Guitarra",
        "# Guitarra\n\nLa guitarra tiene seis cuerdas. Es un instrumento español.",
        "es",
    ),
    "https://almanac.test/zh/changjiang": (
        "长江",
        "# 长江\n\n长江是亚洲最长的河流，全长约6300公里。长江发源于青藏高原。",
        "zh",
    ),
    "https://mirror.test/danube": ("Danube", DANUBE, "en"),
}


def version(url: str, title: str, text: str, lang: str = "en") -> PageVersion:
    """A page as a crawl would store it."""
    published = date(2020, 1, 1) if "vienna" in url else None
    return PageVersion(url, title, text, WHEN, lang=lang, published=published)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home folder."""
    return tmp_path / "home"


@pytest.fixture
def corpus(database: Database) -> PageStore:
    """The small corpus in a database of its own; one page is there twice under two addresses."""
    pages = PageStore(database)
    pages.add([version(url, *fields) for url, fields in PAGES.items()])
    return pages


@pytest.fixture
def fresh() -> Callable[..., str]:
    """Run Python source in a new process with a hash seed and return what it printed."""

    def run(source: str, *arguments: str, seed: int = 0, wrapper: tuple[str, ...] = ()) -> str:
        done = subprocess.run(
            [*wrapper, sys.executable, "-c", source, *arguments],
            env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
