"""The `search` tool: queries in, result lists in the trained form out. It ranks nothing itself."""

from collections.abc import Mapping

from indexer.search import Hit, Searcher
from models.turns import string_list
from models.wire import ResultRow, search_text

from . import BadArgumentsError, ToolResult

MOST_QUERIES = 8


class SearchTool:
    """Search the frozen index. `results` a query and `snippet_words` come from the profile."""

    name = "search"

    def __init__(self, searcher: Searcher, results: int, snippet_words: int) -> None:
        self._searcher = searcher
        self._results = results
        self._snippet_words = snippet_words

    def run(self, arguments: Mapping[str, object], question: str) -> ToolResult:
        """Run the call's queries, at most `MOST_QUERIES`, each on its own."""
        queries = string_list(arguments.get("query"))[:MOST_QUERIES]
        if not queries:
            raise BadArgumentsError('give "query" as a list of at least one string.')
        found = [
            (query, self._searcher.search(query, self._results, snippet_words=self._snippet_words))
            for query in queries
        ]
        text = search_text(
            [
                (query, [ResultRow(hit.title, hit.url, hit.snippet) for hit in hits])
                for query, hits in found
            ]
        )
        data = {
            "queries": [
                {"query": query, "hits": [hit_json(h) for h in hits]} for query, hits in found
            ]
        }
        return ToolResult(text, data)


def hit_json(hit: Hit) -> dict[str, object]:
    """A hit as JSON values, for runs and `search --json`."""
    return {
        "rank": hit.rank,
        "url": hit.url,
        "title": hit.title,
        "score": hit.score,
        "snippet": hit.snippet,
        "version": hit.version_digest,
        "captured": hit.fetched_at.isoformat(),
        "spans": [list(span) for span in hit.spans],
    }
