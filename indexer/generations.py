"""The collections in Milvus by name: one an encoder and chunker, a new one each time it is rebuilt,
and an alias that names the one whose vectors are whole.

While a rebuild goes on, the alias stays with the collection before; it is swapped when the new one
has been frozen, and only then is the old one dropped. So a run that is killed leaves the newest
collection to be finished by the next one. It knows names, and nothing of what is in the vectors.
"""

from store.digest import blake, blake_json

from .milvus import VectorStore

PREFIX = "passages_"
ALIAS = "passages"


class Generations:
    """The collections of one encoder and one chunker in `vectors`.

    `owner` names the database whose passages these are, where one server may serve several; it is
    empty for Milvus Lite, whose folder belongs to one home.
    """

    def __init__(self, vectors: VectorStore, encoder: str, chunker: str, owner: str = "") -> None:
        self._vectors = vectors
        mine = blake(owner.encode()).partition(":")[2][:12] + "_" if owner else ""
        self._prefix = f"{PREFIX}{mine}"
        self.alias = f"{ALIAS}_{mine}live"
        digest = blake_json([encoder, chunker]).partition(":")[2][:24]
        self._base = f"{self._prefix}{digest}"

    def working(self) -> str:
        """Return the newest collection, or the name of the first one; it may not exist yet."""
        return max(self._numbered().items(), default=(1, self._base))[1]

    def exists(self) -> bool:
        """Tell whether there is any."""
        return bool(self._numbered())

    def following(self) -> str:
        """Return the name of the collection that a rebuild makes."""
        numbered = self._numbered()
        return f"{self._base}_{max(numbered) + 1}" if numbered else self._base

    def live(self) -> str | None:
        """Return the collection that the alias names; None when there is none yet."""
        return self._vectors.aliased(self.alias, self._prefix)

    def spare(self) -> list[str]:
        """Return the collections of this owner that are no longer needed."""
        kept = self.working()
        return [name for name in self._vectors.collections(self._prefix) if name != kept]

    def publish(self) -> None:
        """Point the alias at the newest collection and drop all others of this owner."""
        self._vectors.point(self.alias, self.working(), self._prefix)
        for name in self.spare():
            self._vectors.drop(name)

    def _numbered(self) -> dict[int, str]:
        found = {}
        for name in self._vectors.collections(self._base):
            number = name.removeprefix(self._base).removeprefix("_")
            if number.isdigit() or not number:
                found[int(number or 1)] = name
        return found
