"""Links of a page's marked content carried past the extractor as plain text, then put back.

The extractor takes a list whose words are mostly links for navigation and drops it. That is right
in a sidebar and wrong inside `<main>`: there it would lose a “List of rivers”, a table of contents
or a chapter's index, which is where a reader finds the next page. This module knows nothing about
extraction but that it keeps text.
"""

import re

from .markup import Tree

OPEN, MIDDLE, CLOSE = "⦗", "⦘", "⧽"
_SHIELDED = re.compile(f"{OPEN}(\\d+){MIDDLE}([^{OPEN}{CLOSE}]*){CLOSE}")
_STRAY = re.compile(f"{OPEN}\\d+{MIDDLE}|{CLOSE}")
_MAIN = (
    "//main//a[@href] | //*[@role='main']//a[@href] | //article//a[@href]"
    " | //*[@id='content' or @id='mw-content-text' or @id='main-content']//a[@href]"
)


def shield(tree: Tree) -> list[str]:
    """Replace the links of the content by marked text, in place; return their targets in order.

    A page that already holds one of the marks is left alone.
    """
    targets: list[str] = []
    links = tree.xpath(_MAIN)
    if not links or any(mark in tree.text_content() for mark in (OPEN, MIDDLE, CLOSE)):
        return targets
    numbers: dict[str, int] = {}
    previous = ""
    for link in links:
        if link.getparent() is None:
            continue
        in_code = next(link.iterancestors("code", "pre", "tt", "kbd"), None) is not None
        if not in_code and link.text_content().strip():
            target = link.get("href")
            if target not in numbers:
                numbers[target] = len(targets)
                targets.append(target)
            # A run of links to one page (a chapter's index) needs its address once.
            if target != previous:
                _mark(link, numbers[target])
            previous = target
        link.drop_tag()
    return targets


def _mark(link: Tree, number: int) -> None:
    # White space moves outside, or the words around the link would run into it.
    text = link.text or ""
    lead = text[: len(text) - len(text.lstrip())] if text.strip() else ""
    link.text = f"{lead}{OPEN}{number}{MIDDLE}{text.lstrip()}"
    if len(link):
        last = link[-1]
        tail = last.tail or ""
        last.tail = f"{tail.rstrip()}{CLOSE}{tail[len(tail.rstrip()) :]}"
    else:
        kept = link.text.rstrip()
        link.text = f"{kept}{CLOSE}{link.text[len(kept) :]}"


def restore(text: str, targets: list[str]) -> str:
    """Return `text` with every marked link as Markdown; a mark torn apart leaves only its words."""
    if not targets:
        return text

    def link(found: re.Match[str]) -> str:
        number, label = int(found[1]), found[2].strip()
        if number >= len(targets) or not label:
            return label
        label = re.sub(r"(?<!\\)([\[\]])", r"\\\1", label)
        target = targets[number].replace("(", "%28").replace(")", "%29").replace(" ", "%20")
        return f"[{label}]({target})"

    return _STRAY.sub("", _SHIELDED.sub(link, text))
