"""What a page says about itself: title, language, date of publication, author, name of its site.

Only what is marked up as such is believed; a date in running text is not the page's date. It knows
nothing about the page's body but its letters, from which a missing language is told.
"""

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import unquote, urlsplit

from .markup import Tree, line_of, words

_DATE_NAMES = (
    "article:published_time",
    "datepublished",
    "citation_publication_date",
    "citation_date",
    "dc.date.issued",
    "dc.date",
    "dcterms.issued",
    "dcterms.date",
    "dcterms.created",
    "date",
    "pubdate",
    "publish-date",
    "parsely-pub-date",
    "sailthru.date",
)
_ISO_DATE = re.compile(r"\s*(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?!\d)")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_LANGUAGE = re.compile(r"[a-z]{2,3}$")
_SAMPLE = 4000
MAX_TITLE = 300
MAX_NAME = 100
MAX_JSON = 500_000
"""Letters of one JSON-LD script; what pages say of themselves has a few thousand."""
_AUTHOR_NAMES = (
    "author",
    "article:author",
    "parsely-author",
    "citation_author",
    "dc.creator",
    "dcterms.creator",
    "sailthru.author",
    "byl",
)


def title_of(tree: Tree, heading: str, url: str) -> str:
    """Return a title that is never empty: `<title>`, then the main heading, then the address."""
    for element in tree.iterfind(".//title"):
        # An <svg> has titles too; the page's own stands in the head.
        parent = element.getparent()
        text = words(element.text_content())
        if text and parent is not None and parent.tag in ("head", "html", "body"):
            return text[:MAX_TITLE]
    if heading:
        return heading[:MAX_TITLE]
    if text := words(_meta(tree).get("og:title")):
        return text[:MAX_TITLE]
    return title_from_address(url)


def title_from_address(url: str) -> str:
    """Return the title of a page that names none itself."""
    parts = urlsplit(url)
    return (words(unquote(parts.path).strip("/")) or parts.netloc or url)[:MAX_TITLE]


def site_of(tree: Tree, url: str) -> str:
    """Return the site's name as it calls itself, else its host."""
    return words(_meta(tree).get("og:site_name"))[:MAX_TITLE] or (urlsplit(url).hostname or "")


def language_of(tree: Tree, text: str) -> str:
    """Return the two- or three-letter code of the page's language, empty if it cannot be told.

    `<html lang>` is believed unless the script contradicts it: templates say `en` on pages that
    are in Chinese.
    """
    declared = tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or ""
    if not declared:
        declared = _meta(tree).get("content-language", "")
    code = declared.strip().lower().replace("_", "-").split("-")[0]
    sample = text[:_SAMPLE]
    letters = sum(1 for char in sample if char.isalpha())
    asian = len(_CJK.findall(sample)) > 0.2 * max(1, letters)
    if _LANGUAGE.match(code) and asian == (code in ("zh", "ja", "ko", "yue", "wuu")):
        return code
    return detect_language(sample) if letters >= 20 else ""


def detect_language(text: str) -> str:
    """Return the most likely language of a few hundred characters of prose."""
    import py3langid

    prose = re.sub(r"https?://\S+|[`*#|\[\]()_]", " ", text)
    return str(py3langid.classify(prose)[0])


def published_of(tree: Tree) -> date | None:
    """Return the day the page says it was published, from its metadata or JSON-LD."""
    meta = _meta(tree)
    for name in _DATE_NAMES:
        if (day := _day(meta.get(name))) is not None:
            return day
    for value in _json_ld_dates(tree):
        if (day := _day(value)) is not None:
            return day
    for element in tree.iterfind(".//*[@itemprop='datePublished']"):
        if (day := _day(element.get("datetime") or element.get("content"))) is not None:
            return day
    for element in tree.iterfind(".//time[@pubdate]"):
        if (day := _day(element.get("datetime") or element.text_content())) is not None:
            return day
    return None


def author_of(tree: Tree) -> str:
    """Return who the page says wrote it, several joined by commas; empty where it does not say."""
    meta = _meta(tree)
    found: list[str] = []
    for name in _AUTHOR_NAMES:
        if value := _name(meta.get(name)):
            found = [value]
            break
    if not found:
        found = [name for script in _json_ld(tree) for name in _authors_in(script, 0)]
    if not found:
        path = ".//*[@itemprop='author']"
        for element in (*tree.iterfind(path), *tree.iterfind(".//a[@rel='author']")):
            inner = element.find(".//*[@itemprop='name']")
            found.append(_name(line_of(inner if inner is not None else element)))
    return ", ".join(dict.fromkeys(filter(None, found)))[:MAX_TITLE]


def _name(value: str | None) -> str:
    """A person's name; the address of a profile is none, and neither is a sentence."""
    text = words(value)
    return "" if "://" in text or len(text) > MAX_NAME else text.removeprefix("By ").strip()


def _authors_in(value: Any, depth: int) -> Iterator[str]:
    if depth > 6:
        return
    if isinstance(value, list):
        for child in value:
            yield from _authors_in(child, depth + 1)
    elif isinstance(value, dict):
        for one in _listed(value.get("author")):
            name = one.get("name") if isinstance(one, dict) else one
            if isinstance(name, str):
                yield _name(name)
        yield from _authors_in(value.get("@graph"), depth + 1)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _meta(tree: Tree) -> dict[str, str]:
    """The page's `<meta>` values by lower-case name; the first of a name counts."""
    found: dict[str, str] = {}
    for element in tree.iterfind(".//meta[@content]"):
        for key in ("name", "property", "itemprop", "http-equiv"):
            if name := element.get(key):
                found.setdefault(name.strip().lower(), element.get("content"))
    return found


def _json_ld_dates(tree: Tree) -> Iterator[str]:
    for value in _json_ld(tree):
        yield from _dates_in(value, 0)


def _json_ld(tree: Tree) -> Iterator[Any]:
    for script in tree.iterfind(".//script[@type='application/ld+json']"):
        text = script.text or ""
        if len(text) > MAX_JSON:
            continue
        try:
            yield json.loads(text)
        except (ValueError, RecursionError):
            continue


def _dates_in(value: Any, depth: int) -> Iterator[str]:
    if depth > 6:
        return
    if isinstance(value, dict):
        if isinstance(found := value.get("datePublished"), str):
            yield found
        for child in value.values():
            yield from _dates_in(child, depth + 1)
    elif isinstance(value, list):
        for child in value:
            yield from _dates_in(child, depth + 1)


def _day(value: str | None) -> date | None:
    match = _ISO_DATE.match(value or "")
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None
