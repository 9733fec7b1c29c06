"""What stands inside a line of Markdown: white space, emphasis, code, links, formulas.

It dresses words that it is given, and knows neither blocks nor which elements are content.
"""

import re
from collections.abc import Callable

from .markup import Tree, words

LINE = "\x1e"  # a line break on its way through the collapsing of white space
TARGET = re.compile(r"\]\([^()\s]*\)")
_SPACE = re.compile(r"[\s\u2028\u2029]+")
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff\x00-\x08\x0e-\x1d\x1f\x7f]")
_BLANK = re.compile(r"\n{3,}")


def letters_in(text: str) -> int:
    """How many letters and digits a text has."""
    return sum(map(str.isalnum, text))


def linked_share(linked: int, text: str) -> float:
    """The share of the letters of `text` that are words of links."""
    return min(1.0, linked / max(1, letters_in(TARGET.sub("]", text))))


def visible(text: str | None) -> str:
    """The words of a text, without characters that nobody sees."""
    return words(_INVISIBLE.sub("", text or ""))


def collapse(raw: str) -> str:
    """White space as a browser shows it, and each `<br>` a new line; two make a blank one."""
    raw = _INVISIBLE.sub("", raw)
    if LINE not in raw:
        return _SPACE.sub(" ", raw).strip()
    lines = (_SPACE.sub(" ", line).strip() for line in raw.split(LINE))
    return _BLANK.sub("\n\n", "\n".join(lines)).strip()


def around(text: str, dress: Callable[[str], str]) -> str:
    """Dress the words of `text`; white space at its ends stays outside."""
    core = text.strip()
    if not core:
        return text
    lead = text[: len(text) - len(text.lstrip())]
    return lead + dress(core) + text[len(text.rstrip()) :]


def marked_as(text: str, mark: str) -> str:
    """Emphasise a text, unless the mark would mean nothing there."""
    # Code is not emphasised as well, and emphasis does not reach over a line.
    if (text.startswith("`") and text.endswith("`")) or LINE in text:
        return text
    return f"{mark}{text}{mark}"


def in_word(run: list[str], inside: str, tail: str | None) -> bool:
    """True for a drop capital and the like: marks inside a word would tear it apart."""
    before = next((piece for piece in reversed(run) if piece), "")
    return (before[-1:].isalnum() and inside[:1].isalnum()) or (
        (tail or "")[:1].isalnum() and inside[-1:].isalnum()
    )


def ticked(text: str) -> str:
    """A text as code."""
    text = words(text)
    if "`" not in text:
        return f"`{text}`"
    return f"`` {text} ``"


def link_to(target: str, text: str) -> str:
    """A text as a link; what would end either part too soon is escaped."""
    text = re.sub(r"(?<!\\)([\[\]])", r"\\\1", " ".join(text.replace(LINE, " ").split()))
    safe = target.replace("(", "%28").replace(")", "%29").replace(" ", "%20")
    return f"[{text}]({safe})"


def formula(element: Tree) -> str:
    """A formula as it was typed, if the page says so, else its letters."""
    for note in element.iter("annotation"):
        if "tex" in (note.get("encoding") or ""):
            return f"${words(note.text)}$"
    if element.get("alttext"):
        return f"${words(element.get('alttext'))}$"
    return words(element.text_content())
