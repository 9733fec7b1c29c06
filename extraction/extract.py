"""Bytes and headers of one response to a stored page: title, Markdown text, links, metadata.

`extract` is a pure function: the same bytes give the same page in every process, and it never
fetches, stores or logs. It knows nothing about crawling; importers of archives use the same door.
What cannot become a page comes back as a `Refusal` with a word that stays the same between
versions, never as an exception or a silent None.
"""

import functools
import importlib.metadata
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from store.page import Outlink, PageVersion
from store.urls import canonical, host

from . import markup, metadata
from .charset import decode
from .content import content_of
from .markdown import joined

MAX_BYTES = 10_000_000
MAX_ELEMENTS = 250_000
MAX_MARKS = 3 * MAX_ELEMENTS
"""Of `<`; counted before a page is parsed, because a tree takes a hundred times its bytes."""
MAX_TEXT = 5_000_000
MIN_WEIGHT = 40
"""Letters a page must have to be kept; one of Chinese, Japanese or Korean weighs three."""

HTML_TYPES = ("text/html", "application/xhtml+xml", "application/xml", "text/xml", "")
_MAGIC = (b"%PDF-", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"PK\x03\x04", b"\x1f\x8b", b"\x7fELF")
_TAG = re.compile(
    r"<\s*(!doctype|html|head|body|base|title|meta|link|style|script|template|frameset|iframe|div"
    r"|p|br|hr|h[1-6]|main|article|section|header|footer|nav|aside|center|table|tr|td|ul|ol|li|dl"
    r"|dt|pre|code|blockquote|form|select|a|b|i|u|em|strong|font|span|img|svg|math|details)\b",
    re.IGNORECASE,
)
_ASIAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_TARGET = re.compile(r"\]\([^()\s]*\)")
_HEADING_LINE = re.compile(r"(#{1,6})\s+(.*)")


@functools.cache
def extractor() -> str:
    """Return the name under which pages remember what read them; it changes with every rule."""
    return f"trafilatura-{importlib.metadata.version('trafilatura')}/2"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a response is not a page. Its links may still lead to pages.

    `reason` is one of `binary`, `empty`, `too-large`, `too-complex`, `bad-charset`, `not-html`,
    `no-text`, `navigation-only`, `too-short`; `detail` is a sentence for people.
    """

    reason: str
    detail: str
    outlinks: tuple[Outlink, ...] = ()


def extract(
    body: bytes,
    headers: Mapping[str, str],
    url: str,
    fetched_at: datetime,
    status: int = 200,
    source: str = "crawl",
    *,
    max_bytes: int = MAX_BYTES,
) -> PageVersion | Refusal:
    """Turn one response into a page, or say why it is none.

    `headers` has lower-case names; `url` is the address that answered, after redirects. The text
    is Markdown with absolute links, tables, code blocks and headings; the page's main heading
    stands in it exactly once.
    """
    content_type = headers.get("content-type", "")
    if (refusal := _unreadable(body, content_type, max_bytes)) is not None:
        return refusal
    text = decode(body, content_type)
    if text is None:
        return Refusal("bad-charset", "its bytes are not text in any character set that fits")
    if not _TAG.search(text[:50_000]):
        return Refusal("not-html", "there is no HTML in it")
    if (count := text.count("<")) > MAX_MARKS:
        return Refusal("too-complex", f"it has {count:,} marks of tags, more than {MAX_MARKS:,}")
    try:
        tree = markup.parse(text)
    except markup.TooDeep:
        return Refusal("too-complex", "its elements stand thousands deep inside one another")
    if tree is None:
        return Refusal("empty", "there is nothing in it")
    if (count := sum(1 for _ in tree.iter())) > MAX_ELEMENTS:
        return Refusal("too-complex", f"it has {count:,} elements, more than {MAX_ELEMENTS:,}")
    return _read(tree, headers, url, fetched_at, status, source)


def _read(
    tree: markup.Tree,
    headers: Mapping[str, str],
    url: str,
    fetched_at: datetime,
    status: int,
    source: str,
) -> PageVersion | Refusal:
    base = markup.base_of(tree, url)
    declared = markup.canonical_link(tree, base)
    outlinks = markup.absolute_links(tree, url, base)
    heading = markup.first_heading(tree)
    title = metadata.title_of(tree, heading, url)
    published = metadata.published_of(tree)
    site = metadata.site_of(tree, url)
    author = metadata.author_of(tree)
    content = content_of(tree)
    text = _with_heading(joined(content.blocks), heading)
    if content.is_navigation:
        return Refusal("navigation-only", "there is nothing on it but links", outlinks)
    weight = _weight(text)
    if weight == 0:
        return Refusal("no-text", "no text was left after navigation and scripts", outlinks)
    if len(text) > MAX_TEXT:
        return Refusal("too-large", f"its text has {len(text):,} letters", outlinks)
    if weight < MIN_WEIGHT:
        return Refusal("too-short", f"it has only about {weight} letters of text", outlinks)
    return PageVersion(
        url=canonical(url),
        title=title,
        text=text,
        fetched_at=fetched_at,
        lang=metadata.language_of(tree, text),
        site=site,
        published=published,
        author=author,
        status=status,
        source=source,
        extractor=extractor(),
        outlinks=outlinks,
        etag=headers.get("etag") or None,
        last_modified=headers.get("last-modified") or None,
        # What a file on disk names is believed: it may have been saved from anywhere.
        aliases=(declared,) if declared and not host(url) else (),
        declared=declared or "",
    )


def _unreadable(body: bytes, content_type: str, max_bytes: int) -> Refusal | None:
    kind = content_type.split(";")[0].strip().lower()
    if len(body) > max_bytes:
        return Refusal("too-large", f"it has {len(body):,} bytes, more than {max_bytes:,}")
    if kind not in HTML_TYPES:
        return Refusal("not-html", f"it is {kind}")
    if not body.strip():
        return Refusal("empty", "there is nothing in it")
    wide = body[:2] in (b"\xff\xfe", b"\xfe\xff") or "utf-16" in content_type.lower()
    if body.startswith(_MAGIC) or (not wide and _is_binary(body[:100_000])):
        return Refusal("binary", f"it is called {kind or 'nothing'}, but its bytes are no text")
    return None


def _is_binary(sample: bytes) -> bool:
    """More than a stray NUL or two: text has none."""
    return sample.count(0) > max(2, len(sample) // 1000)


def _with_heading(text: str, heading: str) -> str:
    """Return `text` with the page's main heading in it once, as `# …`."""
    if not heading:
        return text
    wanted = _letters(heading)
    lines = text.split("\n")
    for index, line in enumerate(lines[:40]):
        match = _HEADING_LINE.match(line)
        if _letters(match[2] if match else line) != wanted:
            continue
        if match or index == 0:
            lines[index] = f"# {heading}"
            return "\n".join(lines).strip()
    return f"# {heading}\n\n{text}".strip()


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _weight(text: str) -> int:
    """About how much a reader can read: letters and digits without the targets of links."""
    seen = _TARGET.sub("]", text)
    return sum(1 for char in seen if char.isalnum()) + 2 * len(_ASIAN.findall(seen))
