"""Dumps of a wiki, made by the tests."""

from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

BASE = "https://en.wiki.test/wiki/"
HEAD = """<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="en">
<siteinfo><sitename>The Wiki</sitename><base>https://en.wiki.test/wiki/Main_Page</base>
<case>first-letter</case><namespaces><namespace key="0" /><namespace key="1">Talk</namespace>
</namespaces></siteinfo>
"""


def page(title: str, *texts: str, ns: int = 0, redirect: str = "", model: str = "wikitext") -> str:
    """One page with a revision for each text."""
    leads = f"<redirect title={quoteattr(redirect)} />" if redirect else ""
    revisions = "".join(
        f"<revision><id>{number}</id><timestamp>2026-01-02T03:04:05Z</timestamp>"
        f"<model>{model}</model><text xml:space='preserve'>{escape(text)}</text></revision>\n"
        for number, text in enumerate(texts)
    )
    return f"<page><title>{escape(title)}</title><ns>{ns}</ns>{leads}{revisions}</page>\n"


def dump(path: Path, pages: list[str]) -> Path:
    """Write a dump of these pages."""
    path.write_text(f"{HEAD}{''.join(pages)}</mediawiki>\n", "utf-8")
    return path
