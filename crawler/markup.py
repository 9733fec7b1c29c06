"""One parsed page made ready for extraction: absolute links, plain code blocks, no navigation.

Everything here is done to the tree *before* the extractor sees it, because the extractor resolves
relative links against the site's root, loses code inside definition lists, and takes the pilcrow
of a permalink for text. It knows nothing about which part of the page is its content.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urldefrag, urljoin

from store.page import Outlink

Tree = Any  # an lxml.html.HtmlElement; lxml ships no types

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_PERMALINK = re.compile(
    r"(^|[\s_-])(headerlink|permalink|hash-?link|anchor-?js-link|header-anchor)"
)
_NAVIGATION = (
    "//nav | //*[@role='navigation' or @role='search' or @role='banner' or @role='contentinfo']"
    " | //body/footer | //body/header | //body/*/footer[not(parent::article or parent::main)]"
    " | //body/*/header[not(parent::article or parent::main)]"
    " | //div[contains(concat(' ', @class, ' '), ' sphinxsidebar ')"
    " or contains(concat(' ', @class, ' '), ' related ')]"
    " | //script | //style | //template | //noscript | //*[@hidden] | //*[@aria-hidden='true']"
)
_REFRESH = re.compile(r"url\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_RAISED = "0123456789+-−n"
_SUPERSCRIPTS = str.maketrans("0123456789+-−n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻ⁿ")
MAX_ANCHOR = 200
MAX_URL = 2000


def words(text: str | None) -> str:
    """Return `text` on one line, its white space collapsed."""
    return _SPACE.sub(" ", text or "").strip()


def parse(text: str) -> Tree | None:
    """Return the tree of an HTML page, or None where there is not a single element in it.

    libxml2 stops nesting at 255 levels, so that no page can exhaust the stack.
    """
    from lxml import etree, html

    # lxml refuses a str with an encoding declaration, and NUL ends a C string early.
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text.replace("\x00", ""), count=1)
    if not text.strip():
        return None
    try:
        tree = html.document_fromstring(text, ensure_head_body=True)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None
    for stray in list(tree.iter(etree.Comment, etree.ProcessingInstruction)):
        if stray.getparent() is not None:
            stray.drop_tree()
    return tree


def base_of(tree: Tree, url: str) -> str:
    """Return the address that the page's relative links start from (`<base href>` counts)."""
    for base in tree.iterfind(".//base[@href]"):
        try:
            return urljoin(url, str(base.get("href")).strip())
        except ValueError:
            break
    return url


def canonical_link(tree: Tree, base: str) -> str | None:
    """Return the absolute `<link rel=canonical>` of the page, if it has one."""
    for link in tree.iterfind(".//link[@href]"):
        if "canonical" in (link.get("rel") or "").lower().split():
            return _absolute(link.get("href"), base)
    return None


def absolute_links(tree: Tree, url: str, base: str) -> tuple[Outlink, ...]:
    """Make every link of `tree` absolute, in place, and return those to other http(s) pages.

    Fragments are dropped: a page, not a place in it, is what the store knows. Links to the page
    itself, `mailto:`, scripts and permalinks lose their tag and keep their words. The result is in
    document order, each address once with its first non-empty text.
    """
    found: dict[str, str] = {}
    self_url = urldefrag(url).url
    for link in list(tree.iter("a", "area")):
        if _PERMALINK.search(link.get("class") or "") or link.text == "¶":
            link.drop_tree()
            continue
        target = _absolute(link.get("href"), base)
        if target is None or target == self_url:
            link.drop_tag()
            continue
        link.set("href", target)
        text = words(link.text_content() or link.get("title") or link.get("alt"))[:MAX_ANCHOR]
        if not found.get(target):
            found[target] = text
    for frame in tree.iter("frame", "iframe"):
        target = _absolute(frame.get("src"), base)
        if target is not None:
            found.setdefault(target, words(frame.get("title"))[:MAX_ANCHOR])
    for meta in tree.iterfind(".//meta[@content]"):
        refresh = _REFRESH.search(meta.get("content"))
        if refresh and (meta.get("http-equiv") or "").lower() == "refresh":
            target = _absolute(refresh[1], base)
            if target is not None and target != self_url:
                found.setdefault(target, "")
    return tuple(Outlink(target, text) for target, text in found.items())


def _absolute(href: str | None, base: str) -> str | None:
    href = (href or "").strip()
    if not href or href.startswith("#"):
        return None
    try:
        target = urldefrag(urljoin(base, _SPACE.sub("%20", href))).url
    except ValueError:
        return None
    if not target.startswith(("http://", "https://")) or len(target) > MAX_URL:
        return None
    return target


def drop_navigation(tree: Tree) -> None:
    """Remove what repeats on every page of a site, and what is not text, from `tree` in place."""
    for element in tree.xpath(_NAVIGATION):
        if element.getparent() is not None:
            element.drop_tree()


def simplify(tree: Tree) -> None:
    """Rewrite, in place, the shapes that the extractor would flatten or lose.

    Code blocks become one run of text; links inside headings become the heading's words; a
    definition list becomes a bold term followed by ordinary blocks, so that code, tables and lists
    inside a definition survive. `10<sup>3</sup>` becomes 10³, not 103.
    """
    for block in list(tree.iter("pre")):
        _plain_code(block)
    for heading in tree.iter(*HEADINGS):
        for link in list(heading.iter("a")):
            link.drop_tag()
    for element in list(tree.iter("dd", "dl", "figure", "figcaption")):
        element.tag = "p" if element.tag == "figcaption" else "div"
        element.attrib.clear()
    for element in list(tree.iter("sup")):
        text = element.text_content().strip()
        if len(element) == 0 and text and not text.strip(_RAISED):
            element.text = text.translate(_SUPERSCRIPTS)
    # The extractor drops dates marked up as such, and writes the others as HTML into Markdown.
    for element in list(tree.iter("time", "sub", "sup", "u")):
        element.drop_tag()
    for term in list(tree.iter("dt")):
        _bold_term(term)


def _plain_code(block: Tree) -> None:
    from lxml import etree

    text = _code_text(block).strip("\n")
    block.clear(keep_tail=True)
    code = etree.SubElement(block, "code")
    code.text = text if "\n" in text else text + "\n"


def _code_text(block: Tree) -> str:
    return "".join(_code_pieces(block))


def _code_pieces(element: Tree) -> Iterator[str]:
    if element.tag == "br":
        yield "\n"
    yield element.text or ""
    for child in element:
        if isinstance(child.tag, str):
            yield from _code_pieces(child)
        yield child.tail or ""


def _bold_term(term: Tree) -> None:
    from lxml import etree

    links = [(a.get("href"), words(a.text_content())) for a in term.iter("a") if a.get("href")]
    text = words(term.text_content())
    # "[source]" is a link of documentation tools to their code, not a word of the signature.
    for _, label in links:
        if label.lower() in ("[source]", "source"):
            text = words(text.replace(label, ""))
    lone = links[0][0] if len(links) == 1 and links[0][1] == text else None
    term.clear(keep_tail=True)
    term.tag = "p"
    strong = etree.SubElement(term, "strong")
    holder = etree.SubElement(strong, "a", href=lone) if lone else strong
    holder.text = text


def first_heading(tree: Tree) -> str:
    """Return the words of the page's main `<h1>`, empty where it has none.

    One inside `<main>` or `<article>` wins over an earlier one, which is often the site's logo.
    """
    for path in (".//main//h1", ".//article//h1", ".//h1"):
        for heading in tree.iterfind(path):
            if text := words(heading.text_content()):
                return text
    return ""
