"""A file of plain text → a draft. Its first line is its title where it looks like one.

It knows no markup: what would be a page mark of a PDF is not one here.
"""

import re

from .draft import Draft, line
from .markdown import text_of

READER = "text/1"
LONGEST_TITLE = 120
_MARK = re.compile(r"(?m)^([ \t]*<!-- )page (?=\d+ -->[ \t]*$)")


def read(body: bytes, url: str, content_type: str = "") -> Draft:
    """Return the draft of a text file.

    Raises Unfit: `bad-charset`, `too-large`.
    """
    text = _MARK.sub(r"\1Page ", text_of(body, content_type)).lstrip("\n")
    first, _, rest = text.partition("\n")
    title = line(first)
    # A title stands alone: the next line is empty, and it is no sentence.
    alone = bool(rest.strip()) and not rest.split("\n", 1)[0].strip()
    is_title = alone and len(title) <= LONGEST_TITLE and not title.endswith((".", ",", ";", ":"))
    return Draft(text=text, by=READER, title=title if is_title else "")
