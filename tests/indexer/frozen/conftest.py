"""Made-up passages with skewed words and unit vectors, frozen as they are; compiled loops once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indexer.encoders.base import QueryVectors, Term, Vectors
from indexer.frozen import FrozenIndex, FrozenPage, FrozenPassage, compiled, publish, write

HEADER: dict[str, Any] = {
    "encoder": {"name": "test", "digest": "b2:0"},
    "chunker": "b2:1",
    "uses_rarity": True,
}
CEILING = 2.0
SIZE = 16


@dataclass(frozen=True)
class Piece:
    """A page with its passages' vectors; its name decides all of it."""

    page: FrozenPage
    vectors: tuple[Vectors, ...]


def piece(number: int, edition: int = 0, words: int = 40, dense: bool = True) -> Piece:
    """Page `number` in its `edition`: one to four passages of up to eight words."""
    rng = np.random.default_rng([number, edition])
    vectors = []
    for _ in range(int(rng.integers(1, 5))):
        terms = np.minimum(rng.zipf(1.4, size=int(rng.integers(1, 9))), words)
        # Few levels of impact, so that many scores tie.
        sparse = {int(t): float(rng.integers(1, 5)) * 0.5 for t in sorted(set(terms.tolist()))}
        vector = rng.standard_normal(SIZE).astype(np.float32)
        vector /= np.linalg.norm(vector)
        vectors.append(Vectors(vector if dense else None, sparse))
    url = f"https://site{number % 3}.test/{(number * 7919) % 1009:04}"
    language = "en" if number % 5 else "es"
    page = FrozenPage(
        url, f"Page {number}", f"site{number % 3}.test", language, number * 10 + edition
    )
    return Piece(page, tuple(vectors))


def contents(pieces: Sequence[Piece]) -> tuple[list[Piece], list[FrozenPage], list[FrozenPassage]]:
    """Order the pieces as `build` does and number their passages."""
    ordered = sorted(pieces, key=lambda p: (p.page.url, p.page.version_id))
    passages = [
        FrozenPassage(p.page.version_id * 10 + i, number, i * 10, i * 10 + 9)
        for number, p in enumerate(ordered)
        for i in range(len(p.vectors))
    ]
    return ordered, [p.page for p in ordered], passages


def freeze(root: Path, pieces: Sequence[Piece], dense: bool = True) -> FrozenIndex:
    """Write and publish a full freeze."""
    ordered, pages, passages = contents(pieces)
    batch = [vector for p in ordered for vector in p.vectors]
    size = SIZE if dense else 0
    publish(root, write(root, HEADER, pages, passages, [batch], size, CEILING))
    return FrozenIndex.open(root)


def questions(count: int, dense: bool = True, words: int = 40) -> Iterator[QueryVectors]:
    """Queries of one to five words, some of which are several ids."""
    rng = np.random.default_rng(5)
    for _ in range(count):
        terms: dict[tuple[int, ...], float] = {}
        for _ in range(int(rng.integers(1, 6))):
            ids = sorted({int(i) for i in rng.integers(1, words + 3, size=int(rng.integers(1, 3)))})
            terms[tuple(ids)] = float(rng.integers(1, 3))
        vector = rng.standard_normal(SIZE).astype(np.float32)
        vector /= np.linalg.norm(vector)
        yield QueryVectors(
            vector if dense else None, tuple(Term(ids, w) for ids, w in sorted(terms.items()))
        )


@pytest.fixture(scope="session")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The compiled loops, made once for all tests of this process."""
    folder = tmp_path_factory.mktemp("kernels")
    assert compiled.warm(folder)
    loaded = compiled.load(folder)
    assert loaded is not None
    return loaded
