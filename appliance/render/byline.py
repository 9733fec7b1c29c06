"""When a page was published and by whom, as the page says itself. It knows no markup."""

from datetime import date
from typing import Protocol


class Signed(Protocol):
    """What may have a date and an author: a page version, a hit of a search."""

    @property
    def published(self) -> date | None:
        """The day, where it is known."""

    @property
    def author(self) -> str:
        """The author, or nothing."""


def byline(page: Signed) -> list[str]:
    """Return what is known, each in its words: "published 2026-03-01", "by Ada Moor"."""
    day = [f"published {page.published.isoformat()}"] if page.published else []
    return [*day, *([f"by {page.author}"] if page.author else [])]
