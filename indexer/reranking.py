"""The second look: the first pages of a ranking in the order that a cross-encoder gives them.

Only the order of these few changes; the pages behind them keep theirs. Deterministic: scores are
rounded and ties broken by URL and span.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from store.page import PageVersion

from .encoders.reranker import Reranker
from .ranking import Ranked

DEPTH = 10
"""Pages that are read again, by their best passage."""


def reranked(
    ranked: Sequence[Ranked],
    query: str,
    reranker: Reranker,
    text: Callable[[int], PageVersion],
    depth: int = DEPTH,
) -> list[Ranked]:
    """Return `ranked` with its first `depth` pages in the reranker's order.

    Their scores become the best score behind them plus the reranker's (0 to 1), so that the list
    still falls from the first to the last.
    """
    head, tail = ranked[:depth], list(ranked[depth:])
    floor = max((one.score for one in tail), default=0.0)
    passages = []
    for one in head:
        page = text(one.page.version_id)
        start, end = one.spans[0]
        passages.append(
            f"{page.title}\n{page.text[start:end]}" if page.title else page.text[start:end]
        )
    scores = reranker.scores(query, passages)
    read = [
        replace(one, score=round(floor + score, 9)) for one, score in zip(head, scores, strict=True)
    ]
    read.sort(key=lambda one: (-one.score, one.page.url, one.spans[0]))
    return [*read, *tail]
