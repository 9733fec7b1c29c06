"""The store at a hundred thousand pages and a million: the rows of the bench that have a target."""

from .. import scale
from .check import Check
from .retrieval import benched

CHECKS = (
    Check(
        "store at scale",
        "100,000 and a million made-up pages: import, look-ups by URL, suggestions for addresses "
        "that are not there, and memory keep their targets",
        benched(scale.rows),
    ),
)
