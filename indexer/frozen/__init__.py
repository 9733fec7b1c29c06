"""The frozen index: immutable, memory-mapped files that every search reads."""

from .files import frozen_root
from .read import FrozenIndex
from .write import FrozenPage, FrozenPassage, publish, write

__all__ = ["FrozenIndex", "FrozenPage", "FrozenPassage", "frozen_root", "publish", "write"]
