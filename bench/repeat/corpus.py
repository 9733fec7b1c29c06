"""The demo corpus without a crawl: its pages, read by the crawler's own extraction."""

from collections.abc import Iterator
from datetime import UTC, datetime

from appliance.demo import HOST
from appliance.demo.site import DUPLICATES, response, sources
from extraction.extract import extract
from store.page import PageVersion

WHEN = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def almanac(every: int = 1) -> Iterator[PageVersion]:
    """Yield the pages of the demo site, or every so manieth; its duplicates always."""
    for path in [*list(sources())[::every], *DUPLICATES]:
        _, headers, body = response(path)
        named = {name.lower(): value for name, value in headers.items()}
        page = extract(body, named, f"http://{HOST}{path}", WHEN, source="bench")
        if isinstance(page, PageVersion):
            yield page
