"""Whether Milvus holds the vectors of the passages that should have one, and those vectors.

Ids are compared first. Then each vector is compared with what is frozen of it, and, where that is
asked for or the two differ, with what the encoder makes of the text now.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from store.database import Database
from store.pages import PageStore
from store.passages import PassageRow

from ..build import passage_text
from ..encoders.base import Encoder, Vectors
from ..generations import Generations
from ..milvus import VectorStore
from .frozen import Frozen
from .prints import prints_of_vectors

if TYPE_CHECKING:
    from ..encoders.base import Dense

BATCH = 256
ALIKE = 0.999
"""The cosine from which a model's vectors count as the same: machines round differently."""
Seen = Callable[[int], None]
AsFrozen = Callable[[PassageRow, Vectors], Vectors]


@dataclass(slots=True)
class Held:
    """What Milvus holds, and ids by kind of fault; "unnamed" has names of collections."""

    vectors: int = 0
    faults: dict[str, list[object]] = field(default_factory=dict)

    def ids(self, *kinds: str) -> list[int]:
        """Return the ids of some kinds of fault."""
        return [key for kind in kinds for key in self.faults.get(kind, []) if isinstance(key, int)]


def check_held(
    vectors: VectorStore,
    names: Generations,
    wanted: dict[int, PassageRow],
    passing: set[int],
) -> Held:
    """Compare the ids in Milvus with `wanted`; those in `passing` may be there or not."""
    found = Held()
    collection = names.working()
    keys = vectors.keys(collection) if vectors.load(collection) else []
    found.vectors = len(keys)
    held = set(keys)
    doubled = [key for key, following in pairwise(keys) if key == following]
    unnamed: list[object] = list(names.spare())
    if names.live() != collection and wanted:
        unnamed.append(collection)
    lists: dict[str, Sequence[object]] = {
        "missing": sorted(wanted.keys() - held),
        "surplus": sorted(held - wanted.keys() - passing),
        "doubled": sorted(set(doubled)),
        "unnamed": unnamed,
    }
    found.faults = {kind: list(things) for kind, things in lists.items() if things}
    return found


def check_vectors(
    db: Database,
    vectors: VectorStore,
    names: Generations,
    encoder: Encoder,
    rows: Sequence[PassageRow],
    frozen: Frozen,
    as_frozen: AsFrozen,
    encode: bool,
    seen: Seen,
) -> tuple[list[int], list[int]]:
    """Return the passages of `rows` whose vectors in Milvus are wrong, and those frozen wrong.

    `as_frozen` makes of a passage's own vectors what freezing writes of them.
    With `encode` each text is encoded again; otherwise only where Milvus and the frozen index
    differ, to learn which of them is right.
    """
    version = lru_cache(maxsize=64)(PageStore(db).version)

    def made(chosen: Sequence[PassageRow]) -> list[Vectors]:
        if not chosen:
            return []
        return encoder.encode_passages([passage_text(version(r.version_id), r) for r in chosen])

    def numbers(keys: Sequence[int]) -> dict[int, int]:
        wanted = [as_frozen(batch[key], there[key]) for key in keys]
        return dict(zip(keys, prints_of_vectors(wanted, frozen.ceiling).tolist(), strict=True))

    changed: list[int] = []
    frozen_wrong: list[int] = []
    # In order of page, so that each text is read once.
    ordered = sorted(rows, key=lambda row: (row.version_id, row.ordinal))
    for at in range(0, len(ordered), BATCH):
        batch = {row.id: row for row in ordered[at : at + BATCH]}
        there: dict[int, Vectors] = {}
        for found, kept in vectors.export(names.working(), list(batch)):
            there.update(zip(found, kept, strict=True))
        sound = [key for key in there if _sound(there[key], encoder.dense_size)]
        agree = {
            key
            for key, number in numbers(sound).items()
            if frozen.prints.get(key, number) == number
        }
        look = [key for key in there if encode or key not in agree]
        wrong = []
        for key, fresh in zip(look, made([batch[key] for key in look]), strict=True):
            if key not in sound or not _alike(fresh, there[key], encoder.dense_size):
                wrong.append(key)
                there[key] = fresh
        changed.extend(wrong)
        # `there` has what is right now.
        doubtful = [key for key in there if key in wrong or key not in agree]
        frozen_wrong.extend(
            key
            for key, number in numbers(doubtful).items()
            if frozen.prints.get(key, number) != number
        )
        seen(at + len(batch))
    return changed, frozen_wrong


def _sound(vector: Vectors, dense_size: int) -> bool:
    """Tell whether it is a vector that this encoder could have made."""
    import numpy as np

    if not vector.sparse or not all(np.isfinite(w) and w >= 0 for w in vector.sparse.values()):
        return False
    if vector.dense is None or not dense_size:
        return not dense_size and vector.dense is None
    length = float(np.linalg.norm(vector.dense))
    return len(vector.dense) == dense_size and abs(length - 1.0) < 0.01


def _alike(made: Vectors, held: Vectors, dense_size: int) -> bool:
    """Tell whether Milvus holds what the encoder makes: to the bit for BM25, in direction for a
    model, whose arithmetic is not the same on every machine.
    """
    import numpy as np

    stored = {key: float(np.float32(weight)) for key, weight in made.sparse.items()}
    if not dense_size:
        return stored == held.sparse
    assert made.dense is not None
    assert held.dense is not None
    keys = sorted(stored.keys() | held.sparse.keys())
    mine = np.array([stored.get(key, 0.0) for key in keys])
    other = np.array([held.sparse.get(key, 0.0) for key in keys])
    return _cosine(made.dense, held.dense) >= ALIKE and _cosine(mine, other) >= ALIKE


def _cosine(a: "Dense", b: "Dense") -> float:
    import numpy as np

    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / lengths if lengths else 0.0
