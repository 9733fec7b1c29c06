"""A file of Markdown → a draft: its front matter is what it says about itself, the rest its text.

Links between files are made whole, so that they can be followed. It knows nothing about folders.
"""

import re
from typing import Any

from store.page import Outlink

from ..charset import decode
from ..markup import MAX_ANCHOR, absolute
from .draft import MAX_TEXT, Draft, Unfit, day_of, line, plain

READER = "markdown/1"
MAX_FRONT = 50_000
_FRONT = re.compile(r"\A---[ \t]*\r?\n(.*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_FRONT_TOML = re.compile(r"\A\+\+\+[ \t]*\r?\n(.*?)\r?\n\+\+\+[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_ANCHOR = re.compile(r"(?m)(?:^|[:\-,\[{]\s*)[&*]\w")
_FENCE = re.compile(r"(?ms)^[ \t]*(`{3,}|~{3,}).*?(?:^[ \t]*\1[`~]*[ \t]*$|\Z)|`[^`\n]+`")
_LINK = re.compile(
    r"(?<!!)\[((?:[^\[\]\n]|\[[^\[\]\n]*\])*)\]"  # the words, a pair of brackets in them
    r"\(\s*<?([^\s()<>]+(?:\([^\s()]*\))?)>?(?:\s+(?:\"[^\"\n]*\"|'[^'\n]*'))?\s*\)"
)
_UNDERLINED = re.compile(r"(?m)^(?!\s)([^\n]{1,200})\n(=+|-+)[ \t]*$")
_MARK = re.compile(r"(?m)^([ \t]*<!-- )page (?=\d+ -->[ \t]*$)")


def read(body: bytes, url: str, content_type: str = "") -> Draft:
    """Return the draft of a Markdown file.

    Raises Unfit: `bad-charset`, `too-large`.
    """
    text = text_of(body, content_type)
    about, text = front_matter(text)
    text = _UNDERLINED.sub(lambda m: f"{'#' if m[2][0] == '=' else '##'} {m[1].strip()}", text)
    text, links = _linked(_unmarked(text), url)
    title = line(about.get("title", ""))
    author = about.get("author") or about.get("authors") or ""
    return Draft(
        text=text,
        by=READER,
        title=plain(title) if title else "",
        lang=about.get("lang") or about.get("language") or "",
        author=author,
        published=day_of(about.get("date") or about.get("published")),
        outlinks=links,
        url=_own(about),
    )


def text_of(body: bytes, content_type: str) -> str:
    """Return bytes as text.

    Raises Unfit: `bad-charset` where they are none, `too-large`.
    """
    text = None
    wide = body[:2] in (b"\xff\xfe", b"\xfe\xff")
    if wide or body[:100_000].count(0) <= max(2, len(body[:100_000]) // 1000):
        text = decode(body, content_type)
    if text is None:
        raise Unfit("bad-charset", "its bytes are not text in any character set that fits")
    if len(text) > MAX_TEXT:
        raise Unfit("too-large", f"it has {len(text):,} letters, more than {MAX_TEXT:,}")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")


def front_matter(text: str) -> tuple[dict[str, str], str]:
    """Return what stands in the front matter of a text as words, and the text without it.

    Front matter that cannot be read is left where it is.
    """
    for pattern, parse in ((_FRONT, _yaml), (_FRONT_TOML, _toml)):
        found = pattern.match(text[: MAX_FRONT + 10])
        if found is not None and (about := parse(found[1])) is not None:
            return about, text[found.end() :]
    return {}, text


def _yaml(front: str) -> dict[str, str] | None:
    import yaml

    if _ANCHOR.search(front):
        return None  # anchors can multiply a value beyond all bounds, and no title needs one
    try:
        # The base loader makes words of everything: no dates, no objects.
        about = yaml.load(front, Loader=yaml.BaseLoader)  # noqa: S506
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    return _words(about) if isinstance(about, dict) else None


def _toml(front: str) -> dict[str, str] | None:
    import tomllib

    try:
        return _words(tomllib.loads(front))
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


def _words(about: dict[Any, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in about.items():
        if isinstance(value, list):
            value = ", ".join(str(one) for one in value[:20] if not isinstance(one, dict | list))
        if not isinstance(value, dict):
            found[str(key).lower()] = line(str(value))
    return found


def _own(about: dict[str, str]) -> str:
    for name in ("url", "canonical_url", "canonical", "permalink", "source"):
        if (found := about.get(name, "")).startswith(("http://", "https://")):
            return found
    return ""


def _linked(text: str, url: str) -> tuple[str, tuple[Outlink, ...]]:
    """The text with its links to other pages and files whole, and these links; code is left."""
    found: dict[str, str] = {}

    def whole(match: re.Match[str]) -> str:
        target = absolute(match[2], url)
        if target is None:
            return match[0]
        if target != url:
            found.setdefault(target, plain(match[1])[:MAX_ANCHOR])
        return f"[{match[1]}]({target.replace('(', '%28').replace(')', '%29')})"

    pieces: list[str] = []
    at = 0
    for code in _FENCE.finditer(text):
        pieces += (_LINK.sub(whole, text[at : code.start()]), code[0])
        at = code.end()
    pieces.append(_LINK.sub(whole, text[at:]))
    return "".join(pieces), tuple(Outlink(target, words) for target, words in found.items())


def _unmarked(text: str) -> str:
    """A text cannot say of itself on which page of a PDF it stands."""
    return _MARK.sub(r"\1Page ", text)
