"""The frozen index: immutable, memory-mapped files that every search reads."""

from .read import FrozenIndex
from .write import FrozenPage, FrozenPassage, publish, write

__all__ = ["FrozenIndex", "FrozenPage", "FrozenPassage", "publish", "write"]
