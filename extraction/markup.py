"""One page parsed: its tree, its absolute links, its main heading.

Links are made absolute here, before anything else looks at the tree, and permalinks lose their
pilcrow. It knows nothing about which part of the page is its content.
"""

import re
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from store.page import Outlink
from store.urls import coded_path

Tree = Any  # an lxml.html.HtmlElement; lxml ships no types

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote body center dd details dialog dir div dl dt fieldset "
        "figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu "
        "nav ol optgroup p pre search section summary table tbody td tfoot th thead tr ul xmp "
        "listing caption plaintext",
    )
)
"""Elements that begin and end a line of text."""
_PERMALINK = re.compile(
    r"(^|[\s_-])(headerlink|permalink|hash-?link|anchor-?js-link|header-anchor)"
)
_UNSPOKEN = ("font", "big", "small", "nobr", "blink")  # looks, nested without end in old pages
_REFRESH = re.compile(r"url\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_LONG_TAG = re.compile(r"<(/?[A-Za-z][A-Za-z0-9:-]{0,30})(?=[\s/>])[^<>]{8192,}>")
"""A tag with more in it than any page needs; libxml2 compares each attribute with all others."""
_WEB = ("http://", "https://")
MAX_ANCHOR = 200
MAX_URL = 2000


def words(text: str | None) -> str:
    """Return `text` on one line, its white space collapsed."""
    return _SPACE.sub(" ", text or "").strip()


def line_of(element: Tree) -> str:
    """Return the words of an element on one line; a `<br>` or a block's end parts two words."""
    if len(element) == 0:
        return words(element.text)
    from lxml import etree

    pieces: list[str] = []
    for event, inside in etree.iterwalk(element, ("start", "end")):
        if not isinstance(inside.tag, str):
            continue
        if inside.tag == "br" or inside.tag in BLOCKS:
            pieces.append(" ")
        if event == "start":
            pieces.append(inside.text or "")
        elif inside is not element:
            pieces.append(inside.tail or "")
    return words("".join(pieces))


class TooDeep(Exception):
    """More elements stand inside one another than are read; what is deeper would be lost."""


def parse(text: str) -> Tree | None:
    """Return the tree of an HTML page, or None where there is not a single element in it.

    Raises TooDeep beyond some 2,000 levels, where libxml2 drops the rest of a page. (Without
    `huge_tree` it does so at 255, which an old page reaches by never closing its <font>.)
    """
    from lxml import etree, html

    # lxml refuses a str with an encoding declaration, and NUL ends a C string early.
    text = _LONG_TAG.sub(r"<\1>", text)
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text.replace("\x00", ""), count=1)
    if not text.strip():
        return None
    parser = html.HTMLParser(huge_tree=True)
    try:
        tree = html.document_fromstring(text, parser=parser, ensure_head_body=True)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        if any(entry.type == etree.ErrorTypes.ERR_NO_MEMORY for entry in parser.error_log):
            raise MemoryError from None
        return None
    if any(entry.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for entry in parser.error_log):
        raise TooDeep
    etree.strip_tags(tree, *_UNSPOKEN)
    for stray in list(tree.iter(etree.Comment, etree.ProcessingInstruction)):
        if stray.getparent() is not None:
            stray.drop_tree()
    return tree


def base_of(tree: Tree, url: str) -> str:
    """Return the address that the page's relative links start from (`<base href>` counts)."""
    for base in tree.iterfind(".//base[@href]"):
        try:
            found = urljoin(url, str(base.get("href")).strip())
        except ValueError:
            break
        return found if found.startswith(_WEB) else url
    return url


def canonical_link(tree: Tree, base: str) -> str | None:
    """Return the absolute `<link rel=canonical>` of the page's head, if it has just one.

    In its body anybody may have written it, in a comment say.
    """
    named = {
        absolute(link.get("href"), base)
        for link in tree.iterfind(".//link[@href]")
        if "canonical" in (link.get("rel") or "").lower().split()
        and next(link.iterancestors("body"), None) is None
    }
    return named.pop() if len(named) == 1 else None


def absolute_links(tree: Tree, url: str, base: str) -> tuple[Outlink, ...]:
    """Make every link of `tree` absolute, in place, and return those to other http(s) pages.

    Fragments are dropped: a page, not a place in it, is what the store knows. Links to the page
    itself, `mailto:` and scripts lose their target and keep their words, permalinks go. The result
    is in document order, each address once with its first non-empty text.
    """
    found: dict[str, str] = {}
    self_url = urldefrag(url).url
    for link in list(tree.iter("a", "area")):
        if _PERMALINK.search(link.get("class") or "") or link.text == "¶":
            link.drop_tree()
            continue
        target = absolute(link.get("href"), base)
        if target is None or target == self_url:
            # Not drop_tag, which looks through all siblings.
            link.attrib.pop("href", None)
            continue
        link.set("href", target)
        text = _anchor(link)
        if not found.get(target):
            found[target] = text
    for frame in tree.iter("frame", "iframe"):
        target = absolute(frame.get("src"), base)
        if target is not None:
            found.setdefault(target, words(frame.get("title"))[:MAX_ANCHOR])
    for meta in tree.iterfind(".//meta[@content]"):
        refresh = _REFRESH.search(meta.get("content"))
        if refresh and (meta.get("http-equiv") or "").lower() == "refresh":
            target = absolute(refresh[1], base)
            if target is not None and target != self_url:
                found.setdefault(target, "")
    return tuple(Outlink(target, text) for target, text in found.items())


def _anchor(link: Tree) -> str:
    """What a link is called: its words, else its title, else what its picture shows."""
    if not (text := words(link.text_content() or link.get("title") or link.get("alt"))):
        image = link.find(".//img[@alt]")
        text = words(image.get("alt")) if image is not None else ""
    return text[:MAX_ANCHOR]


def absolute(href: str | None, base: str) -> str | None:
    """Return where a link leads as seen from the page at `base`, without its fragment.

    None for what is no other page: mail, scripts, a place on the same page. From a file that was
    imported (`doc:`) links lead to its neighbours; no web page has one to them.
    """
    href = (href or "").strip()
    if not href or href.startswith("#"):
        return None
    try:
        if not base.startswith(_WEB):
            return _beside(_SPACE.sub("%20", href), base)
        target = urldefrag(urljoin(base, _SPACE.sub("%20", href))).url
    except ValueError:
        return None
    return target if target.startswith(_WEB) and len(target) <= MAX_URL else None


def _beside(href: str, base: str) -> str | None:
    """Where a link on a page leads that is not of the web but, say, of an archive or a folder.

    On a page without an address only what is absolute leads anywhere. Raises ValueError for what
    is no address.
    """
    scheme, _, rest = base.partition("://")
    if not rest and not href.startswith(_WEB):
        return None
    target = urldefrag(urljoin(f"http://{rest}", href)).url
    inside = f"http://{rest.partition('/')[0]}/"
    if target.startswith(inside) and not href.startswith(_WEB):
        path = unquote(urlsplit(target).path.removeprefix("/"))
        target = f"{scheme}://{inside.removeprefix('http://')}{coded_path(path)}"
    elif not target.startswith(_WEB):
        return None
    return target if len(target) <= MAX_URL else None


def first_heading(tree: Tree) -> str:
    """Return the words of the page's main `<h1>`, empty where it has none.

    One inside `<main>` or `<article>` wins over an earlier one, which is often the site's logo.
    """
    for path in (".//main//h1", ".//article//h1", ".//h1"):
        for heading in tree.iterfind(path):
            if text := line_of(heading):
                return text
    return ""
