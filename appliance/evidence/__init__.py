"""Evidence: quotes that a program has checked against the stored page.

`tie` finds the quotes that carry the claims of an answer, `holds` re-reads one from the store, and
`judged` asks a model about claims that have none.
"""

from .judge import Judgement, judged
from .letters import fold
from .places import occurrences
from .quote import VERBATIM, Claim, Conflict, Evidence, checked, holds
from .statements import claims
from .tie import tie

__all__ = [
    "VERBATIM", "Claim", "Conflict", "Evidence", "Judgement", "checked", "claims", "fold", "holds",
    "judged", "occurrences", "tie",
]  # fmt: skip
