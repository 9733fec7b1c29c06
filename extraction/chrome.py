"""What surrounds the content on every page of a site: menus, footers, banners, boxes of links.

It is known by the names that pages give to it (elements, roles, classes), never by its place or
length. It knows nothing about what is left.
"""

import re

from .markup import Tree

_NEVER_TEXT = "//script | //style | //template | //noscript | //*[@hidden]"
_NAVIGATION = (
    "//nav | //*[@role='navigation' or @role='search' or @role='banner' or @role='contentinfo'"
    " or @role='menu' or @role='menubar' or @role='dialog' or @role='alertdialog']"
    " | //body/footer | //body/header | //body/*/footer[not(parent::article or parent::main)]"
    " | //body/*/header[not(parent::article or parent::main)]"
    " | //*[@aria-hidden='true' and not(descendant::math)]"
    " | //*[contains(translate(@style, ' ', ''), 'display:none') and not(descendant::math)]"
)
_NAMES = re.compile(
    r"(?:^|\s)(?:"
    # Wikis
    r"mw-editsection\S*|mw-cite-backlink|navbox\S*|catlinks|mw-jump-link|noprint|mw-indicators|metadata|sistersitebox"
    # Generators of documentation
    r"|sphinxsidebar\S*|related|navheader|navfooter|prevnext\S*|headerlink|linenos|lineno|edit-this-page"
    r"|nosearch|doc-?nav|skip-?nav\S*|skip-?link\S*|navbar\S*|top-?nav|bottom-?nav|sub-?nav|nav-?list\S*"
    # Everywhere
    r"|breadcrumbs?|breadcrumb-\S+|pagination|pager|site-?(?:header|footer|nav\S*)|page-?footer"
    r"|side-?bar|sidebar-\S+|menu|main-?menu|footer|global-?(?:header|footer|nav)|masthead-nav"
    r"|(?:social|share|sharing)(?:-\S+|bar|buttons?|links?|icons?)?|addthis\S*"
    r"|cookie-?(?:banner|bar|notice|consent|popup)\S*|gdpr\S*|consent-\S+"
    r"|newsletter(?:-\S+)?|subscribe(?:-\S+)?|sign-?up-?(?:form|box)"
    r"|advert\S*|ads?|ad-\S+|sponsored(?:-\S+)?|promo(?:-\S+)?|outbrain\S*|taboola\S*|banner-ad\S*"
    r"|related-?(?:posts?|articles?|stories|content|links|news|products?|items?)|read-?(?:more|next)"
    r"|recommend(?:ed|ations?)(?:-\S+)?|more-?(?:stories|news|from)\S*|trending(?:-\S+)?|most-?read"
    r"|you-?may-?also-?like|customers-?also-?\S+|recently-?viewed\S*"
    r"|visually-?hidden|sr-?only|screen-?reader-?text|hidden-?print|print-?only|no-?print"
    r"|comment-?form|respond|reply-?form|login-?form|search-?form|search-?box"
    r")(?=\s|$)",
    re.IGNORECASE,
)
_KEPT = frozenset(
    ("html", "body", "main", "article", "pre", "code", "h1", "h2", "h3", "h4", "h5", "h6", "table")
)
_SECTIONS = frozenset(("section", "dt", "dd", "span", "a", "p", "li", "tr", "td"))
_SECTION = re.compile(r"(?:^|\s)(?:section|sect\d?|level\d|refsect\d|chapter)(?=\s|$)", re.I)
_TOC = re.compile(r"(?:^|\s)(?:toc|table-of-contents|contents local|contents topic)(?=\s|$)", re.I)
BOX_LETTERS, BOX_LINKS = 150, 0.2
_BOX = re.compile(r"(?:^|\s)(?:side-?bar|related|metadata|noprint)(?=\s|$)", re.IGNORECASE)
LARGEST_SHARE = 0.5
"""Of a page's letters; what is named like a menu and holds more than this is not one."""


def drop(tree: Tree) -> None:
    """Remove everything that is named as chrome from `tree`, in place."""
    for element in tree.xpath(_NEVER_TEXT):
        _remove(element)
    total = _size(tree)
    for element in tree.xpath(_NAVIGATION):
        if _size(element) <= LARGEST_SHARE * total or element.tag in ("nav", "header", "footer"):
            _remove(element)
    for element in tree.xpath("//*[@class or @id]"):
        if element.tag in _KEPT:
            continue
        names = element.get("class") or ""
        if not (element.tag in _SECTIONS or _SECTION.search(names)):
            # The id of a section is made from its heading, which may be “Recommended”.
            names = f"{names} {element.get('id') or ''}"
        if _NAMES.search(names):
            if _size(element) <= LARGEST_SHARE * total and not _is_box_of_text(element, names):
                _remove(element)
        elif _TOC.search(names) and element.find(".//a[@href]") is None:
            # A list of this page's own headings; one that leads to other pages is content.
            _remove(element)


def has_known_frame(tree: Tree) -> bool:
    """True for DocBook and AsciiDoc, whose body is the content once the frame is gone."""
    for meta in tree.iterfind(".//meta[@content]"):
        if (meta.get("name") or "").lower() == "generator":
            return bool(re.match(r"DocBook|AsciiDoc|Asciidoctor", meta.get("content")))
    return False


def _is_box_of_text(element: Tree, names: str) -> bool:
    """True for a box of prose beside a text, which handbooks call a sidebar as well."""
    if not _BOX.search(names):
        return False
    size = _size(element)
    return size >= BOX_LETTERS and sum(map(_size, element.iter("a"))) < BOX_LINKS * size


def _remove(element: Tree) -> None:
    if element.getparent() is not None:
        element.drop_tree()


def _size(element: Tree) -> int:
    return len("".join(element.text_content().split()))
