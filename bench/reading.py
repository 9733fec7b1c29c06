"""What was read of a page held against its HTML: title, links, language, headings, code.

It goes by the markup of the page's content (`bench.realpages`), with its own eyes: nothing of the
extraction is used but its result.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from store.page import PageVersion

from .realpages import Collection, spaced_text

WHEN = datetime(2026, 1, 1, tzinfo=UTC)
_FENCED = re.compile(r"(?ms)^(`{3,})\n(.*?)\n\1$")
_LINK = re.compile(r"\]\(([^()\s]*)\)")
_CODE = re.compile(r"`+[^`\n]+`+")
_HEADING = re.compile(r"(?m)^(#{1,6}) (.*)$")


def read(url: str, body: bytes) -> Any:
    """What extraction makes of a page: a PageVersion or a Refusal."""
    from extraction.extract import extract

    return extract(body, {"content-type": "text/html"}, url, WHEN)


def faults(collection: Collection, page: PageVersion) -> Iterator[str]:
    """What is wrong with any page by itself, whatever its HTML."""
    if not page.title.strip():
        yield "no title"
    prose = _CODE.sub("", _FENCED.sub("", page.text))
    targets = [*_LINK.findall(prose), *(link.url for link in page.outlinks)]
    for target in targets:
        if not target.startswith(("http://", "https://")):
            yield f"relative link {target}"
    if page.lang != collection.lang:
        yield f"language {page.lang or 'unknown'}, not {collection.lang}"


def differences(collection: Collection, page: PageVersion, body: bytes) -> Iterator[str]:
    """Where the text of a page says something else than its HTML: headings with their levels and
    order, and every line of code.
    """
    main = collection.content(body)
    wanted = [
        (int(heading.tag[1]), _letters(spaced_text(heading)))
        for heading in main.iter("h1", "h2", "h3", "h4", "h5", "h6")
        if _letters(spaced_text(heading))
    ]
    fenced = "\n".join(found[1] for found in _FENCED.findall(page.text))
    found = [
        (len(marks), _letters(said)) for marks, said in _HEADING.findall(_FENCED.sub("", page.text))
    ]
    if found != wanted:
        missing = [said for said in wanted if said not in found]
        surplus = [said for said in found if said not in wanted]
        yield f"headings: missing {missing[:2]}, surplus {surplus[:2]}, or out of order"
    lines = {line.strip() for line in fenced.split("\n")}
    for block in main.iter("pre"):
        for line in str(block.text_content()).split("\n"):
            if line.strip() and line.expandtabs(8).strip() not in lines:
                yield f"code: no line “{line.strip()[:60]}”"
                return


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))
