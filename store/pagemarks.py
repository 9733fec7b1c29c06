"""The marks that say where a page of a paged document, a PDF, begins in its Markdown.

`<!-- page 12 -->` on a line of its own, before the text of page 12; a blank line on either side
keeps it apart from paragraphs. It is a comment, so nothing shows it, and a crawled web page cannot
hold one, because extraction drops comments. It knows no document.
"""

import re

_MARK = re.compile(r"<!-- page (\d{1,7}) -->\Z")
_LINES = re.compile(r"^[ \t]*<!-- page (\d{1,7}) -->[ \t]*$", re.MULTILINE)


def page_mark(number: int) -> str:
    """Return the mark line of page `number`, without line ends."""
    return f"<!-- page {number} -->"


def page_of_mark(line: str) -> int | None:
    """Return the page number that a line marks, None where it is no mark."""
    found = _MARK.match(line.strip())
    return int(found[1]) if found else None


def shown_marks(markdown: str) -> str:
    """Return a text with its marks as people and models read them: `[page 12]`."""
    return _LINES.sub(r"[page \1]", markdown) if "<!-- page " in markdown else markdown
