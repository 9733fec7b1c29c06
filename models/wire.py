"""The text forms of tool results that LiteResearcher was trained on, byte for byte.

Pure text in, text out: this module does not search, read pages or choose what to show. The
forms were read from the public training code of LiteResearcher (`docs/protocol.md` lists them);
the tools of the appliance and the generator of the demo model's training traces both write
through here, so that the two can never drift apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass

SEARCH_JOIN = "\n\n=======\n\n"
VISIT_JOIN = "\n=======\n"
UNREADABLE = "The content of this page could not be accessed."
NOTHING = "No information is available from this page."


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One line of a result list as the model reads it."""

    title: str
    url: str
    snippet: str


@dataclass(frozen=True, slots=True)
class VisitBlock:
    """What `visit` says of one page: verbatim passages and one paragraph about them."""

    url: str
    goal: str
    evidence: str
    summary: str


def one_line(text: str) -> str:
    """Fold all white space to single spaces, for titles and snippets must not break the list."""
    return " ".join(text.split())


def link_title(title: str) -> str:
    """Return a title that cannot close the `[title](url)` form it is put in."""
    return one_line(title).replace("[", "(").replace("]", ")")


def search_text(blocks: Sequence[tuple[str, Sequence[ResultRow]]]) -> str:
    """Render the results of one `search` call, one block a query, in the order asked.

    A URL that was shown under an earlier query of the same call is not shown again (the training
    form); the count in the heading is the number of rows shown.
    """
    seen: set[str] = set()
    rendered = []
    for query, rows in blocks:
        fresh = [row for row in rows if row.url not in seen]
        seen.update(row.url for row in fresh)
        lines = [
            f"{number}. [{link_title(row.title)}]({row.url})\n{one_line(row.snippet)}"
            for number, row in enumerate(fresh, 1)
        ]
        heading = f"A Google search for '{query}' found {len(fresh)} results:\n\n## Web Results\n"
        rendered.append(heading + "\n\n".join(lines))
    return SEARCH_JOIN.join(rendered)


def visit_text(blocks: Sequence[VisitBlock]) -> str:
    """Render the result of one `visit` call, one block a URL, in the order asked."""
    return VISIT_JOIN.join(
        f"The useful information in {block.url} for user goal {block.goal} as follows: \n\n"
        f"Evidence in page: \n{block.evidence}\n\n"
        f"Summary: \n{block.summary}\n\n"
        for block in blocks
    )


def missing_block(url: str, goal: str, nearest: Sequence[tuple[str, str]] = ()) -> VisitBlock:
    """The block for a page the corpus does not hold; `nearest` are (url, title) to try instead."""
    summary = NOTHING
    if nearest:
        named = "; ".join(f"[{link_title(title)}]({near})" for near, title in nearest)
        summary += f" Pages that are available: {named}"
    return VisitBlock(url, goal, UNREADABLE, summary)
