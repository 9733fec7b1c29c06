"""A stored page as one local HTML file, with quotes highlighted in it.

The Markdown is rendered by markdown-it-py with raw HTML off, so whatever a page holds comes out
inert; images are named but never loaded, and the policy in the head forbids any request.
"""

import html
from collections.abc import Sequence
from importlib.resources import files
from urllib.parse import urlsplit

from store.page import PageVersion

_OPEN, _CLOSE = "\ue000", "\ue001"


def page_html(page: PageVersion, spans: Sequence[tuple[int, int]] = ()) -> str:
    """Return a self-contained HTML document of `page` with the character `spans` highlighted."""
    body = _render(_marked(page.text, spans))
    body = body.replace(_OPEN, '<mark class="quote">').replace(_CLOSE, "</mark>")
    style = files(__package__).joinpath("page.css").read_text("utf-8")
    facts = (
        f"{html.escape(page.url)} · captured {page.fetched_at:%Y-%m-%d %H:%M} UTC · "
        f"{html.escape(page.digest)}"
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


def _marked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Put the marks of the highlight into the Markdown, line by line and cell by cell."""
    clean = text.replace(_OPEN, " ").replace(_CLOSE, " ")
    for start, end in sorted(spans, reverse=True):
        clean = (
            clean[:start]
            + "\n".join(_mark_line(l) for l in clean[start:end].split("\n"))
            + clean[end:]
        )
    return clean


def _mark_line(line: str) -> str:
    if not line.strip():
        return line
    if line.lstrip().startswith("|"):
        return "|".join(_mark_cell(cell) for cell in line.split("|"))
    indent = len(line) - len(line.lstrip(" \t#>*-+"))
    return line[:indent] + _OPEN + line[indent:] + _CLOSE


def _mark_cell(cell: str) -> str:
    if not cell.strip() or set(cell.strip()) <= set("-: "):
        return cell
    return f" {_OPEN}{cell.strip()}{_CLOSE} "


def _render(markdown: str) -> str:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML

    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")

    def image(self: RendererHTML, tokens: list, index: int, options: object, env: object) -> str:  # type: ignore[type-arg]
        return f"<em>[image: {html.escape(tokens[index].content)}]</em>"

    def link(self: RendererHTML, tokens: list, index: int, options: object, env: object) -> str:  # type: ignore[type-arg]
        # A link is shown, not followed: the page may not be on this machine.
        target = str(tokens[index].attrGet("href") or "")
        kind = urlsplit(target).scheme
        return f'<a class="{html.escape(kind or "local")}" title="{html.escape(target)}">'

    parser.add_render_rule("image", image)
    parser.add_render_rule("link_open", link)
    return str(parser.render(markdown))
