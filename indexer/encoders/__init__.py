"""Encoders: passages and queries as vectors, behind one seam with two real implementations."""

from .base import Encoder, PassageText, QueryVectors, Term, Vectors
from .choose import choose

__all__ = ["Encoder", "PassageText", "QueryVectors", "Term", "Vectors", "choose"]
