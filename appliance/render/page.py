"""A stored page as one local HTML file, with quotes highlighted in it.

The Markdown is rendered by markdown-it-py with raw HTML off, so whatever a page holds comes out
inert; images are named but never loaded, and the policy in the head forbids any request.
"""

import html
import re
from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING

from store.page import PageVersion

if TYPE_CHECKING:
    from markdown_it.token import Token

    Tokens = Sequence[Token]

# Private letters that stand for the highlight's tags until the Markdown is rendered.
_OPEN, _CLOSE = "\ue000", "\ue001"
_BLOCK_MARKUP = re.compile(r"\s*(?:(?:[#>*+-]+|\d+[.)])(?:\s+|$))*")
_BLOCK_TAG = re.compile(r"</?(?:p|h[1-6]|li|td|th|pre|blockquote|tr)\b")
_NOT_TEXT = re.compile(r"\s*(?:```|~~~|[-*_=\s]*$)")


def page_html(page: PageVersion, spans: Sequence[tuple[int, int]] = ()) -> str:
    """Return a self-contained HTML document of `page` with the character `spans` highlighted."""
    body = body_html(page.text, spans)
    style = files(__package__).joinpath("page.css").read_text("utf-8")
    facts = (
        f"{html.escape(page.url)} · captured {page.fetched_at:%Y-%m-%d %H:%M} UTC · "
        f"{html.escape(page.digest)}{html.escape(origin(page))}"
    )
    return (
        '<!doctype html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        "<title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        "<header>{facts}</header>\n<main>\n{body}</main>\n</body>\n</html>\n"
    ).format(
        lang=html.escape(page.lang or "en"),
        title=html.escape(page.title),
        style=style,
        facts=facts,
        body=body,
    )


def origin(page: PageVersion) -> str:
    """Say where a page came from and the digest of what was captured; nothing where neither is
    known.
    """
    source = f" · from {page.source}" if page.source else ""
    return source + (f" · its bytes had {page.capture}" if page.capture else "")


def body_html(text: str, spans: Sequence[tuple[int, int]] = (), spelled: bool = False) -> str:
    """Return the Markdown `text` as inert HTML, with the character `spans` highlighted.

    With `spelled` the address of a link stands behind it as text, and in no attribute.
    """
    return _tagged(_render(_marked(text, spans), spelled))


def _marked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Put the marks of the highlight into the Markdown, line by line and cell by cell."""
    clean = text.replace(_OPEN, " ").replace(_CLOSE, " ")
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    for start, end in reversed(merged):
        marked = "\n".join(_mark_line(line) for line in clean[start:end].split("\n"))
        clean = clean[:start] + marked + clean[end:]
    return clean


def _mark_line(line: str) -> str:
    if _NOT_TEXT.match(line):
        return line
    if line.lstrip().startswith("|"):
        return "|".join(_mark_cell(cell) for cell in line.split("|"))
    markup = _BLOCK_MARKUP.match(line)
    indent = markup.end() if markup else 0
    return line[:indent] + _OPEN + line[indent:] + _CLOSE


def _mark_cell(cell: str) -> str:
    if not cell.strip() or set(cell.strip()) <= set("-: "):
        return cell
    return f" {_OPEN}{cell.strip()}{_CLOSE} "


def _tagged(body: str) -> str:
    """Wrap each run of highlighted letters in its own tags, so that they always nest."""
    inside = False
    parts = []
    for part in re.split(f"([{_OPEN}{_CLOSE}]|<[^>]*>)", body):
        if part in (_OPEN, _CLOSE):
            inside = part == _OPEN
        elif part.startswith("<"):
            inside = inside and not _BLOCK_TAG.match(part)
            parts.append(part)
        elif part:
            parts.append(f'<mark class="quote">{part}</mark>' if inside else part)
    return "".join(parts)


def _render(markdown: str, spelled: bool = False) -> str:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML

    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")
    # The stored text is what a page said, not HTML: an entity in it is the letters of an entity.
    parser.disable("entity")

    targets: list[str] = []

    def image(
        self: RendererHTML, tokens: "Tokens", index: int, options: object, env: object
    ) -> str:
        return f"<em>[image: {html.escape(tokens[index].content)}]</em>"

    def link(self: RendererHTML, tokens: "Tokens", index: int, options: object, env: object) -> str:
        # A link is shown, not followed: the page may not be on this machine.
        target = _plain(str(tokens[index].attrGet("href") or ""))
        targets.append(target)
        return "<a>" if spelled else f'<a title="{html.escape(target)}">'

    def close(
        self: RendererHTML, tokens: "Tokens", index: int, options: object, env: object
    ) -> str:
        target = targets.pop()
        return f"</a> <small>({html.escape(target)})</small>" if spelled else "</a>"

    def fence(
        self: RendererHTML, tokens: "Tokens", index: int, options: object, env: object
    ) -> str:
        return f"<pre><code>{html.escape(tokens[index].content)}</code></pre>\n"

    parser.add_render_rule("image", image)
    parser.add_render_rule("link_open", link)
    parser.add_render_rule("link_close", close)
    parser.add_render_rule("fence", fence)
    return str(parser.render(markdown))


def _plain(text: str) -> str:
    """Take the highlight out of an address that a span begins or ends in."""
    return re.sub("[\ue000\ue001]|%EE%80%8[01]", "", text)
