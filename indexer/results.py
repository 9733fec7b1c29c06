"""What a search returns: hits, and why there are none or why an operator was not applied. Values
only; nothing here searches.
"""

from dataclasses import dataclass
from datetime import date, datetime

from .query import Ignored


@dataclass(frozen=True, slots=True)
class Hit:
    """One result: a page, its best passages, and the sentences of the best one that match.

    `spans` are (start, end) of passages in the version's text, the best first. `folded` are the
    addresses of pages that say the same and are not shown, in the order of their rank, and
    `highlights` are (start, end) of the query's words in the snippet, when they were asked for.
    """

    rank: int
    url: str
    title: str
    score: float
    snippet: str
    version_id: int
    version_digest: str
    fetched_at: datetime
    published: date | None
    site: str
    spans: tuple[tuple[int, int], ...]
    folded: tuple[str, ...] = ()
    highlights: tuple[tuple[int, int], ...] = ()
    author: str = ""


@dataclass(frozen=True, slots=True)
class Results:
    """The hits of one query, and what a caller may want to say beside them.

    `emptied_by` names the filters, as they are written, without any one of which pages would have
    been found: it is empty when there are hits, and when no page has the words in any case.
    `ignored` are operators that were not applied. `loosened` tells that nothing was found until
    quotation marks and `intitle:` were taken off. `undated` counts the pages that `before:` or
    `after:` kept out for having no date.
    """

    hits: tuple[Hit, ...]
    emptied_by: tuple[str, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    loosened: bool = False
    undated: int = 0
