"""The links in the Markdown of a document, as a crawl keeps them beside the text of a page.

It knows text alone; whether an address leads anywhere is for the index to say.
"""

import re
from urllib.parse import urljoin

from store.page import Outlink

_LINK = re.compile(
    r"(?<!!)\[([^\[\]\n]{1,200})\]\(\s*<?([^\s()<>]+(?:\([^\s()]*\)[^\s()<>]*)*)>?(?:\s+\"[^\"\n]*\")?\s*\)"
)


def links(text: str, url: str) -> tuple[Outlink, ...]:
    """Return the links of `text` in their order, made absolute by the address of the page."""
    found = []
    for match in _LINK.finditer(text):
        try:
            found.append(Outlink(urljoin(url, match[2]), match[1]))
        except ValueError:
            continue
    return tuple(found)
