"""The `visit` tool: what of stored pages serves a goal, verbatim.

Extractive: nothing is rewritten. The evidence is slices of the stored text in page order, the
summary is the one best of them, and where links lead. With a budget of tokens `reading` chooses and
writes them; without one they are a few bare sentences, the form that the demonstration model was
trained on. A page the corpus lacks is recorded as a miss, and the nearest pages that it holds are
named.
"""

from collections.abc import Mapping

from indexer.select import best_sentence, select
from models.turns import string_list
from models.wire import NOTHING, VisitBlock, missing_block, visit_text
from store.errors import UrlError
from store.page import PageVersion
from store.pages import PageStore

from . import BadArgumentsError, ToolResult
from .reading import read

MOST_PAGES = 8
NEAREST = 3


class VisitTool:
    """Read stored pages for a goal.

    The budget for one page is `evidence_tokens`, or `evidence_words` of bare sentences where that
    is 0.
    """

    name = "visit"

    def __init__(
        self,
        pages: PageStore,
        evidence_words: int,
        run_id: str = "",
        record_misses: bool = True,
        *,
        evidence_tokens: int = 0,
    ) -> None:
        self._pages = pages
        self._evidence_tokens = evidence_tokens
        self._evidence_words = evidence_words
        self._run_id = run_id
        self._record_misses = record_misses

    def run(self, arguments: Mapping[str, object], question: str) -> ToolResult:
        """Read the call's pages, at most `MOST_PAGES`, each on its own."""
        urls = string_list(arguments.get("url"))[:MOST_PAGES]
        if not urls:
            raise BadArgumentsError('give "url" as a list of at least one address.')
        goal = arguments.get("goal")
        goal = goal.strip() if isinstance(goal, str) and goal.strip() else question
        blocks, pages = [], []
        for url in urls:
            block, facts = self._page(url.strip(), goal, question)
            blocks.append(block)
            pages.append(facts)
        return ToolResult(visit_text(blocks), {"goal": goal, "pages": pages})

    def _page(self, url: str, goal: str, question: str) -> tuple[VisitBlock, dict[str, object]]:
        try:
            page = self._pages.resolve(url)
        except UrlError:
            page = None
        if page is None:
            return self._missing(url, goal)
        # The goal is what the model looks for now; the question keeps a terse goal on course.
        if self._evidence_tokens:
            found = read(page, goal, question, self._evidence_tokens, self._pages)
            return VisitBlock(url, goal, found.evidence, found.summary), {
                "url": url,
                **page_json(page),
                "spans": [list(span) for span in found.spans],
                "places": list(found.places),
                "links": list(found.held),
            }
        spans = select(
            page.text,
            page.title,
            goal,
            self._evidence_words,
            question=question,
            language=page.lang,
        )
        evidence = "\n".join(page.text[start:end].strip() for start, end in spans)
        best = best_sentence(page.text, page.title, goal, question=question, language=page.lang)
        summary = " ".join(page.text[best[0] : best[1]].split()) if best else NOTHING
        return VisitBlock(url, goal, evidence or NOTHING, summary), {
            "url": url,
            **page_json(page),
            "spans": [[start, end] for start, end in spans],
        }

    def _missing(self, url: str, goal: str) -> tuple[VisitBlock, dict[str, object]]:
        try:
            nearest = self._pages.nearest(url, NEAREST)
        except UrlError:
            nearest = []
        if self._record_misses:
            self._pages.record_miss(url, self._run_id)
        block = missing_block(url, goal, nearest)
        return block, {"url": url, "missing": True, "nearest": [near for near, _ in nearest]}


def page_json(page: PageVersion) -> dict[str, object]:
    """What identifies a stored version of a page, as JSON values."""
    return {
        "page": page.url,
        "title": page.title,
        "version": page.digest,
        "captured": page.fetched_at.isoformat(),
    }
